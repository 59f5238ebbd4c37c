"""A libvirt of a few hundred lines of memory: for breaking step 7 of 9, never for seeing that it works.

It behaves as measured of libvirt 9.0: a redefinition leaves the running network alone, a definition without a known
UUID is refused, updates touch one copy or both, and a call can be told to fail before or after its effect.
"""

import contextlib
import uuid as uuids
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from lxml import etree
from tests.fakes.host import FakeBridges

from virtnet.errors import LibvirtFailure, NotFound
from virtnet.network._generated.trees import NetworkTree
from virtnet.network.tree import OWN_BRIDGE_MODES, mode_of, network_tree, own_bridge
from virtnet.network.xml import read as network_xml
from virtnet.network.xml import write as network_edit
from virtnet.network.xml.definition import Definition
from virtnet.planning.reports import Attachment, GuestInterface, NetworkReport


@dataclass
class FakeGuest:
    """A running guest with one interface, and the network it is plugged into by libvirt's account."""

    name: str
    mac: str
    tap: str
    network: str
    link: str = "up"
    portgroup: str = ""
    port: bool = True
    """Whether its network knows a port of it: a network that was stopped forgets all."""

    @property
    def uuid(self) -> str:
        return str(uuids.uuid5(uuids.NAMESPACE_DNS, self.name))

    @property
    def xml(self) -> str:
        group = f" portgroup='{self.portgroup}'" if self.portgroup else ""
        return (
            f"<interface type='network'><mac address='{self.mac}'/><source network='{self.network}'{group}/>"
            f"<target dev='{self.tap}'/><model type='virtio'/><link state='{self.link}'/></interface>"
        )


