"""LibvirtNetwork as the lifecycle knows it: check, observe, plan and outputs.

Deciding is network_plan's; this module gathers what it looks at, and shows what came of it.
"""

import uuid as uuids
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from virtnet import network_xml
from virtnet.errors import AccessDenied, HostFailure
from virtnet.network_checks import check_network
from virtnet.network_plan import plan_network
from virtnet.network_ports import plugged_in
from virtnet.network_preflight import own_bridge, serves
from virtnet.network_recorded import COMPUTED, recorded_changes, recorded_inputs
from virtnet.observed import DNSMASQ_GONE, FOREIGN_BRIDGE, HostReport, NetworkReport, ObservedNetwork
from virtnet.ownership import ABSENT, project
from virtnet.plan import ChangeClass, Doors, HostDoor
from virtnet.resource import Resource
from virtnet.spec import UNKNOWN, Failure, Tree, from_inputs, tree
from virtnet.spec_network import NetworkSpec

PROGRAMS = ("dnsmasq", "iptables", "nft")
AUTOSTART_LINKS = "/etc/libvirt/qemu/networks/autostart"


def check(inputs: Mapping[str, Any], recorded: Mapping[str, Any]) -> tuple[dict[str, Tree], list[Failure]]:
    """Inputs in their one canonical form, with what is recorded even when left out, or every reason against them.

    `__name` is the Pulumi resource's name, taken when `name` is left out; a name once recorded is kept. `__owner` is
    project/stack/resource. Pure.
    """
    named = {name: value for name, value in inputs.items() if name not in ("__name", "__owner")}
    if named.get("name") is None:
        named["name"] = recorded.get("name") or inputs.get("__name") or ""
    spec, failures = from_inputs(NetworkSpec, named)
    if spec is None:
        return {}, failures
    failures = check_network(spec) or _check_metadata(spec)
    if failures:
        return {}, failures
    canonical = _canonical(tree(spec))
    if inputs.get("__owner"):
        canonical["__owner"] = inputs["__owner"]
    return canonical, []


def _check_metadata(spec: NetworkSpec) -> list[Failure]:
    metadata: Any = {} if spec.metadata in (None, UNKNOWN) else spec.metadata
    faults = {name: network_xml.metadata_fault(name, text) for name, text in metadata.items() if text is not UNKNOWN}
    return [Failure(f'metadata["{name}"]', fault) for name, fault in faults.items() if fault]


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
    deleting = desired is None
    may_start = _may_start(report, desired or {}, recorded, problems) or (deleting and recorded.get("adopted_from"))
    return ObservedNetwork(
        uri=libvirt.uri,
        host_uuid=libvirt.host_uuid(),
        libvirt_version=libvirt.version(),
        report=report,
        plugged_in=plugged_in(doors, report),
        shut_off_guests=tuple(libvirt.shut_off_guests(report.name)) if report is not None and deleting else (),
        problems=problems,
        others=tuple(other for other in libvirt.networks() if report is None or other.uuid != report.uuid)
        if may_start
        else (),
        host=survey(doors.host) if may_start and doors.host is not None else None,
        interface_names=libvirt.interface_names() if may_start and doors.host is None else None,
        fresh_uuid=str(uuids.uuid4()) if report is None else "",
    )


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


def survey(host: HostDoor) -> HostReport:
    """The host as far as starting a network depends on it."""
    routes = tuple(host.routes())
    return HostReport(
        links=tuple(host.links()),
        addresses=tuple(host.addresses()),
        routes=routes,
        listening_sockets=tuple(host.listening_sockets()),
        missing_programs=tuple(name for name in PROGRAMS if not host.has_program(name)),
        dhcp_port_free=host.dhcp_port_free(),
        advertised_interfaces=_advertised(host, {route.interface for route in routes if route.protocol == "ra"}),
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
