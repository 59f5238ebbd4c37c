"""What a network's inputs mean together: every contradiction that the inputs alone prove. Pure.

libvirt refuses these, or accepts them and fails, or misbehaves, later. Unknown values are left out of every comparison.
Each failure names the property's path, the reason and the fix. Addresses have `addresses`.
"""

import ipaddress
import re
from collections.abc import Iterator

from virtnet.network.checks.addresses import check_addresses, check_routes, interface_of
from virtnet.network.checks.failures import NetworkFailure
from virtnet.network.spec import Bandwidth, Dns, Forwarder, NatPort, NetworkSpec, PciAddress, Srv, Txt, Vlan
from virtnet.network.tree import OWN_BRIDGE_MODES, ROUTED_MODES, forward_mode
from virtnet.spec.checking import any_unknown, duplicates, if_known, known_items, same_items
from virtnet.spec.failures import Failure, SpecFailure
from virtnet.spec.part import UNKNOWN, is_unknown
from virtnet.spec.values import LONGEST_LINE, readable


def check_network(spec: NetworkSpec) -> list[Failure]:
    """All contradictions in a spec whose single values are sound, `failures.DOUBTFUL` among them."""
    return [
        *_forward(spec),
        *_bridge(spec),
        *check_addresses(spec),
        *check_routes(spec),
        *_dns(spec),
        *_mode_fields(spec),
        *_bandwidths(spec),
        *_sizes(spec),
        *_texts(spec),
        *_policies(spec),
        *_port_groups(spec),
    ]


def _forward(spec: NetworkSpec) -> Iterator[Failure]:
    forward = if_known(spec.forward)
    mode = forward_mode(spec)
    if forward is None or mode is None:
        return
    if not mode:
        for name in forward.model_fields_set - {"mode"}:
            yield Failure(f"forward.{name}", NetworkFailure.NOT_IN_MODE, {"mode": "none"})
        return
    count = len(if_known(forward.interfaces) or ())
    if if_known(forward.nat) is not None and mode != "nat":
        yield Failure("forward.nat", NetworkFailure.NAT_ONLY, {"mode": mode})
    if forward.dev is not None and mode in ("open", "hostdev"):
        yield Failure("forward.dev", NetworkFailure.NOT_IN_MODE, {"mode": mode})
    if count > 1 and mode in ("nat", "route"):
        yield Failure("forward.interfaces", NetworkFailure.ONE_INTERFACE, {"mode": mode})
    if count and mode in ("open", "hostdev"):
        yield Failure("forward.interfaces", NetworkFailure.INTERFACES_NOT_IN_MODE, {"mode": mode})
    devices = [item.dev for _, item in known_items(forward.interfaces)]
    named = if_known(forward.dev) is not None and not any_unknown(*devices)
    if named and count and set(devices) - {forward.dev}:
        yield Failure("forward.dev", NetworkFailure.DEV_DIFFERS)
    if mode in ("nat", "route"):
        yield from _in_rules("forward.dev", forward.dev)
        for index, interface in known_items(forward.interfaces):
            yield from _in_rules(f"forward.interfaces[{index}].dev", interface.dev)
    if forward.addresses and mode != "hostdev":
        yield Failure("forward.addresses", NetworkFailure.HOSTDEV_ONLY_MANY)
    if forward.driver is not None and mode != "hostdev":
        yield Failure("forward.driver", NetworkFailure.HOSTDEV_ONLY)
    if forward.managed is not None and mode != "hostdev":
        yield Failure("forward.managed", NetworkFailure.HOSTDEV_ONLY)
    if forward.pf is not None and mode not in ("hostdev", "passthrough", "bridge", "private", "vepa"):
        yield Failure("forward.pf", NetworkFailure.NOT_IN_MODE, {"mode": mode})
    if forward.pf is not None and (forward.dev is not None or count or forward.addresses):
        yield Failure("forward.pf", NetworkFailure.PF_EXCLUDES)
    if mode == "hostdev" and forward.pf is None and not forward.addresses:
        yield Failure("forward", NetworkFailure.HOSTDEV_NEEDS_DEVICE)
    yield from duplicates(
        "forward.interfaces", [(i, item.dev) for i, item in known_items(forward.interfaces)], "interface"
    )
    yield from same_items("forward.addresses", PciAddress, forward.addresses)
    nat = if_known(forward.nat)
    if nat is not None:
        yield from _ordered("forward.nat.port", if_known(nat.port))
        address = if_known(nat.address)
        if address is not None and not any_unknown(address.start, address.end):
            start, end = ipaddress.ip_address(address.start), ipaddress.ip_address(address.end)
            if int(start) > int(end):
                yield Failure("forward.nat.address", NetworkFailure.REVERSED, {"start": str(start), "end": str(end)})
            elif int(end) - int(start) > 65535:
                yield Failure(
                    "forward.nat.address", NetworkFailure.NAT_TOO_WIDE, {"start": str(start), "end": str(end)}
                )


