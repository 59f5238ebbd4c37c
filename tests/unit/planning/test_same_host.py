"""A changed uri: whether it reaches the recorded host, and what is destroyed where nobody can tell (nothing)."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.builders import checked, checked_forwarding, clients, forwarding_host, network_host
from tests.fakes.libvirt import FakeLibvirt
from tests.kinds import NETWORK_IN_KINDS

from virtnet.errors import Refused, Unreachable
from virtnet.forwarding.resource import HOST_FORWARDING
from virtnet.planning import lifecycle
from virtnet.planning.clients.clients import Clients
from virtnet.planning.plan import ChangeClass

HERE, ALIAS = "qemu+ssh://kvm1/system", "qemu+ssh://kvm1.example/system"


def networks(uri: str, host_uuid: str) -> Clients:
    return Clients(libvirt=FakeLibvirt(uri=uri, host_uuid=host_uuid), host=network_host())


def forwarding(_uri: str, host_uuid: str) -> Clients:
    return clients(forwarding_host(), host_uuid=host_uuid)


RESOURCES: list[Any] = [
    pytest.param(NETWORK_IN_KINDS, lambda uri: checked({"name": "lab", "uri": uri}), networks, id="LibvirtNetwork"),
    pytest.param(HOST_FORWARDING, lambda uri: checked_forwarding(uri=uri), forwarding, id="HostForwarding"),
]

#: The uri that is recorded and the one desired; the UUID recorded, what each says by now (None: not reached), and what
#: the change is (None: it cannot be told).
CHANGES = [
    ("qemu:///system", "network:///system", ("one", "one", ""), ChangeClass.RECORDED),
    ("network:///system", "qemu:///system", ("", "", "one"), ChangeClass.RECORDED),
    (HERE, ALIAS, ("one", "one", "one"), ChangeClass.RECORDED),
    (HERE, ALIAS, ("of last boot", "one", "one"), ChangeClass.RECORDED),
    (HERE, ALIAS, ("one", None, "one"), ChangeClass.RECORDED),
    (HERE, ALIAS, ("one", "one", "two"), ChangeClass.REPLACE),
    (HERE, ALIAS, ("one", None, "two"), ChangeClass.REPLACE),
    ("network+ssh://kvm1/system", "network+ssh://kvm2/system", ("", "", ""), None),
    (HERE, "network+ssh://kvm2/system", ("one", "one", ""), None),
    ("network+ssh://kvm1/system", ALIAS, ("", "", "two"), None),
    ("network+ssh://kvm1/system", ALIAS, ("", None, "two"), None),
]


@pytest.mark.parametrize(("resource", "desire", "host"), RESOURCES)
@pytest.mark.parametrize(("before", "after", "uuids", "becomes"), CHANGES)
def test_another_uri_replaces_only_where_it_surely_is_another_host(
    resource: Any,
    desire: Callable[[str], Any],
    host: Callable[[str, str], Clients],
    before: str,
    after: str,
    uuids: tuple[str, str | None, str],
    becomes: ChangeClass | None,
) -> None:
    recorded_uuid, present, now = uuids
    made = lifecycle.create(resource, desire(before), lambda uri: host(uri, recorded_uuid), lambda line: None)

    def connect(uri: str) -> Clients:
        if uri == before and present is None:
            raise Unreachable("gone")
        return host(uri, now if uri == after else str(present))

    if becomes is None:
        with pytest.raises(
            Unreachable,
            match=r"nothing was changed or replaced, because virtnet can't tell whether .* is the same host as",
        ):
            lifecycle.diff(resource, made, desire(after), connect)
    else:
        changes = lifecycle.diff(resource, made, desire(after), connect).changes
        assert [change.change_class for change in changes if change.path == "uri"] == [becomes]


@pytest.mark.parametrize(
    ("recorded_uuid", "now", "refused"),
    [("one", "two", True), ("one", "one", False), ("one", "", False), ("", "two", False), ("", "", False)],
)
def test_a_network_that_is_not_there_is_gone_where_the_host_is_not_known_to_be_another(
    recorded_uuid: str, now: str, *, refused: bool
) -> None:
    desired = checked({"name": "lab", "uri": "qemu:///system"})
    made = lifecycle.create(NETWORK_IN_KINDS, desired, lambda uri: networks(uri, recorded_uuid), lambda line: None)

    def read() -> object:
        return lifecycle.read(NETWORK_IN_KINDS, made, lambda uri: networks(uri, now))

    if refused:
        with pytest.raises(Refused, match="now reaches another host"):
            read()
    else:
        assert read() is None
