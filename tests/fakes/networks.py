"""Networks in memory. They behave as measured of libvirt 9.0.

A redefinition leaves the running network alone, a definition without a known UUID is refused, and updates touch one
copy or both.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from lxml import etree
from tests.fakes.effects import Effects
from tests.fakes.links import FakeLinks
from tests.fakes.network_xml import canonical, normal, tree_of, updated

from virtnet.errors import LibvirtFailure, NotFound
from virtnet.network.tree import network_tree, own_bridge
from virtnet.network.versions import SETS_BRIDGE_MTU
from virtnet.network.xml import write as network_edit
from virtnet.network.xml.definition import Definition
from virtnet.network.xml.read import OWNER_NAMESPACE
from virtnet.planning.reports import NetworkReport


@dataclass
class FakeNetworks:
    """Implements planning.libvirt_client.Networks and NetworkUpdates on a dict of reports."""

    effects: Effects
    reports: dict[str, NetworkReport] = field(default_factory=dict)
    """By UUID."""
    daemon_version: int = 12_000_000
    """New enough for every property, and to set titles and metadata in place."""
    links: FakeLinks | None = None
    """Where the networks' bridges come and go, where a test looks at them."""
    on_stop: Callable[[str], None] = lambda name: None
    """Told of each network that stops."""

    def find_network(
        self, *, uuid: str | None = None, name: str | None = None, seconds_old: float = 0.0
    ) -> NetworkReport | None:
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

    def define_network(self, xml: str) -> None:
        with self.effects.happen("define"):
            root = etree.fromstring(xml)
            uuid, name = root.findtext("uuid") or "", root.findtext("name") or ""
            for other in self.reports.values():
                if (other.name == name) != (other.uuid == uuid):
                    raise LibvirtFailure(f"network '{name}' already exists with uuid {other.uuid}", 9)
            known = self.reports.get(uuid)
            text = normal(xml)
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
            self.reports[uuid] = known._replace(persistent=True, config_xml=text)

    def undefine_network(self, uuid: str) -> None:
        with self.effects.happen("undefine"):
            report = self._there(uuid)
            if report.active:
                self.reports[uuid] = report._replace(persistent=False, config_xml=None, autostart=False)
            else:
                del self.reports[uuid]

    def start_network(self, uuid: str) -> None:
        with self.effects.happen("start"):
            report = self._there(uuid)
            if report.active:
                raise LibvirtFailure("network is already active", 55)
            self.reports[uuid] = report._replace(active=True, live_xml=report.config_xml)
            self._make_bridge(report.config_xml or "")

    def stop_network(self, uuid: str) -> None:
        with self.effects.happen("stop"):
            report = self._there(uuid)
            if report.live_xml is None:
                raise LibvirtFailure("network is not active", 55)
            self.on_stop(report.name)
            if self.links is not None:
                self.links.remove_bridge(own_bridge(tree_of(report.live_xml)))
            if report.persistent:
                self.reports[uuid] = report._replace(active=False, live_xml=None)
            else:
                del self.reports[uuid]

    def set_autostart(self, uuid: str, autostart: bool) -> None:
        with self.effects.happen("autostart"):
            report = self._there(uuid)
            if not report.persistent:
                raise LibvirtFailure("cannot set autostart for transient network", 55)
            self.reports[uuid] = report._replace(autostart=autostart)

    def start_transient_network(self, xml: str) -> None:
        with self.effects.happen("start transient"):
            root = etree.fromstring(xml)
            uuid, name = root.findtext("uuid") or "", root.findtext("name") or ""
            self.reports[uuid] = NetworkReport(
                uuid=uuid,
                name=name,
                active=True,
                persistent=False,
                autostart=False,
                live_xml=normal(xml),
                config_xml=None,
            )
            self._make_bridge(xml)

    def can_start_networks(self, xml: str) -> None:
        with self.effects.happen("probe"):
            pass

    def update_section(
        self, uuid: str, *, command: str, section: str, parent_index: int, xml: str, live: bool, config: bool
    ) -> None:
        with self.effects.happen("update"):
            report = self._there(uuid)
            if live and not report.active:
                raise LibvirtFailure("network is not running", 55)
            if config and not report.persistent:
                raise LibvirtFailure("cannot change persistent config of a transient network", 55)
            live_xml, config_xml = report.live_xml, report.config_xml
            if live and live_xml is not None:
                live_xml = updated(live_xml, command, section, parent_index, xml)
            if config and config_xml is not None:
                config_xml = updated(config_xml, command, section, parent_index, xml)
            self.reports[uuid] = report._replace(live_xml=live_xml, config_xml=config_xml)

    def rebuild_firewall(self, uuid: str) -> None:
        with self.effects.happen("rebuild firewall"):
            self._there(uuid)

    def set_metadata(self, uuid: str, *, kind: str, namespace: str, text: str | None, live: bool, config: bool) -> None:
        with self.effects.happen("set metadata"):
            if self.daemon_version < 9_007_000:
                raise LibvirtFailure("this function is not supported by the connection driver", 3)
            report = self._there(uuid)

            def changed(xml: str | None) -> str | None:
                if xml is None:
                    return None
                if namespace == OWNER_NAMESPACE and text is None:
                    return network_edit.without_owner_mark(Definition(xml))
                tree = tree_of(xml)
                texts = {**tree.get("metadata", {}), namespace: text} if kind == "metadata" else {}
                kept = {name: value for name, value in texts.items() if value is not None}
                edited = {**tree, kind: kept if kind == "metadata" else text}
                named = {name: value for name, value in edited.items() if value is not None}
                return network_edit.edit(Definition(xml), network_tree(named))

            self.reports[uuid] = report._replace(
                live_xml=changed(report.live_xml) if live else report.live_xml,
                config_xml=changed(report.config_xml) if config else report.config_xml,
            )

    def _make_bridge(self, xml: str) -> None:
        tree = tree_of(xml)
        if self.links is not None and (bridge := own_bridge(tree)):
            self.links.make_bridge(
                bridge,
                str(tree.get("mac", "52:54:00:fe:fe:fe")),
                stp=tree.get("bridge", {}).get("stp", True),
                mtu=str(tree.get("mtu", 1500)) if self.daemon_version >= SETS_BRIDGE_MTU else "1500",
            )

    def _there(self, uuid: str) -> NetworkReport:
        if uuid not in self.reports:
            raise NotFound(f"no network with matching uuid '{uuid}'", 43)
        return self.reports[uuid]

    def snapshot(self) -> dict[str, NetworkReport]:
        """Everything that matters of all networks, in one spelling."""
        return {
            # The running network keeps the mark it was started with; one that was started again has the later one.
            uuid: report._replace(
                live_xml=None
                if report.live_xml is None
                else canonical(report.live_xml).replace(' phase="first definition"', ""),
                config_xml=None if report.config_xml is None else canonical(report.config_xml),
            )
            for uuid, report in self.reports.items()
        }
