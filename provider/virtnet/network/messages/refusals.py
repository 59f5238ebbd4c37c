"""How the refusals of a plan read: each a reason and what to do, with its kind's details in them. Pure."""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any

from virtnet.network.messages import failures
from virtnet.network.messages.attachments import Attachments, be, names, obstacle_sentence, remedy, the_interfaces
from virtnet.network.messages.limits import MODULES_OF_LIMITS
from virtnet.network.messages.problems import problem_sentence
from virtnet.network.messages.steps import DNSMASQ_RESTARTS
from virtnet.network.plan.kinds import RefusalKind, failure_of
from virtnet.network.problem_kinds import problem_of
from virtnet.network.steps.kinds import DnsmasqRestart
from virtnet.network.versions import OF_PROPERTY, version_text
from virtnet.planning.findings import Advice, Refusal
from virtnet.planning.messages import changed, if_earlier, release, state_delete
from virtnet.spec.failures import Details
from virtnet.spec.messages import reason as said
from virtnet.spec.part import as_group

Why = Mapping[str, Any]
"""What `plan.kinds.why_stopped` gives."""


def advice(refusal: Refusal) -> Advice:
    """A refusal as people read it."""
    told = ADVICE[refusal.kind]
    if not callable(told):
        return Advice(told.reason.format(**refusal.details), told.fix.format(**refusal.details))
    said_of = told(**refusal.details)
    why = as_group(refusal.details.get("why") or {})
    if not why.get("updates") or why["changes"] or why["problems"]:
        return said_of
    return Advice(said_of.reason, f'{said_of.fix}. Or set on_many_updates="live", which restarts nothing')


def _owned_by_other(*, uuid: str, owner: str, alias: str) -> Advice:
    return Advice(
        f"a network of this name (UUID {uuid}) belongs to '{owner}'",
        f"Choose another name. To move the network here, first {release('the network')}, and set adopt=True here"
        f"{if_earlier('that owner', alias)}. If that owner no longer exists, set adopt=True",
    )


def _if_earlier(network: str, alias: str) -> str:
    return if_earlier(f"network '{network}'", alias)


def _uuid_taken(*, uuid: str, network: str, alias: str) -> Advice:
    return Advice(
        f"the UUID {uuid} already belongs to network '{network}'", f"Choose another UUID{_if_earlier(network, alias)}"
    )


def _bridge_name_taken(*, bridge: str, network: str, alias: str) -> Advice:
    return Advice(
        f"the bridge name {bridge} already belongs to network '{network}'",
        f"Choose another bridge.name{_if_earlier(network, alias)}",
    )


def _overlaps_network(*, subnet: str, other: str, network: str, alias: str) -> Advice:
    return Advice(
        f"{subnet} overlaps {other} of the active network '{network}'", f"{_OTHER_SUBNET}{_if_earlier(network, alias)}"
    )


def _route_into_network(*, route: str, other: str, network: str, alias: str) -> Advice:
    return Advice(
        f"the route to {route} takes addresses from {other} of the active network '{network}'",
        f"{_OTHER_ROUTE}{_if_earlier(network, alias)}",
    )


def _advertised_routes_lost(*, interfaces: Sequence[str]) -> Advice:
    return Advice(
        "the network turns on IPv6 forwarding, and the host would lose its routes learned from router advertisements on "
        f"{', '.join(interfaces)}",
        "Set net.ipv6.conf.INTERFACE.accept_ra=2 there first",
    )


def _libvirt_too_old(*, path: str, needed: int, version: int) -> Advice:
    return Advice(
        f"{OF_PROPERTY.get(path, path)} needs libvirt {version_text(needed)}, and the host has {version_text(version)}",
        "Remove it from the program, or upgrade libvirt",
    )


def _kernel_cannot_limit(*, way: str) -> Advice:
    return Advice(
        f"the host's kernel can't limit {way} traffic: it lacks at least one of {MODULES_OF_LIMITS[way]}",
        f"Install the kernel's extra modules, or remove bandwidth.{way}",
    )


def _contradiction(**failure: Any) -> Advice:
    found = failure_of(**failure)
    return Advice(f"{found.path}: {said(found, failures.SENTENCES)}")


