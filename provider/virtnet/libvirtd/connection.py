"""The client of libvirt: thin calls, one connection per URI. Nothing is decided here."""

import atexit
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from lxml import etree

from virtnet.errors import AccessDenied, LibvirtFailure, NotFound, Unreachable
from virtnet.libvirtd import messages
from virtnet.libvirtd.network_cache import NetworkCache
from virtnet.libvirtd.session import (
    FROM_RPC,
    INTERNAL_ERROR,
    NO_DOMAIN,
    NO_NETWORK,
    NO_SUPPORT,
    OPERATION_INVALID,
    OPERATION_UNSUPPORTED,
    SECONDS_TO_CONNECT,
    Result,
    Session,
    SshTunnel,
)
from virtnet.planning.reports import Attachment, GuestInterface, NetworkReport, Obstacle, ObstacleKind
from virtnet.transport.uri import with_system

LIST_ACTIVE, LIST_PERSISTENT, LIST_AUTOSTART = 2, 4, 16
"""VIR_CONNECT_LIST_NETWORKS_*."""

XML_INACTIVE = 1
"""VIR_NETWORK_XML_INACTIVE."""

_COMMANDS = {"modify": 1, "delete": 2, "add": 3, "add-first": 4}

_SECTIONS = {
    "ip-dhcp-host": 4,
    "ip-dhcp-range": 5,
    "forward": 6,
    "forward-interface": 7,
    "portgroup": 9,
    "dns-host": 10,
    "dns-txt": 11,
    "dns-srv": 12,
}
"""virNetworkUpdateCommand and virNetworkUpdateSection; the C client puts them in the order the server expects."""


class _State(NamedTuple):
    """A network as it is listed."""

    name: str
    active: bool
    persistent: bool
    autostart: bool
    """False for a transient one."""


