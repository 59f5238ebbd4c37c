"""The door to libvirt: thin calls, error codes turned into our errors, one connection per URI.

The only module that imports libvirt, and it does so when the first connection is opened. Nothing is decided here.
Reads that find the connection lost open it again and ask once more; effects never are repeated.
"""

import atexit
import errno
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime  # before Python 3.11 not the one of the language
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import cache, cached_property
from typing import Any, Protocol, TypeVar

from lxml import etree

from virtnet.errors import AccessDenied, LibvirtFailure, NotFound, Refused, Unreachable
from virtnet.host_uri import is_remote, why_dangerous, without_questions
from virtnet.observed import GuestInterface, NetworkReport, PluggedIn

Answer = TypeVar("Answer")

# VIR_ERR_* numbers (include/libvirt/virterror.h); named here because libvirt is imported late.
INTERNAL_ERROR = 1
RPC = 39
SYSTEM_ERROR = 38
NO_NETWORK = 43
OPERATION_INVALID = 55
NO_SUPPORT = 3
NO_DOMAIN = 42
DENIED = frozenset({29, 45, 79, 80, 88})
"""OPERATION_DENIED, AUTH_FAILED, AUTH_CANCELLED, AUTH_UNAVAILABLE, ACCESS_DENIED."""

SECONDS_TO_CONNECT = 10.0
#: A remote daemon that is gone is noticed after SIGNS_OF_LIFE + 1 times as many seconds.
SECONDS_BETWEEN_SIGNS_OF_LIFE = 5
SIGNS_OF_LIFE = 3

_COMMANDS = {"modify": 1, "delete": 2, "add": 3}
_SECTIONS = {
    "ip-dhcp-host": 4,
    "ip-dhcp-range": 5,
    "forward-interface": 7,
    "portgroup": 9,
    "dns-host": 10,
    "dns-txt": 11,
    "dns-srv": 12,
}
"""virNetworkUpdateCommand and virNetworkUpdateSection; the C client puts them in the order the server expects."""


class Carrier(Protocol):
    """Another way to a remote daemon than libvirt's own; implemented by host_carrier.Carrier."""

    def listening(self) -> AbstractContextManager[str]:
        """Give the URI for libvirt to open meanwhile."""

    def hang_up(self) -> None:
        """End what is left of the last conversation."""

    def last_words(self) -> str:
        """What the other end of the way said at last."""


