"""`virtnet doctor` on the firewall: whether libvirt's chains, and its rules for each network, are there. Pure.

libvirt says of a network that it is active whatever became of its rules. Nothing tells it that they were flushed, and
then guests are cut off, or not kept apart, and networks cannot start.
"""

from collections.abc import Iterator
from typing import Any

from virtnet.doctor.finding import DoctorReport, Finding, Level
from virtnet.network.observe.firewall import FILTERED_MODES, chains_of, flushed, missing_rules, uses_nft
from virtnet.network.observed import ObservedNetwork
from virtnet.network.tree import mode_of
from virtnet.network.xml import read as network_xml

RESTART = (
    "systemctl restart virtnetworkd (or libvirtd): it makes them anew and leaves guests alone; with firewalld, "
    "firewall-cmd --reload does it too"
)


def firewall(report: DoctorReport) -> Iterator[Finding]:
    """The backend in use, the chains, and the rules of every active network."""
    if not report.rules:
        return
    networks = [network for network in report.networks if _has_rules(network)]
    iptables = report.rules.get("iptables-save") or ""
    nft = report.rules.get("nft") or ""
    chains = chains_of(iptables)
    backend = "nftables" if uses_nft(nft) else "iptables" if chains else report.firewall_backend
    none_there = flushed(report.rules)
    if none_there and networks:
        names = ", ".join(f"'{_name(network)}'" for network in networks)
        yield Finding(
            area="firewall",
            level=Level.PROBLEM,
            said=f"libvirt's firewall chains are gone, though {names} of {report.host_name} should be filtered by "
            "them: someone flushed the firewall; guests may be cut off or exposed, and no such network can start",
            fix=RESTART,
            data={"backend": backend, "chains": sorted(chains), "networks": [_name(network) for network in networks]},
        )
        return
    if backend:
        said = f"libvirt writes its rules with {backend}"
        if none_there:
            said += "; there are none now, and no active network needs any"
        yield Finding(area="firewall", level=Level.OK, said=said, data={"backend": backend, "chains": sorted(chains)})
    for network in networks:
        missing = list(missing_rules(_live(network), report.rules))
        if missing:
            yield Finding(
                area="firewall",
                level=Level.PROBLEM,
                said=f"network '{_name(network)}' has lost its {' and '.join(missing)}: someone flushed the firewall",
                fix=RESTART,
                data={"backend": backend, "network": _name(network), "missing": missing},
            )
    yield from _hidden_policy(report)


def _hidden_policy(report: DoctorReport) -> Iterator[Finding]:
    if report.forwarding is None or report.forwarding.forward_policy != "DROP":
        return
    exposed = [_name(n) for n in report.networks if n.report is not None and n.report.active and _mode(n) == "open"]
    cut_off = f", which cuts off {', '.join(repr(name) for name in exposed)}" if exposed else ""
    yield Finding(
        area="firewall",
        level=Level.PROBLEM if exposed else Level.NOTE,
        said="Docker has set iptables' FORWARD policy to DROP: packets that no rule lets through are dropped" + cut_off,
        fix="let those pass in Docker's chain DOCKER-USER" if exposed else "",
        data={"networks": exposed},
    )


def _has_rules(network: ObservedNetwork) -> bool:
    return network.report is not None and network.report.active and _mode(network) in FILTERED_MODES


def _mode(network: ObservedNetwork) -> str:
    return mode_of(_live(network))


def _live(network: ObservedNetwork) -> dict[str, Any]:
    report = network.report
    return {} if report is None else network_xml.parse(report.live_xml or report.any_xml)


def _name(network: ObservedNetwork) -> str:
    return "" if network.report is None else network.report.name