class Connection:
    """The calls to one libvirt daemon. Implements planning.libvirt_client.LibvirtClient and NetworkCache."""

    def __init__(
        self,
        uri: str,
        *,
        tunnel: Callable[[], SshTunnel | None] = lambda: None,
        seconds: float = SECONDS_TO_CONNECT,
        library: Any = None,
    ) -> None:
        """`tunnel` is another way there than libvirt's own; the rest is as for Session."""
        self._uri = uri
        self._session = Session(uri, tunnel=tunnel, seconds=seconds, library=library)
        self._lock = threading.Lock()
        self._changes, self._queue = threading.Lock(), threading.Lock()
        self._memory: dict[str, Any] = {}
        self._cache = NetworkCache(self._report)
        self._looked_up: tuple[Any, dict[str, Any]] = (None, {})
        self._listing = threading.Lock()
        self._listed: tuple[float, Sequence[GuestInterface]] | None = None
        self._listing_networks = threading.Lock()
        self._listed_networks: tuple[float, Mapping[str, _State]] | None = None

    @contextmanager
    def lock(self, prefetch: Callable[[], None]) -> Iterator[None]:
        """Held while one resource of this host is looked at, planned and changed, so that two never race.

        `prefetch` is called by the thread that is next in the queue, while another may still hold the lock.
        """
        with ExitStack() as held:
            with self._queue:
                prefetch()
                held.enter_context(self._changes)
            yield

    def remembered(self, name: str, answer: Callable[[], Result]) -> Result:
        """An answer that stays the same for as long as the process lives; asked once."""
        with self._lock:
            if name not in self._memory:
                self._memory[name] = answer()
            found: Result = self._memory[name]
            return found

    @property
    def uri(self) -> str:
        """The connection URI."""
        return self._uri

    def give_up(self, why: Unreachable) -> None:
        """Not to be tried by this process anymore: a host that is gone costs its first resource the wait, not each."""
        self._session.give_up(why)

    def host_uuid(self) -> str:
        """The host's UUID, as libvirtd.conf or the firmware gives it; "" if the driver knows none."""
        return self._host_uuid

    @cached_property
    def _host_uuid(self) -> str:
        try:
            capabilities = self._session.read(messages.TELL_HOST_UUID, lambda handle: handle.getCapabilities())
        except LibvirtFailure as failure:
            if failure.code != NO_SUPPORT:
                raise
            return ""  # network:///system has no capabilities
        found = etree.fromstring(capabilities.encode()).findtext("host/uuid")
        if not found:
            raise LibvirtFailure(messages.no_host_uuid(self._uri), INTERNAL_ERROR)
        return str(found)

    def unprivileged(self) -> bool:
        """Whether it is an ordinary user's own daemon (qemu:///session), by the URI and the account behind it."""
        if with_system(self._uri) is None:
            return False
        target = urlsplit(self._uri)
        if target.hostname:
            # Without a name in the URI, ssh's own configuration decides who it is.
            return target.username not in (None, "root")
        return os.geteuid() != 0

    def version(self) -> int:
        """The daemon's version: 9.0.0 is 9000000."""
        return self._version

    @cached_property
    def _version(self) -> int:
        return int(self._session.read(messages.TELL_VERSION, lambda handle: handle.getLibVersion()))

    def find_network(
        self, *, uuid: str | None = None, name: str | None = None, seconds_old: float = 0.0
    ) -> NetworkReport | None:
        """Everything libvirt reports of one network; None only when it says that there is none."""
        if uuid and seconds_old:
            state = self._states(seconds_old).get(uuid)
            return None if state is None else self._find_listed(uuid, state)

        def read(handle: Any) -> NetworkReport:
            network = handle.networkLookupByUUIDString(uuid) if uuid else handle.networkLookupByName(name)
            report = report_network(network)
            self._objects(handle)[report.uuid] = network
            self._cache.remember(report)
            return report

        try:
            return self._session.read(messages.report_network(name or uuid or ""), read)
        except NotFound:
            return None

    def _states(self, seconds_old: float) -> Mapping[str, "_State"]:
        """How all networks are, by UUID, for four calls; a listing of at most `seconds_old` ago serves all of them."""

        def read(handle: Any) -> Mapping[str, _State]:
            listed = {network.UUIDString(): network for network in handle.listAllNetworks(0)}
            active, persistent, autostart = (
                {network.UUIDString() for network in handle.listAllNetworks(flag)}
                for flag in (LIST_ACTIVE, LIST_PERSISTENT, LIST_AUTOSTART)
            )
            self._objects(handle).update(listed)
            return {
                uuid: _State(network.name(), uuid in active, uuid in persistent, uuid in autostart)
                for uuid, network in listed.items()
            }

        with self._listing_networks:
            known = self._listed_networks
            if known is None or time.monotonic() - known[0] > seconds_old:
                asked = time.monotonic()
                known = self._listed_networks = (asked, self._session.read(messages.LIST_NETWORKS, read))
            return known[1]

    def _find_listed(self, uuid: str, state: "_State") -> NetworkReport | None:
        """The report of a listed network, with its definitions as they are now; None if it is gone."""
        if not state.active and not state.persistent:
            return None

        def read(handle: Any) -> NetworkReport:
            network = self._network(handle, uuid)
            return NetworkReport(
                uuid=uuid,
                name=state.name,
                active=state.active,
                persistent=state.persistent,
                autostart=state.autostart,
                live_xml=network.XMLDesc(0) if state.active else None,
                config_xml=network.XMLDesc(XML_INACTIVE) if state.persistent else None,
            )

        try:
            return self._session.read(messages.report_network(state.name), read)
        except NotFound:
            return None

    def _objects(self, handle: Any) -> dict[str, Any]:
        """Libvirt's objects for networks, by UUID. Each is but a name and a UUID, good for as long as the connection.

        A lookup takes as long as what is asked then, and a create asks ten times. A call that was given up may go on
        beside the calls of the next connection, and gets the objects of its own.
        """
        found = self._looked_up
        if found[0] is not handle:
            found = self._looked_up = (handle, {})
            # Before the connection is closed, which lives as long as they do.
            atexit.register(found[1].clear)
        return found[1]

    def _network(self, handle: Any, uuid: str) -> Any:
        """Libvirt's object for a network, looked up at most once; that it is gone is said by what is asked of it."""
        objects = self._objects(handle)
        if uuid not in objects:
            objects[uuid] = handle.networkLookupByUUIDString(uuid)
        return objects[uuid]

    def definition(self, uuid: str) -> str | None:
        """The definition for the next start (of a transient network, the running one); None without the network."""

        def read(handle: Any) -> str:
            return str(self._network(handle, uuid).XMLDesc(XML_INACTIVE))

        try:
            return self._session.read(messages.report_definition(uuid), read)
        except NotFound:
            return None

    def is_active(self, uuid: str) -> bool:
        """Whether the network runs; False if there is none."""
        try:
            return self._session.read(
                messages.report_active(uuid),
                lambda handle: bool(self._network(handle, uuid).isActive()),
            )
        except NotFound:
            return False

    def networks(self) -> Sequence[NetworkReport]:
        """Everything libvirt reports of all its networks; one that vanishes meanwhile is left out."""

        def read(handle: Any) -> list[NetworkReport | None]:
            return [self._report(network) for network in handle.listAllNetworks(0)]

        return [report for report in self._session.read(messages.LIST_NETWORKS, read) if report is not None]

    def _report(self, network: Any) -> NetworkReport | None:
        """None for one that vanished since it was listed."""
        try:
            return report_network(network)
        except NotFound:
            return None
        except self._session.libvirt.libvirtError as error:
            if error.get_error_code() != NO_NETWORK:
                raise
            return None

    def cached_networks(self) -> Sequence[NetworkReport]:
        """The same for two calls, where this process knows the networks already; see network_cache."""

        def read(handle: Any) -> Sequence[NetworkReport]:
            active = {network.UUIDString() for network in handle.listAllNetworks(LIST_ACTIVE)}
            return self._cache.reports(handle.listAllNetworks(0), active)

        return self._session.read(messages.LIST_NETWORKS, read)

    def invalidate_networks(self) -> None:
        """Let the next call of `cached_networks` ask for every network, and have them listed again."""
        self._cache.invalidate_all()
        self._listed_networks = None

    def attachments(self, uuid: str) -> Sequence[Attachment]:
        """The network's ports, according to libvirt."""
        return [entry for _, _, entry in self._ports(uuid)]

    def guests_on_bridge(self, bridge: str) -> Sequence[Attachment]:
        """Running guests with an interface of type='bridge' on a bridge; libvirt keeps no port for those."""
        return [
            Attachment(
                owner=guest,
                interface=_attribute(interface, "target", "dev"),
                mac=_attribute(interface, "mac", "address"),
            )
            for guest, _, xml in self._guests()
            for interface in etree.fromstring(xml.encode()).findall("devices/interface[@type='bridge']")
            if _attribute(interface, "source", "bridge") == bridge
        ]

    def interface_names(self) -> frozenset[str] | None:
        """Names of the host's network interfaces, bridges included (virConnectListAllInterfaces).

        None if the daemon has no interface driver, or does not let this user ask it; or where that driver is a
        daemon of its own, virtinterfaced, which does not run.
        """
        try:
            found = self._session.read(
                messages.LIST_INTERFACES,
                lambda handle: handle.listAllInterfaces(0),
                lambda handle: handle.interfaceLookupByName(""),
            )
        except AccessDenied:
            return None
        except LibvirtFailure as failure:
            if failure.code != NO_SUPPORT and failure.domain != FROM_RPC:
                raise
            return None
        return frozenset(interface.name() for interface in found)

    def shut_off_guests(self, name: str) -> Sequence[str]:
        """Names of guests that are shut off and have an interface on the network."""
        return [
            guest
            for guest, _, xml in self._guests(running=False)
            if any(source.get("network") == name for source in etree.fromstring(xml.encode()).iter("source"))
        ]

    def define_network(self, xml: str) -> None:
        """Define or redefine a network. Not validated by libvirt's schema, which refuses things that libvirt runs."""
        uuid = etree.fromstring(xml.encode()).findtext("uuid") or ""

        def call(handle: Any) -> None:
            network = handle.networkDefineXML(xml)
            self._objects(handle)[network.UUIDString()] = network

        self._change(messages.DEFINE_NETWORK, uuid, call)

    def undefine_network(self, uuid: str) -> None:
        """Remove the persistent configuration; an active network goes on as a transient one."""
        self._change(messages.UNDEFINE_NETWORK, uuid, lambda handle: self._network(handle, uuid).undefine())

    def start_network(self, uuid: str) -> None:
        """Start a defined network."""
        self._change(messages.START_NETWORK, uuid, lambda handle: self._network(handle, uuid).create())

    def stop_network(self, uuid: str) -> None:
        """Stop an active network."""
        self._change(messages.STOP_NETWORK, uuid, lambda handle: self._network(handle, uuid).destroy())

    def _change(self, what: str, uuid: str, act: Callable[[Any], object]) -> None:
        """Change a network; what is known of it is forgotten when nobody can ask between that and the change."""

        def call(handle: Any) -> object:
            self._cache.invalidate(uuid)
            self._listed_networks = None
            return act(handle)

        self._session.execute(what, call)

    def set_autostart(self, uuid: str, autostart: bool) -> None:
        """Set the flag. The daemon believes its cache and skips a value it has, so that one is turned over first."""

        def is_set(handle: Any) -> bool:
            return bool(self._network(handle, uuid).autostart()) == autostart

        def turned_over(handle: Any) -> None:
            self._network(handle, uuid).setAutostart(not autostart)

        def call(handle: Any) -> None:
            self._network(handle, uuid).setAutostart(autostart)

        # One call each, because a call that was given up may continue later.
        if self._session.read(messages.SET_AUTOSTART, is_set):
            self._session.execute(messages.SET_AUTOSTART, turned_over)
        self._session.execute(messages.SET_AUTOSTART, call)

    def update_section(
        self, uuid: str, *, command: str, section: str, parent_index: int, xml: str, live: bool, config: bool
    ) -> None:
        """VirNetworkUpdate of one item of one section."""
        flags = (1 if live else 0) | (2 if config else 0)

        def call(handle: Any) -> None:
            network = self._network(handle, uuid)
            network.update(_COMMANDS[command], _SECTIONS[section], parent_index, xml, flags)

        self._session.execute(messages.update_section(command, section), call)

    def rebuild_firewall(self, uuid: str) -> None:
        """Have libvirt take a running network's firewall rules down and rewrite them.

        By an update of a section that it can never update: before it says so, it has made them (networkUpdate in its
        bridge_driver.c; seen on 9.0 and 11.3). No definition changes, and dnsmasq hears nothing.
        """

        def call(handle: Any) -> None:
            self._network(handle, uuid).update(_COMMANDS["modify"], _SECTIONS["forward"], -1, "<forward/>", 1)

        try:
            self._session.execute(messages.REBUILD_FIREWALL, call)
        except LibvirtFailure as failure:
            if failure.code != OPERATION_UNSUPPORTED:
                raise

    def set_metadata(self, uuid: str, *, kind: str, namespace: str, text: str | None, live: bool, config: bool) -> None:
        """Set or remove a text of a network (virNetworkSetMetadata, libvirt 9.7.0 and newer)."""
        flags = (1 if live else 0) | (2 if config else 0)
        number = {"description": 0, "title": 1, "metadata": 2}[kind]
        # libvirt gives the element this prefix, no matter which prefix the text has.
        prefix = "ns" if namespace else None

        def call(handle: Any) -> None:
            network = self._network(handle, uuid)
            network.setMetadata(number, text, prefix, namespace or None, flags)

        self._session.execute(messages.set_metadata(kind), call)

    def guest_interfaces(self, network: str) -> Sequence[GuestInterface]:
        """The interfaces of running guests that are attached to the network of that name, by the guests' own XML."""
        return [interface for interface in self.interfaces_of_guests() if interface.network == network]

    def interfaces_of_guests(self, *, seconds_old: float = 0.0) -> Sequence[GuestInterface]:
        """The interfaces of all running guests; a listing of at most `seconds_old` ago serves a hundred networks."""
        with self._listing:
            if self._listed is None or time.monotonic() - self._listed[0] > seconds_old:
                asked = time.monotonic()
                found = [
                    _guest_interface(name, uuid, element)
                    for name, uuid, xml in self._guests()
                    for element in etree.fromstring(xml.encode()).findall("devices/interface")
                ]
                self._listed = (asked, found)
            return self._listed[1]

    def _guests(self, *, running: bool = True) -> Sequence[tuple[str, str, str]]:
        """Name, UUID and XML of each guest that runs, or is shut off; one that is gone meanwhile is left out."""

        def read(handle: Any) -> list[tuple[str, str, str]]:
            found = []
            active, inactive = "VIR_CONNECT_LIST_DOMAINS_ACTIVE", "VIR_CONNECT_LIST_DOMAINS_INACTIVE"
            for domain in handle.listAllDomains(getattr(self._session.libvirt, active if running else inactive)):
                try:
                    found.append((domain.name(), domain.UUIDString(), domain.XMLDesc(0)))
                except self._session.libvirt.libvirtError as error:
                    if error.get_error_code() not in (NO_DOMAIN, OPERATION_INVALID):
                        raise
            return found

        try:
            return self._session.read(messages.LIST_GUESTS, read)
        except LibvirtFailure as failure:
            if failure.code != NO_SUPPORT:  # network:///system has no guests
                raise
            return []

    def orphaned_ports(self, uuid: str) -> Sequence[str]:
        """Ports of a network that no running guest has, though their owner is a guest this daemon knows.

        A libvirtd that was killed while it moved a guest's interface leaves the port of where it was.
        """
        ports = self._ports(uuid)
        if not ports:
            return []
        known: dict[str, set[str]] = {}
        for _, guest, xml in self._guests():
            sources = etree.fromstring(xml.encode()).iterfind("devices/interface/source")
            known[guest] = {source.get("portid", "") for source in sources}
        return [port for port, owner, _ in ports if owner in known and port not in known[owner]]

    def delete_port(self, uuid: str, port: str) -> None:
        """Remove a port that nobody has from a network."""

        def call(handle: Any) -> None:
            self._network(handle, uuid).portLookupByUUIDString(port).delete(0)

        self._session.execute(messages.delete_port(port), call)

    def _ports(self, uuid: str) -> Sequence[tuple[str, str, Attachment]]:
        """The network's ports (virNetworkListAllPorts, libvirt 5.5.0 and newer): UUID, owner's UUID, and the rest."""

        def read(handle: Any) -> list[str]:
            return [port.XMLDesc(0) for port in self._network(handle, uuid).listAllPorts(0)]

        try:
            return [_port(xml) for xml in self._session.read(messages.list_ports(uuid), read)]
        except LibvirtFailure as failure:
            if failure.code != OPERATION_INVALID:  # it does not run, so nothing is attached
                raise
            return []

    def update_guest_interface(self, guest_uuid: str, xml: str) -> None:
        """Change an interface of a running guest; libvirt finds it by its MAC."""
        live = 1  # VIR_DOMAIN_AFFECT_LIVE

        def call(handle: Any) -> None:
            handle.lookupByUUIDString(guest_uuid).updateDeviceFlags(xml, live)

        self._session.execute(messages.plug_in(guest_uuid), call)

    def start_transient_network(self, xml: str) -> None:
        """Start a network that has no definition, and is gone when it is stopped."""
        self._session.execute(messages.START_TRANSIENT_NETWORK, lambda handle: handle.networkCreateXML(xml))

    def can_start_networks(self, xml: str) -> None:
        """Start and stop a temporary network; raises what libvirt says when it can't (flushed chains, say)."""
        self._session.execute(
            messages.START_THROW_AWAY_NETWORK,
            lambda handle: handle.networkCreateXML(xml).destroy(),
        )

    def dhcp_leases(self, uuid: str) -> Sequence[Mapping[str, Any]]:
        """The leases of the network's DHCP server as libvirt-python gives them (virNetworkGetDHCPLeases)."""

        def read(handle: Any) -> list[Mapping[str, Any]]:
            network = self._network(handle, uuid)
            return list(network.DHCPLeases()) if network.isActive() else []

        return self._session.read(messages.list_leases(uuid), read)


