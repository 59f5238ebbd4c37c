"""Why steps fail or do not begin: the fault that each raises, which has the details that its sentence names."""

from dataclasses import replace

import pytest
from tests.builders import network_host
from tests.fakes.guests import FakeGuest
from tests.fakes.host import FakeHost
from tests.fakes.libvirt import FakeLibvirt
from tests.fakes.links import FakeLink

from virtnet.errors import ApplyFailed, LibvirtFailure, VirtnetError
from virtnet.network.messages.render import messages
from virtnet.network.names import holding_bridge, holding_name, holding_uuid
from virtnet.network.steps.definition import DefineNetwork
from virtnet.network.steps.holding import Reattach, RemoveHoldingNetwork, StartHoldingNetwork
from virtnet.network.steps.kinds import StepFault, StepKind
from virtnet.network.steps.leftovers import RemoveLeftoverBridge
from virtnet.network.steps.probe import ProbeStart
from virtnet.network.steps.running import SetBridgeMtu, StartNetwork, StopIfActive, StopNetwork
from virtnet.network.steps.sections import UpdateSection
from virtnet.planning.apply import apply
from virtnet.planning.clients.clients import Clients
from virtnet.planning.findings import Subject, read_error
from virtnet.planning.plan import Plan, Step
from virtnet.planning.reports import Attachment, NetworkReport, Obstacle, ObstacleKind

UUID, MAC, OTHER = "6f1c2a3e-0000-4000-8000-00000012ab34", "52:54:00:12:ab:34", "02:00:00:00:00:01"
XML = f"<network><name>lab</name><uuid>{UUID}</uuid><bridge name='vn-lab'/><mac address='{MAC}'/></network>"
HOLDING_XML = f"<network><name>{holding_name(UUID)}</name><bridge name='{holding_bridge(UUID)}'/></network>"
RUNNING = NetworkReport(
    uuid=UUID, name="lab", active=True, persistent=True, autostart=True, live_xml=XML, config_xml=XML
)
STOPPED = RUNNING._replace(active=False, live_xml=None)
HOLDING = RUNNING._replace(uuid=holding_uuid(UUID), name=holding_name(UUID), live_xml=HOLDING_XML)
GUEST = FakeGuest(name="web", mac="52:54:00:00:00:01", tap="vnet0", network="lab")
HELD = replace(GUEST, network=holding_name(UUID))
START = StartNetwork(uuid=UUID, bridge="vn-lab")
STOP = StopNetwork(uuid=UUID, bridge="vn-lab", config_xml=XML, live_xml=XML, autostart=True, disconnects=False)


class Unable(FakeLibvirt):
    """Takes definitions and keeps nothing of them, and cannot start networks."""

    kept: str | None = XML

    def definition(self, uuid: str) -> str | None:
        return self.kept

    def can_start_networks(self, xml: str) -> None:
        raise LibvirtFailure("no room", 1)


class Forgetful(Unable):
    kept = None


def libvirt(*reports: NetworkReport, guests: tuple[FakeGuest, ...] = ()) -> FakeLibvirt:
    return FakeLibvirt(reports={report.uuid: report for report in reports}, guests=list(guests))


def bridge(name: str) -> FakeHost:
    """A host with a bridge of that name that is not ours."""
    host = network_host()
    host.net.make_bridge(name, OTHER, stp=False, mtu="1500")
    return host


def fault(step: Step, there: FakeLibvirt, host: FakeHost | None = None) -> object:
    """The kind of what the step raises, which reads, too: a sentence whose details are not there would raise."""
    with pytest.raises(ApplyFailed) as failed:
        apply(
            Plan(steps=(step,)), Clients(libvirt=there, host=host), Subject("network", "lab", None), messages=messages
        )
    error = failed.value.__cause__
    assert isinstance(error, VirtnetError)
    assert read_error(messages(), error) in str(failed.value)
    return error.kind


def test_a_definition_that_libvirt_does_not_report() -> None:
    step = DefineNetwork(uuid=UUID, xml=XML, previous_xml=None)

    assert fault(step, Forgetful()) is StepFault.NOT_DEFINED


def test_a_definition_of_which_libvirt_drops_something() -> None:
    titled = XML.replace("<bridge", "<title>lab</title><bridge")
    step = DefineNetwork(uuid=UUID, xml=titled, previous_xml=None)

    assert fault(step, Unable()) is StepFault.DROPPED


def test_an_update_of_a_network_that_is_gone() -> None:
    step = UpdateSection(
        uuid=UUID,
        command="add",
        section="dns-txt",
        parent_index=-1,
        xml="<txt name='a'/>",
        deleted_by="",
        key="a",
        live=True,
        config=True,
    )

    assert fault(step, libvirt()) is StepFault.GONE


