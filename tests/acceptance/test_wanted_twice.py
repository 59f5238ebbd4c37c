"""Two resources of one program that want the same thing of one host: said at preview, and nothing is touched."""

from typing import Any

import pytest
from tests.acceptance.native_stack import FORMS, NativeStack
from tests.acceptance.stack import Stack
from tests.hosts.sandboxed import Host
from tests.rows import rows

pytestmark = pytest.mark.acceptance

Declared = dict[str, Any]


@pytest.fixture(params=FORMS)
def either(request: pytest.FixtureRequest, host: Host) -> Stack:
    """A stack of either form."""
    made: Stack = request.param(host)
    return made


def network(name: str, /, **args: Any) -> Declared:
    return {"type": "LibvirtNetwork", "name": name, "args": args}


def forwarding(name: str, /, **args: Any) -> Declared:
    return {"type": "HostForwarding", "name": name, "args": args}


CASES: dict[str, tuple[Declared, Declared, str]] = {
    "forwarding": (forwarding("a", ipv4=True), forwarding("b", ipv4=True, ipv6=True, drop_in="95-b.conf"), "ipv4"),
    "drop-in": (forwarding("a", ipv4=True), forwarding("b", ipv6=True), "drop_in"),
    "subnet": (
        network("a", ips=[{"address": "10.95.0.1/24"}]),
        network("b", ips=[{"address": "10.95.0.129/25"}]),
        "ips[0].address",
    ),
    "bridge": (network("a"), network("b", bridge={"name": "vn-a"}), "bridge.name"),
    "name": (network("a"), network("b", name="a"), "name"),
}


def trace(host: Host) -> object:
    """Networks, forwarding, and whose files say so."""
    files = host.sh("ls /etc/sysctl.d; cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding")
    return host.virsh("net-list", "--all"), files


#: Of each kind of resource one; of the others, what is wanted twice is found in the same way.
SHOWN = ("forwarding", "name")


@pytest.mark.parametrize("case", rows(CASES, SHOWN))
def test_what_two_resources_want_is_said_at_preview(host: Host, either: Stack, case: str) -> None:
    first, second, path = CASES[case]
    before = trace(host)
    either.declare(first, second)

    preview = either.pulumi("preview", check=False)
    up = either.pulumi("up", "--yes", check=False)

    said = preview.stdout + preview.stderr
    assert preview.returncode != 0
    assert up.returncode != 0
    assert "of this program" in said
    assert path in said.replace("dropIn", "drop_in")
    assert trace(host) == before
    # The one alone is none the worse for it.
    either.declare(first)
    assert "of this program" not in either.preview()


@pytest.mark.further
def test_without_a_preview_whichever_comes_second_is_refused_before_it_is_begun(host: Host, either: Stack) -> None:
    host.sh("echo 0 > /proc/sys/net/ipv4/ip_forward")
    both = {name: forwarding(name, ipv4=True, drop_in=f"95-{name}.conf") for name in ("a", "b")}
    before = host.sh("ls /etc/sysctl.d").split()
    either.declare(*both.values())

    up = either.up(check=False)

    (made,) = set(host.sh("ls /etc/sysctl.d").split()) - set(before)
    assert "of this program" in up
    either.declare(both[made.removeprefix("95-").removesuffix(".conf")])
    assert either.unchanged()


@pytest.mark.parametrize(
    ("form", "what"),
    [
        (Stack, "name"),
        pytest.param(NativeStack, "bridge", marks=pytest.mark.further),
        pytest.param(Stack, "ips", marks=pytest.mark.further),
        pytest.param(NativeStack, "name", marks=pytest.mark.further),
    ],
)
def test_a_swap_is_refused_with_the_way_to_do_it(host: Host, form: type[Stack], what: str) -> None:
    stack = form(host)
    first = {"name": "first", "bridge": {"name": "br1"}, "ips": [{"address": "10.95.0.1/24"}]}
    second = {"name": "second", "bridge": {"name": "br2"}, "ips": [{"address": "10.96.0.1/24"}]}
    stack.declare(network("a", **first), network("b", **second))
    stack.up()
    before = host.trace()
    stack.declare(network("a", **{**first, what: second[what]}), network("b", **{**second, what: first[what]}))

    preview = stack.preview()
    up = stack.up(check=False)

    assert "pulumi up would refuse this" in preview
    assert "Neither can change first, so swap them in three runs of pulumi up" in preview
    assert "was not changed" in up
    assert host.trace() == before
    # As the refusal says.
    third = {"name": "third", "bridge": {"name": "br3"}, "ips": [{"address": "10.97.0.1/24"}]}[what]
    for one, other in ((third, second[what]), (third, first[what]), (second[what], first[what])):
        stack.declare(network("a", **{**first, what: one}), network("b", **{**second, what: other}))
        stack.up()
    assert stack.unchanged()


def test_what_another_gives_up_in_the_same_run_is_had_after_it(host: Host, either: Stack) -> None:
    subnets = [[{"address": f"10.9{number}.0.1/24"}] for number in (5, 6, 7)]
    either.declare(network("b", ips=subnets[1]), network("a", ips=subnets[0]))
    either.up()
    either.declare(network("b", ips=subnets[2]), {**network("a", ips=subnets[1]), "depends_on": ["b"]})

    preview = either.preview()
    either.up()

    assert (
        "::b has ips[0].address 10.96.0.0/24, and gives it up in the same run. Let this resource depend on" in preview
    )
    assert [host.sh(f"ip -4 -br addr show vn-{name}").split()[2] for name in "ab"] == ["10.96.0.1/24", "10.97.0.1/24"]
    assert either.unchanged()


@pytest.mark.further
def test_what_is_edited_to_meet_another_is_said_at_preview(host: Host, either: Stack) -> None:
    a, b = network("a", ips=[{"address": "10.95.0.1/24"}]), network("b", ips=[{"address": "10.96.0.1/24"}])
    either.declare(a, b)
    either.up()
    both = {"address": "10.97.0.1/24"}
    either.declare(network("a", ips=[both]), network("b", ips=[both]))
    swapped = network("a", ips=b["args"]["ips"]), network("b", ips=a["args"]["ips"])

    met = either.preview(check=False)
    either.declare(*swapped)
    swap = either.preview(check=False)

    assert "of this program" in met
    assert "of this program" not in swap
