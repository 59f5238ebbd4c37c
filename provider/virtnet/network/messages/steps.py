"""How steps read: what each does, as words behind "will", and why one fails."""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum

from virtnet.network.messages.attachments import Attachments, names, obstacle_sentence
from virtnet.network.messages.problems import rules
from virtnet.network.steps.kinds import DnsmasqRestart, StepFault, StepKind
from virtnet.network.versions import version_text

#: Why dnsmasq is restarted.
DNSMASQ_RESTARTS: Mapping[DnsmasqRestart, str] = {
    DnsmasqRestart.DHCPV6_BEGINS: "so that it serves DHCPv6",
    DnsmasqRestart.DHCPV6_ENDS: "so that it no longer serves DHCPv6",
    DnsmasqRestart.NOT_RUNNING: "it is not running",
    DnsmasqRestart.CUT_SHORT: "a restart of it was cut short",
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
    return f"finish {_network(mode, addresses, bridge)}"


def _marks(*, owner: str, as_found: bool) -> str:
    return f"note in its metadata that it belongs to '{owner}'" + (", and how it was found" if as_found else "")


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
    return f"note in the running network that dnsmasq is to be restarted ({said})"


def _restarts_dnsmasq(*, reason: str) -> str:
    return f"restart dnsmasq ({DNSMASQ_RESTARTS[DnsmasqRestart(reason)]})"


def _sets_autostart(*, autostart: bool, clears: str) -> str:
    first = f", and remove {clears} before, which is in libvirt's way" if clears else ""
    return f"set autostart to {'true' if autostart else 'false'}{first}"


def _restores_autostart(*, autostart: bool) -> str:
    return f"set autostart back to {'true' if autostart else 'false'}"


def _starts_holding(*, holding: str, tracks: bool) -> str:
    rule = ", and add a firewall rule of that name, which has the kernel track connections meanwhile" if tracks else ""
    return f"start the network {holding}, on which what is plugged in waits{rule}"


def _removes_holding(*, holding: str, tracks: bool) -> str:
    return f"remove the network {holding}{' and its firewall rule' if tracks else ''}"


def _moves(*, attachments: Attachments, holding: str) -> str:
    return f"move {names(attachments) or 'nothing'} to the network {holding} meanwhile"


def _reattaches(*, attachments: Attachments) -> str:
    return f"plug {names(attachments) or 'nothing'} in again"


def _disconnects(*, bridge: str, attachments: Attachments) -> str:
    return f"remove the bridge {bridge} that a broken stop left behind, disconnecting {names(attachments)}"


def _dropped(*, uri: str, version: int, paths: Sequence[str], needed: Sequence[tuple[str, int]]) -> str:
    since = [f"{path} needs libvirt {version_text(least)}" for path, least in needed]
    return (
        f"libvirt at {uri} (version {version_text(version)}) dropped {', '.join(paths)} from the definition; leave it "
        "out or upgrade" + (f" ({'; '.join(since)})" if since else "")
    )


def _plugged_in_since(*, attachments: Attachments) -> str:
    return f"since the plan was made {names(attachments)} was plugged in, which would be cut off; unplug it first"


def _cannot_reattach(*, attachment: Mapping[str, str], obstacle: Mapping[str, str]) -> str:
    return f"{names([attachment])} was plugged in since the plan was made: {obstacle_sentence(**obstacle)}"


def _still_waiting(*, attachments: Attachments, holding: str) -> str:
    return f"{names(attachments)} still waits on the network {holding}, which is kept for it"


def _not_active(*, attachments: Attachments, holding: str) -> str:
    return (
        f"the network is not active, so {names(attachments) or 'nothing'} cannot be plugged in and waits on the "
        f"network {holding}"
    )


def _rules_not_restored(*, missing: Sequence[Mapping[str, str]]) -> str:
    parts = " and ".join(rules(**part) for part in missing)
    return (
        f"the network's firewall rules are still not all there ({parts}); systemctl restart virtnetworkd (or libvirtd) "
        "makes them anew and leaves guests alone"
    )


SENTENCES: Mapping[Enum, str | Callable[..., str]] = {
    StepKind.DEFINE: "define the network",
    StepKind.CREATE_DEFINITION: _creates,
    StepKind.FINISH_DEFINITION: _finishes,
    StepKind.COMPLETE_MARK: "note in its metadata that it is complete",
    StepKind.CHANGE_DEFINITION: "change the network's definition",
    StepKind.MAKE_PERSISTENT: "make the network persistent",
    StepKind.RESTORE_DEFINITION: "put the old definition back",
    StepKind.REMOVE_DEFINITION: "remove the definition",
    StepKind.UNDEFINE: "remove the network's definition",
    StepKind.MARK: _marks,
    StepKind.UNMARK: "remove virtnet's mark from the network",
    StepKind.UNMARK_RUNNING: "remove virtnet's mark from the running network",
    StepKind.SET_TEXT: _sets_text,
    StepKind.REMOVE_TEXT: _removes_text,
    StepKind.ADD_ITEM: _adds,
    StepKind.REMOVE_ITEM: _removes,
    StepKind.ANNOUNCE_DNSMASQ_RESTART: _announces_restart,
    StepKind.WITHDRAW_DNSMASQ_RESTART: "restart dnsmasq as it was",
    StepKind.RESTART_DNSMASQ: _restarts_dnsmasq,
    StepKind.START: "start the network",
    StepKind.STOP: "stop the network",
    StepKind.RUN_AGAIN: "start the network with its old definition",
    StepKind.SET_AUTOSTART: _sets_autostart,
    StepKind.RESTORE_AUTOSTART: _restores_autostart,
    StepKind.PROBE_START: "make sure that libvirt can start networks now",
    StepKind.PROBE_LIMITS: "make sure that the host can limit traffic as bandwidth says",
    StepKind.START_HOLDING_NETWORK: _starts_holding,
    StepKind.REMOVE_HOLDING_NETWORK: _removes_holding,
    StepKind.MOVE_TO_HOLDING_NETWORK: _moves,
    StepKind.REATTACH: _reattaches,
    StepKind.REMOVE_BRIDGE_OF_START: "remove the bridge {bridge} that a broken start left behind",
    StepKind.REMOVE_BRIDGE_OF_STOP: _disconnects,
    StepKind.SET_BRIDGE_MTU: "set the MTU of the bridge {bridge} to {mtu}",
    StepKind.END_DNSMASQ: "end the network's dnsmasq that a killed libvirtd left behind",
    StepKind.RESTORE_RULES: "have libvirt write the network's firewall rules anew, and make what of its chains is gone",
    StepFault.BACKEND_UNKNOWN: (
        "nothing on {host} tells any more whether libvirt writes firewall rules by iptables or nftables, so its chains are "
        "not made; systemctl restart virtnetworkd (or libvirtd) makes them anew and leaves guests alone, and firewall_backend "
        "in {file} tells from then on"
    ),
    StepFault.RULES_NOT_RESTORED: _rules_not_restored,
    StepFault.NOT_DEFINED: "libvirt at {uri} took the definition but reports no such network",
    StepFault.DROPPED: _dropped,
    StepFault.GONE: "the network of UUID {uuid} is gone from libvirt at {uri}",
    StepFault.NAME_UNSEEN: "whether an interface named {bridge} is on the host already cannot be seen from here",
    StepFault.NAME_TAKEN: (
        "an interface named {bridge} is on the host already, and starting the network could delete it; rename the "
        "network's bridge (bridge.name) or remove that interface"
    ),
    StepFault.FOREIGN_BRIDGE: (
        "the interface {bridge} has the MAC address {address}, not the network's {mac}, so it is not the network's "
        "bridge, and stopping the network would delete it; rename that interface first"
    ),
    StepFault.PLUGGED_IN_SINCE: _plugged_in_since,
    StepFault.CANNOT_REATTACH: _cannot_reattach,
    StepFault.STILL_WAITING: _still_waiting,
    StepFault.NOT_ACTIVE: _not_active,
    StepFault.NOT_ON_NETWORK: "guest '{guest}' ({interface}) is not plugged in by libvirt's account",
    StepFault.GUEST_NOT_ON_BRIDGE: "the interface {interface} of guest '{guest}' is not in {bridge}",
    StepFault.LINK_NOT_ON_BRIDGE: "the interface {interface} is not in {bridge}",
    StepFault.MTU_NOT_REACHED: "the MTU of the bridge {bridge} can't be set from here, as only libvirt is reached",
    StepFault.HOST_NOT_REACHED: "the interface {interface} cannot be moved from here, as only libvirt is reached",
    StepFault.LEFTOVER_NOT_OURS: "the interface {bridge} on {host} is not ours, or is in use; remove it first",
    StepFault.CANNOT_LIMIT: (
        "the host can't limit traffic as bandwidth says: {failure}; install the kernel's further modules, or leave "
        "bandwidth out"
    ),
    StepFault.CANNOT_START: (
        "the network was not stopped, as it could not be started again: {failure}; if firewall rules were flushed, "
        "restart libvirtd (or virtnetworkd), which makes them again"
    ),
}
"""By kind: the sentence, with its details in braces, or the function that makes it of its details."""
