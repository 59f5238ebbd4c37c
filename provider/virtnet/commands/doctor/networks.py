"""`virtnet doctor` on each network: whether it runs whole, would start again, whose it is, what was left over. Pure."""

from collections.abc import Iterator

from virtnet.commands.doctor.finding import DoctorReport, Finding, Level, area_of_network
from virtnet.commands.doctor.kinds import FindingKind
from virtnet.network.names import holding_uuid
from virtnet.network.observe.autostart import place_of
from virtnet.network.observed import AutostartObstacle, ObservedNetwork, ReportedNetwork
from virtnet.network.plan.plan import notes_on_host
from virtnet.network.plan.preflight import preflight
from virtnet.network.problem_kinds import ProblemKind
from virtnet.network.xml.definition import Definition
from virtnet.network.xml.holding import is_holding_network

#: Root's other programs have some of the inotify instances too, udev and systemd among them.
OTHERS_INOTIFY = 16


_AUTOSTART = {
    AutostartObstacle.DANGLING: (Level.PROBLEM, FindingKind.AUTOSTART_LINK_DANGLES),
    AutostartObstacle.OTHER: (Level.PROBLEM, FindingKind.AUTOSTART_PLACE_TAKEN),
    AutostartObstacle.UNKNOWN_TO_LIBVIRT: (Level.NOTE, FindingKind.AUTOSTART_UNKNOWN_TO_LIBVIRT),
}


def networks(report: DoctorReport) -> Iterator[Finding]:
    """Every network that libvirt knows."""
    owned = {holding_uuid(n.report.uuid): n.report for n in report.networks}
    for network in report.networks:
        if is_holding_network(network.report.definition):
            yield from _holding_network(network, owned.get(network.report.uuid))
        else:
            yield from _network(network, report)
    yield from _stray_bridges(report)
    yield from _inotify(report)


def _network(network: ObservedNetwork, doctor: DoctorReport) -> Iterator[Finding]:
    report = network.report
    area, mark = area_of_network(report.name), report.definition.mark
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
    findings += _start(area, network)
    findings += [
        Finding(area=area, level=Level.NOTE, kind=FindingKind.NETWORK_NOTE, cause=note)
        for note in notes_on_host(network)
    ]
    findings += _autostart(area, network, said=report.uuid in doctor.reported_autostart)
    if not report.persistent:
        findings.append(
            Finding(
                area=area,
                level=Level.NOTE,
                kind=FindingKind.NETWORK_TRANSIENT if mark is None else FindingKind.OUR_NETWORK_TRANSIENT,
                details={"network": report.name},
            )
        )
    yield _summary(area, network)
    yield from findings


def _autostart(area: str, network: ObservedNetwork, *, said: bool) -> Iterator[Finding]:
    """Whether the next boot will differ from what libvirt says, or libvirt can't change autostart."""
    name, obstacle = network.report.name, network.autostart_obstacle
    if obstacle is not None:
        level, kind = _AUTOSTART[obstacle]
        yield Finding(area=area, level=level, kind=kind, details={"network": name, "path": place_of(name)})
    elif said and not network.report.autostart:
        kind = FindingKind.AUTOSTART_LINK_MISSING
        yield Finding(area=area, level=Level.PROBLEM, kind=kind, details={"network": name})


def _summary(area: str, network: ObservedNetwork) -> Finding:
    """One line with the network, its owner, and what is attached."""
    report = network.report
    mark, running = report.definition.mark, report.running
    subnets = [ip["address"] for ip in running.tree.get("ips", [])]
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
            "mode": running.mode or "isolated",
            "bridge": running.bridge_name,
            "addresses": subnets,
            "owner": None if mark is None else mark.owner,
            "adopted": None if mark is None else mark.adopted,
            "plugged_in": [
                {"guest": entry.owner, "interface": entry.interface, "mac": entry.mac} for entry in network.attachments
            ],
        },
    )


def _start(area: str, network: ObservedNetwork) -> Iterator[Finding]:
    """What speaks against the next start. An active network is judged by what a stop, or a boot, would bring."""
    report = network.report
    harmless = (ProblemKind.FIREWALL_RULES_LEFT, ProblemKind.TRACKING_LEFT)
    broken = [problem for problem in network.problems if problem.kind not in harmless]
    if broken and report.active:
        return  # one thing at a time: what is broken now colours what its next start would meet
    found = preflight(report.definition.tree, network, allow_overlap=False)
    kind = FindingKind.NETWORK_DOES_NOT_START_AGAIN if report.active else FindingKind.NETWORK_DOES_NOT_START
    level = Level.PROBLEM if report.active or report.autostart else Level.NOTE
    for refusal in found.refusals:
        yield Finding(area=area, level=level, kind=kind, cause=refusal)
    for note in found.notes:
        yield Finding(area=area, level=Level.NOTE, kind=FindingKind.NETWORK_START_NOTE, cause=note)


def _holding_network(network: ObservedNetwork, home: ReportedNetwork | None) -> Iterator[Finding]:
    yield Finding(
        area=area_of_network(network.report.name),
        level=Level.PROBLEM,
        kind=FindingKind.HOLDING_NETWORK_ORPHANED if home is None else FindingKind.HOLDING_NETWORK_LEFT,
        data={"name": network.report.name, "waiting": [entry.as_details() for entry in network.attachments]},
        details={} if home is None else {"network": home.name},
    )


def _stray_bridges(report: DoctorReport) -> Iterator[Finding]:
    """Bridges with names of ours that no network has."""
    if report.host is None:
        return
    found = [said for n in report.networks for said in (n.report.live, n.report.config)]
    known = {said.bridge for said in found if said is not None}
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
    """Each dnsmasq with DNS watches /etc/resolv.conf, unless it has forwarders (dnsmasq 2.90)."""
    watching = sum(_watches(n.report.definition) for n in report.networks if n.report.active)
    limit = report.inotify_instances
    if limit is None or watching + OTHERS_INOTIFY < limit:
        return
    yield Finding(
        area="dnsmasq",
        level=Level.PROBLEM,
        kind=FindingKind.INOTIFY_INSTANCES_RUN_OUT,
        data={"networks": watching, "limit": limit},
    )


def _watches(config: Definition) -> bool:
    dns = config.tree.get("dns", {})
    return config.serves and dns.get("enable", True) and not dns.get("forwarders")
