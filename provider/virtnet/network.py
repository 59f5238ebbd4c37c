"""LibvirtNetwork as the lifecycle knows it: check, observe, plan and outputs.

Deciding is network_plan's; this module gathers what it looks at, and shows what came of it.
"""

import uuid as uuids
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from virtnet import network_xml
from virtnet.errors import AccessDenied, HostFailure
from virtnet.forward_mode import OWN_BRIDGE_MODES
from virtnet.host_output import parse_ipv6_addresses, parse_local_ipv4
from virtnet.network_checks import check_network
from virtnet.network_firewall import FILTERED_MODES, flushed, missing_rules
from virtnet.network_leftover_steps import bridges_left, dnsmasq_process
from virtnet.network_park import park_uuid
from virtnet.network_plan import plan_network
from virtnet.network_ports import plugged_in
from virtnet.network_preflight import mode_of, own_bridge, serves
from virtnet.network_recorded import COMPUTED, recorded_changes, recorded_inputs
from virtnet.observed import (
    DNSMASQ_GONE,
    FIREWALL_GONE,
    FOREIGN_BRIDGE,
    PARKED,
    GuestInterface,
    HostReport,
    NetworkReport,
    ObservedNetwork,
    PluggedIn,
)
from virtnet.ownership import ABSENT, project
from virtnet.plan import ChangeClass, Doors, HostDoor
from virtnet.resource import Resource
from virtnet.spec import UNKNOWN, Failure, Tree, from_inputs, tree, walk_unknown
from virtnet.spec_network import NetworkSpec
from virtnet.spec_values import readable

PROGRAMS = ("dnsmasq", "iptables", "nft")
AUTOSTART_LINKS = "/etc/libvirt/qemu/networks/autostart"
#: A refresh looks at many networks, whose rules are in one listing.
SECONDS_RULES_STAND = 2.0
#: Of /sys/class/net/NAME/flags (netdevice(7)).
IFF_UP = 1


def check(inputs: Mapping[str, Any], recorded: Mapping[str, Any]) -> tuple[dict[str, Tree], list[Failure]]:
    """Inputs in their one canonical form, with what is recorded even when left out, or every reason against them.

    `__name` is the Pulumi resource's name, taken when `name` is left out; a name once recorded is kept. `__owner` is
    project/stack/resource, and kept likewise: the network's mark holds it, whatever the resource is called later. Pure.
    """
    named = {name: value for name, value in inputs.items() if name not in ("__name", "__owner")}
    if named.get("name") is None:
        named["name"] = recorded.get("name") or inputs.get("__name") or ""
    spec, failures = from_inputs(NetworkSpec, named)
    if spec is None:
        from_resource = inputs.get("name") is None and not recorded.get("name") and inputs.get("__name")
        return {}, [_of_resource_name(failure, inputs["__name"]) if from_resource else failure for failure in failures]
    failures = check_network(spec) or _check_metadata(spec)
    if failures:
        return {}, failures
    canonical = _canonical(tree(spec))
    if inputs.get("__owner"):
        canonical["__owner"] = recorded.get("__owner") or inputs["__owner"]
    return canonical, []


def _of_resource_name(failure: Failure, resource_name: str) -> Failure:
    """A failure of a name that nobody wrote as one says where it is from."""
    if failure.path != "name":
        return failure
    reason = f"taken from the resource's name '{resource_name}', which as a network's {failure.reason}"
    return Failure("name", f"{reason}; or set name")


def _check_metadata(spec: NetworkSpec) -> list[Failure]:
    metadata: Any = {} if spec.metadata in (None, UNKNOWN) else spec.metadata
    faults = {name: network_xml.metadata_fault(name, text) for name, text in metadata.items() if text is not UNKNOWN}
    return [Failure(f'metadata["{readable(name)}"]', fault) for name, fault in faults.items() if fault]