@dataclass
class FakeLibvirt:
    """Implements planning.libvirt_client.LibvirtClient on a dict of reports."""

    uri: str = "qemu:///system"
    reports: dict[str, NetworkReport] = field(default_factory=dict)
    ports: dict[str, tuple[Attachment, ...]] = field(default_factory=dict)
    orphans: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """UUIDs of the ports among those that nobody has."""
    bridge_guests: dict[str, tuple[Attachment, ...]] = field(default_factory=dict)
    interfaces: frozenset[str] | None = frozenset({"lo", "eth0"})
    guests: list[FakeGuest] = field(default_factory=list)
    host: FakeBridges | None = None
    """The host whose bridges come and go with the networks, where a test looks at them."""
    effects: list[str] = field(default_factory=list)
    fail_at: int | None = None
    """The effect, counted from 0, that fails."""
    fail_after_effect: bool = False
    daemon_version: int = 12_000_000
    """New enough for every property, and to set titles and metadata in place."""
    locked: bool = False

    @contextlib.contextmanager
    def lock(self, prefetch: Callable[[], None]) -> Iterator[None]:
        prefetch()
        self.locked = True
        yield
        self.locked = False

    def host_uuid(self) -> str:
        return "11111111-2222-3333-4444-555555555555"

    def version(self) -> int:
        return self.daemon_version

    def find_network(self, *, uuid: str | None = None, name: str | None = None) -> NetworkReport | None:
        if uuid is not None:
            return self.reports.get(uuid)
        return next((report for report in self.reports.values() if report.name == name), None)

    def definition(self, uuid: str) -> str | None:
        report = self.find_network(uuid=uuid)
        return None if report is None else report.config_xml

    def is_active(self, uuid: str) -> bool:
        report = self.find_network(uuid=uuid)
        return report is not None and report.active

    def networks(self) -> Sequence[NetworkReport]:
        return list(self.reports.values())

    def attachments(self, uuid: str) -> Sequence[Attachment]:
        report = self.reports.get(uuid)
        name = "" if report is None else report.name
        guests = [
            Attachment(owner=g.name, interface="", mac=g.mac) for g in self.guests if g.network == name and g.port
        ]
        return (*self.ports.get(uuid, ()), *guests)

    def guest_interfaces(self, network: str) -> Sequence[GuestInterface]:
        return [
            GuestInterface(guest=g.name, guest_uuid=g.uuid, mac=g.mac, interface=g.tap, xml=g.xml)
            for g in self.guests
            if g.network == network
        ]

    def orphaned_ports(self, uuid: str) -> Sequence[str]:
        return self.orphans.get(uuid, ())

    def delete_port(self, uuid: str, port: str) -> None:
        with self._effect("delete port"):
            self.orphans[uuid] = tuple(other for other in self.orphans[uuid] if other != port)
            self.ports[uuid] = tuple(entry for entry in self.ports[uuid] if entry.port != port)

    def update_guest_interface(self, guest_uuid: str, xml: str) -> None:
        with self._effect("plug in"):
            guest, element = next(g for g in self.guests if g.uuid == guest_uuid), etree.fromstring(xml)
            source, link = element.find("source"), element.find("link")
            assert source is not None
            target = self.find_network(name=source.get("network"))
            if target is None or target.live_xml is None:
                raise LibvirtFailure(f"network '{source.get('network')}' is not active", 55)
            # As measured: with the network it names already, nothing is done.
            if guest.network != target.name:
                guest.network, guest.portgroup, guest.port = target.name, source.get("portgroup", ""), True
                if self.host is not None:
                    self.host.set_master(guest.tap, tree_of(target.live_xml)["bridge"]["name"])
            guest.link = "up" if link is None else link.get("state", "up")

    def start_transient_network(self, xml: str) -> None:
        with self._effect("start transient"):
            root = etree.fromstring(xml)
            uuid, name = root.findtext("uuid") or "", root.findtext("name") or ""
            self.reports[uuid] = NetworkReport(
                uuid=uuid,
                name=name,
                active=True,
                persistent=False,
                autostart=False,
                live_xml=_normal(xml),
                config_xml=None,
            )
            self._make_bridge(xml)

    def _make_bridge(self, xml: str) -> None:
        tree = tree_of(xml)
        if self.host is not None and (bridge := own_bridge(tree)):
            self.host.make_bridge(
                bridge,
                str(tree.get("mac", "52:54:00:fe:fe:fe")),
                stp=tree.get("bridge", {}).get("stp", True),
                mtu=str(tree.get("mtu", 1500)),
            )

    def guests_on_bridge(self, bridge: str) -> Sequence[Attachment]:
        return self.bridge_guests.get(bridge, ())

    def interface_names(self) -> frozenset[str] | None:
        return self.interfaces

    def shut_off_guests(self, name: str) -> Sequence[str]:
        return ()

    def define_network(self, xml: str) -> None:
        with self._effect("define"):
            root = etree.fromstring(xml)
            uuid, name = root.findtext("uuid") or "", root.findtext("name") or ""
            for other in self.reports.values():
                if (other.name == name) != (other.uuid == uuid):
                    raise LibvirtFailure(f"network '{name}' already exists with uuid {other.uuid}", 9)
            known = self.reports.get(uuid)
            text = _normal(xml)
            if known is None:
                known = NetworkReport(
                    uuid=uuid,
                    name=name,
                    active=False,
                    persistent=True,
                    autostart=False,
                    live_xml=None,
                    config_xml=text,
                )
            self.reports[uuid] = replace(known, persistent=True, config_xml=text)

    def set_metadata(self, uuid: str, *, kind: str, namespace: str, text: str | None, live: bool, config: bool) -> None:
        with self._effect("set metadata"):
            if self.daemon_version < 9_007_000:
                raise LibvirtFailure("this function is not supported by the connection driver", 3)
            report = self._there(uuid)

            def changed(xml: str | None) -> str | None:
                if xml is None:
                    return None
                tree = tree_of(xml)
                texts = {**tree.get("metadata", {}), namespace: text} if kind == "metadata" else {}
                kept = {name: value for name, value in texts.items() if value is not None}
                edited = {**tree, kind: kept if kind == "metadata" else text}
                named = {name: value for name, value in edited.items() if value is not None}
                return network_edit.edit(Definition(xml), network_tree(named))

            self.reports[uuid] = replace(
                report,
                live_xml=changed(report.live_xml) if live else report.live_xml,
                config_xml=changed(report.config_xml) if config else report.config_xml,
            )

    def undefine_network(self, uuid: str) -> None:
        with self._effect("undefine"):
            report = self._there(uuid)
            if report.active:
                self.reports[uuid] = replace(report, persistent=False, config_xml=None, autostart=False)
            else:
                del self.reports[uuid]

    def start_network(self, uuid: str) -> None:
        with self._effect("start"):
            report = self._there(uuid)
            if report.active:
                raise LibvirtFailure("network is already active", 55)
            self.reports[uuid] = replace(report, active=True, live_xml=report.config_xml)
            self._make_bridge(report.config_xml or "")

    def stop_network(self, uuid: str) -> None:
        with self._effect("stop"):
            report = self._there(uuid)
            if report.live_xml is None:
                raise LibvirtFailure("network is not active", 55)
            for guest in self.guests:
                guest.port = guest.port and guest.network != report.name
            if self.host is not None:
                self.host.remove_bridge(own_bridge(tree_of(report.live_xml)))
            if report.persistent:
                self.reports[uuid] = replace(report, active=False, live_xml=None)
            else:
                del self.reports[uuid]

    def set_autostart(self, uuid: str, autostart: bool) -> None:
        with self._effect("autostart"):
            report = self._there(uuid)
            if not report.persistent:
                raise LibvirtFailure("cannot set autostart for transient network", 55)
            self.reports[uuid] = replace(report, autostart=autostart)

    def update_section(
        self, uuid: str, *, command: str, section: str, parent_index: int, xml: str, live: bool, config: bool
    ) -> None:
        with self._effect("update"):
            report = self._there(uuid)
            if live and not report.active:
                raise LibvirtFailure("network is not running", 55)
            if config and not report.persistent:
                raise LibvirtFailure("cannot change persistent config of a transient network", 55)
            live_xml, config_xml = report.live_xml, report.config_xml
            if live and live_xml is not None:
                live_xml = _updated(live_xml, command, section, parent_index, xml)
            if config and config_xml is not None:
                config_xml = _updated(config_xml, command, section, parent_index, xml)
            self.reports[uuid] = replace(report, live_xml=live_xml, config_xml=config_xml)

    def can_start_networks(self, xml: str) -> None:
        with self._effect("probe"):
            pass

    def _there(self, uuid: str) -> NetworkReport:
        if uuid not in self.reports:
            raise NotFound(f"no network with matching uuid '{uuid}'", 43)
        return self.reports[uuid]

    def _effect(self, name: str) -> "_Effect":
        return _Effect(self, name)

    def snapshot(self) -> dict[str, NetworkReport]:
        """Everything that matters of all networks, in one spelling."""
        return {
            uuid: replace(
                report,
                # The running network keeps the mark it was started with; one that was started again has the later one.
                live_xml=None
                if report.live_xml is None
                else _canonical(report.live_xml).replace(' phase="creating"', ""),
                config_xml=None if report.config_xml is None else _canonical(report.config_xml),
            )
            for uuid, report in self.reports.items()
        }