def report_network(network: Any) -> NetworkReport:
    """Everything libvirt reports of one network. Raises NotFound for a transient one that ends meanwhile."""
    name, active, persistent = network.name(), bool(network.isActive()), bool(network.isPersistent())
    if not active and not persistent:
        raise NotFound(messages.network_ended(name), NO_NETWORK)
    return NetworkReport(
        uuid=network.UUIDString(),
        name=name,
        active=active,
        persistent=persistent,
        autostart=bool(network.autostart()) if persistent else False,
        live_xml=network.XMLDesc(0) if active else None,
        config_xml=network.XMLDesc(XML_INACTIVE) if persistent else None,
    )


def _attribute(element: Any, child: str, name: str) -> str:
    found = element.find(child)
    return "" if found is None else found.get(name, "")


def _guest_interface(guest: str, guest_uuid: str, element: Any) -> GuestInterface:
    return GuestInterface(
        guest=guest,
        guest_uuid=guest_uuid,
        mac=_attribute(element, "mac", "address").lower(),
        interface=_attribute(element, "target", "dev"),
        xml=_element_text(element),
        network=_attribute(element, "source", "network"),
        bridge=_attribute(element, "source", "bridge"),
    )


def _element_text(element: Any) -> str:
    return str(etree.tostring(element, encoding="unicode", with_tail=False))