def _ordered(path: str, ports: NatPort | None) -> Iterator[Failure]:
    if ports is None or any_unknown(ports.start, ports.end):
        return
    if ports.start >= ports.end:
        yield Failure(path, NetworkFailure.NO_PORT_RANGE, {"start": ports.start, "end": ports.end})


def _bridge(spec: NetworkSpec) -> Iterator[Failure]:
    bridge = if_known(spec.bridge)
    mode = forward_mode(spec)
    forward = if_known(spec.forward)
    if mode is None or is_unknown(spec.bridge):
        return
    named = bridge is not None and bridge.name is not None
    direct = forward is not None and bool(forward.dev or forward.interfaces or forward.pf)
    if mode == "bridge" and not named and not direct:
        yield Failure("bridge.name", NetworkFailure.BRIDGE_MODE_NEEDS_NAME)
    if mode == "bridge" and named and direct:
        yield Failure("forward.dev", NetworkFailure.BRIDGE_OR_INTERFACE)
    if bridge is not None and mode not in (*OWN_BRIDGE_MODES, "bridge"):
        yield Failure("bridge", NetworkFailure.NOT_IN_MODE, {"mode": mode})
    if bridge is not None and mode == "bridge":
        for name in ("stp", "delay", "zone"):
            if getattr(bridge, name) is not None:
                yield Failure(f"bridge.{name}", NetworkFailure.OWN_BRIDGE_ONLY)
    if bridge is not None and if_known(bridge.name) in ("all", "default", "lo"):
        yield Failure("bridge.name", NetworkFailure.KERNELS_NAME, {"name": bridge.name})
    elif bridge is not None and mode in OWN_BRIDGE_MODES:
        yield from _in_rules("bridge.name", bridge.name)


def _in_rules(path: str, name: str | None) -> Iterator[Failure]:
    """Libvirt writes the name into firewall rules and dnsmasq's options: "a+" is all interfaces in a, "a,b" are two.

    What is left are the characters of deviceName in libvirt's schema.
    """
    known = if_known(name)
    if known is not None and not re.fullmatch(r"[A-Za-z0-9_.][A-Za-z0-9_.-]*", known):
        yield Failure(path, NetworkFailure.NOT_IN_RULES, {"name": readable(known)})


def _dns(spec: NetworkSpec) -> Iterator[Failure]:
    dns = if_known(spec.dns)
    if dns is None:
        return
    if dns.enable is False:
        for name in ("forwarders", "hosts", "srvs", "txts", "forward_plain_names"):
            if getattr(dns, name) is not None:
                yield Failure(f"dns.{name}", NetworkFailure.DNS_DISABLED)
    yield from duplicates("dns.hosts", [(i, host.ip) for i, host in known_items(dns.hosts)], "ip", field="ip")
    # A name may have several records, as dnsmasq answers with all of them.
    yield from same_items("dns.txts", Txt, dns.txts, key=("name", "value"))
    yield from same_items("dns.forwarders", Forwarder, dns.forwarders)
    yield from same_items("dns.srvs", Srv, dns.srvs)
    for index, host in known_items(dns.hosts):
        if not is_unknown(host.hostnames) and len(host.hostnames) == 0:
            yield Failure(f"dns.hosts[{index}].hostnames", NetworkFailure.NO_ITEM)
    for index, forwarder in known_items(dns.forwarders):
        if forwarder.domain is None and forwarder.address is None:
            yield Failure(f"dns.forwarders[{index}]", NetworkFailure.FORWARDER_EMPTY)
    for index, txt in known_items(dns.txts):
        if not is_unknown(txt.value):
            yield from _txt_value(f"dns.txts[{index}].value", txt.value)
        line = f"txt-record={txt.name},{txt.value}"
        if not any_unknown(txt.name, txt.value) and len(line.encode()) > LONGEST_LINE:
            yield Failure(f"dns.txts[{index}].value", NetworkFailure.TXT_TOO_LONG)
    for index, srv in known_items(dns.srvs):
        if srv.target is None and (srv.port is not None or srv.priority is not None or srv.weight is not None):
            yield Failure(f"dns.srvs[{index}].target", NetworkFailure.SRV_NEEDS_TARGET)


