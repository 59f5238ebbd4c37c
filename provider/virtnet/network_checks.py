"""What a network's inputs mean together: every contradiction that the inputs alone prove. Pure.

libvirt accepts most of these and fails, or misbehaves, later: an address that is the network's own, a reservation
outside the subnet, a range that holds the gateway, two addresses in one subnet. Unknown values are left out of every
comparison. Each failure names the property's path, the reason and the fix.
"""

import ipaddress
import re
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from virtnet.spec import UNKNOWN, Failure, Part, shapes
from virtnet.spec_network import Dhcp, Forward, Forwarder, NetworkSpec, PciAddress, Srv, Vlan

Interface = ipaddress.IPv4Interface | ipaddress.IPv6Interface
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

#: Modes in which libvirt makes a bridge of its own and serves addresses on it ("" is an isolated network).
OWN_BRIDGE_MODES = ("", "nat", "route", "open")
Item = TypeVar("Item")


def forward_mode(spec: NetworkSpec) -> str | None:
    """Libvirt's mode: "" for an isolated network, None while it is unknown."""
    forward: Any = spec.forward
    if forward is None:
        return ""
    if forward is UNKNOWN or forward.mode is UNKNOWN:
        return None
    return forward.mode or "nat"


def check_network(spec: NetworkSpec) -> list[Failure]:
    """All contradictions in a spec whose single values are sound."""
    return [
        *_forward(spec),
        *_bridge(spec),
        *_addresses(spec),
        *_routes(spec),
        *_dns(spec),
        *_mode_fields(spec),
        *_bandwidths(spec),
        *_sizes(spec),
        *_texts(spec),
        *_policies(spec),
        *_port_groups(spec),
    ]


def _known(value: Item | None) -> Item | None:
    return None if value is UNKNOWN else value


def _items(values: Iterable[Item] | None) -> Iterator[tuple[int, Item]]:
    """The known items of a list with their places."""
    if values is None or values is UNKNOWN:
        return
    for index, item in enumerate(values):
        if item is not UNKNOWN:
            yield index, item


def _forward(spec: NetworkSpec) -> Iterator[Failure]:
    forward: Forward | None = _known(spec.forward)
    mode = forward_mode(spec)
    if forward is None or mode is None:
        return
    count = len(_known(forward.interfaces) or ())
    if _known(forward.nat) is not None and mode != "nat":
        yield Failure("forward.nat", f"belongs to mode nat only; this network's mode is {mode}; leave it out")
    if forward.dev is not None and mode in ("open", "hostdev"):
        yield Failure("forward.dev", f"cannot be had in mode {mode}; leave it out")
    if count > 1 and mode in ("nat", "route"):
        yield Failure("forward.interfaces", f"libvirt takes one interface in mode {mode}; name one")
    if count and mode in ("open", "hostdev"):
        yield Failure("forward.interfaces", f"cannot be had in mode {mode}; leave them out")
    devices = [item.dev for _, item in _items(forward.interfaces)]
    if _known(forward.dev) is not None and count and UNKNOWN not in devices and set(devices) - {forward.dev}:
        yield Failure("forward.dev", "differs from forward.interfaces; name one of the two")
    if forward.addresses and mode != "hostdev":
        yield Failure("forward.addresses", "belong to mode hostdev only; leave them out")
    if forward.driver is not None and mode != "hostdev":
        yield Failure("forward.driver", "belongs to mode hostdev only; leave it out")
    if forward.managed is not None and mode != "hostdev":
        yield Failure("forward.managed", "belongs to mode hostdev only; leave it out")
    if forward.pf is not None and mode not in ("hostdev", "passthrough", "bridge", "private", "vepa"):
        yield Failure("forward.pf", f"cannot be had in mode {mode}; leave it out")
    if forward.pf is not None and (forward.dev is not None or count or forward.addresses):
        yield Failure("forward.pf", "excludes forward.dev, forward.interfaces and forward.addresses; name one of them")
    if mode == "hostdev" and forward.pf is None and not forward.addresses:
        yield Failure("forward", "mode hostdev needs pf or addresses; add one")
    yield from _duplicates("forward.interfaces", [(i, item.dev) for i, item in _items(forward.interfaces)], "interface")
    yield from _same_items("forward.addresses", PciAddress, forward.addresses)
    nat: Any = _known(forward.nat)
    if nat is not None:
        yield from _ordered("forward.nat.port", _known(nat.port))
        address: Any = _known(nat.address)
        if address is not None and _known(address.start) and _known(address.end):
            start, end = ipaddress.ip_address(address.start), ipaddress.ip_address(address.end)
            if int(start) > int(end):
                yield Failure("forward.nat.address", f"starts at {start} after its end {end}; swap them")


