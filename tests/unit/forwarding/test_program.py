"""The program of the IP forwarding that a host's HostForwardings keep."""

from typing import Any

import pytest
from tests.builders import checked_forwarding, clients, forwarding_host
from tests.fakes.host import FakeHost
from tests.fakes.kernel import FakeKernel
from tests.kinds import FORWARDING, IN_KINDS

from virtnet.forwarding.observe import observe
from virtnet.forwarding.observed import ForwardingReport
from virtnet.forwarding.plan.plan import plan
from virtnet.forwarding.program import kept, on_and_kept_by_none
from virtnet.forwarding.steps import RemoveDropIn, WriteDropIn
from virtnet.planning.apply import apply

OTHER = {"__owner": "project/stack/other", "drop_in": "50-other.conf", "ipv6": True}


def looked(host: FakeHost, inputs: dict[str, Any] | None = None) -> ForwardingReport:
    return observe(clients(host), inputs, {})


def made(host: FakeHost, **inputs: Any) -> None:
    desired = checked_forwarding(**inputs)
    apply(plan(desired, None, looked(host, desired)), clients(host), FORWARDING, messages=lambda: IN_KINDS)


@pytest.mark.parametrize(
    "inputs",
    [
        {"ipv4": True},
        {"ipv4": True, "ipv6": True, "drop_in": "50-lab.conf"},
        {"ipv4": True, "persist": False},
        {"interfaces": {"eth0": {"ipv4": True, "ipv6": False}}},
    ],
)
def test_what_is_kept_is_taken_over_without_a_change_of_the_kernel(inputs: dict[str, Any]) -> None:
    host = forwarding_host(advertised=[])
    made(host, **inputs)

    (found,) = kept(looked(host))
    desired = checked_forwarding(**{"__owner": "project/new/name", **found.inputs})
    planned = plan(desired, None, looked(host, desired))

    assert {**found.inputs} == {"adopt": True, **inputs}
    assert not found.edited
    assert planned.refusals == ()
    assert {type(step) for step in planned.steps} <= {WriteDropIn, RemoveDropIn}


def test_each_of_several_is_named_and_keeps_its_own_file() -> None:
    host = forwarding_host(advertised=[])
    made(host, ipv4=True)
    made(host, **OTHER)

    found = {one.name: one for one in kept(looked(host))}

    assert len(found) == 2
    assert found["other"].inputs == {"adopt": True, "drop_in": "50-other.conf", "ipv6": True}
    assert found["other"].path == "/etc/sysctl.d/50-other.conf"


def test_two_of_one_name_get_names_of_their_files() -> None:
    host = forwarding_host(advertised=[])
    made(host, ipv4=True, __owner="project/one/router")
    made(host, ipv6=True, __owner="project/two/router", drop_in="50-two.conf")

    assert [one.name for one in kept(looked(host))] == ["router-50-two.conf", "router-90-virtnet-forwarding.conf"]


def test_a_file_that_was_edited_says_so() -> None:
    host = forwarding_host(advertised=[])
    made(host, ipv4=True)
    (path,) = [path for path in host.files.texts if path.startswith("/etc/sysctl.d/")]
    host.files.texts[path] += "net.ipv4.ip_forward = 0\n"

    (found,) = kept(looked(host))

    assert found.edited


def test_forwarding_that_is_on_and_kept_by_nobody_is_known() -> None:
    kernel = FakeKernel()
    kernel.write("net/ipv4/ip_forward", "1")
    nothing, by_hand = forwarding_host(advertised=[]), forwarding_host(kernel, advertised=[])

    assert on_and_kept_by_none(looked(nothing)) == []
    assert on_and_kept_by_none(looked(by_hand)) == ["ipv4"]
    made(by_hand, ipv4=True)
    assert on_and_kept_by_none(looked(by_hand)) == []
