"""The plan of a network that doesn't exist yet. Pure."""

from typing import TYPE_CHECKING, NamedTuple

from virtnet.network.checks.whole import Judged, judged
from virtnet.network.diff import with_own_bridge
from virtnet.network.observe.autostart import place_of
from virtnet.network.observed import AutostartObstacle, Observed, ObservedAbsent
from virtnet.network.plan import leftovers
from virtnet.network.plan.kinds import NoteKind, RefusalKind, failure_details
from virtnet.network.plan.preflight import Findings, needs_newer_libvirt, of_network, preflight, preflight_at_boot
from virtnet.network.spec import NetworkSpec
from virtnet.network.steps.definition import DefineNetwork, Outline, named
from virtnet.network.steps.kinds import StepKind
from virtnet.network.steps.running import SetAutostart, SetBridgeMtu, StartNetwork
from virtnet.network.tree import OWN_BRIDGE_MODES, mode_of, own_bridge, serves
from virtnet.network.versions import SETS_BRIDGE_MTU
from virtnet.network.xml import edits
from virtnet.network.xml import write as network_edit
from virtnet.network.xml.read import NOT_XML, OwnerMark
from virtnet.planning.findings import Note, Refusal
from virtnet.planning.ownership.marks import owner_of, urn_of
from virtnet.planning.plan import Change, ChangeClass, Plan, Step
from virtnet.spec.part import without, without_nones

if TYPE_CHECKING:
    from virtnet.network._generated.trees import NetworkTree
    from virtnet.network.steps.step import NetworkStep


class PlugIn(NamedTuple):
    """The steps that reattach guests that aren't on a bridge, with their notes."""

    steps: "tuple[NetworkStep, ...]" = ()
    notes: tuple[Note, ...] = ()


def plan_new(desired: "NetworkTree", observed: ObservedAbsent) -> Plan:
    """Define it, start it, and last mark it as complete; or refuse."""
    uuid = desired.get("uuid") or observed.fresh_uuid
    target = new_tree(desired, uuid)
    findings = start_findings(desired, target, observed)
    same_uuid = next((other for other in observed.others if other.uuid == uuid), None)
    if same_uuid is not None:
        return Plan(refusals=(Refusal(RefusalKind.UUID_TAKEN, {"uuid": uuid, **of_network(same_uuid, desired)}),))
    creating = network_edit.render(target, own_mark(desired, observed.fresh_token, creating=True))
    steps: list[Step] = [
        DefineNetwork(
            uuid=uuid,
            xml=creating,
            previous_xml=None,
            purpose=StepKind.CREATE_DEFINITION,
            outline=outline(target),
        )
    ]
    if desired.get("active", True):
        steps += (*leftovers.rules(uuid, target, observed), *start_steps(uuid, target, observed))
    steps += finishing(desired, target, uuid, creating, observed)
    plugged = plugged_in(desired, target, uuid, observed)
    steps += plugged.steps
    return Plan(
        steps=tuple(steps),
        changes=(Change(path="name", kind="add", change_class=ChangeClass.LIVE, detail=target["name"]),),
        refusals=findings.refusals,
        notes=(*findings.notes, *plugged.notes),
        details={"uuid": uuid, "__token": observed.fresh_token},
    )


def new_tree(desired: "NetworkTree", uuid: str) -> "NetworkTree":
    """A new network's tree: the desired settings, and the identity that libvirt would choose otherwise."""
    made = without_nones(NetworkSpec, named(desired))
    target: NetworkTree = {**without(made, {"__owner", "__urn"}), "uuid": uuid}
    return with_own_bridge(target, uuid) if mode_of(target) in OWN_BRIDGE_MODES else target


def start_steps(
    uuid: str, target: "NetworkTree", observed: Observed, *, probed: bool = False
) -> "tuple[NetworkStep, ...]":
    """The start, and then the bridge's MTU, if this libvirt leaves the kernel's value.

    If only libvirt can test traffic limits, they are tested before the start, because libvirt may exit if they fail at
    the start. A network that was stopped for this has been `probed` already.
    """
    bridge, mtu = own_bridge(target), target.get("mtu")
    steps: tuple[NetworkStep, ...] = (StartNetwork(uuid=uuid, bridge=bridge),)
    if not probed and observed.only_libvirt and target.get("ips") and not serves(target):
        from virtnet.network.steps.probe import probe_limits

        steps = (*probe_limits(target), *steps)
    if mtu is not None and observed.libvirt_version < SETS_BRIDGE_MTU:
        steps = (*steps, SetBridgeMtu(uuid=uuid, bridge=bridge, mtu=mtu, previous=None))
    return steps