def _ordered(path: str, ports: Any) -> Iterator[Failure]:
    if ports is None or UNKNOWN in (ports.start, ports.end):
        return
    if ports.start >= ports.end:
        yield Failure(path, f"{ports.start} to {ports.end} is no range to libvirt; start lower than it ends")


def _bridge(spec: NetworkSpec) -> Iterator[Failure]:
    bridge: Any = _known(spec.bridge)
    mode = forward_mode(spec)
    forward: Any = _known(spec.forward)
    if mode is None or spec.bridge is UNKNOWN:
        return
    named = bridge is not None and bridge.name is not None
    direct = forward is not None and bool(forward.dev or forward.interfaces or forward.pf)
    if mode == "bridge" and not named and not direct:
        yield Failure("bridge.name", "mode bridge needs the name of the host's bridge (or forward.dev); add it")
    if mode == "bridge" and named and direct:
        yield Failure("forward.dev", "mode bridge takes a bridge name or an interface, not both; leave one out")
    if bridge is not None and mode not in (*OWN_BRIDGE_MODES, "bridge"):
        yield Failure("bridge", f"cannot be had in mode {mode}; leave it out")
    if bridge is not None and mode == "bridge":
        for name in ("stp", "delay", "mac_table_manager", "zone"):
            if getattr(bridge, name) is not None:
                yield Failure(f"bridge.{name}", "belongs to networks with a bridge of their own; leave it out")
    if bridge is not None and _known(bridge.name) in ("all", "default", "lo"):
        yield Failure("bridge.name", f"'{bridge.name}' is the kernel's own; choose another name")


def _interface(value: Any) -> Interface | None:
    return None if value is None or value is UNKNOWN else ipaddress.ip_interface(value)


def _addresses(spec: NetworkSpec) -> Iterator[Failure]:
    seen: list[tuple[int, Interface]] = []
    served = None
    for index, entry in _items(spec.ips):
        path = f"ips[{index}]"
        interface = _interface(entry.address)
        if interface is not None:
            yield from _own_address(f"{path}.address", interface)
            for other_index, other in seen:
                if interface.version == other.version and interface.network.overlaps(other.network):
                    yield Failure(
                        f"{path}.address",
                        f"{interface} overlaps ips[{other_index}].address {other}; give each address its own subnet",
                    )
            seen.append((index, interface))
        dhcp: Dhcp | None = _known(entry.dhcp)
        if interface is not None and interface.version == 6:
            if entry.tftp_root is not None:
                yield Failure(f"{path}.tftp_root", "belongs to IPv4 addresses; leave it out")
            if dhcp is not None and dhcp.bootp is not None:
                yield Failure(f"{path}.dhcp.bootp", "belongs to IPv4 addresses; leave it out")
        if dhcp is None:
            continue
        if interface is not None and interface.version == 4:
            if served is not None:
                yield Failure(
                    f"{path}.dhcp", f"libvirt serves DHCP on one IPv4 address, and ips[{served}] has it; leave one out"
                )
            served = index
        if interface is not None:
            yield from _dhcp(f"{path}.dhcp", dhcp, interface)
            yield from _reservations(f"{path}.dhcp.hosts", dhcp, interface)
        if (
            not dhcp.ranges
            and not dhcp.hosts
            and dhcp.bootp is not None
            and (interface is None or interface.version == 4)
        ):
            yield Failure(f"{path}.dhcp.bootp", "libvirt keeps it beside ranges or hosts only; add one")
        yield from _host_duplicates(f"{path}.dhcp.hosts", dhcp)
    yield from _network_wide_hosts(spec)


def _own_address(path: str, interface: Interface) -> Iterator[Failure]:
    address, network = interface.ip, interface.network
    if interface.version == 4 and network.prefixlen == 32:
        yield Failure(path, f"{interface} leaves no address for a guest; use a prefix length of 31 or less")
        return
    if address.is_multicast or address.is_unspecified or address.is_loopback:
        kind = "multicast" if address.is_multicast else "unspecified" if address.is_unspecified else "loopback"
        article = "an" if kind == "unspecified" else "a"
        yield Failure(path, f"{address} is {article} {kind} address; choose one of a private network")
    elif _is_edge(address, interface):
        kind = "network" if address == network.network_address else "broadcast"
        yield Failure(
            path, f"{address} is the {kind} address of {network}; use a host address like {network.network_address + 1}"
        )
    elif interface.version == 4 and int(address) < 1 << 24:
        yield Failure(path, f"{address} is in the reserved network 0.0.0.0/8; choose one of a private network")
    elif address.is_reserved and interface.version == 4:
        yield Failure(path, f"{address} is in a reserved network; choose one of a private network")