def _txt_value(path: str, value: str) -> Iterator[Failure]:
    """The text goes into dnsmasq's configuration as it is, where quotes and '#' have a meaning."""
    if value.count('"') % 2:
        yield Failure(path, NetworkFailure.TXT_QUOTE)
    elif re.search(r"(^|\s)#", "".join(value.split('"')[::2])):
        yield Failure(path, NetworkFailure.TXT_HASH)


def _mode_fields(spec: NetworkSpec) -> Iterator[Failure]:
    mode = forward_mode(spec)
    if mode is None:
        return
    if mode not in OWN_BRIDGE_MODES:
        for name in ("ips", "routes", "dns", "domain", "dnsmasq_options", "mtu", "mac", "ipv6"):
            value = getattr(spec, name)
            if value is not None and value != () and not (name == "dns" and _no_dns(value)):
                yield Failure(name, NetworkFailure.NOT_SERVED_IN_MODE, {"mode": mode})
    # Mode open does without from libvirt 10.8 on.
    if mode in ROUTED_MODES and mode != "open" and not is_unknown(spec.ips) and not spec.ips:
        yield Failure("ips", NetworkFailure.NEEDS_ADDRESS, {"mode": mode})
    for path, vlan in _vlans(spec):
        # On a bridge that is no Open vSwitch from libvirt 11.0 on; older ones say no when it is defined.
        if mode not in ("bridge", "passthrough", "hostdev"):
            yield Failure(path, NetworkFailure.VLAN_MODES)
        elif if_known(vlan) is not None:
            yield from _vlan(path, vlan)
    yield from _switches(spec, mode)
    if spec.port_isolated is True and mode not in (*OWN_BRIDGE_MODES, "bridge"):
        yield Failure("port_isolated", NetworkFailure.NOT_IN_MODE, {"mode": mode})
    virtual_port = if_known(spec.virtual_port)
    if virtual_port is not None and virtual_port.type is None:
        yield Failure("virtual_port.type", SpecFailure.MISSING)
    domain = if_known(spec.domain)
    if domain is not None and domain.register is True and domain.local_only not in (True, UNKNOWN):
        yield Failure("domain.register", NetworkFailure.REGISTER_NEEDS_LOCAL_ONLY)


def _no_dns(value: object) -> bool:
    """Whether it turns the DNS server off, and no more, as far as is known: taken in every mode."""
    if not isinstance(value, Dns):
        return is_unknown(value)
    return value.model_fields_set == {"enable"} and value.enable in (False, UNKNOWN)


def _switches(spec: NetworkSpec, mode: str) -> Iterator[Failure]:
    """Which virtual ports go with VLANs; a group without a VLAN, or a port, has the network's."""
    bridged, everywhere = mode == "bridge", spec.vlan is not None and mode in ("bridge", "passthrough", "hostdev")
    inherited = everywhere
    for index, group in known_items(spec.port_groups):
        switch = if_known(group.virtual_port)
        if group.vlan is None and not everywhere:
            continue
        inherited = inherited or group.virtual_port is None
        if switch is not None and mode in ("passthrough", "hostdev"):
            yield Failure(f"port_groups[{index}].virtual_port", NetworkFailure.BESIDE_VLAN_IN_MODE, {"mode": mode})
        elif switch is not None and switch.type not in ("openvswitch", UNKNOWN):
            yield Failure(f"port_groups[{index}].virtual_port.type", NetworkFailure.VLAN_NEEDS_OPENVSWITCH)
    of_all = if_known(spec.virtual_port)
    if bridged and inherited and of_all is not None and of_all.type not in (None, "openvswitch", UNKNOWN):
        yield Failure("virtual_port.type", NetworkFailure.VLAN_NEEDS_OPENVSWITCH)


