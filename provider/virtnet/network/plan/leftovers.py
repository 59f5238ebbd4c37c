"""Which steps clear away what is left of a network: its bridge, its dnsmasq, and firewall rules of libvirt's. Pure."""

from typing import TYPE_CHECKING

from virtnet.host.requests import WHOLE_FIREWALL
from virtnet.network.observe.firewall.left import FORGETFUL
from virtnet.network.observed import Observed, ObservedAbsent, ObservedNetwork
from virtnet.network.plan.preflight import is_leftover
from virtnet.network.steps.leftovers import EndLeftoverDnsmasq, RemoveLeftoverBridge, RemoveRulesLeft
from virtnet.network.steps.step import NetworkStep
from virtnet.network.tree import own_bridge, subnets_of

if TYPE_CHECKING:
    from virtnet.network._generated.trees import NetworkTree


def before_start(target: "NetworkTree", observed: ObservedNetwork) -> tuple[NetworkStep, ...]:
    """Before this inactive network starts: its dnsmasq goes, then its bridge, and rules of an earlier time."""
    uuid = observed.report.uuid
    bridge = RemoveLeftoverBridge(uuid=uuid, bridge=own_bridge(target), mac=target.get("mac", ""))
    return (
        *dnsmasq(observed),
        *((bridge,) if is_leftover(target, observed) else ()),
        *rules(uuid, target, observed),
    )


def rules(uuid: str, target: "NetworkTree", observed: Observed) -> tuple[NetworkStep, ...]:
    """The firewall rules of an earlier time of the network go, or of another that had what it is to have."""
    found = RemoveRulesLeft(
        uuid=uuid,
        bridge=own_bridge(target),
        subnets=tuple(sorted(subnets_of(target))),
        listers=FORGETFUL if isinstance(observed, ObservedAbsent) else WHOLE_FIREWALL,
    )
    return (found,) if observed.rules_left else ()


def dnsmasq(observed: ObservedNetwork) -> tuple[NetworkStep, ...]:
    """The inactive network's own dnsmasq ends, where it still runs."""
    report = observed.report
    return (EndLeftoverDnsmasq(uuid=report.uuid, name=report.name),) if observed.dnsmasq_left else ()


def bridges(observed: ObservedNetwork, *, its_own: bool) -> tuple[NetworkStep, ...]:
    """The bridges of the holding network and of probes go; the network's own too where it will not start."""
    return tuple(
        RemoveLeftoverBridge(uuid=left.uuid, bridge=left.bridge, mac=left.mac)
        for left in observed.bridges_left
        if its_own or left.uuid != observed.report.uuid
    )