def _dnsmasq_not_restarted(*, reason: str) -> Advice:
    return Advice(
        f"dnsmasq must be restarted {DNSMASQ_RESTARTS[DnsmasqRestart(reason)]}, and while the network is active libvirt "
        "does that only if DNS is enabled",
        "Set dns.enable to true in the same edit, or set active to false for this edit",
    )


def _stopped(why: Why) -> str:
    changes = [changed(**change) for change in why["changes"]]
    problems = [problem_sentence(problem_of(problem)) for problem in why["problems"]]
    if why["updates"]:
        problems.append(f"{why['updates']} updates at once")
    return f"the network would be stopped ({'; '.join([*changes, *problems]) or 'active becomes false'})"


def _cuts_off(event: str, attachments: Attachments) -> str:
    return f"{event}, which would disconnect {names(attachments)}"


_DETACH = "Detach everything from the network first"


def _would_be_inactive(*, attachments: Attachments) -> Advice:
    return Advice(_cuts_off("the network would not be active", attachments), _DETACH)


def _would_be_stopped(*, why: Why, attachments: Attachments) -> Advice:
    return Advice(_cuts_off(_stopped(why), attachments), _DETACH)


def _half_made_would_be_stopped(*, attachments: Attachments) -> Advice:
    return Advice(_cuts_off("the incomplete network would be stopped", attachments), _DETACH)


def _delete_disconnects(*, attachments: Attachments, urn: str) -> Advice:
    # A delete goes by the recorded on_delete. It comes from a program without the network, one that renames it, or
    # --replace: the first two need the network as it was, or pulumi up would meet this refusal again.
    return Advice(
        f"deleting it would disconnect {names(attachments)}",
        f"{_DETACH}. To disconnect them anyway: if the network was removed or renamed in the program, put it back as it "
        'was. Set its on_delete="disconnect" and run pulumi up, and then delete it again. To keep the network and remove '
        f"it from the state only: {state_delete(urn)}",
    )


def _still_held(*, attachments: Attachments, network: str) -> Advice:
    return Advice(
        f"{names(attachments)} {be(attachments)} still on the holding network {network}",
        "First run pulumi up with the network in the program, which reattaches everything",
    )


def _other_host(*, host: str, recorded: str, urn: str) -> Advice:
    return Advice(
        f"the uri now reaches the host {host}, which doesn't have the network; it was created on host {recorded}",
        f"Correct the uri, or remove the network from the state: {state_delete(urn)}",
    )


def _stop_deletes_foreign_bridge(*, problem: Details) -> Advice:
    return _deletes_foreign_bridge(problem, "stopping")


def _delete_deletes_foreign_bridge(*, problem: Details) -> Advice:
    return _deletes_foreign_bridge(problem, "deleting")


def _deletes_foreign_bridge(problem: Details, event: str) -> Advice:
    return Advice(
        f"{problem_sentence(problem_of(problem))}; {event} the network would delete that interface",
        "Rename that interface first",
    )


def _on_restart_is_refuse(*, why: Why, attachments: Attachments) -> Advice:
    return Advice(f'{_cuts_off(_stopped(why), attachments)}, and on_restart is "refuse"', _DETACH)


def _host_not_reached(*, why: Why, attachments: Attachments) -> Advice:
    return Advice(
        f"{_cuts_off(_stopped(why), attachments)}, and this uri reaches only libvirt, not the host, so virtnet can't "
        "make sure that everything is reattached",
        _DETACH,
    )


def _cannot_reattach(*, why: Why, attachment: Mapping[str, str], obstacle: Mapping[str, str]) -> Advice:
    return Advice(
        f"{_stopped(why)}, and {names([attachment])} could not be reattached: {obstacle_sentence(**obstacle)}",
        remedy(**obstacle) or "Detach it first",
    )


def _may_not_reattach(*, why: Why, attachments: Attachments) -> Advice:
    return Advice(
        f"{_cuts_off(_stopped(why), attachments)}, and this user isn't allowed to reattach interfaces",
        f"Run as root, or detach {the_interfaces(attachments)} first",
    )


