"""A forward that is deleted to be made anew: the new one is looked at first, as if the old one were gone."""

from typing import Any

import pytest
from tests.fakes.host import FakeHost
from tests.fakes.libvirt import FakeLibvirt
from tests.unit.port_forward.hosts import LAB, LAB_UUID, URN, applied, checked, forwarding_host, lab, traces
from tests.unit.port_forward.test_preflight import socket

from virtnet.errors import Refused
from virtnet.planning import lifecycle
from virtnet.planning.clients.clients import Clients
from virtnet.planning.plan import ChangeClass
from virtnet.planning.preview.found import Preview
from virtnet.planning.reports import NetworkReport
from virtnet.port_forward.kinds import NoteKind, RefusalKind
from virtnet.port_forward.observe.observe import observe
from virtnet.port_forward.observed import PortForwardReport
from virtnet.port_forward.plan.once_gone import once_gone
from virtnet.port_forward.resource import PORT_FORWARD
from virtnet.port_forward.rules.table import Table

ANOTHER = {"__owner": "project/other/web", "__urn": URN.replace("stack", "other")}
DMZ_UUID = "6f1c2a3e-0000-4000-8000-00000000002b"
DMZ_XML = LAB.replace("192.168.123", "192.168.124").replace(LAB_UUID, DMZ_UUID).replace("virbr7", "virbr8")
DMZ_XML = DMZ_XML.replace(">lab<", ">dmz<").replace("fd00:", "fd01:")
DMZ = NetworkReport(
    DMZ_UUID, "dmz", True, True, True, *[DMZ_XML.replace(">lab<", ">dmz<").replace("fd00:", "fd01:")] * 2
)
FAR = "qemu+ssh://root@kvm2/system"
ON_DMZ = {"network": "dmz", "target_address": "192.168.124.50"}


def unseen(_line: str) -> None:
    """Nobody watches."""


class Hosts:
    """Two of them, with the same networks."""

    def __init__(self, near: FakeHost | None = None, far: FakeHost | None = None) -> None:
        self.near, self.far = near or forwarding_host(), far or forwarding_host()

    def __call__(self, uri: str) -> Clients:
        reports = {LAB_UUID: lab(), DMZ_UUID: DMZ}
        if uri == FAR:
            return Clients(libvirt=FakeLibvirt(uri=uri, host_uuid="far", reports=reports), host=self.far)
        return Clients(libvirt=FakeLibvirt(reports=reports), host=self.near)


def previewed(hosts: Hosts, recorded: dict[str, Any], desired: dict[str, Any]) -> Preview:
    found = lifecycle.diff(PORT_FORWARD, recorded, desired, hosts)
    assert found.replaces
    return lifecycle.preview(PORT_FORWARD, recorded, desired, hosts, found.changes)


def opens_ssh(host: FakeHost) -> None:
    host.files.texts["/etc/ssh/sshd_config"] = "Port 8080\n"


@pytest.mark.parametrize(
    ("inputs", "refused"),
    [
        (ON_DMZ, []),
        ({**ON_DMZ, "ports": [{"protocol": "tcp", "listen_port": "8000-9000"}]}, []),
        ({"network": "dmz"}, [RefusalKind.TARGET_OUTSIDE]),
        ({**ON_DMZ, "ports": [{"protocol": "tcp", "listen_port": "22"}]}, [RefusalKind.SSH_PORT]),
        ({**ON_DMZ, "ports": [{"protocol": "tcp", "listen_port": "70"}]}, [RefusalKind.HELD_BY_ANOTHER]),
        ({**ON_DMZ, "listen_address": "198.51.100.2"}, [RefusalKind.ADDRESS_NOT_ON_HOST]),
        ({"uri": FAR}, [RefusalKind.PORT_IN_USE]),
        ({"uri": FAR, "ports": [{"protocol": "tcp", "listen_port": "8081"}]}, []),
        ({"network": "none yet"}, [RefusalKind.NETWORK_MISSING]),
        ({**ON_DMZ, "target_address": None, "target_name": "wbe"}, [RefusalKind.RESERVATION_MISSING]),
    ],
)
def test_what_would_be_refused_leaves_the_old_one(inputs: dict[str, Any], refused: list[RefusalKind]) -> None:
    hosts = Hosts(far=forwarding_host(sockets=[socket(8080)]))
    recorded = applied(hosts(""), checked())
    applied(hosts(""), checked(**ANOTHER, ports=[{"protocol": "tcp", "listen_port": "70"}]))
    before, desired = traces(hosts.near), checked(**inputs)

    seen = previewed(hosts, recorded, desired)

    assert [one.kind for one in seen.against_anew] == refused
    if refused:
        with pytest.raises(Refused):
            lifecycle.delete(PORT_FORWARD, recorded, hosts, unseen, anew=desired)
        assert traces(hosts.near) == before
    else:
        lifecycle.delete(PORT_FORWARD, recorded, hosts, unseen, anew=desired)
        assert traces(hosts.near) != before