def test_a_start_where_a_link_has_the_bridges_name() -> None:
    assert fault(START, libvirt(STOPPED), bridge("vn-lab")) is StepFault.NAME_TAKEN


def test_a_start_where_it_cannot_be_seen_whether_one_has() -> None:
    blind = libvirt(STOPPED)
    blind.interfaces = None

    assert fault(START, blind) is StepFault.NAME_UNSEEN


def test_a_stop_where_a_link_that_is_not_the_networks_has_the_bridges_name() -> None:
    assert fault(StopIfActive(uuid=UUID), libvirt(RUNNING), bridge("vn-lab")) is StepFault.FOREIGN_BRIDGE


def test_a_stop_under_a_guest_that_was_plugged_in_since() -> None:
    assert fault(STOP, libvirt(RUNNING, guests=(GUEST,))) is StepFault.PLUGGED_IN_SINCE


def test_a_restart_under_what_could_not_be_plugged_in_again() -> None:
    there = libvirt(RUNNING)
    there.plugged.ports[UUID] = (
        Attachment(owner="web", interface="macvtap0", cannot_reattach=Obstacle(ObstacleKind.MACVTAP)),
    )

    assert fault(StartHoldingNetwork(uuid=UUID), there) is StepFault.CANNOT_REATTACH


def test_a_holding_network_goes_only_when_nobody_waits_on_it() -> None:
    there = libvirt(RUNNING, HOLDING, guests=(HELD,))

    assert fault(RemoveHoldingNetwork(uuid=UUID), there) is StepFault.STILL_WAITING


@pytest.mark.parametrize("attachments", [(), (Attachment(owner="web", interface="vnet0"),)])
def test_nobody_is_plugged_into_a_network_that_is_not_active(attachments: tuple[Attachment, ...]) -> None:
    there = libvirt(STOPPED, HOLDING, guests=(HELD,))

    assert fault(Reattach(uuid=UUID, attachments=attachments), there) is StepFault.NOT_ACTIVE


def test_a_guest_that_libvirt_says_it_plugged_in_and_did_not() -> None:
    there = libvirt(RUNNING, HOLDING, guests=(HELD,))
    there.update_guest_interface = lambda guest_uuid, xml: None  # type: ignore[method-assign]  # it lies

    assert fault(Reattach(uuid=UUID, attachments=()), there) is StepFault.NOT_ON_NETWORK


def test_a_guest_whose_tap_is_not_on_the_bridge() -> None:
    host = bridge("vn-lab")
    host.net.by_name["vnet0"] = FakeLink(mac="fe:54:00:00:00:01")

    assert fault(Reattach(uuid=UUID, attachments=()), libvirt(RUNNING, HOLDING, guests=(HELD,)), host) is (
        StepFault.GUEST_NOT_ON_BRIDGE
    )


def test_a_link_that_does_not_stay_on_the_bridge() -> None:
    host = bridge("vn-lab")
    host.net.make_bridge(holding_bridge(UUID), OTHER, stp=False, mtu="1500")
    host.net.by_name["veth1"] = FakeLink(mac=OTHER, master=holding_bridge(UUID))
    host.set_master = lambda link, bridge: None  # type: ignore[method-assign]  # somebody else takes it off at once

    assert fault(Reattach(uuid=UUID, attachments=()), libvirt(RUNNING, HOLDING), host) is StepFault.LINK_NOT_ON_BRIDGE


def test_a_bridge_of_a_leftovers_name_that_is_not_ours() -> None:
    step = RemoveLeftoverBridge(uuid=UUID, bridge="vn-lab", mac=MAC)

    assert fault(step, libvirt(STOPPED), bridge("vn-lab")) is StepFault.LEFTOVER_NOT_OURS


def test_an_mtu_where_only_libvirt_is_reached() -> None:
    step = SetBridgeMtu(uuid=UUID, bridge="vn-lab", mtu=1400, previous=None)

    assert fault(step, libvirt(RUNNING)) is StepFault.MTU_NOT_REACHED


def test_a_host_that_cannot_start_networks() -> None:
    assert fault(ProbeStart(uuid=UUID, xml="<network><bridge/></network>"), Unable()) is StepFault.CANNOT_START


def test_a_host_that_cannot_limit_traffic() -> None:
    step = ProbeStart(uuid=UUID, xml="<network><bridge/></network>", purpose=StepKind.PROBE_LIMITS)

    assert fault(step, Unable()) is StepFault.CANNOT_LIMIT