def _vlans(spec: NetworkSpec) -> Iterator[tuple[str, Vlan]]:
    if spec.vlan is not None:
        yield "vlan", spec.vlan
    for index, group in known_items(spec.port_groups):
        if group.vlan is not None:
            yield f"port_groups[{index}].vlan", group.vlan


def _vlan(path: str, vlan: Vlan) -> Iterator[Failure]:
    if is_unknown(vlan.tags):
        return
    if not vlan.tags:
        yield Failure(f"{path}.tags", NetworkFailure.NO_ITEM)
    if len(vlan.tags) > 1 and vlan.trunk is False:
        yield Failure(f"{path}.trunk", NetworkFailure.TRUNK_WITH_TAGS)
    elif vlan.trunk is False and any(if_known(tag.native_mode) is not None for _, tag in known_items(vlan.tags)):
        yield Failure(f"{path}.trunk", NetworkFailure.TRUNK_WITH_NATIVE)
    yield from duplicates(f"{path}.tags", [(i, tag.id) for i, tag in known_items(vlan.tags)], "id", field="id")
    native = [index for index, tag in known_items(vlan.tags) if if_known(tag.native_mode) is not None]
    for index in native[1:]:
        yield Failure(
            f"{path}.tags[{index}].native_mode", NetworkFailure.NATIVE_TWICE, {"path": path, "index": native[0]}
        )


def _bandwidths(spec: NetworkSpec) -> Iterator[Failure]:
    limits: list[tuple[str, Bandwidth | None]] = [("bandwidth", spec.bandwidth)]
    limits += [(f"port_groups[{index}].bandwidth", group.bandwidth) for index, group in known_items(spec.port_groups)]
    mode, forward = forward_mode(spec), if_known(spec.forward)
    direct = mode == "bridge" and forward is not None and bool(forward.dev or forward.interfaces or forward.pf)
    for path, bandwidth in limits:
        if bandwidth is not None and mode not in (None, "bridge", *OWN_BRIDGE_MODES):
            yield Failure(path, NetworkFailure.NOT_IN_MODE, {"mode": mode})
        elif bandwidth is not None and direct:
            yield Failure(path, NetworkFailure.BANDWIDTH_NEEDS_BRIDGE)
        for name in ("inbound", "outbound"):
            limit = None if if_known(bandwidth) is None else if_known(getattr(bandwidth, name))
            if limit is None:
                continue
            if limit.average is None:
                yield Failure(f"{path}.{name}.average", SpecFailure.MISSING)


def _sizes(spec: NetworkSpec) -> Iterator[Failure]:
    mtu = if_known(spec.mtu)
    if mtu is None or mtu >= 1280:
        return
    for _, entry in known_items(spec.ips):
        interface = interface_of(entry.address)
        if interface is not None and interface.version == 6:
            yield Failure("mtu", NetworkFailure.MTU_TOO_SMALL, {"mtu": mtu})
            return


def _texts(spec: NetworkSpec) -> Iterator[Failure]:
    """Multi-line texts: newlines are fine in descriptions and metadata, other control characters are not."""
    texts: list[tuple[str, str | None]] = [("description", spec.description)]
    metadata = if_known(spec.metadata)
    texts += [(f'metadata["{readable(name)}"]', value) for name, value in (metadata or {}).items()]
    for path, value in texts:
        if isinstance(value, str) and (found := re.search(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]", value)):
            yield Failure(path, SpecFailure.CONTROL_CHARACTER, {"code": ord(found.group())})


def _policies(spec: NetworkSpec) -> Iterator[Failure]:
    if spec.on_delete == "restore" and spec.adopt not in (True, UNKNOWN):
        yield Failure("on_delete", NetworkFailure.RESTORE_NEEDS_ADOPT)


def _port_groups(spec: NetworkSpec) -> Iterator[Failure]:
    groups = list(known_items(spec.port_groups))
    yield from duplicates("port_groups", [(i, group.name) for i, group in groups], "name", field="name")
    defaults = [index for index, group in groups if group.default is True]
    for index in defaults[1:]:
        yield Failure(f"port_groups[{index}].default", NetworkFailure.DEFAULT_TWICE, {"index": defaults[0]})
