"""The map of one host, from a look at it. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from virtnet.commands.doctor.diagnose import examine
from virtnet.commands.doctor.finding import DoctorReport, Finding, Level, area_of_network
from virtnet.commands.doctor.kinds import FindingKind
from virtnet.commands.doctor.messages import advice, command
from virtnet.commands.map.look import Looked
from virtnet.commands.map.model import (
    Attached,
    Bridge,
    Host,
    Lease,
    Network,
    PortForward,
    Ports,
    Route,
    Trouble,
    Uplink,
    natural,
)
from virtnet.commands.map.trees import described
from virtnet.forwarding.sysctl import IPV4, IPV6, is_on
from virtnet.host.default_route import routes_to_networks
from virtnet.network.observe.firewall.paths import zone_of
from virtnet.network.observed import HostReport, ObservedNetwork
from virtnet.network.tree import OWN_BRIDGE_MODES
from virtnet.network.versions import version_text
from virtnet.planning.reports import Attachment, GuestInterface, HostRoute, Link
from virtnet.port_forward.ports import Span
from virtnet.port_forward.restore.files import path_of
from virtnet.port_forward.restore.record import Record
from virtnet.spec.part import Values


def host_of(looked: Looked) -> Host:
    """All that is drawn of a host."""
    report = looked.report
    problems = [finding for finding in examine(report) if finding.level is Level.PROBLEM]
    host = report.host
    networks = tuple(
        _network(network, looked, problems)
        for network in sorted(report.networks, key=lambda one: natural(one.report.name))
    )
    forwards = tuple(_port_forward(record, problems) for record in _records(report))
    of_parts = [*(finding for one in report.networks for finding in _of_network(one.report.name, problems))]
    of_parts += [finding for record in _records(report) for finding in _of_forward(record, problems)]
    defaults = _default_routes(host)
    bridges = tuple(_bridges(looked, networks, defaults))
    return Host(
        uri=report.uri,
        unreachable=report.unreachable,
        host_seen=host is not None,
        libvirt_version=version_text(report.libvirt_version) if report.libvirt_version else "",
        ipv4_forwarding=_forwarding(report, IPV4),
        ipv6_forwarding=_forwarding(report, IPV6),
        zones=report.zones,
        uplinks=tuple(_uplinks(host, networks, bridges, defaults)),
        bridges=bridges,
        routes=tuple(
            Route(destination=route.destination, gateway=route.gateway, interface=route.interface)
            for route in (host.routes if host is not None else ())
            if route.gateway
        ),
        networks=networks,
        port_forwards=forwards,
        troubles=tuple(_trouble(finding) for finding in problems if finding not in of_parts),
        unseen=tuple(dict.fromkeys((*report.unseen, *looked.unseen))),
    )


def _trouble(finding: Finding) -> Trouble:
    told = advice(finding)
    return Trouble(said=told.reason, fix=told.fix, command=command(finding))


def _of_network(name: str, problems: Iterable[Finding]) -> Iterator[Finding]:
    """What is wrong with one network."""
    for finding in problems:
        if finding.area == area_of_network(name) or name in _networks_of(finding):
            yield finding


def _networks_of(finding: Finding) -> Sequence[object]:
    """The networks that a finding about the host says are broken."""
    if finding.kind in _OF_ONE:
        return (finding.data["network"],)
    if finding.kind is FindingKind.CHAINS_MISSING:
        networks = finding.data["networks"]
        return networks if isinstance(networks, list) else ()
    return ()


_OF_ONE = (FindingKind.RULES_MISSING, FindingKind.PACKETS_DROPPED, FindingKind.DNSMASQ_OUTLIVED_NETWORK)


def _of_forward(record: Record, problems: Iterable[Finding]) -> Iterator[Finding]:
    file = path_of(record.forward.id)
    return (finding for finding in problems if finding.data.get("file") == file)


def _records(report: DoctorReport) -> tuple[Record, ...]:
    return () if report.port_forwards is None else report.port_forwards.records


def _port_forward(record: Record, problems: Iterable[Finding]) -> PortForward:
    forward = record.forward
    return PortForward(
        id=forward.id,
        network=forward.network.name,
        target=forward.target,
        ports=tuple(
            Ports(
                protocol=one.protocol,
                listen=str(Span(one.listen, one.last)),
                target=str(Span(one.target, one.target_last)),
            )
            for one in forward.ports
        ),
        listen_address=forward.listen_address,
        sources=forward.sources,
        owner=record.mark.owner,
        troubles=tuple(map(_trouble, _of_forward(record, problems))),
    )


def _forwarding(report: DoctorReport, key: str) -> bool | None:
    value = None if report.forwarding is None else report.forwarding.values.get(key)
    return None if value is None else is_on(value)


def _network(network: ObservedNetwork, looked: Looked, problems: Iterable[Finding]) -> Network:
    report, running = network.report, network.report.running
    told, mark, leases = described(running.tree), report.definition.mark, looked.leases.get(report.uuid, ())
    attached = tuple(sorted(_attached(network, looked, leases), key=_order))
    known = {entry.mac for entry in attached}
    zone = zone_of(running, looked.report.zones) if looked.report.zones and running.bridge else told.zone
    return Network(
        name=report.name,
        uuid=report.uuid,
        mode=running.mode or "isolated",
        active=report.active,
        autostart=report.autostart,
        persistent=report.persistent,
        bridge=running.bridge_name,
        zone=zone,
        addresses=told.addresses,
        ranges=told.ranges,
        reservations=told.reservations,
        routes=told.routes,
        devices=told.devices,
        owner="" if mark is None else mark.owner,
        adopted=mark is not None and mark.adopted,
        attached=attached,
        leases=tuple(map(_lease, (lease for lease in leases if _mac(lease) not in known))),
        troubles=tuple(map(_trouble, _of_network(report.name, problems))),
    )


def _order(entry: Attached) -> tuple[bool, object, object, str]:
    """Guests before other links, each by its name."""
    return not entry.guest, natural(entry.guest), natural(entry.interface), entry.mac


def _mac(lease: Values) -> str:
    return str(lease["mac"]).lower()


def _lease(lease: Values) -> Lease:
    return Lease(
        address=str(lease["address"]),
        mac=_mac(lease),
        hostname=str(lease["hostname"]),
        expires=str(lease["expires"]),
    )


def _attached(network: ObservedNetwork, looked: Looked, leases: Sequence[Values]) -> Iterator[Attached]:
    """What is on the network, and which guests' interfaces name it and are not."""
    by_tap = {entry.interface: entry for entry in looked.interfaces if entry.interface}
    # Not only by the MAC: a clone of a guest may have the same one.
    by_guest = {(one.guest, one.mac): one for one in looked.interfaces if one.network == network.report.name}
    seen = set()
    for entry in network.attachments:
        known = by_tap.get(entry.interface) or by_guest.get((entry.owner, entry.mac.lower()))
        found = _of_attachment(entry, known, looked.report.host, leases)
        seen.add((found.guest, found.mac))
        yield found
    if network.report.active:
        for key, known in by_guest.items():
            if key not in seen:
                entry = Attachment(owner=known.guest, interface=known.interface, mac=known.mac)
                yield _of_attachment(entry, known, looked.report.host, leases, on_bridge=False)