def _obstacle(kind: str) -> Obstacle | None:
    kinds = {"direct": ObstacleKind.MACVTAP, "hostdev-pci": ObstacleKind.HOST_DEVICE}
    return Obstacle(kinds[kind]) if kind in kinds else None


def _port(xml: str) -> tuple[str, str, Attachment]:
    root = etree.fromstring(xml.encode())
    mac, plug = root.find("mac"), root.find("plug")
    kind = (plug.get("type") or "") if plug is not None else ""
    uuid = root.findtext("uuid") or ""
    entry = Attachment(
        owner=root.findtext("owner/name") or "",
        interface=(plug.get("dev") or "") if plug is not None and kind == "direct" else "",
        mac=(mac.get("address") or "") if mac is not None else "",
        port=uuid,
        cannot_reattach=_obstacle(kind),
    )
    return uuid, root.findtext("owner/uuid") or "", entry


class Connections:
    """One Connection per URI, for a process that works on several."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_uri: dict[str, Connection] = {}

    def to(self, uri: str, tunnel: Callable[[], SshTunnel | None] = lambda: None) -> Connection:
        """The connection of that URI, made when first asked for, with another way there than libvirt's own if given."""
        with self._lock:
            if uri not in self._by_uri:
                self._by_uri[uri] = Connection(uri, tunnel=tunnel)
            return self._by_uri[uri]