def _dhcp(path: str, dhcp: Dhcp, interface: Interface) -> Iterator[Failure]:
    spans: list[tuple[int, Address, Address]] = []
    for index, entry in _items(dhcp.ranges):
        place = f"{path}.ranges[{index}]"
        start, end = (
            None if _known(value) is None else ipaddress.ip_address(value) for value in (entry.start, entry.end)
        )
        fine = True
        yield from _lease(f"{place}.lease", entry.lease)
        for name, address in (("start", start), ("end", end)):
            if address is not None and address not in interface.network:
                fine = False
                yield Failure(f"{place}.{name}", f"{address} is outside {interface.network}; use an address inside it")
            elif address is not None and _is_edge(address, interface):
                fine = False
                yield Failure(f"{place}.{name}", f"{address} is the network or broadcast address; use one between")
        if start is None or end is None or not fine:
            continue
        if int(start) > int(end):
            yield Failure(place, f"starts at {start} after its end {end}; swap them")
            continue
        if int(start) <= int(interface.ip) <= int(end):
            yield Failure(
                place, f"{start} to {end} holds the network's own address {interface.ip}; end or start beside it"
            )
        if int(end) >> 16 != int(start) >> 16:
            widest = interface.max_prefixlen - 16
            yield Failure(place, f"{start} to {end} is more than libvirt serves in a range; keep it in one /{widest}")
        for other_index, other_start, other_end in spans:
            if int(start) <= int(other_end) and int(other_start) <= int(end):
                yield Failure(
                    place,
                    f"{start} to {end} overlaps ranges[{other_index}] {other_start} to {other_end}; keep them apart",
                )
        spans.append((index, start, end))


def _reservations(path: str, dhcp: Dhcp, interface: Interface) -> Iterator[Failure]:
    for index, host in _items(dhcp.hosts):
        place = f"{path}[{index}]"
        if host.mac is None and host.id is None and host.name is None:
            yield Failure(place, "names no client; add mac (IPv4), id (IPv6) or name")
        name = _known(host.name)
        if name is not None and not name[0].isalnum():
            yield Failure(f"{place}.name", f"'{name}' is no host name; begin it with a letter or a digit")
        if interface.version == 4 and host.id is not None:
            yield Failure(f"{place}.id", "belongs to IPv6 reservations; use mac")
        if interface.version == 6 and host.mac is not None:
            yield Failure(f"{place}.mac", "belongs to IPv4 reservations; use id")
        if interface.version == 4 and host.ip is None and host.name is None:
            yield Failure(place, "gives the client neither ip nor name; add one")
        if interface.version == 6 and host.ip is None:
            yield Failure(place, "an IPv6 reservation needs ip; add it")
        yield from _lease(f"{place}.lease", host.lease)
        mac = _known(host.mac)
        if mac is not None and int(mac[:2], 16) & 1:
            yield Failure(f"{place}.mac", f"'{mac}' is a multicast address; its first byte must be even")
        given = _known(host.ip)
        if given is None:
            continue
        address = ipaddress.ip_address(given)
        if address not in interface.network:
            yield Failure(f"{place}.ip", f"{address} is outside {interface.network}; use an address inside it")
        elif _is_edge(address, interface):
            yield Failure(f"{place}.ip", f"{address} is the network or broadcast address; use one between")
        elif address == interface.ip:
            yield Failure(f"{place}.ip", f"{address} is the network's own address; use another")


def _lease(path: str, lease: Any) -> Iterator[Failure]:
    """Libvirt refuses to define what is shorter than two minutes; dnsmasq would not honour it."""
    if _known(lease) is None or UNKNOWN in (lease.expiry, lease.unit):
        return
    seconds = lease.expiry * {"seconds": 1, "hours": 3600}.get(lease.unit, 60)
    if 0 < seconds < 120:
        yield Failure(path, "is shorter than two minutes; give 2 minutes or more, or 0 for ever")


