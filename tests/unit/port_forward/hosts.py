"""Hosts in memory with all that a PortForward looks at, and forwards on them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.fakes.files import FakeFiles
from tests.fakes.firewall import FakeFirewall
from tests.fakes.host import FakeHost, FakeRouting, FakeSockets, host_effects
from tests.fakes.kernel import FakeKernel, FakeSysctl
from tests.fakes.libvirt import FakeLibvirt
from tests.fakes.nft import FakeNft, NftError
from tests.fakes.systemd import FakeNftTables, FakeScripts, FakeServices
from tests.kinds import KIND_NAMES

from virtnet.errors import HostFailure
from virtnet.planning.apply import apply
from virtnet.planning.clients.clients import Clients
from virtnet.planning.findings import Subject
from virtnet.planning.plan import Plan
from virtnet.planning.reports import HostAddress, ListeningSocket, NetworkReport
from virtnet.port_forward.check import TARGETS
from virtnet.port_forward.observe.observe import observe
from virtnet.port_forward.outputs import outputs
from virtnet.port_forward.plan.plan import plan
from virtnet.port_forward.resource import PORT_FORWARD
from virtnet.port_forward.restore.files import SCRIPT_PATH

OWNER = "project/stack/web"
URN = "urn:pulumi:stack::project::virtnet:index:PortForward::web"

PLACES = ("/etc/virtnet", "/etc/systemd/system", "/etc/ssh", "/run/systemd", "/proc/net", "/proc/sys/net/bridge")

LAB_UUID = "6f1c2a3e-0000-4000-8000-00000000001a"

LAB = f"""
<network><name>lab</name><uuid>{LAB_UUID}</uuid><forward mode='nat'/><bridge name='virbr7'/>
<ip address='192.168.123.1' prefix='24'><dhcp><range start='192.168.123.100' end='192.168.123.200'/>
<host mac='52:54:00:00:00:50' name='web' ip='192.168.123.50'/>
<host mac='52:54:00:00:00:99' name='moving' ip='192.168.123.150'/></dhcp></ip>
<ip family='ipv6' address='fd00:123::1' prefix='64'><dhcp><host id='0:3:0:1:52:54:0:0:0:50' name='web'
 ip='fd00:123::50'/></dhcp></ip></network>
"""
"""A network with a reservation for web, by both versions of IP, and a range."""

ADDRESSES = ("127.0.0.1/8", "198.51.100.1/24", "192.168.123.1/24", "fe80::1/64", "2001:db8::1/64")

PORTS: Sequence[Mapping[str, Any]] = ({"protocol": "tcp", "listen_port": "8080", "target_port": "80"},)

SUBJECT = Subject("port forward", "web", "qemu:///system")


def lab(xml: str = LAB, *, active: bool = True) -> NetworkReport:
    """The network as libvirt reports it."""
    live = xml if active else None
    return NetworkReport(LAB_UUID, "lab", active, True, True, live, xml)


def forwarding_host(
    *,
    files: Mapping[str, str] | None = None,
    addresses: Iterable[str] = ADDRESSES,
    sockets: Sequence[ListeningSocket] = (),
    listings: Mapping[str, str | None] | None = None,
) -> FakeHost:
    """A host that forwards, on which nothing listens but what is said."""
    effects, nft, kernel = host_effects(), FakeNft(), FakeKernel(("eth0",))
    kernel.ipv4["all"] = kernel.ipv6["all"] = 1
    return FakeHost(
        effects=effects,
        files=FakeFiles(effects, dict(files or {}), PLACES),
        sysctl=FakeSysctl(effects, kernel),
        routing=FakeRouting(held_addresses=[HostAddress("eth0", one) for one in addresses]),
        sockets=FakeSockets(listening=sockets),
        firewall=FakeFirewall(
            effects, {"iptables-save": None, "ip6tables-save": None, "nft-json": None, **(listings or {})}
        ),
        programs={"nft"},
        nft_tables=FakeNftTables(effects, nft.listed, lambda commands: _load(nft, commands)),
        scripts=FakeScripts(effects, {SCRIPT_PATH: lambda *_: ""}),
        services=FakeServices(effects),
    )


def _load(nft: FakeNft, commands: str) -> None:
    """What nft refuses is a failure of the host."""
    try:
        nft.load(commands)
    except (NftError, KeyError) as error:
        raise HostFailure(f"nft refused {error}") from error


def at(host: FakeHost, *networks: NetworkReport) -> Clients:
    """That host, with these networks of libvirt's; none are the lab."""
    reports = networks or (lab(),)
    return Clients(libvirt=FakeLibvirt(reports={report.uuid: report for report in reports}), host=host)


def checked(**inputs: Any) -> dict[str, Any]:
    """Inputs as check leaves them: to web's port 80 by default."""
    named = {"uri": "qemu:///system", "network": "lab", "ports": PORTS, "__owner": OWNER, "__urn": URN, **inputs}
    if not any(named.get(name) for name in TARGETS):
        named["target_address"] = "192.168.123.50"
    canonical, failures = PORT_FORWARD.check({name: value for name, value in named.items() if value is not None}, {})
    assert failures == []
    return canonical


def planned(clients: Clients, desired: Mapping[str, Any] | None, recorded: Mapping[str, Any] | None = None) -> Plan:
    """The plan for the host as it is."""
    return plan(desired, recorded, observe(clients, desired, recorded or {}))


def applied(clients: Clients, desired: Mapping[str, Any], recorded: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What is recorded after a create, or an update."""
    decided = planned(clients, desired, recorded)
    apply(decided, clients, SUBJECT, messages=lambda: KIND_NAMES)
    details = {**(recorded or {}), **decided.details}
    return outputs(desired, details, observe(clients, {}, {**desired, **details}))


def refreshed(clients: Clients, recorded: Mapping[str, Any]) -> dict[str, Any]:
    """What a refresh records."""
    return outputs(PORT_FORWARD.recorded_inputs(recorded), recorded, observe(clients, {}, recorded))


def deleted(clients: Clients, recorded: Mapping[str, Any]) -> None:
    apply(planned(clients, None, recorded), clients, SUBJECT, messages=lambda: KIND_NAMES)


def traces(host: FakeHost) -> tuple[dict[str, str], str | None, object]:
    """All that forwards leave on a host."""
    return dict(host.files.texts), host.nft_table("inet", "virtnet_port_forwards"), dict(host.services.found)