def _vlan_filtering_by_hand(*, why: Why, bridge: str) -> Advice:
    return Advice(
        f"{_stopped(why)}, and {bridge} has VLAN filtering, which was set by hand. The restart would lose it, and VLANs "
        "that it separates could reach each other",
        _DETACH,
    )


def _mode_without_bridge(*, why: Why, mode: str, attachments: Attachments) -> Advice:
    return Advice(
        f"{_stopped(why)}, and forward mode {mode} has no bridge for {names(attachments)}",
        f"Detach {the_interfaces(attachments)} first",
    )


def _bridge_goes(*, why: Why, bridge: str, attachments: Attachments) -> Advice:
    return Advice(
        f"{_stopped(why)}, and {names(attachments)} {be(attachments)} attached to the bridge {bridge}, which would be "
        "removed",
        f"Attach {the_interfaces(attachments)} to another network first",
    )


def _bridge_renamed(*, why: Why, before: str, after: str, attachments: Attachments) -> Advice:
    name = (
        f"definition of {names(attachments)} names"
        if len(attachments) == 1
        else f"definitions of {names(attachments)} name"
    )
    return Advice(
        f"{_stopped(why)}, and the {name} the bridge {before} (type='bridge'), which would become {after}",
        f"Keep bridge.name, or attach {the_interfaces(attachments)} to another network first",
    )


def _virtual_port(*, why: Why, attachments: Attachments) -> Advice:
    return Advice(
        f"{_stopped(why)}, and {names(attachments)} can get a virtualport only when the guest starts",
        f"Detach {the_interfaces(attachments)} first",
    )


_OTHER_SUBNET = "Choose another subnet, or set allow_overlap if the overlap is intended"
_OTHER_ROUTE = "Correct the address in routes, or set allow_overlap if that is intended"