def _canonical(named: dict[str, Tree]) -> dict[str, Tree]:
    forward = named.get("forward")
    if isinstance(forward, dict):
        forward.setdefault("mode", "nat")
        device = forward.pop("dev", None)
        if device is not None:
            forward["interfaces"] = [{"dev": device}]
    metadata = named.get("metadata")
    if isinstance(metadata, dict):
        for namespace, text in metadata.items():
            if text is not UNKNOWN:
                metadata[namespace] = network_xml.canonical_element(text)
    for lease in _leases(named):
        if lease.get("expiry") == 0:
            lease.pop("unit", None)  # for ever has no unit, and libvirt keeps none
    named.setdefault("autostart", True)
    named.setdefault("active", True)
    return named


def _leases(named: dict[str, Tree]) -> list[dict[str, Tree]]:
    """Every lease time in a tree, of ranges and of reservations."""
    ips = named.get("ips")
    dhcps = [ip.get("dhcp") for ip in ips if ip is not UNKNOWN] if isinstance(ips, list) else []
    items = [
        item
        for dhcp in dhcps
        if isinstance(dhcp, dict)
        for name in ("ranges", "hosts")
        if isinstance(dhcp.get(name), list)
        for item in dhcp[name]
    ]
    return [item["lease"] for item in items if item is not UNKNOWN and isinstance(item.get("lease"), dict)]


def observe(doors: Doors, desired: Mapping[str, Tree] | None, recorded: Mapping[str, Tree]) -> ObservedNetwork:
    """What libvirt and the kernel report of this network; of the rest of the host only when it may matter."""
    libvirt = doors.libvirt
    report = _find(doors, desired or {}, recorded)
    problems = _problems(doors.host, report)
    if not problems and recorded.get("host_uuid"):
        # Not right after it was made or changed, when its rules are as new as it is.
        problems = _firewall_problems(doors.host, report)
    deleting = desired is None
    may_start = _may_start(report, desired or {}, recorded, problems) or (deleting and recorded.get("adopted_from"))
    users = plugged_in(doors, report)
    park = libvirt.find_network(uuid=park_uuid(report.uuid)) if report is not None else None
    parked = plugged_in(doors, park)
    if park is not None:
        parked = _with_guests(doors, park, parked)
        waiting = ", ".join(entry.describe() for entry in parked) or "nothing"
        problems = (*problems, f"{PARKED} the network {park.name} behind, with {waiting} on it")
    left = bridges_left(doors, report)
    if forgotten := [entry.bridge for entry in left if report is not None and entry.uuid != report.uuid]:
        problems = (*problems, f"{PARKED} the bridge {' and '.join(forgotten)} behind")
    return ObservedNetwork(
        uri=libvirt.uri,
        host_uuid=libvirt.host_uuid(),
        libvirt_version=libvirt.version(),
        report=report,
        plugged_in=_with_guests(doors, report, users) if (may_start or deleting) and report is not None else users,
        park="" if park is None else park.name,
        parked=parked,
        shut_off_guests=tuple(libvirt.shut_off_guests(report.name)) if report is not None and deleting else (),
        dnsmasq_left=report is not None and not report.active and dnsmasq_process(doors, report.name) is not None,
        bridges_left=left,
        problems=problems,
        others=_others(doors, report) if may_start else (),
        host=_survey(doors.host, desired or {}, recorded, report) if may_start and doors.host is not None else None,
        interface_names=libvirt.interface_names() if may_start and doors.host is None else None,
        fresh_uuid=str(uuids.uuid4()) if report is None else "",
    )


def _others(doors: Doors, report: NetworkReport | None) -> tuple[NetworkReport, ...]:
    """The host's other networks. Where only libvirt tells which addresses and names are taken, as they are now."""
    found = doors.libvirt.networks() if doors.host is None else doors.libvirt.networks_at_a_glance()
    return tuple(other for other in found if report is None or other.uuid != report.uuid)


def _survey(
    host: HostDoor, desired: Mapping[str, Tree], recorded: Mapping[str, Tree], report: NetworkReport | None
) -> HostReport:
    """The host as far as this network's start may depend on it: of 500 interfaces, less where nothing is plugged in."""
    if report is None and mode_of(desired) in OWN_BRIDGE_MODES and not list(walk_unknown(desired)):
        addresses = [str(ip.get("address", "")) for ip in desired.get("ips", [])]
        return survey_for_new(host, {6 if ":" in address else 4 for address in addresses})
    xmls = () if report is None else (report.live_xml, report.config_xml)
    trees = [desired, recorded, *(network_xml.parse(xml) for xml in xmls if xml is not None)]
    named = [tree.get("bridge") for tree in trees]
    return survey(host, {str(bridge["name"]) for bridge in named if isinstance(bridge, Mapping) and "name" in bridge})