def _of_attachment(
    entry: Attachment,
    known: GuestInterface | None,
    host: HostReport | None,
    leases: Sequence[Values] = (),
    *,
    on_bridge: bool = True,
) -> Attached:
    interface = entry.interface or (known.interface if known is not None else "")
    mac = known.mac if known is not None else entry.mac.lower()
    link = None if host is None else host.link(interface)
    own = [lease for lease in leases if mac and _mac(lease) == mac]
    return Attached(
        guest=known.guest if known is not None else entry.owner,
        interface=interface,
        mac=mac,
        link="" if link is None else link.kind,
        addresses=tuple(str(lease["address"]) for lease in own),
        hostname=next((str(lease["hostname"]) for lease in own if lease["hostname"]), ""),
        on_bridge=on_bridge,
    )


def _default_routes(host: HostReport | None) -> tuple[HostRoute, ...]:
    """The routes to everywhere else: the default route, whole or in pieces."""
    if host is None:
        return ()
    others = set(routes_to_networks(host.routes))
    return tuple(route for route in host.routes if route not in others)


def _gateways(name: str, defaults: Iterable[HostRoute]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(route.gateway for route in defaults if route.interface == name))


def _addresses(host: HostReport, name: str) -> tuple[str, ...]:
    return tuple(entry.address for entry in host.addresses if entry.interface == name)


def _bridges(looked: Looked, networks: Sequence[Network], defaults: Sequence[HostRoute]) -> Iterator[Bridge]:
    """Bridges that libvirt didn't create, with the attached interfaces that are drawn nowhere else."""
    drawn = {entry.interface for network in networks for entry in network.attached if entry.interface}
    host, own = looked.report.host, set(_own_bridges(looked.report))
    by_tap = {entry.interface: entry for entry in looked.interfaces if entry.interface}
    if host is None:
        direct: dict[str, list[GuestInterface]] = {}
        for entry in looked.interfaces:
            if entry.bridge and not entry.network and entry.bridge not in own:
                direct.setdefault(entry.bridge, []).append(entry)
        for name in sorted(direct, key=natural):
            attached = [_of_attachment(_guests(entry), entry, None) for entry in direct[name]]
            yield Bridge(name=name, attached=tuple(sorted(attached, key=_order)))
        return
    for link in sorted(host.links, key=lambda one: natural(one.name)):
        if link.kind != "bridge" or link.name in own:
            continue
        ports = [port for port in host.links if port.master == link.name and port.name not in drawn]
        attached = [_of_attachment(_foreign(port), by_tap.get(port.name), host) for port in ports]
        yield Bridge(
            name=link.name,
            mac=link.mac,
            up=link.up,
            addresses=_addresses(host, link.name),
            gateways=_gateways(link.name, defaults),
            attached=tuple(sorted(attached, key=_order)),
        )


def _guests(entry: GuestInterface) -> Attachment:
    return Attachment(owner=entry.guest, interface=entry.interface, mac=entry.mac)


def _foreign(port: Link) -> Attachment:
    return Attachment(owner="", interface=port.name, mac=port.mac)


def _own_bridges(report: DoctorReport) -> Iterator[str]:
    for network in report.networks:
        for said in filter(None, (network.report.live, network.report.config)):
            if said.mode in OWN_BRIDGE_MODES and said.bridge_name:
                yield said.bridge_name


def _uplinks(
    host: HostReport | None, networks: Iterable[Network], bridges: Iterable[Bridge], defaults: Sequence[HostRoute]
) -> Iterator[Uplink]:
    """Interfaces with a default route, and those of networks, without bridges, which are drawn themselves."""
    drawn = {bridge.name for bridge in bridges}
    named = {device for network in networks for device in network.devices}
    names = {route.interface for route in defaults if route.interface} | named
    for name in sorted(names - drawn, key=natural):
        link: Link | None = None if host is None else host.link(name)
        yield Uplink(
            name=name,
            mac="" if link is None else link.mac,
            up=host is None or (link is not None and link.up),
            addresses=() if host is None else _addresses(host, name),
            gateways=_gateways(name, defaults),
        )
