"""How steps read: what each does, as words behind "will", and why one fails."""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum

from virtnet.network.messages.attachments import Attachments, be, names, obstacle_sentence
from virtnet.network.messages.problems import rules
from virtnet.network.steps.kinds import DnsmasqRestart, StepFault, StepKind
from virtnet.network.versions import version_text

#: Why dnsmasq is restarted.
DNSMASQ_RESTARTS: Mapping[DnsmasqRestart, str] = {
    DnsmasqRestart.DHCPV6_BEGINS: "so that it serves DHCPv6",
    DnsmasqRestart.DHCPV6_ENDS: "so that it no longer serves DHCPv6",
    DnsmasqRestart.NOT_RUNNING: "it is not running",
    DnsmasqRestart.CUT_SHORT: "an earlier restart was interrupted",
}

#: What libvirt's sections of a network hold.
_ITEMS = {
    "ip-dhcp-range": "DHCP range",
    "ip-dhcp-host": "DHCP reservation",
    "forward-interface": "forward interface",
    "portgroup": "port group",
    "dns-host": "DNS host",
    "dns-txt": "DNS TXT record",
    "dns-srv": "DNS SRV record",
}


def _network(mode: str, addresses: Sequence[str], bridge: str) -> str:
    mode = mode or "isolated"
    article = "an" if mode[0] in "aeio" else "a"
    return (
        f"{article} {mode} network"
        + (f" with {', '.join(addresses)}" if addresses else "")
        + (f" on bridge {bridge}" if bridge else "")
    )


def _creates(*, mode: str, addresses: Sequence[str], bridge: str) -> str:
    return f"define {_network(mode, addresses, bridge)}"


def _finishes(*, mode: str, addresses: Sequence[str], bridge: str) -> str:
    return f"complete the definition of {_network(mode, addresses, bridge)}"


def _marks(*, owner: str, as_found: bool) -> str:
    return f"set '{owner}' as the owner in the network's metadata" + (
        ", with the configuration from before adoption" if as_found else ""
    )


def _where(live: bool, config: bool) -> str:
    return "" if live and config else " (running network only)" if live else " (definition only)"


def _text(name: str, namespace: str) -> str:
    return f'metadata["{namespace}"]' if name == "metadata" else name


def _sets_text(*, name: str, namespace: str, live: bool, config: bool) -> str:
    return f"set {_text(name, namespace)}{_where(live, config)}"


def _removes_text(*, name: str, namespace: str, live: bool, config: bool) -> str:
    return f"remove {_text(name, namespace)}{_where(live, config)}"


def _adds(*, section: str, key: str, live: bool, config: bool) -> str:
    return f"add {_ITEMS[section]} {key}{_where(live, config)}"


def _removes(*, section: str, key: str, live: bool, config: bool) -> str:
    return f"remove {_ITEMS[section]} {key}{_where(live, config)}"


def _announces_restart(*, reason: str) -> str:
    said = DNSMASQ_RESTARTS[DnsmasqRestart(reason)]
    return f"record in the running network that dnsmasq needs a restart ({said})"


def _restarts_dnsmasq(*, reason: str) -> str:
    return f"restart dnsmasq ({DNSMASQ_RESTARTS[DnsmasqRestart(reason)]})"


def _sets_autostart(*, autostart: bool, clears: str) -> str:
    first = f"remove {clears}, which blocks libvirt's autostart link, and " if clears else ""
    return f"{first}set autostart to {'true' if autostart else 'false'}"


def _restores_autostart(*, autostart: bool) -> str:
    return f"set autostart back to {'true' if autostart else 'false'}"


def _starts_holding(*, holding: str, tracks: bool, stands_in: bool) -> str:
    if stands_in:
        return f"start the holding network {holding}, which stands in for the gateway"
    rule = ", with a firewall rule of that name that keeps the kernel tracking connections" if tracks else ""
    return f"start the holding network {holding}{rule}"


def _removes_holding(*, holding: str, tracks: bool) -> str:
    return f"remove the holding network {holding}{' and its firewall rule' if tracks else ''}"