def _with_guests(doors: Doors, report: NetworkReport, users: tuple[PluggedIn, ...]) -> tuple[PluggedIn, ...]:
    """What is plugged in, with all that planning a stop asks of guests: whose they are, and whether they move."""
    if not report.active:
        return users
    bridge = own_bridge(network_xml.parse(report.live_xml or report.any_xml))
    by_name = {guest.interface: guest for guest in doors.libvirt.guests_on_bridge(bridge)} if bridge else {}
    interfaces = doors.libvirt.guest_interfaces(report.name)
    taps = {interface.interface: interface for interface in interfaces}
    orphans = set(doors.libvirt.orphaned_ports(report.uuid)) if any(user.port for user in users) else set()
    found = [
        _named(user, taps, by_name, doors.libvirt.uri)
        for user in users
        # A tap that is there tells whose it is; of a port alone libvirt may have lost sight.
        if user.port not in orphans or user.interface in taps
    ]
    known = {(user.owner, user.mac.lower()) for user in found}
    # Guests that name the network and hang loose, after a virsh net-destroy and net-start say.
    found += [
        PluggedIn(owner=loose.guest, interface=loose.interface, mac=loose.mac)
        for loose in interfaces
        if (loose.guest, loose.mac) not in known
    ]
    twice = [key for key, count in Counter((i.guest, i.mac) for i in interfaces).items() if count > 1]
    return tuple(
        replace(user, stays_away="it has several interfaces with one MAC address, by which libvirt finds them")
        if (user.owner, user.mac.lower()) in twice
        else user
        for user in found
    )


def _named(
    user: PluggedIn, taps: Mapping[str, GuestInterface], by_name: Mapping[str, PluggedIn], uri: str
) -> PluggedIn:
    """One that is plugged in, with the guest it belongs to."""
    if user.interface in taps:
        return replace(user, owner=taps[user.interface].guest, mac=taps[user.interface].mac)
    if not user.owner and user.interface in by_name:
        return replace(by_name[user.interface], bridge_by_name=True)
    movable = {interface.mac for interface in taps.values()}
    if user.owner and not user.stays_away and user.mac.lower() not in movable:
        return replace(user, stays_away=f"the guest is not among those of {uri}")
    return user


def _may_start(
    report: NetworkReport | None,
    desired: Mapping[str, Tree],
    recorded: Mapping[str, Tree],
    problems: tuple[str, ...],
) -> bool:
    """Whether the plan may have to start the network, so that the whole host is worth a look."""
    if not desired:
        return False
    if report is None or not report.active or not recorded or problems or recorded.get("problems"):
        return True
    return any(change.change_class >= ChangeClass.RESTART for change in recorded_changes(desired, recorded))


def _find(doors: Doors, desired: Mapping[str, Tree], recorded: Mapping[str, Tree]) -> NetworkReport | None:
    if recorded.get("uuid"):
        report = doors.libvirt.find_network(uuid=recorded["uuid"])
    else:
        report = doors.libvirt.find_network(name=desired["name"])
    return None if report is None else _true_autostart(doors.host, report, doors.libvirt.uri)


def _true_autostart(host: HostDoor | None, report: NetworkReport, uri: str) -> NetworkReport:
    """The autostart flag as the next boot sees it: the daemon goes on saying true when its link has vanished."""
    if host is None or not report.autostart or not uri.endswith("/system"):
        return report
    try:
        if AUTOSTART_LINKS.rpartition("/")[2] not in host.list_directory(AUTOSTART_LINKS.rpartition("/")[0]):
            return report  # this libvirt keeps its links elsewhere
        links = host.list_directory(AUTOSTART_LINKS)
    except (HostFailure, AccessDenied):  # only root can look; the daemon's word stands
        return report
    return replace(report, autostart=f"{report.name}.xml" in links)