def plugged_in(desired: "NetworkTree", target: "NetworkTree", uuid: str, observed: Observed) -> PlugIn:
    """Running guests whose network of this name was removed. Its start alone doesn't reattach them."""
    unplugged = observed.loose.movable
    on_bridge = own_bridge(target) or (mode_of(target) == "bridge" and target.get("bridge", {}).get("name"))
    if not unplugged or not on_bridge or not desired.get("active", True):
        return PlugIn()
    from virtnet.network.plan.restart import plug_in

    return plug_in(uuid, unplugged)


def outline(target: "NetworkTree") -> Outline:
    """A reviewer's view of a new network."""
    return Outline(
        mode=mode_of(target),
        addresses=tuple(ip["address"] for ip in target.get("ips", [])),
        bridge=target.get("bridge", {}).get("name", ""),
    )


def finishing(
    desired: "NetworkTree", target: "NetworkTree", uuid: str, creating: str, observed: Observed
) -> list[Step]:
    """The end of every create: the flag, and last the mark's phase, by which a killed create is detected."""
    token = observed.fresh_token
    steps: list[Step] = []
    if desired.get("autostart", True):
        steps.append(set_autostart(uuid, target["name"], observed, autostart=True))
    steps.append(
        DefineNetwork(
            uuid=uuid,
            xml=network_edit.render(target, own_mark(desired, token)),
            previous_xml=creating,
            previous_autostart=bool(desired.get("autostart", True)),
            purpose=StepKind.COMPLETE_MARK,
            was_read_back=True,
        )
    )
    return steps


def own_mark(desired: "NetworkTree", token: str, *, creating: bool = False) -> OwnerMark:
    """The owner mark of a network that the program creates."""
    named = edits.named_by(desired, {})
    return OwnerMark(owner_of(desired), urn=urn_of(desired), token=token, creating=creating, named=named)


def start_findings(desired: "NetworkTree", target: "NetworkTree", observed: Observed) -> Findings:
    """Findings on the host against the network's start, or against its start at the next boot."""
    findings, whole = Findings(), judged(without(target, NOT_XML))
    if desired.get("active", True):
        findings = preflight(target, observed, allow_overlap=bool(desired.get("allow_overlap")), inputs=desired)
    elif desired.get("autostart", True):
        findings = preflight_at_boot(target, observed, desired)
    no_link = autostart_refusals(target["name"], observed, autostart=bool(desired.get("autostart", True)))
    too_new = needs_newer_libvirt(target, observed.libvirt_version)
    return Findings(
        refusals=(*contradictions(whole), *too_new, *findings.refusals, *no_link),
        notes=(*doubts(whole), *findings.notes),
    )


def set_autostart(uuid: str, name: str, observed: Observed, *, autostart: bool) -> SetAutostart:
    """The step that sets the flag, and first removes a link that blocks libvirt's."""
    in_the_way = observed.autostart_obstacle in (AutostartObstacle.DANGLING, AutostartObstacle.UNKNOWN_TO_LIBVIRT)
    return SetAutostart(uuid=uuid, autostart=autostart, clears=place_of(name) if in_the_way else "")


def autostart_refusals(name: str, observed: Observed, *, autostart: bool) -> tuple[Refusal, ...]:
    """Why libvirt could not start the network at boot."""
    if not autostart or observed.autostart_obstacle is not AutostartObstacle.OTHER:
        return ()
    return (Refusal(RefusalKind.AUTOSTART_PLACE_TAKEN, {"path": place_of(name)}),)


def contradictions(whole: Judged) -> tuple[Refusal, ...]:
    """Failures that check allowed, because an adopted network could have had the missing settings."""
    return tuple(Refusal(RefusalKind.CONTRADICTION, failure_details(failure)) for failure in whole.refused)


def doubts(whole: Judged) -> tuple[Note, ...]:
    """Settings that work but are probably not intended."""
    return tuple(Note(NoteKind.DOUBTFUL, failure_details(failure)) for failure in whole.doubtful)
