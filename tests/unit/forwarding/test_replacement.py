"""A HostForwarding that moves to another host, or is made anew: the new one is looked at before the old one goes."""

from collections.abc import Mapping
from typing import Any

import pytest
from tests.builders import checked_forwarding, clients, forwarding_host
from tests.fakes.host import FakeHost
from tests.fakes.kernel import FakeKernel

from virtnet.errors import Refused
from virtnet.forwarding.kinds import RefusalKind
from virtnet.forwarding.resource import HOST_FORWARDING
from virtnet.planning import lifecycle
from virtnet.planning.clients.clients import Clients

FAR = "qemu+ssh://root@kvm2/system"
OTHER = {"__owner": "project/other/forwarding"}


def unseen(_line: str) -> None:
    """Nobody watches."""


class Hosts:
    """Two of them."""

    def __init__(self) -> None:
        self.near, self.far = forwarding_host(FakeKernel(), advertised=()), forwarding_host(FakeKernel(), advertised=())

    def __call__(self, uri: str) -> Clients:
        return clients(self.far, host_uuid="far") if uri == FAR else clients(self.near)

    def made(self, **inputs: Any) -> dict[str, Any]:
        return lifecycle.create(HOST_FORWARDING, checked_forwarding(**inputs), self, unseen)


def held_by_another(hosts: Hosts) -> None:
    hosts.made(uri=FAR, ipv4=True, **OTHER)


def nothing(_: Hosts) -> None:
    """As it is."""


@pytest.mark.parametrize(
    ("before", "desired", "refused"),
    [
        (held_by_another, {"uri": FAR, "ipv4": True}, [RefusalKind.DROP_IN_OF_ANOTHER]),
        (nothing, {"uri": FAR, "ipv4": True}, []),
        (nothing, {"ipv4": True, "ipv6": True}, []),
    ],
)
def test_what_would_be_refused_leaves_the_old_one(
    before: Any, desired: Mapping[str, Any], refused: list[RefusalKind]
) -> None:
    hosts = Hosts()
    before(hosts)
    recorded, anew = hosts.made(ipv4=True), checked_forwarding(**desired)
    state = hosts.near.state()

    seen = lifecycle.preview(HOST_FORWARDING, recorded, anew, hosts, replaced=True)

    assert [one.kind for one in seen.against_anew] == refused
    if refused:
        with pytest.raises(Refused):
            lifecycle.delete(HOST_FORWARDING, recorded, hosts, unseen, anew=anew)
        assert hosts.near.state() == state
    else:
        lifecycle.delete(HOST_FORWARDING, recorded, hosts, unseen, anew=anew)
        made = lifecycle.create(HOST_FORWARDING, anew, hosts, unseen)
        assert is_on(hosts.far if desired.get("uri") == FAR else hosts.near)
        assert made["ipv4"] is True


def is_on(host: FakeHost) -> bool:
    return host.kernel.values()["net/ipv4/ip_forward"] == "1"