def _problems(host: HostDoor | None, report: NetworkReport | None) -> tuple[str, ...]:
    """What is wrong with a network that libvirt calls active."""
    if host is None or report is None or report.live_xml is None:
        return ()
    live = network_xml.parse(report.live_xml)
    bridge = own_bridge(live)
    if not bridge:
        return ()
    address = host.read_file(f"/sys/class/net/{bridge}/address")
    if address is None:
        return (f"the bridge {bridge} is gone though libvirt calls the network active",)
    if live.get("mac") not in (None, address.strip()):
        return (
            f"{FOREIGN_BRIDGE}: {bridge} has the MAC address {address.strip()}, and the network's is {live['mac']}",
        )
    flags = (host.read_file(f"/sys/class/net/{bridge}/flags") or "").strip()
    if flags and not int(flags, 16) & IFF_UP:
        return (f"the network's bridge {bridge} is down",)
    if lost := _lost_addresses(host, bridge, live):
        return (f"the network's bridge {bridge} has lost its address {', '.join(lost)}",)
    if not serves(live):
        return ()
    try:
        pid = host.read_file(f"/run/libvirt/network/{report.name}.pid")
        if pid is None or not pid.strip().isdigit() or host.read_file("/proc/1/comm") is None:
            return ()  # not this host's /run, or other users' processes are hidden
        program = host.read_file(f"/proc/{pid.strip()}/comm")
    except (HostFailure, AccessDenied):  # the file is root's on some hosts
        return ()
    return () if program is not None and program.strip() == "dnsmasq" else (DNSMASQ_GONE,)


def _firewall_problems(host: HostDoor | None, report: NetworkReport | None) -> tuple[str, ...]:
    """Whether the running network's rules were flushed, which libvirt does not notice.

    Rules that are missing in a listing of some seconds ago may have come since, so they are listed once more.
    """
    if host is None or report is None or report.live_xml is None:
        return ()
    live = network_xml.parse(report.live_xml)
    if mode_of(live) not in FILTERED_MODES or not own_bridge(live):
        return ()
    missing: list[str] = []
    for seconds_old in (SECONDS_RULES_STAND, 0.0):
        try:
            rules = {"iptables-save": host.firewall_rules("iptables-save", seconds_old=seconds_old)}
            if flushed(rules):
                rules |= {"nft": host.firewall_rules("nft", seconds_old=seconds_old)}
        except (HostFailure, AccessDenied):  # only root can look
            return ()
        missing = list(missing_rules(live, rules))
        if not missing or set(rules.values()) == {None}:
            return ()
    return (
        f"{FIREWALL_GONE} ({' and '.join(missing)}), as someone flushed the rules; systemctl restart virtnetworkd (or "
        "libvirtd) makes them anew and leaves guests alone",
    )


def _lost_addresses(host: HostDoor, bridge: str, live: Mapping[str, Tree]) -> list[str]:
    """The network's addresses that its bridge has no longer (of IPv4: that the host has nowhere).

    Read from the kernel's tables, well below a millisecond; `ip` would be a program started for each network (10 ms).
    """
    lost = []
    for ip in live.get("ips", []):
        address = str(ip["address"]).partition("/")[0]
        table = host.read_file("/proc/net/if_inet6" if ":" in address else "/proc/net/fib_trie")
        if table is None:
            continue
        there = parse_ipv6_addresses(table, bridge) if ":" in address else parse_local_ipv4(table)
        if address not in there:
            lost.append(address)
    return lost


def survey(host: HostDoor, bridges: Collection[str] = ()) -> HostReport:
    """The host as far as starting any network depends on it, with what is set on these bridges, where they are."""
    links, routes = tuple(host.links()), tuple(host.routes())
    return HostReport(
        links=links,
        names=frozenset(link.name for link in links),
        addresses=tuple(host.addresses()),
        routes=routes,
        listening_sockets=tuple(host.listening_sockets()),
        missing_programs=tuple(name for name in PROGRAMS if not host.has_program(name)),
        may_change_links=host.may_change_links(),
        spanning_tree_bridges=_bridges_with(host, bridges, "stp_state"),
        vlan_filtering_bridges=_bridges_with(host, bridges, "vlan_filtering"),
        dhcp_port_free=host.dhcp_port_free(),
        advertised_interfaces=_advertised(host, {route.interface for route in routes if route.protocol == "ra"}),
    )