@pytest.mark.parametrize(
    ("inputs", "opens"),
    [
        (ON_DMZ, [NoteKind.OPENS]),
        ({**ON_DMZ, "listen_address": "1.1.1.1"}, [NoteKind.OPENS, NoteKind.OPENS_TO_PUBLIC]),
        (
            {**ON_DMZ, "ports": [{"protocol": "tcp", "listen_port": "22"}], "allow_ssh": True},
            [NoteKind.OPENS, NoteKind.OPENS_PRIVILEGED, NoteKind.SSH_GOES_TO_GUEST],
        ),
        ({"network": "none yet"}, []),
        ({"uri": FAR}, [NoteKind.OPENS]),
        ({"uri": FAR, "network": "dmz"}, []),
    ],
)
def test_its_preview_says_what_is_closed_and_what_is_opened(inputs: dict[str, Any], opens: list[NoteKind]) -> None:
    near = forwarding_host(addresses=["198.51.100.1/24", "1.1.1.1/24"])
    hosts = Hosts(near)
    recorded = applied(hosts(""), checked())

    seen = previewed(hosts, recorded, checked(**inputs))

    assert [note.kind for note in seen.notes] == [NoteKind.CLOSES]
    assert [note.kind for note in seen.notes_anew] == opens


def test_made_anew_it_is_what_was_previewed() -> None:
    hosts, desired = Hosts(), checked(**ON_DMZ)
    recorded = applied(hosts(""), checked())
    shown: list[str] = []

    lifecycle.delete(PORT_FORWARD, recorded, hosts, shown.append, anew=desired)
    made = lifecycle.create(PORT_FORWARD, desired, hosts, shown.append)

    assert (made["network"], made["target"], made["problems"]) == ("dmz", "192.168.124.50", [])
    assert [line.split("note: ")[1].split()[0] for line in shown] == ["closes", "opens"]


def new(hosts: Hosts, desired: dict[str, Any]) -> PortForwardReport:
    return observe(hosts(str(desired["uri"])), desired, {})


def test_of_the_last_one_nothing_is_left() -> None:
    hosts = Hosts()
    recorded = applied(hosts(""), checked())

    gone = once_gone(new(hosts, checked(**ON_DMZ)), recorded)

    assert (gone.table, gone.files, gone.records, gone.ids) == (Table(), {}, {}, ())


def test_what_is_of_others_stays() -> None:
    hosts = Hosts()
    recorded = applied(hosts(""), checked())
    other = applied(hosts(""), checked(**ANOTHER, ports=[{"protocol": "tcp", "listen_port": "70"}]))
    both = new(hosts, checked(ports=[{"protocol": "tcp", "listen_port": "1-9000"}], allow_ssh=True))

    gone = once_gone(both, recorded)

    assert gone.ids == (other["__forward"],) == tuple(gone.records)
    assert [one.id for one in gone.table.listeners] == [other["__forward"]] == list(gone.table.rules)
    assert gone.table.gateways == both.table.gateways, "the other one leads there too"
    assert len(gone.files) == 1


@pytest.mark.parametrize(
    "recorded", [{"host_uuid": "far"}, {"__token": "0" * 16}], ids=["of another host", "taken over by now"]
)
def test_what_a_delete_leaves_alone_stays(recorded: dict[str, Any]) -> None:
    hosts = Hosts()
    there = applied(hosts(""), checked())
    observed = new(hosts, checked())

    assert once_gone(observed, {**there, **recorded}) is observed


def test_a_replacement_is_one_of_class_replace() -> None:
    hosts = Hosts()
    recorded = applied(hosts(""), checked())

    found = lifecycle.diff(PORT_FORWARD, recorded, checked(**ON_DMZ), hosts)

    assert {one.path: one.change_class for one in found.changes}["network"] is ChangeClass.REPLACE
