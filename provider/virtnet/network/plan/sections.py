"""Live changes of a running network without a restart: items of its sections, and its texts. Pure.

virNetworkUpdate takes one item at a time. All removals of a section come before its additions, so that an address can
move from one reservation to another, or swap, without a collision. A changed item is removed and added, because MODIFY
picks the first similar entry (and older libvirt has no MODIFY for DNS).
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from virtnet.network.live_items import ItemChange, item_changes
from virtnet.network.observe.firewall.libvirt_rules import WRITES_NFTABLES
from virtnet.network.observed import ObservedNetwork
from virtnet.network.spec import (
    Dhcp,
    DhcpHost,
    DhcpRange,
    Dns,
    DnsHost,
    Forward,
    ForwardInterface,
    NetworkSpec,
    PortGroup,
    Srv,
    Txt,
)
from virtnet.network.steps.kinds import DnsmasqRestart
from virtnet.network.steps.metadata import SetMetadata
from virtnet.network.steps.rules import StopTracking, TrackConnections
from virtnet.network.steps.sections import UpdateSection
from virtnet.network.steps.step import NetworkStep
from virtnet.network.tree import TextKind, gives_addresses, texts_of
from virtnet.network.xml import write as network_edit
from virtnet.planning.merge import label
from virtnet.spec.part import Part, Values, shapes

if TYPE_CHECKING:
    from virtnet.network._generated.trees import NetworkTree


class _Operation(NamedTuple):
    command: str
    section: str
    parent_index: int
    xml: str
    deleted_by: str
    key: str
    first: bool


class _Section(NamedTuple):
    name: str
    part: type[Part]
    element: str
    within: type[Part]
    field: str

    @property
    def ordered(self) -> bool:
        return bool(shapes(self.within)[self.field].ordered)


_DHCP_RANGES = _Section("ip-dhcp-range", DhcpRange, "range", Dhcp, "ranges")
_DHCP_HOSTS = _Section("ip-dhcp-host", DhcpHost, "host", Dhcp, "hosts")
_INTERFACES = _Section("forward-interface", ForwardInterface, "interface", Forward, "interfaces")
_PORT_GROUPS = _Section("portgroup", PortGroup, "portgroup", NetworkSpec, "port_groups")
_DNS_HOSTS = _Section("dns-host", DnsHost, "host", Dns, "hosts")
_DNS_TXTS = _Section("dns-txt", Txt, "txt", Dns, "txts")
_DNS_SRVS = _Section("dns-srv", Srv, "srv", Dns, "srvs")


def section_updates(
    uuid: str, live: "tuple[NetworkTree, NetworkTree] | None", config: "tuple[NetworkTree, NetworkTree] | None"
) -> tuple[UpdateSection, ...]:
    """The updates that bring both copies from found to wanted; one call if both copies need the same.

    `live` and `config` are (wanted, found), or None for a copy that doesn't exist.
    """
    on_live = list(_operations(*live)) if live is not None else []
    on_config = list(_operations(*config)) if config is not None else []
    ordered = on_live + [operation for operation in on_config if operation not in on_live]
    removals = [operation for operation in ordered if operation.command == "delete"]
    additions = [operation for operation in ordered if operation.command == "add"]
    begins_or_ends_dhcp = live is not None and _serves_ipv4_dhcp(live[0]) != _serves_ipv4_dhcp(live[1])
    return tuple(
        UpdateSection(
            uuid=uuid,
            command=operation.command,
            section=operation.section,
            parent_index=operation.parent_index,
            xml=operation.xml,
            deleted_by=operation.deleted_by,
            key=operation.key,
            first=operation.first,
            live=operation in on_live,
            config=operation in on_config,
            begins_or_ends_dhcp=begins_or_ends_dhcp,
        )
        for operation in removals + additions
    )


def tracked(rebuilding: Sequence[NetworkStep], observed: ObservedNetwork) -> tuple[NetworkStep, ...]:
    """These steps, with the steps around them that keep connections tracked if nothing else on the host does."""
    if observed.tracked is not False or not any(step.impact.rebuilds_firewall for step in rebuilding):
        return tuple(rebuilding)
    uuid, versions, program = observed.report.uuid, observed.report.running.translated, tracking_program(observed)
    return (
        TrackConnections(uuid=uuid, versions=versions, program=program),
        *rebuilding,
        StopTracking(uuid=uuid, versions=versions, program=program),
    )


def tracking_program(observed: ObservedNetwork) -> Literal["nft", "iptables"]:
    """The program for that rule: the one by which libvirt writes the network's own, or may write them."""
    return "nft" if observed.libvirt_version >= WRITES_NFTABLES else "iptables"