def survey_for_new(host: HostDoor, versions: Collection[int]) -> HostReport:
    """The host as far as starting a network with a bridge of its own, not there yet, depends on it.

    Nothing waits to be plugged in, so interfaces count by their names alone, and routes by the `versions` of IP that
    the network has: `ip` takes 10 ms, and 40 ms with 500 bridges, for each of its answers.
    """
    addresses, routes = tuple(host.addresses()), tuple(host.routes(versions))
    return HostReport(
        links=(),
        names=frozenset(host.list_directory("/sys/class/net")),
        addresses=addresses,
        routes=routes,
        listening_sockets=tuple(host.listening_sockets()),
        missing_programs=tuple(name for name in PROGRAMS if not host.has_program(name)),
        may_change_links=host.may_change_links(),
        dhcp_port_free=host.dhcp_port_free(),
        advertised_interfaces=_advertised(host, {route.interface for route in routes if route.protocol == "ra"}),
    )


def _bridges_with(host: HostDoor, bridges: Collection[str], attribute: str) -> tuple[str, ...]:
    """The bridges of which an attribute is on; without a slash in its name, and with the attribute, it is one."""
    there = [name for name in sorted(bridges) if name and "/" not in name and name not in (".", "..")]
    return tuple(
        name for name in there if (host.read_file(f"/sys/class/net/{name}/bridge/{attribute}") or "0").strip() != "0"
    )


def _advertised(host: HostDoor, interfaces: set[str]) -> tuple[str, ...]:
    """Libvirt's own guard cuts interface names at eight characters and then sees nothing, so we look ourselves."""
    if not interfaces or host.read_sysctl("net/ipv6/conf/all/forwarding") not in (None, "0"):
        return ()
    return tuple(name for name in sorted(interfaces) if host.read_sysctl(f"net/ipv6/conf/{name}/accept_ra") == "1")


def outputs(
    inputs: Mapping[str, Tree], recorded: Mapping[str, Tree], observed: ObservedNetwork
) -> dict[str, Tree] | None:
    """The outputs: what the program named as it is on the host, and what was made; None when the network is gone.

    The persistent configuration is shown; where it is as recorded and the running network differs, the latter, so
    that drift of either kind appears.
    """
    report = observed.report
    if report is None:
        return None
    config = network_xml.parse(report.any_xml)
    live = network_xml.parse(report.live_xml) if report.live_xml is not None else config
    shown: dict[str, Tree] = {}
    persistent_view = project(NetworkSpec, inputs, config)
    live_view = project(NetworkSpec, inputs, {**live, **{n: config[n] for n in network_xml.NEXT_START if n in config}})
    for name in inputs:
        if name in network_xml.NOT_XML or name == "__owner":
            shown[name] = inputs[name]
            continue
        named, kept, runs = inputs[name], persistent_view.get(name, ABSENT), live_view.get(name, ABSENT)
        value = runs if kept == named else kept
        if value is not ABSENT:
            shown[name] = value
    shown["name"] = report.name
    shown["active"] = report.active
    shown["autostart"] = report.autostart
    shown["__named"] = sorted(name for name in ("uuid", "mac") if name in inputs)
    return shown | {
        "uuid": report.uuid,
        "bridge_name": live.get("bridge", {}).get("name", ""),
        "mac": shown.get("mac", config.get("mac", "")),
        "persistent": report.persistent,
        "host_uuid": observed.host_uuid,
        "adopted_from": recorded.get("adopted_from"),
        "problems": list(observed.problems),
    }


NETWORK: Resource[ObservedNetwork] = Resource(
    name="LibvirtNetwork",
    subject="network",
    spec=NetworkSpec,
    computed=COMPUTED,
    check=check,
    observe=observe,
    plan=plan_network,
    outputs=outputs,
    recorded_inputs=recorded_inputs,
    identity=lambda shown: str(shown["uuid"]),
)
