"""`virtnet doctor` on each network: whether it runs whole, would start again, whose it is, what was left over. Pure."""

from collections.abc import Iterator

from virtnet.doctor.finding import DoctorReport, Finding, Level
from virtnet.network.names import holding_uuid
from virtnet.network.observed import DNSMASQ_GONE, FOREIGN_BRIDGE, PARKED, RECORD_LEFT, RESTART_RECORD, ObservedNetwork
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
        Finding(area=area, level=Level.PROBLEM, said=problem, fix=_fix(problem, report.name))
        for problem in network.problems
    ]
    if mark is not None and mark.creating:
        findings.append(
            Finding(
                area=area,
                level=Level.PROBLEM,
                said=f"it is half made: the pulumi up of {mark.owner} that made it was cut short, or still runs",
                fix=f"pulumi up of that stack finishes it; if that is gone, virsh net-undefine '{report.name}'",
                data={"owner": mark.owner},
            )
        )
    findings += _start(area, network, report)
    if report.uuid in doctor.said_autostart and not report.autostart:
        findings.append(
            Finding(
                area=area,
                level=Level.PROBLEM,
                said="libvirt says that it starts at boot, and its link is not there, so it will not",
                fix=f"virsh net-autostart '{report.name}' --disable; virsh net-autostart '{report.name}'",
            )
        )
    if not report.persistent:
        findings.append(
            Finding(
                area=area,
                level=Level.NOTE,
                said="it has no definition: it is gone when it stops",
                fix=AGAIN if mark is not None else f"virsh net-dumpxml '{report.name}', then virsh net-define",
            )
        )
    yield _summary(area, network, report, tree)
    yield from findings


def _summary(area: str, network: ObservedNetwork, report: NetworkReport, tree: Tree) -> Finding:
    """One line on what the network is, whose, and what is plugged in."""
    mark = network_xml.owner_mark(report.any_xml)
    mode, bridge = mode_of(tree) or "isolated", tree.get("bridge", {}).get("name", "")
    subnets = [str(ip["address"]) for ip in tree.get("ips", [])]
    where = " ".join(filter(None, [mode, f"on {bridge}" if bridge else "", *subnets]))
    state = "active" if report.active else "inactive"
    state += ", starts at boot" if report.autostart else ", does not start at boot"
    owner = "nobody's mark" if mark is None else f"{'adopted' if mark.adopted else 'made'} by {mark.owner}"
    users = [entry.describe() for entry in network.attachments]
    attachments = f"; plugged in: {', '.join(users)}" if users else "; nothing is plugged in" if report.active else ""
    return Finding(
        area=area,
        level=Level.OK,
        said=f"{state}; {where}; {owner}{attachments}",
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
    when = "if it stops, it does not start again" if report.active else "it does not start"
    level = Level.PROBLEM if report.active or report.autostart else Level.NOTE
    for refusal in found.refusals:
        said, _, fix = refusal.rpartition("; ")
        yield Finding(area=area, level=level, said=f"{when}: {said or fix}", fix=fix if said else "")
    for note in found.notes:
        yield Finding(area=area, level=Level.NOTE, said=note)


def _fix(problem: str, name: str) -> str:
    if problem.startswith(PARKED):
        return "pulumi up of its stack plugs them in again"
    if problem.startswith(FOREIGN_BRIDGE):
        return "rename or remove that interface by hand; until then do not stop the network, which would delete it"
    if problem == DNSMASQ_GONE:
        return f"{AGAIN}; or systemctl restart virtnetworkd (libvirtd), which starts it and leaves guests alone"
    if problem == RECORD_LEFT:
        item = f"<txt name='{RESTART_RECORD}'/>"
        return f"{AGAIN}; or virsh net-update '{name}' delete dns-txt \"{item}\" --live"
    return f"{AGAIN}; or virsh net-destroy '{name}' and virsh net-start '{name}', and plug its guests in again"


def _park(network: ObservedNetwork, report: NetworkReport, home: NetworkReport | None) -> Iterator[Finding]:
    waiting = ", ".join(entry.describe() for entry in network.attachments) or "nothing"
    whose = "of a network that is gone" if home is None else f"of network '{home.name}'"
    fix = f"virsh net-destroy {report.name}"
    if home is not None:
        fix = "pulumi up of the stack of that network plugs them in again and removes it"
    elif network.attachments:
        fix = f"plug those into another network, then {fix}"
    yield Finding(
        area=f"network {report.name}",
        level=Level.PROBLEM,
        said=f"it was left by a restart {whose} that was cut short, or still goes on, with {waiting} on it",
        fix=fix,
        data={"name": report.name, "waiting": [entry.describe() for entry in network.attachments]},
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
        held = f", with {', '.join(ports)} plugged in" if ports else ""
        yield Finding(
            area="leftovers",
            level=Level.NOTE,
            said=f"the bridge {link.name} belongs to no network of this libvirt{held}",
            fix="" if ports else f"ip link delete dev {link.name}, if nobody else made it",
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
        said=f"{watching} active networks answer for DNS, each with an inotify instance of the {limit} that one user of"
        " this host may have: the next one may not start (dnsmasq: Too many open files)",
        fix="sysctl -w fs.inotify.max_user_instances=1024, and the same line in /etc/sysctl.d; or name dns.forwarders",
        data={"networks": watching, "limit": limit},
    )


def _watches(tree: Tree) -> bool:
    dns = tree.get("dns", {})
    return serves(tree) and dns.get("enable", True) and not dns.get("forwarders")
