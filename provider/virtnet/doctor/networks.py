"""`virtnet doctor` on each network: whether it runs whole, would start again, whose it is, what was left over. Pure."""

from collections.abc import Iterator

from virtnet.doctor.finding import DoctorReport, Finding, Level
from virtnet.doctor.kinds import FindingKind
from virtnet.network.messages.attachments import names
from virtnet.network.names import holding_uuid
from virtnet.network.observed import ObservedNetwork
from virtnet.network.plan.preflight import preflight
from virtnet.network.tree import mode_of, own_bridge, serves
from virtnet.network.xml import read as network_xml
from virtnet.network.xml.holding import HOLDING_NAMESPACE
from virtnet.planning.reports import NetworkReport
from virtnet.spec.part import Tree

AGAIN = "pulumi refresh, then pulumi up"

#: Root's other programs have some of the inotify instances too, udev and systemd among them.
OTHERS_INOTIFY = 16


def networks(report: DoctorReport) -> Iterator[Finding]:
    """Every network that libvirt knows."""
    holding_networks = {n.report.uuid for n in report.networks if n.report is not None and is_holding_network(n.report)}
    owned = {holding_uuid(n.report.uuid): n.report for n in report.networks if n.report is not None}
    for network in report.networks:
        if network.report is None:
            continue
        if network.report.uuid in holding_networks:
            yield from _park(network, network.report, owned.get(network.report.uuid))
        else:
            yield from _network(network, network.report, report)
    yield from _stray_bridges(report)
    yield from _inotify(report)


def is_holding_network(report: NetworkReport) -> bool:
    """Whether a network is one of ours on which guests wait while theirs is restarted."""
    return network_xml.read_xml(report.any_xml).find(f"metadata/{{{HOLDING_NAMESPACE}}}held") is not None


def _network(network: ObservedNetwork, report: NetworkReport, doctor: DoctorReport) -> Iterator[Finding]:
    area, tree = f"network {report.name}", network_xml.parse(report.live_xml or report.any_xml)
    mark = network_xml.owner_mark(report.any_xml)
    findings = [
        Finding(
            area=area,
            level=Level.PROBLEM,
            kind=FindingKind.NETWORK_PROBLEM,
            cause=problem,
            details={"network": report.name},
        )
        for problem in network.problems
    ]
    if mark is not None and mark.creating:
        findings.append(
            Finding(
                area=area,
                level=Level.PROBLEM,
                kind=FindingKind.NETWORK_HALF_MADE,
                data={"owner": mark.owner},
                details={"network": report.name},
            )
        )
    findings += _start(area, network, report)
    if report.uuid in doctor.reported_autostart and not report.autostart:
        findings.append(
            Finding(
                area=area,
                level=Level.PROBLEM,
                kind=FindingKind.AUTOSTART_LINK_MISSING,
                details={"network": report.name},
            )
        )
    if not report.persistent:
        findings.append(
            Finding(
                area=area,
                level=Level.NOTE,
                kind=FindingKind.NETWORK_TRANSIENT if mark is None else FindingKind.OUR_NETWORK_TRANSIENT,
                details={"network": report.name},
            )
        )
    yield _summary(area, network, report, tree)
    yield from findings


def _summary(area: str, network: ObservedNetwork, report: NetworkReport, tree: Tree) -> Finding:
    """One line on what the network is, whose, and what is plugged in."""
    mark = network_xml.owner_mark(report.any_xml)
    mode, bridge = mode_of(tree) or "isolated", tree.get("bridge", {}).get("name", "")
    subnets = [str(ip["address"]) for ip in tree.get("ips", [])]
    return Finding(
        area=area,
        level=Level.OK,
        kind=FindingKind.NETWORK,
        data={
            "name": report.name,
            "uuid": report.uuid,
            "active": report.active,
            "autostart": report.autostart,
            "persistent": report.persistent,
            "mode": mode,
            "bridge": bridge,
            "addresses": subnets,
            "owner": None if mark is None else mark.owner,
            "adopted": None if mark is None else mark.adopted,
            "plugged_in": [
                {"guest": entry.owner, "interface": entry.interface, "mac": entry.mac} for entry in network.attachments
            ],
        },
    )


def _start(area: str, network: ObservedNetwork, report: NetworkReport) -> Iterator[Finding]:
    """What speaks against the next start. An active network is judged by what a stop, or a boot, would bring."""
    if network.problems and report.active:
        return  # one thing at a time: what is broken now colours what its next start would meet
    tree = network_xml.parse(report.any_xml)
    found = preflight(tree, network, allow_overlap=False)
    kind = FindingKind.NETWORK_DOES_NOT_START_AGAIN if report.active else FindingKind.NETWORK_DOES_NOT_START
    level = Level.PROBLEM if report.active or report.autostart else Level.NOTE
    for refusal in found.refusals:
        yield Finding(area=area, level=level, kind=kind, cause=refusal)
    for note in found.notes:
        yield Finding(area=area, level=Level.NOTE, kind=FindingKind.NETWORK_START_NOTE, cause=note)


def _park(network: ObservedNetwork, report: NetworkReport, home: NetworkReport | None) -> Iterator[Finding]:
    yield Finding(
        area=f"network {report.name}",
        level=Level.PROBLEM,
        kind=FindingKind.HOLDING_NETWORK_ORPHANED if home is None else FindingKind.HOLDING_NETWORK_LEFT,
        data={"name": report.name, "waiting": [names([entry.details()]) for entry in network.attachments]},
        details={} if home is None else {"network": home.name},
    )


def _stray_bridges(report: DoctorReport) -> Iterator[Finding]:
    """Bridges with names of ours that no network has."""
    if report.host is None:
        return
    xmls = [xml for n in report.networks if n.report is not None for xml in (n.report.live_xml, n.report.config_xml)]
    known = {own_bridge(network_xml.parse(xml)) for xml in xmls if xml is not None}
    for link in report.host.links:
        if link.kind != "bridge" or link.name in known or not link.name.startswith(("vn-", "virbr")):
            continue
        ports = [other.name for other in report.host.links if other.master == link.name]
        yield Finding(
            area="leftovers",
            level=Level.NOTE,
            kind=FindingKind.BRIDGE_LEFT_IN_USE if ports else FindingKind.BRIDGE_LEFT,
            data={"bridge": link.name, "ports": ports},
        )


def _inotify(report: DoctorReport) -> Iterator[Finding]:
    """Each dnsmasq that answers for DNS watches /etc/resolv.conf, unless it is told whom to ask (dnsmasq 2.90)."""
    trees = [network_xml.parse(n.report.any_xml) for n in report.networks if n.report is not None and n.report.active]
    watching = sum(map(_watches, trees))
    limit = report.inotify_instances
    if limit is None or watching + OTHERS_INOTIFY < limit:
        return
    yield Finding(
        area="dnsmasq",
        level=Level.PROBLEM,
        kind=FindingKind.INOTIFY_INSTANCES_RUN_OUT,
        data={"networks": watching, "limit": limit},
    )


def _watches(tree: Tree) -> bool:
    dns = tree.get("dns", {})
    return serves(tree) and dns.get("enable", True) and not dns.get("forwarders")