@dataclass
class _Effect:
    libvirt: FakeLibvirt
    name: str

    def __enter__(self) -> None:
        broken = self.libvirt.fail_at == len(self.libvirt.effects)
        self.libvirt.effects.append(self.name)
        if broken and not self.libvirt.fail_after_effect:
            raise LibvirtFailure(f"the fake was told to fail at {self.name}", 1)
        self._fails_after = broken

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if error is None and self._fails_after:
            raise LibvirtFailure(f"the fake was told to fail after {self.name}", 1)


def _normal(xml: str) -> str:
    """What libvirt's own dump adds: defaults of the bridge, `dev` beside the first interface."""
    root = etree.fromstring(xml)
    bridge = root.find("bridge")
    if bridge is not None and mode_of(tree_of(xml)) in OWN_BRIDGE_MODES:
        bridge.set("stp", bridge.get("stp", "on"))
        bridge.set("delay", bridge.get("delay", "0"))
    forward = root.find("forward")
    if forward is not None and (first := forward.find("interface")) is not None:
        forward.set("dev", first.get("dev", ""))
    return etree.tostring(root, encoding="unicode")


def tree_of(xml: str) -> NetworkTree:
    """A network's tree, read apart from what the provider has read of it."""
    return network_xml.parse_network(network_xml.read_xml(xml))


def _canonical(xml: str) -> str:
    root = network_xml.read_xml(xml)
    root[:] = sorted(root, key=etree.tostring)
    # Items that were removed and put back stand at the end of their lists, and a list left empty keeps its holder.
    for holder in [*root.iter("dhcp"), *root.iter("dns"), *root.iter("forward"), *root.iter("metadata")]:
        holder[:] = sorted(holder, key=lambda element: etree.tostring(element, with_tail=False))
    for holder in [*root.iter("dhcp"), *root.iter("dns")]:
        if len(holder) == 0 and not holder.attrib:
            parent = holder.getparent()
            assert parent is not None
            parent.remove(holder)
    etree.indent(root)
    return etree.tostring(root, method="c14n").decode()


def _updated(xml: str, command: str, section: str, parent_index: int, item_xml: str) -> str:
    root, item = etree.fromstring(xml), etree.fromstring(item_xml)
    _, element, holder_path = network_xml.SECTIONS[section]
    parent = root.findall("ip")[parent_index] if holder_path == "ip/dhcp" else root
    name = holder_path.rpartition("/")[2]
    holder = parent if not name else parent.find(name)
    if holder is None:
        holder = etree.SubElement(parent, name)
    there = [
        child
        for child in holder.findall(element)
        if network_xml.same_item(child, item, section)
        # libvirt finds a DNS host by its address alone.
        or (section == "dns-host" and command == "delete" and len(item) == 0 and child.get("ip") == item.get("ip"))
    ]
    if section == "dns-srv":
        there = [child for child in holder.findall(element) if _taken_for(item, child)]
    if command == "add":
        if there:
            raise LibvirtFailure("there is an existing entry that matches", 55)
        holder.append(item)
    else:
        if section == "dns-srv" and len(there) > 1:
            raise LibvirtFailure("multiple DNS SRV records matching all specified fields were found", 55)
        if not there:
            raise LibvirtFailure("couldn't locate a matching entry", 55)
        holder.remove(there[0])
    if name == "forward":
        first = holder.find("interface")
        holder.attrib.pop("dev", None)
        if first is not None:
            holder.set("dev", first.get("dev", ""))
    return etree.tostring(root, encoding="unicode")


def _taken_for(named: etree._Element, there: etree._Element) -> bool:
    """As libvirt finds an SRV record: it goes by nothing else, and by domain and target only where they are named."""
    return all(named.get(name) == there.get(name) for name in ("service", "protocol")) and all(
        named.get(name) in (None, there.get(name)) for name in ("domain", "target")
    )