class Connection:
    """One connection to one libvirt daemon, opened at the first call. Implements plan.LibvirtDoor."""

    def __init__(self, uri: str, *, carrier: Carrier | None = None, seconds: float = SECONDS_TO_CONNECT) -> None:
        """`seconds` are how long a remote daemon may take to let us in."""
        self._uri = uri
        self._carrier = carrier
        self._seconds = seconds
        self._failed: Unreachable | None = None
        self._lock = threading.Lock()
        self._handle: Any = None
        self._turn = threading.RLock()
        self._memory: dict[str, Any] = {}

    @property
    def turn(self) -> AbstractContextManager[Any]:
        """Held while one resource of this host is looked at, planned and changed, so that two never race."""
        return self._turn

    def remembered(self, name: str, answer: Callable[[], Answer]) -> Answer:
        """An answer that stays the same for as long as the process lives; asked once."""
        with self._lock:
            if name not in self._memory:
                self._memory[name] = answer()
            found: Answer = self._memory[name]
            return found

    @property
    def uri(self) -> str:
        """The connection URI."""
        return self._uri

    @cached_property
    def _libvirt(self) -> Any:
        import libvirt

        # Without a handler libvirt prints every error on stderr, and Pulumi shows that to the user.
        libvirt.registerErrorHandler(_pass_over, None)
        return libvirt

    def give_up(self, why: Unreachable) -> None:
        """Not to be tried by this process any more: a host that is gone costs its first resource the wait, not each."""
        self._failed = why

    def _open(self) -> Any:
        with self._lock:
            if self._handle is not None and self._alive(self._handle):
                return self._handle
            if self._failed is not None:
                raise self._failed
            danger = why_dangerous(self._uri)
            if danger is not None:
                raise Refused(danger)
            try:
                self._handle = self._open_remote() if is_remote(self._uri) else self._libvirt.open(self._uri)
                # Closed before Python takes libvirt's module apart, which its own destructor would trip over.
                atexit.register(self._handle.close)
            except self._libvirt.libvirtError as error:
                self._handle = None
                raise self._remembered_failure(self._open_failure(error)) from error
            return self._handle

    def _open_remote(self) -> Any:
        """Open in time, and notice when the daemon is gone later: libvirt alone waits for the end of TCP's patience."""
        _handle_events()
        opening: Future[Any] = Future()
        way = nullcontext(without_questions(self._uri)) if self._carrier is None else self._carrier.listening()
        with way as uri:

            def attempt() -> None:
                try:
                    opening.set_result(self._libvirt.open(uri))
                except self._libvirt.libvirtError as error:
                    opening.set_exception(error)

            threading.Thread(target=attempt, name=f"open {self._uri}", daemon=True).start()
            try:
                handle = opening.result(self._seconds)
            except NotInTime:
                opening.add_done_callback(_close_late)
                if self._carrier is not None:
                    self._carrier.hang_up()
                raise self._remembered_failure(
                    Unreachable(
                        f"libvirt at {self._uri} gave no answer in {self._seconds:g} s; see that the host runs and is "
                        "reached from here, or correct the uri"
                    )
                ) from None
        with suppress(self._libvirt.libvirtError):
            handle.setKeepAlive(SECONDS_BETWEEN_SIGNS_OF_LIFE, SIGNS_OF_LIFE)
        return handle

    def _remembered_failure(self, failure: Unreachable) -> Unreachable:
        if is_remote(self._uri):
            self._failed = failure
        return failure

    def _alive(self, handle: Any) -> bool:
        try:
            return bool(handle.isAlive())
        except self._libvirt.libvirtError:
            return False

    def _open_failure(self, error: Any) -> Unreachable:
        words, number = _words(error), error.get_int1()
        last = "" if self._carrier is None else self._carrier.last_words()
        if last:
            words = f"{words}: {last}"
        # libvirt itself sees no more than the end of a conversation where the program on the host may not hold it.
        denied = os.strerror(errno.EACCES) in last
        if denied or error.get_error_code() in DENIED or number in (errno.EACCES, errno.EPERM):
            return AccessDenied(
                f"libvirt at {self._uri} does not let this user in; run as root, or add the user to the group "
                f"'libvirt' and log in again: {words}"
            )
        return Unreachable(
            f"libvirt at {self._uri} cannot be reached; start libvirtd (systemctl start libvirtd, or virtqemud and "
            f"virtnetworkd) or correct the uri: {words}"
        )

    def _ask(self, what: str, question: Callable[[Any], Answer]) -> Answer:
        """A read: safe to ask again, so a connection that was lost is opened once more."""
        handle = self._open()
        try:
            return question(handle)
        except self._libvirt.libvirtError as error:
            if self._alive(handle):
                raise self._failure(what, error) from error
        return self._tell(what, question)

    def _tell(self, what: str, call: Callable[[Any], Answer]) -> Answer:
        """A call that is made once, whatever becomes of it."""
        handle = self._open()
        try:
            return call(handle)
        except self._libvirt.libvirtError as error:
            if not self._alive(handle):
                raise Unreachable(
                    f"the connection to libvirt at {self._uri} was lost while trying to {what}; whether it was done "
                    f"is unknown; pulumi up looks before it goes on: {_words(error)}"
                ) from error
            raise self._failure(what, error) from error

    def _failure(self, what: str, error: Any) -> LibvirtFailure | AccessDenied:
        code, words = error.get_error_code(), _words(error)
        if code == NO_NETWORK:
            return NotFound(f"libvirt at {self._uri} could not {what}, as it knows no such network: {words}", code)
        if code in DENIED:
            return AccessDenied(
                f"libvirt at {self._uri} does not let this user {what}; run as root or ask for that right: {words}"
            )
        return LibvirtFailure(f"libvirt at {self._uri} could not {what}: {words}", code)

    def host_uuid(self) -> str:
        """The host's UUID, as libvirtd.conf or the firmware gives it; "" where the driver knows none."""
        return self._host_uuid

    @cached_property
    def _host_uuid(self) -> str:
        try:
            capabilities = self._ask("tell the host's UUID", lambda handle: handle.getCapabilities())
        except LibvirtFailure as failure:
            if failure.code != NO_SUPPORT:
                raise
            return ""  # network:///system has no capabilities
        found = etree.fromstring(capabilities.encode()).findtext("host/uuid")
        if not found:
            raise LibvirtFailure(f"libvirt at {self._uri} reports no host UUID in its capabilities", INTERNAL_ERROR)
        return str(found)

    def version(self) -> int:
        """The daemon's version: 9.0.0 is 9000000."""
        return self._version

    @cached_property
    def _version(self) -> int:
        return int(self._ask("tell its version", lambda handle: handle.getLibVersion()))

    def find_network(self, *, uuid: str | None = None, name: str | None = None) -> NetworkReport | None:
        """Everything libvirt reports of one network; None only when it says that there is none."""

        def question(handle: Any) -> NetworkReport:
            network = handle.networkLookupByUUIDString(uuid) if uuid else handle.networkLookupByName(name)
            return self._report(network)

        try:
            return self._ask(f"report network '{name or uuid}'", question)
        except NotFound:
            return None

    def networks(self) -> Sequence[NetworkReport]:
        """Everything libvirt reports of all its networks; one that vanishes meanwhile is left out."""
        found = []
        for network in self._ask("list networks", lambda handle: handle.listAllNetworks(0)):
            try:
                found.append(self._report(network))
            except self._libvirt.libvirtError as error:
                if error.get_error_code() != NO_NETWORK:
                    raise self._failure("report a network", error) from error
        return found

    def _report(self, network: Any) -> NetworkReport:
        active, persistent = bool(network.isActive()), bool(network.isPersistent())
        inactive = self._libvirt.VIR_NETWORK_XML_INACTIVE
        return NetworkReport(
            uuid=network.UUIDString(),
            name=network.name(),
            active=active,
            persistent=persistent,
            autostart=bool(network.autostart()) if persistent else False,
            live_xml=network.XMLDesc(0) if active else None,
            config_xml=network.XMLDesc(inactive) if persistent else None,
        )

    def plugged_in(self, uuid: str) -> Sequence[PluggedIn]:
        """The network's ports, by libvirt's account."""
        return [entry for _, _, entry in self._ports(uuid)]

    def guests_on_bridge(self, bridge: str) -> Sequence[PluggedIn]:
        """Running guests with an interface of type='bridge' on a bridge; libvirt keeps no port for those."""
        return [
            PluggedIn(
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

        None where the daemon has no interface driver, or does not let this user ask it.
        """
        try:
            found = self._ask("list the host's interfaces", lambda handle: handle.listAllInterfaces(0))
        except AccessDenied:
            return None
        except LibvirtFailure as failure:
            if failure.code != NO_SUPPORT:
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
        self._tell("define the network", lambda handle: handle.networkDefineXML(xml))

    def undefine_network(self, uuid: str) -> None:
        """Remove the persistent configuration; an active network goes on as a transient one."""
        self._tell("undefine the network", lambda handle: handle.networkLookupByUUIDString(uuid).undefine())

    def start_network(self, uuid: str) -> None:
        """Start a defined network."""
        self._tell("start the network", lambda handle: handle.networkLookupByUUIDString(uuid).create())

    def stop_network(self, uuid: str) -> None:
        """Stop an active network."""
        self._tell("stop the network", lambda handle: handle.networkLookupByUUIDString(uuid).destroy())

    def set_autostart(self, uuid: str, autostart: bool) -> None:
        """Set the flag. The daemon believes its cache and skips a value it has, so that one is turned over first."""

        def call(handle: Any) -> None:
            network = handle.networkLookupByUUIDString(uuid)
            if bool(network.autostart()) == autostart:
                network.setAutostart(not autostart)
            network.setAutostart(autostart)

        self._tell("set the network's autostart", call)

    def update_section(
        self, uuid: str, *, command: str, section: str, parent_index: int, xml: str, live: bool, config: bool
    ) -> None:
        """VirNetworkUpdate of one item of one section."""
        flags = (1 if live else 0) | (2 if config else 0)

        def call(handle: Any) -> None:
            network = handle.networkLookupByUUIDString(uuid)
            network.update(_COMMANDS[command], _SECTIONS[section], parent_index, xml, flags)

        self._tell(f"{command} {section}", call)

    def set_metadata(self, uuid: str, *, kind: str, namespace: str, text: str | None, live: bool, config: bool) -> None:
        """Set or remove a text of a network (virNetworkSetMetadata, libvirt 9.7.0 and newer)."""
        flags = (1 if live else 0) | (2 if config else 0)
        number = {"description": 0, "title": 1, "metadata": 2}[kind]
        # libvirt gives the element this prefix, whatever the one in the text.
        prefix = "ns" if namespace else None

        def call(handle: Any) -> None:
            network = handle.networkLookupByUUIDString(uuid)
            network.setMetadata(number, text, prefix, namespace or None, flags)

        self._tell(f"set the network's {kind}", call)

    def guest_interfaces(self, network: str) -> Sequence[GuestInterface]:
        """The interfaces of running guests that are plugged into the network of that name, by the guests' own XML."""
        return [
            GuestInterface(
                guest=name,
                guest_uuid=uuid,
                mac=_attribute(element, "mac", "address").lower(),
                interface=_attribute(element, "target", "dev"),
                xml=_element_text(element),
            )
            for name, uuid, xml in self._guests()
            for element in _on_network(xml, network)
        ]

    def _guests(self, *, running: bool = True) -> Sequence[tuple[str, str, str]]:
        """Name, UUID and XML of each guest that runs, or is shut off; one that is gone meanwhile is left out."""

        def question(handle: Any) -> list[tuple[str, str, str]]:
            found = []
            active, inactive = "VIR_CONNECT_LIST_DOMAINS_ACTIVE", "VIR_CONNECT_LIST_DOMAINS_INACTIVE"
            for domain in handle.listAllDomains(getattr(self._libvirt, active if running else inactive)):
                try:
                    found.append((domain.name(), domain.UUIDString(), domain.XMLDesc(0)))
                except self._libvirt.libvirtError as error:
                    if error.get_error_code() not in (NO_DOMAIN, OPERATION_INVALID):
                        raise
            return found

        try:
            return self._ask("list guests", question)
        except LibvirtFailure as failure:
            if failure.code != NO_SUPPORT:  # network:///system knows no guests
                raise
            return []

    def orphaned_ports(self, uuid: str) -> Sequence[str]:
        """Ports of a network that no running guest has, though their owner is a guest this daemon knows.

        A libvirtd that was killed while it moved a guest's interface leaves the port of where it was.
        """
        ports = self._ports(uuid)
        if not ports:
            return []
        had: dict[str, set[str]] = {}
        for _, guest, xml in self._guests():
            sources = etree.fromstring(xml.encode()).iterfind("devices/interface/source")
            had[guest] = {source.get("portid", "") for source in sources}
        return [port for port, owner, _ in ports if owner in had and port not in had[owner]]

    def delete_port(self, uuid: str, port: str) -> None:
        """Remove a port that nobody has from a network."""

        def call(handle: Any) -> None:
            handle.networkLookupByUUIDString(uuid).portLookupByUUIDString(port).delete(0)

        self._tell(f"delete port {port}", call)

    def _ports(self, uuid: str) -> Sequence[tuple[str, str, PluggedIn]]:
        """The network's ports (virNetworkListAllPorts, libvirt 5.5.0 and newer): UUID, owner's UUID, and the rest."""

        def question(handle: Any) -> list[str]:
            network = handle.networkLookupByUUIDString(uuid)
            return [port.XMLDesc(0) for port in network.listAllPorts(0)] if network.isActive() else []

        return [_port(xml) for xml in self._ask(f"list the ports of network {uuid}", question)]

    def update_guest_interface(self, guest_uuid: str, xml: str) -> None:
        """Change an interface of a running guest; libvirt finds it by its MAC."""
        live = 1  # VIR_DOMAIN_AFFECT_LIVE

        def call(handle: Any) -> None:
            handle.lookupByUUIDString(guest_uuid).updateDeviceFlags(xml, live)

        self._tell(f"plug in an interface of guest {guest_uuid}", call)

    def start_transient_network(self, xml: str) -> None:
        """Start a network that has no definition, and is gone when it is stopped."""
        self._tell("start a transient network", lambda handle: handle.networkCreateXML(xml))

    def can_start_networks(self, xml: str) -> None:
        """Start and stop a throw-away network; raises what libvirt says when it cannot (flushed chains, say)."""
        self._tell(
            "start a throw-away network, which shows that networks can be started",
            lambda handle: handle.networkCreateXML(xml).destroy(),
        )

    def dhcp_leases(self, uuid: str) -> Sequence[Mapping[str, Any]]:
        """The leases of the network's DHCP server as libvirt-python gives them (virNetworkGetDHCPLeases)."""

        def question(handle: Any) -> list[Mapping[str, Any]]:
            network = handle.networkLookupByUUIDString(uuid)
            return list(network.DHCPLeases()) if network.isActive() else []

        return self._ask(f"list the DHCP leases of network {uuid}", question)


@cache
def _handle_events() -> None:
    """Let libvirt see what comes from remote daemons without being asked, signs of life among it; once a process."""
    import libvirt

    def run() -> None:
        # Without it remote daemons still answer; only that one is gone is noticed later.
        with suppress(libvirt.libvirtError):
            while True:
                libvirt.virEventRunDefaultImpl()

    libvirt.virEventRegisterDefaultImpl()
    threading.Thread(target=run, name="libvirt events", daemon=True).start()


def _close_late(opening: "Future[Any]") -> None:
    """Close a connection that came when nobody waited for it any more."""
    if opening.exception() is None:
        opening.result().close()


def _pass_over(_context: object, _error: object) -> None:
    """Libvirt's error handler that prints nothing; the error is raised anyway."""


def _words(error: Any) -> str:
    """Libvirt's own words, on one line."""
    return " ".join((error.get_error_message() or "no message").split())


def _attribute(element: Any, child: str, name: str) -> str:
    found = element.find(child)
    return "" if found is None else found.get(name, "")


def _on_network(domain_xml: str, network: str) -> list[Any]:
    return [
        interface
        for interface in etree.fromstring(domain_xml.encode()).findall("devices/interface")
        if _attribute(interface, "source", "network") == network
    ]


def _element_text(element: Any) -> str:
    return str(etree.tostring(element, encoding="unicode", with_tail=False))


def _port(xml: str) -> tuple[str, str, PluggedIn]:
    root = etree.fromstring(xml.encode())
    mac, plug = root.find("mac"), root.find("plug")
    kind = (plug.get("type") or "") if plug is not None else ""
    uuid = root.findtext("uuid") or ""
    entry = PluggedIn(
        owner=root.findtext("owner/name") or "",
        interface=(plug.get("dev") or "") if plug is not None and kind == "direct" else "",
        mac=(mac.get("address") or "") if mac is not None else "",
        port=uuid,
        stays_away={
            "direct": "its interface is a macvtap, which cannot be plugged in again while the guest runs",
            "hostdev-pci": "its interface is a host device, which cannot be plugged in again while the guest runs",
        }.get(kind, ""),
    )
    return uuid, root.findtext("owner/uuid") or "", entry


class Connections:
    """One Connection per URI, for a process that works on several."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_uri: dict[str, Connection] = {}

    def to(self, uri: str, carrier: Callable[[], Carrier | None] = lambda: None) -> Connection:
        """The connection of that URI, made when first asked for, with another way there than libvirt's own if given."""
        with self._lock:
            if uri not in self._by_uri:
                self._by_uri[uri] = Connection(uri, carrier=carrier())
            return self._by_uri[uri]
