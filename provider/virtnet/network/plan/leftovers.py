"""The steps that remove leftovers of a network: its bridge, its dnsmasq, and firewall rules. Pure."""

from typing import TYPE_CHECKING

from virtnet.host.requests import WHOLE_FIREWALL
from virtnet.network.observe.firewall.left import FORGETFUL
from virtnet.network.observed import Observed, ObservedAbsent, ObservedNetwork
from virtnet.network.plan.preflight import is_leftover
from virtnet.network.plan.sections import tracking_program
from virtnet.network.problem_kinds import ProblemKind
from virtnet.network.steps.leftovers import EndLeftoverDnsmasq, RemoveLeftoverBridge, RemoveRulesLeft
from virtnet.network.steps.rules import StopTracking
from virtnet.network.steps.step import NetworkStep
from virtnet.network.tree import own_bridge, subnets_of

if TYPE_CHECKING:
    from virtnet.network._generated.trees import NetworkTree


def before_start(target: "NetworkTree", observed: ObservedNetwork) -> tuple[NetworkStep, ...]:
    """Before an inactive network starts, remove its leftover dnsmasq, then its bridge, then leftover rules."""
    uuid = observed.report.uuid
    bridge = RemoveLeftoverBridge(uuid=uuid, bridge=own_bridge(target), mac=target.get("mac", ""))
    return (
        *dnsmasq(observed),
        *((bridge,) if is_leftover(target, observed) else ()),
        *rules(uuid, target, observed),
    )


def rules(uuid: str, target: "NetworkTree", observed: Observed) -> tuple[NetworkStep, ...]:
    """Remove leftover firewall rules of the network, or of another one that had its bridge or subnets."""
    found = RemoveRulesLeft(
        uuid=uuid,
        bridge=own_bridge(target),
        subnets=tuple(sorted(subnets_of(target))),
        listers=FORGETFUL if isinstance(observed, ObservedAbsent) else WHOLE_FIREWALL,
    )
    return (found,) if observed.rules_left else ()


def dnsmasq(observed: ObservedNetwork) -> tuple[NetworkStep, ...]:
    """End the inactive network's own dnsmasq if it still runs."""
    report = observed.report
    return (EndLeftoverDnsmasq(uuid=report.uuid, name=report.name),) if observed.dnsmasq_left else ()


def bridges(observed: ObservedNetwork, *, its_own: bool) -> tuple[NetworkStep, ...]:
    """Remove the bridges of the holding network and of test networks, and the network's own if it won't start."""
    return tuple(
        RemoveLeftoverBridge(uuid=left.uuid, bridge=left.bridge, mac=left.mac)
        for left in observed.bridges_left
        if its_own or left.uuid != observed.report.uuid
    )


def tracking(observed: ObservedNetwork) -> tuple[NetworkStep, ...]:
    """Remove the rule that an interrupted update left, by whichever program: libvirt may have been upgraded since."""
    if observed.problem(ProblemKind.TRACKING_LEFT) is None:
        return ()
    programs = dict.fromkeys((tracking_program(observed), "iptables"))
    return tuple(
        StopTracking(uuid=observed.report.uuid, versions=(), program=program, is_leftover=True) for program in programs
    )