def _is_edge(address: Address, interface: Interface) -> bool:
    network = interface.network
    # A prefix of 31 is two hosts and nothing else (RFC 3021).
    return (
        interface.version == 4
        and network.prefixlen < 31
        and address in (network.network_address, network.broadcast_address)
    )


def _host_duplicates(path: str, dhcp: Dhcp) -> Iterator[Failure]:
    for name in ("mac", "id", "name", "ip"):
        values = [(index, getattr(host, name)) for index, host in _items(dhcp.hosts)]
        yield from _duplicates(path, values, name, field=name)


def _network_wide_hosts(spec: NetworkSpec) -> Iterator[Failure]:
    """A MAC may have one reservation in all; libvirt refuses a second one live."""
    first: dict[str, str] = {}
    for index, entry in _items(spec.ips):
        dhcp = _known(entry.dhcp)
        for host_index, host in _items(dhcp.hosts if dhcp is not None else None):
            mac = _known(host.mac)
            place = f"ips[{index}].dhcp.hosts[{host_index}]"
            if mac is not None and mac in first and not first[mac].startswith(f"ips[{index}]"):
                yield Failure(f"{place}.mac", f"{mac} already has a reservation at {first[mac]}; leave one out")
            elif mac is not None:
                first.setdefault(mac, place)


def _duplicates(path: str, values: list[tuple[int, Any]], what: str, *, field: str = "") -> Iterator[Failure]:
    first: dict[Any, int] = {}
    for index, value in values:
        if value is None or value is UNKNOWN:
            continue
        if value in first:
            place = f"{path}[{index}]" + (f".{field}" if field else "")
            yield Failure(place, f"{what} {value} is at {path}[{first[value]}] already; leave one out")
        else:
            first[value] = index


def _same_items(path: str, part: type[Part], items: Iterable[Part] | None) -> Iterator[Failure]:
    """Items alike in all that tells them apart: planning could not tell which one is meant."""
    first: dict[Any, int] = {}
    for index, item in _items(items):
        values = [getattr(item, name) for name in part.key]
        if UNKNOWN in values:
            continue
        defaults = [shapes(part)[name].default for name in part.key]
        key = tuple(default if value is None else value for value, default in zip(values, defaults, strict=True))
        place = first.setdefault(key, index)
        if place != index:
            yield Failure(f"{path}[{index}]", f"is the same as {path}[{place}]; leave one out")


def _routes(spec: NetworkSpec) -> Iterator[Failure]:
    if forward_mode(spec) not in (None, *OWN_BRIDGE_MODES):  # refused as a whole, by _mode_fields
        return
    interfaces = [_interface(entry.address) for _, entry in _items(spec.ips)]
    known = [interface for interface in interfaces if interface is not None]
    unknown = len(known) < len(interfaces) or spec.ips is UNKNOWN or any(item is UNKNOWN for item in spec.ips or ())
    for index, route in _items(spec.routes):
        path = f"routes[{index}]"
        if _known(route.address) is None or _known(route.gateway) is None:
            continue
        destination, gateway = ipaddress.ip_network(route.address), ipaddress.ip_address(route.gateway)
        if destination.version != gateway.version:
            yield Failure(
                f"{path}.gateway",
                f"{gateway} is not of the address family of {destination}; name an IPv{destination.version} gateway",
            )
        elif not unknown and not any(gateway in interface.network for interface in known):
            yield Failure(
                f"{path}.gateway", f"{gateway} is in none of the network's subnets; use a host on this network"
            )
        elif any(gateway == interface.ip for interface in known):
            yield Failure(f"{path}.gateway", f"{gateway} is the network's own address; name the host that leads there")
        for interface in known:
            # A wider destination is fine: the more specific subnet goes first.
            if _is_inside(destination, interface.network):
                yield Failure(
                    f"{path}.address",
                    f"{destination} is in the network's own {interface.network}, which needs no route; leave it out",
                )
    yield from _duplicates("routes", [(i, r.address) for i, r in _items(spec.routes)], "destination", field="address")


def _is_inside(one: Any, other: Any) -> bool:
    return bool(one.version == other.version and one.subnet_of(other))


