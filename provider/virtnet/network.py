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
from virtnet.network_preflight import own_bridge, serves
from virtnet.network_recorded import COMPUTED, recorded_changes, recorded_inputs
from virtnet.observed import HostReport, NetworkReport, ObservedNetwork, PluggedIn
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
    failures = check_network(spec)
    if failures:
        return {}, failures
    canonical = _canonical(tree(spec))
    if inputs.get("__owner"):
        canonical["__owner"] = inputs["__owner"]
    return canonical, []


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
    named.setdefault("autostart", True)
    named.setdefault("active", True)
    return named


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
        plugged_in=_plugged_in(doors, report),
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
        links = host.list_directory(AUTOSTART_LINKS)
    except (HostFailure, AccessDenied):  # only root can look; the daemon's word stands
        return report
    return replace(report, autostart=f"{report.name}.xml" in links)


def _plugged_in(doors: Doors, report: NetworkReport | None) -> tuple[PluggedIn, ...]:
    """Guests' ports by libvirt's account, then links on the bridge: a port's tap is told by its MAC's last five bytes.

    libvirt gives a tap the guest's MAC with its first byte changed to fe.
    """
    if report is None or not report.active or report.live_xml is None:
        return ()
    ports = list(doors.libvirt.plugged_in(report.uuid))
    bridge = own_bridge(network_xml.parse(report.live_xml))
    if doors.host is None or not bridge:
        return tuple(ports)
    links = [name for name in doors.host.list_directory(f"/sys/class/net/{bridge}/brif") if name != f"{bridge}-nic"]
    by_tail = {port.mac.lower()[3:]: port for port in ports}
    everything: list[PluggedIn] = []
    for name in links:
        address = (doors.host.read_file(f"/sys/class/net/{name}/address") or "").strip()
        port = by_tail.pop(address[3:], None) if address.startswith("fe:") else None
        owner = port.owner if port is not None else ""
        everything.append(PluggedIn(owner=owner, interface=name, mac=port.mac if port is not None else address))
    return (*everything, *by_tail.values())


def _problems(host: HostDoor | None, report: NetworkReport | None) -> tuple[str, ...]:
    """What is wrong with a network that libvirt calls active."""
    if host is None or report is None or report.live_xml is None:
        return ()
    live = network_xml.parse(report.live_xml)
    bridge = own_bridge(live)
    if not bridge:
        return ()
    if host.read_file(f"/sys/class/net/{bridge}/address") is None:
        return (f"the bridge {bridge} is gone though libvirt calls the network active",)
    if not serves(live):
        return ()
    try:
        pid = host.read_file(f"/run/libvirt/network/{report.name}.pid")
        program = host.read_file(f"/proc/{pid.strip()}/comm") if pid is not None and pid.strip().isdigit() else None
    except (HostFailure, AccessDenied):  # the file is root's on some hosts
        return ()
    if pid is not None and (program is None or program.strip() != "dnsmasq"):
        return ("dnsmasq, which serves DHCP and DNS on the network, is not running",)
    return ()


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