def _moves(*, attachments: Attachments, holding: str) -> str:
    return f"move {names(attachments) or 'nothing'} to the holding network {holding}"


def _reattaches(*, attachments: Attachments) -> str:
    return f"reattach {names(attachments) or 'nothing'}"


def _disconnects(*, bridge: str, attachments: Attachments) -> str:
    return f"remove the bridge {bridge} that an interrupted stop left behind, disconnecting {names(attachments)}"


def _dropped(*, uri: str, version: int, paths: Sequence[str], needed: Sequence[tuple[str, int]]) -> str:
    since = [f"{path} needs libvirt {version_text(least)}" for path, least in needed]
    return (
        f"libvirt at {uri} (version {version_text(version)}) dropped {', '.join(paths)} from the definition. Remove "
        f"{'it' if len(paths) == 1 else 'them'} from the program, or upgrade libvirt"
        + (f" ({'; '.join(since)})" if since else "")
    )


def _plugged_in_since(*, attachments: Attachments) -> str:
    was, it = ("was", "it") if len(attachments) == 1 else ("were", "them")
    return f"{names(attachments)} {was} attached after the plan was made. Detach {it}, then run pulumi up again"


def _cannot_reattach(*, attachment: Mapping[str, str], obstacle: Mapping[str, str]) -> str:
    return f"{names([attachment])} was attached after the plan was made: {obstacle_sentence(**obstacle)}"


def _still_waiting(*, attachments: Attachments, holding: str) -> str:
    return f"{names(attachments)} {be(attachments)} still on the holding network {holding}, so that network is kept"


def _not_active(*, attachments: Attachments, holding: str) -> str:
    if not attachments:
        return f"the network isn't active, so the holding network {holding} is kept"
    return (
        f"the network isn't active, so {names(attachments)} can't be reattached and "
        f"{'stays' if len(attachments) == 1 else 'stay'} on the holding network {holding}"
    )


def _rules_not_restored(*, missing: Sequence[Mapping[str, str]]) -> str:
    parts = " and ".join(rules(**part) for part in missing)
    return (
        f"some of the network's firewall rules are still missing ({parts}). Run systemctl restart virtnetworkd (or "
        "libvirtd), which rebuilds them and doesn't disturb guests"
    )