def dhcpv6_begins_or_ends(wanted: "NetworkTree", found: "NetworkTree") -> DnsmasqRestart | None:
    """Why dnsmasq must be restarted if DHCPv6 begins or ends with only reservations; None if it needn't.

    Then libvirt only makes dnsmasq reread its hosts, and dnsmasq continues without DHCPv6, or with it (9.0; for a
    begin, 11.3 too).
    """
    there = {ip["address"]: ip.get("dhcp", {}) for ip in found.get("ips", [])}
    for ip in wanted.get("ips", []):
        meant, had = ip.get("dhcp", {}), there.get(ip["address"])
        if ":" not in ip["address"] or had is None or meant.get("ranges") or had.get("ranges"):
            continue
        if bool(meant.get("hosts")) != bool(had.get("hosts")):
            return DnsmasqRestart.DHCPV6_BEGINS if meant.get("hosts") else DnsmasqRestart.DHCPV6_ENDS
    return None


def adds_second_address(wanted: "NetworkTree", found: "NetworkTree") -> bool:
    """Whether a DNS host is added with a name that another address already has."""
    hosts = wanted.get("dns", {}).get("hosts", [])
    _, additions = item_changes(DnsHost, hosts, found.get("dns", {}).get("hosts", []), ordered=False)
    added = {change.item["ip"] for change in additions}
    return any(
        not set(host["hostnames"]).isdisjoint(other["hostnames"])
        for host in hosts
        if host["ip"] in added
        for other in hosts
        if other is not host
    )


def _serves_ipv4_dhcp(tree: "NetworkTree") -> bool:
    return any(gives_addresses(ip.get("dhcp", {})) for ip in tree.get("ips", []) if ":" not in ip["address"])


def _operations(wanted: "NetworkTree", found: "NetworkTree") -> Iterator[_Operation]:
    wanted_ips = {ip["address"]: ip for ip in wanted.get("ips", [])}
    for index, ip in enumerate(found.get("ips", [])):
        target = wanted_ips.get(ip["address"])
        if target is None:
            continue
        dhcp, dhcp_found = target.get("dhcp", {}), ip.get("dhcp", {})
        yield from _items(_DHCP_RANGES, index, dhcp.get("ranges", []), dhcp_found.get("ranges", []))
        yield from _items(_DHCP_HOSTS, index, dhcp.get("hosts", []), dhcp_found.get("hosts", []))
    forward, forward_found = wanted.get("forward", {}), found.get("forward", {})
    yield from _items(_INTERFACES, -1, forward.get("interfaces", []), forward_found.get("interfaces", []))
    yield from _items(_PORT_GROUPS, -1, wanted.get("port_groups", []), found.get("port_groups", []))
    dns, dns_found = wanted.get("dns", {}), found.get("dns", {})
    yield from _items(_DNS_HOSTS, -1, dns.get("hosts", []), dns_found.get("hosts", []))
    yield from _items(_DNS_TXTS, -1, dns.get("txts", []), dns_found.get("txts", []))
    yield from _items(_DNS_SRVS, -1, dns.get("srvs", []), dns_found.get("srvs", []))


def _items(section: _Section, index: int, wanted: Sequence[Values], found: Sequence[Values]) -> Iterator[_Operation]:
    removals, additions = item_changes(section.part, wanted, found, ordered=section.ordered)
    for change in removals:
        yield _operation("delete", section, index, change)
    for change in additions:
        yield _operation("add", section, index, change)


def _operation(command: str, section: _Section, index: int, change: ItemChange) -> _Operation:
    item = change.item
    xml = network_edit.section_xml(section.part, section.element, item)
    return _Operation(
        command=command,
        section=section.name,
        parent_index=index,
        xml=xml,
        deleted_by=f"<host ip='{item['ip']}'/>" if section.part is DnsHost else xml,
        key=label(section.part, item),
        first=change.first,
    )


def text_updates(
    uuid: str, live: "tuple[NetworkTree, NetworkTree] | None", config: "tuple[NetworkTree, NetworkTree] | None"
) -> Iterator[SetMetadata]:
    """The texts to set so that both copies are as wanted; one call if both copies need the same.

    `live` and `config` are (wanted, found), or None for a copy that isn't changed. Texts that others set in one copy
    stay in that copy.
    """
    needed_live, needed_config = _needed(live), _needed(config)
    for key in sorted({*needed_live, *needed_config}):
        kind, namespace = key
        both = key in needed_live and key in needed_config and needed_live[key].text == needed_config[key].text
        if key in needed_live and not both:
            text, previous = needed_live[key]
            yield SetMetadata(
                uuid=uuid, kind=kind, namespace=namespace, text=text, previous=previous, live=True, config=False
            )
        if key in needed_config:
            text, previous = needed_config[key]
            yield SetMetadata(
                uuid=uuid, kind=kind, namespace=namespace, text=text, previous=previous, live=both, config=True
            )


class _Needed(NamedTuple):
    text: str | None
    previous: str | None


def _needed(copy: "tuple[NetworkTree, NetworkTree] | None") -> "dict[tuple[TextKind, str], _Needed]":
    """The texts that differ, as wanted and as found; None for no text."""
    if copy is None:
        return {}
    meant, there = map(texts_of, copy)
    return {
        key: _Needed(meant.get(key), there.get(key)) for key in {*meant, *there} if meant.get(key) != there.get(key)
    }