ADVICE: Mapping[Enum, Advice | Callable[..., Advice]] = {
    RefusalKind.EXISTS: Advice(
        "a network of this name already exists (UUID {uuid})", "Set adopt=True to manage it, or choose another name"
    ),
    RefusalKind.OWNED_BY_OTHER: _owned_by_other,
    RefusalKind.TAKEN_OVER: Advice(
        "it now belongs to '{owner}' (UUID {uuid})",
        f"Remove this resource from this program, which doesn't change the network. To keep it here, {release('the network')}, and "
        "set adopt=True here",
    ),
    RefusalKind.ADOPTED_UUID_DIFFERS: Advice(
        "the network to adopt has the UUID {uuid}, not {desired}", "Remove uuid from the program"
    ),
    RefusalKind.HALF_MADE_UUID_DIFFERS: Advice(
        "an incomplete network of this name has the UUID {uuid}, not {desired}",
        "Remove that network with virsh net-undefine",
    ),
    RefusalKind.UUID_TAKEN: _uuid_taken,
    RefusalKind.GONE: Advice(
        "it no longer exists (UUID {uuid})", "Run pulumi refresh, then pulumi up, which creates it again"
    ),
    RefusalKind.OTHER_HOST: _other_host,
    RefusalKind.USERS_OWN_LIBVIRT: Advice(
        "{uri} is a user's session libvirt, which isn't allowed to create the network's bridge",
        "Use the uri {instead}, or forward mode bridge with an existing bridge",
    ),
    RefusalKind.BRIDGE_NAME_TAKEN: _bridge_name_taken,
    RefusalKind.INTERFACES_UNSEEN: Advice(
        "virtnet can't see from here whether the host has an interface named {bridge}, which starting the network could "
        "delete",
        "Install libvirt's interface driver on the host (libvirt-daemon-driver-interface)",
    ),
    RefusalKind.INTERFACE_EXISTS: Advice(
        "the host already has an interface named {bridge}, which libvirt could delete",
        "Choose another bridge.name, or remove that interface",
    ),
    RefusalKind.OVERLAPS_NETWORK: _overlaps_network,
    RefusalKind.OVERLAPS_INTERFACE: Advice(
        "{subnet} overlaps {other} of the host's interface {interface}", _OTHER_SUBNET
    ),
    RefusalKind.OVERLAPS_ROUTE: Advice("{subnet} overlaps the host's route to {other} over {interface}", _OTHER_SUBNET),
    RefusalKind.ROUTE_INTO_NETWORK: _route_into_network,
    RefusalKind.ROUTE_INTO_INTERFACE: Advice(
        "the route to {route} takes addresses from {other} of the host's interface {interface}", _OTHER_ROUTE
    ),
    RefusalKind.HOST_BRIDGE_MISSING: Advice(
        "the host has no bridge {bridge}", "Create it first, or correct bridge.name"
    ),
    RefusalKind.NOT_A_BRIDGE: Advice(
        "the host's interface {interface} isn't a bridge",
        "Correct bridge.name, or set virtual_port.type to openvswitch if it is an Open vSwitch bridge",
    ),
    RefusalKind.HOST_INTERFACE_MISSING: Advice("the host has no interface {interface}", "Correct {path}"),
    RefusalKind.TFTP_ROOT_MISSING: Advice(
        "the host has no directory {directory}, without which dnsmasq doesn't start", "Create it, or correct tftp_root"
    ),
    RefusalKind.NO_VIRTUAL_FUNCTION: Advice(
        "the host's PCI device {address} is missing or no virtual function, so libvirt can't give it to guests",
        "Correct forward.addresses (decimal; lspci prints hexadecimal numbers), or create the virtual functions of the card",
    ),
    RefusalKind.ZONE_MISSING: Advice(
        "the host has no firewalld zone {zone}, or firewalld isn't running",
        "Start firewalld and create the zone, or remove bridge.zone",
    ),
    RefusalKind.KERNEL_CANNOT_LIMIT: _kernel_cannot_limit,
    RefusalKind.DNSMASQ_MISSING: Advice(
        "dnsmasq isn't installed on the host", "Install it (Debian and Ubuntu: the package dnsmasq-base)"
    ),
    RefusalKind.FIREWALL_PROGRAMS_MISSING: Advice(
        "neither iptables nor nft is installed on the host", "Install iptables"
    ),
    RefusalKind.ADVERTISED_ROUTES_LOST: _advertised_routes_lost,
    RefusalKind.DNS_PORT_TAKEN: Advice(
        "another program uses {protocol} port 53 of {address}, which DNS on this network needs",
        "Stop that program, have it listen on other addresses only, or set dns.enable to false",
    ),
    RefusalKind.DHCP_PORT_TAKEN: Advice(
        "another program uses udp port 67 exclusively, which DHCP on this network needs",
        "Stop that program, or bind it to its own interface",
    ),
    RefusalKind.AUTOSTART_PLACE_TAKEN: Advice(
        "{path} exists and isn't libvirt's link to this network, so libvirt can't set autostart",
        "Remove that file, or set autostart to false",
    ),
    RefusalKind.LIBVIRT_TOO_OLD: _libvirt_too_old,
    RefusalKind.CONTRADICTION: _contradiction,
    RefusalKind.DNSMASQ_NOT_RESTARTED: _dnsmasq_not_restarted,
    RefusalKind.WOULD_BE_INACTIVE: _would_be_inactive,
    RefusalKind.WOULD_BE_STOPPED: _would_be_stopped,
    RefusalKind.HALF_MADE_WOULD_BE_STOPPED: _half_made_would_be_stopped,
    RefusalKind.DELETE_DISCONNECTS: _delete_disconnects,
    RefusalKind.STILL_HELD: _still_held,
    RefusalKind.STOP_DELETES_FOREIGN_BRIDGE: _stop_deletes_foreign_bridge,
    RefusalKind.DELETE_DELETES_FOREIGN_BRIDGE: _delete_deletes_foreign_bridge,
    RefusalKind.ON_RESTART_IS_REFUSE: _on_restart_is_refuse,
    RefusalKind.HOST_NOT_REACHED: _host_not_reached,
    RefusalKind.CANNOT_REATTACH: _cannot_reattach,
    RefusalKind.MAY_NOT_REATTACH: _may_not_reattach,
    RefusalKind.VLAN_FILTERING_BY_HAND: _vlan_filtering_by_hand,
    RefusalKind.MODE_WITHOUT_BRIDGE: _mode_without_bridge,
    RefusalKind.BRIDGE_GOES: _bridge_goes,
    RefusalKind.BRIDGE_RENAMED: _bridge_renamed,
    RefusalKind.VIRTUAL_PORT: _virtual_port,
}