SENTENCES: Mapping[Enum, str | Callable[..., str]] = {
    StepKind.DEFINE: "define the network",
    StepKind.CREATE_DEFINITION: _creates,
    StepKind.FINISH_DEFINITION: _finishes,
    StepKind.COMPLETE_MARK: "mark the network as complete in its metadata",
    StepKind.CHANGE_DEFINITION: "change the network's definition",
    StepKind.MAKE_PERSISTENT: "make the network persistent",
    StepKind.RESTORE_DEFINITION: "restore the old definition",
    StepKind.REMOVE_DEFINITION: "remove the definition",
    StepKind.UNDEFINE: "remove the network's definition",
    StepKind.MARK: _marks,
    StepKind.UNMARK: "remove virtnet's owner mark from the network",
    StepKind.UNMARK_RUNNING: "remove virtnet's owner mark from the running network",
    StepKind.SET_TEXT: _sets_text,
    StepKind.REMOVE_TEXT: _removes_text,
    StepKind.ADD_ITEM: _adds,
    StepKind.REMOVE_ITEM: _removes,
    StepKind.ANNOUNCE_DNSMASQ_RESTART: _announces_restart,
    StepKind.WITHDRAW_DNSMASQ_RESTART: "restart dnsmasq with its old configuration",
    StepKind.RESTART_DNSMASQ: _restarts_dnsmasq,
    StepKind.START: "start the network",
    StepKind.STOP: "stop the network",
    StepKind.RUN_AGAIN: "start the network with its old definition",
    StepKind.SET_AUTOSTART: _sets_autostart,
    StepKind.RESTORE_AUTOSTART: _restores_autostart,
    StepKind.PROBE_START: "check that libvirt can start a network now",
    StepKind.PROBE_LIMITS: "check that the host can limit traffic as bandwidth says",
    StepKind.START_HOLDING_NETWORK: _starts_holding,
    StepKind.REMOVE_HOLDING_NETWORK: _removes_holding,
    StepKind.MOVE_TO_HOLDING_NETWORK: _moves,
    StepKind.REATTACH: _reattaches,
    StepKind.REMOVE_BRIDGE_OF_START: "remove the bridge {bridge} that an interrupted start left behind",
    StepKind.REMOVE_BRIDGE_OF_STOP: _disconnects,
    StepKind.REMOVE_RULES_LEFT: "remove the firewall rules that libvirt left from an earlier run of the network",
    StepKind.SET_BRIDGE_MTU: "set the MTU of the bridge {bridge} to {mtu}",
    StepKind.END_DNSMASQ: "end the network's dnsmasq that a killed libvirtd left behind",
    StepKind.RESTORE_RULES: "recreate libvirt's missing firewall chains and have libvirt rebuild the network's rules",
    StepKind.TRACK_CONNECTIONS: "add the firewall rule {rule}, which keeps the kernel tracking connections",
    StepKind.STOP_TRACKING: "remove the firewall rule {rule}",
    StepFault.BACKEND_UNKNOWN: (
        "virtnet can't tell whether libvirt on {host} uses iptables or nftables, so it can't recreate libvirt's chains. "
        "Run systemctl restart virtnetworkd (or libvirtd), which recreates them and doesn't disturb guests. To let "
        "virtnet tell in future, set firewall_backend in {file}"
    ),
    StepFault.RULES_NOT_RESTORED: _rules_not_restored,
    StepFault.NOT_DEFINED: "libvirt at {uri} accepted the definition but reports no such network",
    StepFault.DROPPED: _dropped,
    StepFault.GONE: "libvirt at {uri} no longer has the network with the UUID {uuid}",
    StepFault.NAME_UNSEEN: "virtnet can't see from here whether the host already has an interface named {bridge}",
    StepFault.NAME_TAKEN: (
        "the host already has an interface named {bridge}, which starting the network could delete. Choose another "
        "bridge.name, or remove that interface"
    ),
    StepFault.FOREIGN_BRIDGE: (
        "the interface {bridge} isn't the network's bridge, because it has the MAC address {address}, not {mac}. Stopping "
        "the network would delete it. Rename that interface first"
    ),
    StepFault.PLUGGED_IN_SINCE: _plugged_in_since,
    StepFault.CANNOT_REATTACH: _cannot_reattach,
    StepFault.STILL_WAITING: _still_waiting,
    StepFault.NOT_ACTIVE: _not_active,
    StepFault.NOT_ON_NETWORK: "libvirt doesn't report guest '{guest}' ({interface}) as attached",
    StepFault.GUEST_NOT_ON_BRIDGE: "the interface {interface} of guest '{guest}' isn't attached to {bridge}",
    StepFault.LINK_NOT_ON_BRIDGE: "the interface {interface} isn't attached to {bridge}",
    StepFault.MTU_NOT_REACHED: "can't set the MTU of the bridge {bridge} from here, because the uri reaches only libvirt",
    StepFault.HOST_NOT_REACHED: "can't move the interface {interface} from here, because the uri reaches only libvirt",
    StepFault.LEFTOVER_NOT_OURS: "the interface {bridge} on {host} isn't virtnet's, or is in use. Remove it first",
    StepFault.CANNOT_LIMIT: (
        "the host can't limit traffic as bandwidth says: {failure}. Install the kernel's extra modules, or remove "
        "bandwidth"
    ),
    StepFault.CANNOT_START: (
        "the network was not stopped, because libvirt can't start networks now: {failure}. If firewall rules were "
        "flushed, restart virtnetworkd (or libvirtd), which recreates them"
    ),
}
"""By kind: the sentence, with its details in braces, or the function that makes it of its details."""