def _dns(spec: NetworkSpec) -> Iterator[Failure]:
    dns: Any = _known(spec.dns)
    if dns is None:
        return
    if dns.enable is False:
        for name in ("forwarders", "hosts", "srvs", "txts", "forward_plain_names"):
            if getattr(dns, name) is not None:
                yield Failure(f"dns.{name}", "has no effect while dns.enable is false; leave one of them out")
    yield from _duplicates("dns.hosts", [(i, host.ip) for i, host in _items(dns.hosts)], "ip", field="ip")
    yield from _duplicates("dns.txts", [(i, txt.name) for i, txt in _items(dns.txts)], "name", field="name")
    yield from _same_items("dns.forwarders", Forwarder, dns.forwarders)
    yield from _same_items("dns.srvs", Srv, dns.srvs)
    for index, host in _items(dns.hosts):
        if host.hostnames is not UNKNOWN and len(host.hostnames) == 0:
            yield Failure(f"dns.hosts[{index}].hostnames", "is empty; name at least one")
    for index, forwarder in _items(dns.forwarders):
        if forwarder.domain is None and forwarder.address is None:
            yield Failure(f"dns.forwarders[{index}]", "names neither domain nor address; add one")
    for index, txt in _items(dns.txts):
        if txt.value is not UNKNOWN:
            yield from _txt_value(f"dns.txts[{index}].value", txt.value)
    for index, srv in _items(dns.srvs):
        if srv.protocol is not UNKNOWN and srv.protocol not in ("tcp", "udp"):
            yield Failure(f"dns.srvs[{index}].protocol", "must be tcp or udp")
        if srv.target is None and (srv.port is not None or srv.priority is not None or srv.weight is not None):
            yield Failure(f"dns.srvs[{index}].target", "is required with port, priority or weight; add it")


def _txt_value(path: str, value: str) -> Iterator[Failure]:
    """The text goes into dnsmasq's configuration as it is, where quotes and '#' have a meaning."""
    if value.count('"') % 2:
        yield Failure(
            path, "has a double quote without its partner, which dnsmasq cannot read; close it or leave it out"
        )
    elif re.search(r"(^|\s)#", "".join(value.split('"')[::2])):
        yield Failure(path, "has a '#' after a space, where dnsmasq would cut it off; put the text in double quotes")


def _mode_fields(spec: NetworkSpec) -> Iterator[Failure]:
    mode = forward_mode(spec)
    if mode is None:
        return
    if mode not in OWN_BRIDGE_MODES:
        for name in ("ips", "routes", "dns", "domain", "dnsmasq_options", "mtu", "mac", "ipv6"):
            value: Any = getattr(spec, name)
            if value is not None and value != ():
                yield Failure(name, f"cannot be had in mode {mode}: libvirt serves nothing there; leave it out")
    if mode in ("nat", "route", "open") and spec.ips is not UNKNOWN and not spec.ips:
        yield Failure("ips", f"mode {mode} needs an address of the host on the network; add one like 192.168.123.1/24")
    for path, vlan in _vlans(spec):
        # On a bridge that is no Open vSwitch from libvirt 11.0 on; older ones say no when it is defined.
        if mode not in ("bridge", "passthrough", "hostdev"):
            yield Failure(path, "belongs to modes bridge, passthrough and hostdev; leave it out")
        elif _known(vlan) is not None:
            yield from _vlan(path, vlan)
    yield from _switches(spec, mode)
    if spec.port_isolated is True and mode not in (*OWN_BRIDGE_MODES, "bridge"):
        yield Failure("port_isolated", f"cannot be had in mode {mode}; leave it out")
    virtual_port: Any = _known(spec.virtual_port)
    if virtual_port is not None and virtual_port.type is None:
        yield Failure("virtual_port.type", "is required; add it")
    domain: Any = _known(spec.domain)
    if domain is not None and domain.register is True and domain.local_only not in (True, UNKNOWN):
        yield Failure("domain.register", "needs domain.local_only to be true; add it")


def _switches(spec: NetworkSpec, mode: str) -> Iterator[Failure]:
    """Which virtual ports go with VLANs; a group without a VLAN, or a port, has the network's."""
    bridged, everywhere = mode == "bridge", spec.vlan is not None and mode in ("bridge", "passthrough", "hostdev")
    inherited = everywhere
    for index, group in _items(spec.port_groups):
        switch: Any = _known(group.virtual_port)
        if group.vlan is None and not everywhere:
            continue
        inherited = inherited or group.virtual_port is None
        if switch is not None and mode in ("passthrough", "hostdev"):
            yield Failure(
                f"port_groups[{index}].virtual_port", f"cannot be had beside a vlan in mode {mode}; leave one out"
            )
        elif switch is not None and switch.type not in ("openvswitch", UNKNOWN):
            yield Failure(f"port_groups[{index}].virtual_port.type", "must be openvswitch beside a vlan; correct it")
    of_all: Any = _known(spec.virtual_port)
    if bridged and inherited and of_all is not None and of_all.type not in (None, "openvswitch", UNKNOWN):
        yield Failure("virtual_port.type", "must be openvswitch beside a vlan; correct it")


