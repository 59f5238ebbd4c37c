"""What several tests start from: hosts in memory with what a resource needs, networks, inputs as check leaves them."""

import uuid as uuids
from collections.abc import Iterable, Mapping
from typing import Any

from tests.fakes.files import FakeFiles, FakeProcesses
from tests.fakes.firewall import FakeFirewall
from tests.fakes.host import FakeHost, FakeRouting, FakeSockets, host_effects
from tests.fakes.kernel import FakeKernel, FakeSysctl
from tests.fakes.libvirt import HOST_UUID, FakeLibvirt
from tests.fakes.links import BELOW, links_of

from virtnet.forwarding.resource import HOST_FORWARDING
from virtnet.network.observed import ObservedNetwork
from virtnet.network.resource import NETWORK
from virtnet.planning import lifecycle
from virtnet.planning.clients.clients import Clients
from virtnet.planning.clients.host import HostClient
from virtnet.planning.reports import HostRoute, NetworkReport

FORWARDING_OWNER = "project/stack/forwarding"

#: What is looked at for a network, besides links.
NETWORK_PLACES = ("/run/libvirt/network", "/etc/libvirt/qemu/networks", "/etc/libvirt/network.conf", "/proc", "/srv")

#: Which is in each directory that a network may have served by TFTP.
SERVED = {"/srv/tftp/pxe.0": "", "/srv/it's <here> & 'there'/pxe.0": ""}

#: What is looked at for a HostForwarding, besides the kernel's parameters.
FORWARDING_PLACES = (
    "/etc/sysctl.d",
    "/run/sysctl.d",
    "/usr/local/lib/sysctl.d",
    "/usr/lib/sysctl.d",
    "/lib/sysctl.d",
    "/etc/sysctl.conf",
    "/etc/ufw",
    "/run/systemd",
    "/etc/systemd",
    "/usr/lib/systemd",
    "/usr/local/lib/systemd",
    "/run/NetworkManager",
    "/etc/NetworkManager",
    "/run/virtnet",
)


def network_host(files: Mapping[str, str] | None = None) -> FakeHost:
    """A host with all that a network needs; of `files` those below /sys/class/net are its bridges."""
    effects = host_effects()
    texts = {path: text for path, text in (files or {}).items() if not path.startswith(BELOW)}
    held = FakeFiles(effects, {**texts, **SERVED}, NETWORK_PLACES)
    routing, net = (
        FakeRouting(),
        links_of(effects, {path: text for path, text in (files or {}).items() if path not in texts}),
    )
    net.on_removal = routing.forget
    return FakeHost(
        effects=effects,
        files=held,
        sysctl=FakeSysctl(effects, FakeKernel(forwards=1)),
        net=net,
        routing=routing,
        sockets=FakeSockets(),
        firewall=FakeFirewall(effects, {"iptables-save": None, "ip6tables-save": None, "nft-json": None}),
        processes=FakeProcesses(effects, held),
        programs={"dnsmasq", "iptables", "nft"},
    )


def forwarding_host(
    kernel: FakeKernel | None = None, files: Mapping[str, str] | None = None, advertised: Iterable[str] | None = None
) -> FakeHost:
    """A host with all that a HostForwarding looks at; its routes only where `advertised` names their interfaces."""
    effects = host_effects()
    host = FakeHost(
        effects=effects,
        files=FakeFiles(effects, dict(files or {}), FORWARDING_PLACES),
        sysctl=FakeSysctl(effects, kernel or FakeKernel()),
        firewall=FakeFirewall(effects, {"iptables-save": ""}),
        programs=set(),
    )
    if advertised is not None:
        routes = [
            HostRoute(destination="default", interface=name, gateway="fe80::1", protocol="ra") for name in advertised
        ]
        host.routing = FakeRouting(held_routes=routes)
    return host


def clients(
    host: HostClient | None = None, networks: Iterable[NetworkReport] = (), *, host_uuid: str = HOST_UUID
) -> Clients:
    """A host with these networks of libvirt's."""
    libvirt = FakeLibvirt(host_uuid=host_uuid, reports={report.uuid: report for report in networks})
    return Clients(libvirt=libvirt, host=host)


def connect_to(libvirt: FakeLibvirt, host: HostClient | None = None) -> lifecycle.Connect:
    """Every URI leads there."""
    return lambda uri: Clients(libvirt=libvirt, host=host)


def checked(inputs: Mapping[str, Any], /, **more: Any) -> dict[str, Any]:
    """A network's inputs as check leaves them."""
    canonical, failures = NETWORK.check({**inputs, **more}, {})
    assert failures == []
    return canonical


def checked_forwarding(**inputs: Any) -> dict[str, Any]:
    """A HostForwarding's inputs as check leaves them."""
    canonical, failures = HOST_FORWARDING.check({"uri": "qemu:///system", "__owner": FORWARDING_OWNER, **inputs}, {})
    assert failures == []
    return canonical


def network(
    name: str,
    mode: str,
    *addresses: str,
    uuid: str = "",
    bridge: str = "vb0",
    mac: str = "",
    active: bool = True,
) -> NetworkReport:
    """A network of libvirt's by its addresses in CIDR form; the mode of an isolated one is ""."""
    # Names differ, so UUIDs do.
    uuid = uuid or str(uuids.uuid5(uuids.NAMESPACE_DNS, name))
    ips = "".join(
        f"<ip family='{'ipv6' if ':' in address else 'ipv4'}' address='{address.partition('/')[0]}'"
        f" prefix='{address.partition('/')[2]}'/>"
        for address in addresses
    )
    forward = f"<forward mode='{mode}'/>" if mode else ""
    mac_element = f"<mac address='{mac}'/>" if mac else ""
    xml = (
        f"<network><name>{name}</name><uuid>{uuid}</uuid>{forward}<bridge name='{bridge}'/>{mac_element}{ips}</network>"
    )
    return NetworkReport(
        uuid=uuid,
        name=name,
        active=active,
        persistent=True,
        autostart=True,
        live_xml=xml if active else None,
        config_xml=xml,
    )


THERE_UUID = "6f1c2a3e-0000-4000-8000-00000012ab34"
THERE = (
    f"<network><name>there</name><uuid>{THERE_UUID}</uuid><bridge name='virbr7' stp='on' delay='0'/>"
    "<mac address='52:54:00:12:ab:34'/><ip family='ipv4' address='10.91.0.1' prefix='24'/></network>"
)
"""A network that others made."""


def host_with_a_network(xml: str = THERE, *, persistent: bool = True) -> FakeLibvirt:
    """A host with the network there, which runs."""
    report = NetworkReport(
        uuid=THERE_UUID,
        name="there",
        active=True,
        persistent=persistent,
        autostart=persistent,
        live_xml=xml,
        config_xml=xml if persistent else None,
    )
    return FakeLibvirt(reports={THERE_UUID: report})


def observe_there(
    clients: Clients, desired: Mapping[str, object] | None, recorded: Mapping[str, object]
) -> ObservedNetwork:
    """What is observed of a network that is there."""
    seen = NETWORK.observe(clients, desired, recorded)
    assert isinstance(seen, ObservedNetwork)
    return seen
