"""How steps read, and why they fail: each kind's sentence, as steps.txt beside this has them."""

from collections.abc import Iterator
from pathlib import Path

from virtnet.errors import Refused, VirtnetError
from virtnet.network.messages.render import messages
from virtnet.network.steps.definition import (
    DefineNetwork,
    MarkNetwork,
    Outline,
    RestoreDefinition,
    UndefineNetwork,
)
from virtnet.network.steps.holding import MoveToHoldingNetwork, Reattach, RemoveHoldingNetwork, StartHoldingNetwork
from virtnet.network.steps.kinds import DnsmasqRestart, StepFault, StepKind
from virtnet.network.steps.leftovers import EndLeftoverDnsmasq, RemoveLeftoverBridge, RemoveRulesLeft
from virtnet.network.steps.metadata import SetMetadata, UnmarkRunning
from virtnet.network.steps.probe import ProbeStart
from virtnet.network.steps.rules import RestoreRules, StopTracking, TrackConnections
from virtnet.network.steps.running import (
    RunAgain,
    SetAutostart,
    SetBridgeMtu,
    StartNetwork,
    StopIfActive,
    StopNetwork,
    UnsetAutostart,
)
from virtnet.network.steps.sections import AnnounceRestart, RestartDnsmasq, UpdateSection, WithdrawRestart
from virtnet.network.tree import TextKind
from virtnet.network.xml.read import SECTIONS, OwnerMark
from virtnet.planning.findings import read_error
from virtnet.planning.plan import Step
from virtnet.planning.reports import Attachment

UUID, MAC = "6f1c2a3e-0000-4000-8000-00000012ab34", "52:54:00:12:ab:34"
GOLDEN = Path(__file__).parent / "steps.txt"
GUEST = Attachment(owner="web", interface="vnet0", mac="52:54:00:00:00:01")
GUESTS = (GUEST, Attachment(owner="db", interface="", mac="52:54:00:00:00:02"), Attachment(owner="", interface="veth1"))


def define(purpose: StepKind, outline: Outline | None = None) -> DefineNetwork:
    return DefineNetwork(uuid=UUID, xml="", previous_xml=None, purpose=purpose, outline=outline)


def update(command: str, section: str, *, live: bool = True, config: bool = True) -> UpdateSection:
    return UpdateSection(
        uuid=UUID,
        command=command,
        section=section,
        parent_index=0,
        xml="<secret/>",
        deleted_by="",
        key="10.9.0.5",
        live=live,
        config=config,
    )


def text(kind: TextKind, namespace: str = "", *, to: str | None = "secret") -> SetMetadata:
    return SetMetadata(
        uuid=UUID, kind=kind, namespace=namespace, text=to, previous=None, live=True, config=kind == "title"
    )


def run_again() -> RunAgain:
    return RunAgain(uuid=UUID, bridge="vn-lab", config_xml=None, live_xml="", autostart=True)


def stop() -> StopNetwork:
    return StopNetwork(uuid=UUID, bridge="vn-lab", config_xml=None, live_xml="", autostart=True, disconnects=False)


STEPS: tuple[Step, ...] = (
    define(StepKind.DEFINE),
    define(StepKind.CREATE_DEFINITION, Outline(mode="nat", addresses=("10.9.0.1/24", "fd00::1/64"), bridge="vn-lab")),
    define(StepKind.CREATE_DEFINITION, Outline(mode="", addresses=(), bridge="")),
    define(StepKind.FINISH_DEFINITION, Outline(mode="open", addresses=(), bridge="vn-lab")),
    define(StepKind.COMPLETE_MARK),
    define(StepKind.CHANGE_DEFINITION),
    define(StepKind.MAKE_PERSISTENT),
    define(StepKind.UNMARK),
    RestoreDefinition(uuid=UUID, xml="<network/>", autostart=True),
    RestoreDefinition(uuid=UUID, xml=None, autostart=True),
    UndefineNetwork(uuid=UUID, config_xml="<network/>", autostart=True),
    MarkNetwork(uuid=UUID, mark=OwnerMark("p/s/lab", adopted=True), previous=None),
    MarkNetwork(uuid=UUID, mark=OwnerMark("p/s/lab", adopted=True, found="{}"), previous=None),
    MarkNetwork(uuid=UUID, mark=None, previous=None),
    UnmarkRunning(uuid=UUID),
    text("title"),
    text("description"),
    text("metadata", "urn:mine", to=None),
    *(update("add", section) for section in SECTIONS),
    update("delete", "dns-host", live=False),
    update("delete", "dns-host", config=False),
    *(
        AnnounceRestart(uuid=UUID, reason=reason)
        for reason in (DnsmasqRestart.DHCPV6_BEGINS, DnsmasqRestart.DHCPV6_ENDS)
    ),
    WithdrawRestart(uuid=UUID),
    *(RestartDnsmasq(uuid=UUID, reason=reason) for reason in DnsmasqRestart),
    StartNetwork(uuid=UUID, bridge="vn-lab"),
    StopIfActive(uuid=UUID),
    stop(),
    run_again(),
    *(SetAutostart(uuid=UUID, autostart=flag) for flag in (True, False)),
    SetAutostart(uuid=UUID, autostart=True, clears="/etc/libvirt/qemu/networks/autostart/lab.xml"),
    *(UnsetAutostart(uuid=UUID, autostart=flag) for flag in (True, False)),
    ProbeStart(uuid=UUID, xml=""),
    ProbeStart(uuid=UUID, xml="", purpose=StepKind.PROBE_LIMITS),
    StartHoldingNetwork(uuid=UUID),
    StartHoldingNetwork(uuid=UUID, tracks=True),
    RemoveHoldingNetwork(uuid=UUID),
    RemoveHoldingNetwork(uuid=UUID, tracks=True),
    MoveToHoldingNetwork(uuid=UUID, attachments=GUESTS),
    Reattach(uuid=UUID, attachments=GUESTS),
    Reattach(uuid=UUID, attachments=()),
    RemoveLeftoverBridge(uuid=UUID, bridge="vn-lab", mac=MAC),
    RemoveLeftoverBridge(uuid=UUID, bridge="vn-lab", mac=MAC, users=GUESTS),
    RemoveRulesLeft(uuid=UUID, bridge="vn-lab"),
    EndLeftoverDnsmasq(uuid=UUID, name="lab"),
    SetBridgeMtu(uuid=UUID, bridge="vn-lab", mtu=1400, previous=1500),
    RestoreRules(uuid=UUID),
    TrackConnections(uuid=UUID, versions=(4,), program="nft"),
    StopTracking(uuid=UUID, versions=(4,), program="nft"),
)