def _vlans(spec: NetworkSpec) -> Iterator[tuple[str, Any]]:
    if spec.vlan is not None:
        yield "vlan", spec.vlan
    for index, group in _items(spec.port_groups):
        if group.vlan is not None:
            yield f"port_groups[{index}].vlan", group.vlan


def _vlan(path: str, vlan: Vlan) -> Iterator[Failure]:
    if vlan.tags is UNKNOWN:
        return
    if not vlan.tags:
        yield Failure(f"{path}.tags", "is empty; name at least one")
    if len(vlan.tags) > 1 and vlan.trunk is False:
        yield Failure(f"{path}.trunk", "cannot be false with more than one tag; leave it out")
    elif vlan.trunk is False and any(_known(tag.native_mode) is not None for _, tag in _items(vlan.tags)):
        yield Failure(f"{path}.trunk", "cannot be false with a native VLAN; leave it out")
    yield from _duplicates(f"{path}.tags", [(i, tag.id) for i, tag in _items(vlan.tags)], "id", field="id")
    native = [index for index, tag in _items(vlan.tags) if _known(tag.native_mode) is not None]
    for index in native[1:]:
        yield Failure(f"{path}.tags[{index}].native_mode", f"{path}.tags[{native[0]}] has one already; keep one")


def _bandwidths(spec: NetworkSpec) -> Iterator[Failure]:
    limits: list[tuple[str, Any]] = [("bandwidth", spec.bandwidth)]
    limits += [(f"port_groups[{index}].bandwidth", group.bandwidth) for index, group in _items(spec.port_groups)]
    mode, forward = forward_mode(spec), _known(spec.forward)
    direct = mode == "bridge" and forward is not None and bool(forward.dev or forward.interfaces or forward.pf)
    for path, bandwidth in limits:
        if bandwidth is not None and mode not in (None, "bridge", *OWN_BRIDGE_MODES):
            yield Failure(path, f"cannot be had in mode {mode}; leave it out")
        elif bandwidth is not None and direct:
            yield Failure(path, "is for networks with a bridge; this one has interfaces; leave it out")
        for name in ("inbound", "outbound"):
            limit: Any = None if _known(bandwidth) is None else _known(getattr(bandwidth, name))
            if limit is None:
                continue
            if limit.average is None:
                yield Failure(f"{path}.{name}.average", "is required; add it")


def _sizes(spec: NetworkSpec) -> Iterator[Failure]:
    mtu = _known(spec.mtu)
    if mtu is None or mtu >= 1280:
        return
    for _, entry in _items(spec.ips):
        interface = _interface(entry.address)
        if interface is not None and interface.version == 6:
            yield Failure("mtu", f"is {mtu}; IPv6 needs at least 1280")
            return


def _texts(spec: NetworkSpec) -> Iterator[Failure]:
    """Multi-line texts: newlines are fine in descriptions and metadata, other control characters are not."""
    texts: list[tuple[str, Any]] = [("description", spec.description)]
    metadata: Any = _known(spec.metadata)
    texts += [(f'metadata["{name}"]', value) for name, value in (metadata or {}).items()]
    for path, value in texts:
        if isinstance(value, str) and (found := re.search(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]", value)):
            yield Failure(path, f"holds the control character U+{ord(found.group()):04X}; remove it")


def _policies(spec: NetworkSpec) -> Iterator[Failure]:
    if spec.on_delete == "restore" and spec.adopt not in (True, UNKNOWN):
        yield Failure("on_delete", "restore belongs to adopted networks; set adopt, or use refuse, disconnect or keep")


def _port_groups(spec: NetworkSpec) -> Iterator[Failure]:
    groups = list(_items(spec.port_groups))
    yield from _duplicates("port_groups", [(i, group.name) for i, group in groups], "name", field="name")
    defaults = [index for index, group in groups if group.default is True]
    for index in defaults[1:]:
        yield Failure(f"port_groups[{index}].default", f"port_groups[{defaults[0]}] is the default already; keep one")