WAITING = {"attachments": [entry.as_details() for entry in GUESTS], "holding": "virtnet-holding-12ab34"}
DROPPED = {"uri": "qemu:///system", "version": 9_000_000, "paths": ["title", "mtu"]}
FAULTS = (
    VirtnetError(kind=StepFault.NOT_DEFINED, details={"uri": "qemu:///system"}),
    VirtnetError(kind=StepFault.DROPPED, details={**DROPPED, "needed": []}),
    VirtnetError(kind=StepFault.DROPPED, details={**DROPPED, "needed": [("title", 9_007_000), ("mtu", 10_001_000)]}),
    VirtnetError(kind=StepFault.GONE, details={"uuid": UUID, "uri": "qemu:///system"}),
    VirtnetError(kind=StepFault.NAME_UNSEEN, details={"bridge": "vn-lab"}),
    VirtnetError(kind=StepFault.NAME_TAKEN, details={"bridge": "vn-lab"}),
    VirtnetError(
        kind=StepFault.FOREIGN_BRIDGE, details={"bridge": "vn-lab", "address": "02:00:00:00:00:01", "mac": MAC}
    ),
    VirtnetError(kind=StepFault.PLUGGED_IN_SINCE, details={"attachments": [GUEST.as_details()]}),
    VirtnetError(
        kind=StepFault.CANNOT_REATTACH, details={"attachment": GUEST.as_details(), "obstacle": {"kind": "macvtap"}}
    ),
    VirtnetError(kind=StepFault.STILL_WAITING, details=WAITING),
    VirtnetError(kind=StepFault.NOT_ACTIVE, details=WAITING),
    VirtnetError(kind=StepFault.NOT_ACTIVE, details={**WAITING, "attachments": []}),
    VirtnetError(kind=StepFault.NOT_ON_NETWORK, details={"guest": "web", "interface": "vnet0"}),
    VirtnetError(
        kind=StepFault.GUEST_NOT_ON_BRIDGE, details={"interface": "vnet0", "guest": "web", "bridge": "vn-lab"}
    ),
    VirtnetError(kind=StepFault.LINK_NOT_ON_BRIDGE, details={"interface": "veth1", "bridge": "vn-lab"}),
    VirtnetError(kind=StepFault.HOST_NOT_REACHED, details={"interface": "veth1"}),
    VirtnetError(kind=StepFault.MTU_NOT_REACHED, details={"bridge": "vn-lab"}),
    VirtnetError(kind=StepFault.LEFTOVER_NOT_OURS, details={"bridge": "vn-lab", "host": "this host"}),
    VirtnetError(kind=StepFault.CANNOT_START, details={"failure": "no {room}"}),
    VirtnetError(kind=StepFault.CANNOT_LIMIT, details={"failure": "no {room}"}),
    VirtnetError(kind=StepFault.BACKEND_UNKNOWN, details={"file": "/etc/libvirt/network.conf", "host": "kvm1"}),
    VirtnetError(kind=StepFault.RULES_NOT_RESTORED, details={"missing": [{"kind": "filter", "chain": "LIBVIRT_FWI"}]}),
)


def said() -> Iterator[str]:
    """A line a step and a fault, as the golden file has them."""
    for step in STEPS:
        summary = step.describe()
        yield f"{summary.kind.name}: {messages().sentence(summary)}"
    for fault in FAULTS:
        assert fault.kind is not None
        yield f"{fault.kind.name}: {read_error(messages(), fault)}"


def test_every_sentence_is_as_the_golden_file_has_it() -> None:
    assert list(said()) == GOLDEN.read_text().splitlines()


def test_every_kind_is_in_the_golden_file() -> None:
    assert {line.partition(": ")[0] for line in said()} == {kind.name for kind in (*StepKind, *StepFault)}


def test_an_error_without_a_kind_reads_as_it_is() -> None:
    assert read_error(messages(), Refused("no")) == "no"


def test_what_is_never_shown_is_in_no_summary() -> None:
    assert [step for step in STEPS if "secret" in str(step.describe())] == []
