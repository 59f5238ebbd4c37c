"""How the refusals of a plan read: each a reason and what to do, with its kind's details in them. Pure."""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any

from virtnet.network.messages import failures
from virtnet.network.messages.attachments import Attachments, names, obstacle_sentence, remedy
from virtnet.network.messages.limits import MODULES_OF_LIMITS
from virtnet.network.messages.problems import problem_sentence
from virtnet.network.messages.steps import DNSMASQ_RESTARTS
from virtnet.network.plan.kinds import RefusalKind, failure_of
from virtnet.network.problem_kinds import problem_of
from virtnet.network.steps.kinds import DnsmasqRestart
from virtnet.network.versions import OF_PROPERTY, version_text
from virtnet.planning.findings import Advice, Refusal
from virtnet.planning.messages import alias_option, changed, state_delete
from virtnet.spec.failures import Details
from virtnet.spec.messages import reason as said

Why = Mapping[str, Any]
"""What `plan.kinds.why_stopped` gives."""


def advice(refusal: Refusal) -> Advice:
    """A refusal as people read it."""
    told = ADVICE[refusal.kind]
    if callable(told):
        return told(**refusal.details)
    return Advice(told.reason.format(**refusal.details), told.fix)


def _owned_by_other(*, uuid: str, owner: str, alias: str) -> Advice:
    old_name = f"if that is this resource before it was renamed or moved, {alias_option(alias)}; otherwise "
    return Advice(
        f"a network of this name (UUID {uuid}) belongs to '{owner}', which would go on changing it",
        (old_name if alias else "")
        + "let go of it there first (on_delete keep, then destroy), choose another name, or, where nobody owns it any "
        "more, set adopt",
    )


def _advertised_routes_lost(*, interfaces: Sequence[str]) -> Advice:
    return Advice(
        "it turns on IPv6 forwarding, and the host would lose its routes learnt from router advertisements on "
        f"{', '.join(interfaces)}",
        "set net.ipv6.conf.INTERFACE.accept_ra=2 there first",
    )


def _libvirt_too_old(*, path: str, needed: int, version: int) -> Advice:
    return Advice(
        f"{OF_PROPERTY.get(path, path)} needs libvirt {version_text(needed)}, here is {version_text(version)}",
        "leave it out or upgrade",
    )


def _kernel_cannot_limit(*, way: str) -> Advice:
    return Advice(
        f"the host's kernel can't limit {way} traffic: it lacks at least one of {MODULES_OF_LIMITS[way]}",
        f"install the kernel's further modules, or leave bandwidth.{way} out",
    )


def _contradiction(**failure: Any) -> Advice:
    found = failure_of(**failure)
    return Advice(f"{found.path}: {said(found, failures.SENTENCES)}")


def _dnsmasq_not_restarted(*, reason: str) -> Advice:
    return Advice(
        f"dnsmasq must be restarted {DNSMASQ_RESTARTS[DnsmasqRestart(reason)]}, which libvirt does while the network "
        "runs only where DNS is enabled",
        "set dns.enable to true in the same edit, or active to false meanwhile",
    )


def _stopped(why: Why) -> str:
    changes = [changed(**change) for change in why["changes"]]
    problems = [problem_sentence(problem_of(problem)) for problem in why["problems"]]
    return f"the network would be stopped ({'; '.join([*changes, *problems]) or 'active becomes false'})"


def _cuts_off(event: str, attachments: Attachments) -> str:
    return f"{event}, which would cut off {names(attachments)}"


_UNPLUG = "unplug everything from the network first"


def _would_be_inactive(*, attachments: Attachments) -> Advice:
    return Advice(_cuts_off("the network would not be active", attachments), _UNPLUG)


def _would_be_stopped(*, why: Why, attachments: Attachments) -> Advice:
    return Advice(_cuts_off(_stopped(why), attachments), _UNPLUG)


def _half_made_would_be_stopped(*, attachments: Attachments) -> Advice:
    return Advice(_cuts_off("the half-made network would be stopped", attachments), _UNPLUG)


def _delete_cuts_off(*, attachments: Attachments, urn: str) -> Advice:
    # The resource has left the program, mostly: what is to be set there asks for it to be put back.
    return Advice(
        f"deleting it would cut off {names(attachments)}",
        f"{_UNPLUG}; or, to cut it off, set on_delete to disconnect in the program (put the network back if it was "
        "taken out), run pulumi up, and then take it out; or, to keep the network and have Pulumi forget it, "
        f"{state_delete(urn)}",
    )


def _still_held(*, attachments: Attachments, network: str) -> Advice:
    return Advice(
        f"{names(attachments)} still waits on the network {network}",
        "run pulumi up with the network in the program first, which plugs it in",
    )


def _other_host(*, host: str, recorded: str, urn: str) -> Advice:
    return Advice(
        f"the uri now reaches the host {host}, where the network is not; it was made on host {recorded}",
        f"correct the uri, or drop the network from the state: {state_delete(urn)}",
    )


def _stop_deletes_foreign_bridge(*, problem: Details) -> Advice:
    return _deletes_foreign_bridge(problem, "stopping")


def _delete_deletes_foreign_bridge(*, problem: Details) -> Advice:
    return _deletes_foreign_bridge(problem, "deleting")


def _deletes_foreign_bridge(problem: Details, event: str) -> Advice:
    return Advice(
        f"{problem_sentence(problem_of(problem))}; {event} the network would delete that", "rename that interface first"
    )


def _on_restart_is_refuse(*, why: Why, attachments: Attachments) -> Advice:
    return Advice(_cuts_off(_stopped(why), attachments), f"on_restart is refuse, so {_UNPLUG}")


def _host_not_reached(*, why: Why, attachments: Attachments) -> Advice:
    return Advice(
        f"{_cuts_off(_stopped(why), attachments)}, and only libvirt is reached by this uri, not the host, so it could "
        "not surely be plugged in again",
        _UNPLUG,
    )


def _cannot_reattach(*, why: Why, attachment: Mapping[str, str], obstacle: Mapping[str, str]) -> Advice:
    return Advice(
        f"{_stopped(why)}, and {names([attachment])} could not be plugged in again: {obstacle_sentence(**obstacle)}",
        remedy(**obstacle) or "unplug it first",
    )


def _may_not_reattach(*, why: Why, attachments: Attachments) -> Advice:
    return Advice(
        f"{_cuts_off(_stopped(why), attachments)}, and this user may not plug interfaces in again",
        "run as root, or unplug it first",
    )


def _vlan_filtering_by_hand(*, why: Why, bridge: str) -> Advice:
    return Advice(
        f"{_stopped(why)}, and {bridge} filters VLANs, which was set by hand and would be forgotten, so that what it "
        "keeps apart would meet",
        _UNPLUG,
    )


def _mode_without_bridge(*, why: Why, mode: str, attachments: Attachments) -> Advice:
    return Advice(f"{_stopped(why)}, and forward mode {mode} has no bridge for {names(attachments)}", "unplug it first")


def _bridge_goes(*, why: Why, bridge: str, attachments: Attachments) -> Advice:
    return Advice(
        f"{_stopped(why)}, and {names(attachments)} hangs on the bridge {bridge}, which goes",
        "plug it in elsewhere first",
    )


def _bridge_renamed(*, why: Why, before: str, after: str, attachments: Attachments) -> Advice:
    return Advice(
        f"{_stopped(why)}, and {names(attachments)} names the bridge {before} itself (type='bridge'), which becomes "
        f"{after}",
        "keep bridge.name, or plug it in elsewhere first",
    )


def _virtual_port(*, why: Why, attachments: Attachments) -> Advice:
    return Advice(
        f"{_stopped(why)}, and a virtualport is made for {names(attachments)} only when it starts", "unplug it first"
    )


_OTHER_SUBNET = "choose another subnet, or set allow_overlap if this is meant"

ADVICE: Mapping[Enum, Advice | Callable[..., Advice]] = {
    RefusalKind.EXISTS: Advice(
        "a network of this name already exists (UUID {uuid})", "set adopt to take it over, or choose another name"
    ),
    RefusalKind.OWNED_BY_OTHER: _owned_by_other,
    RefusalKind.TAKEN_OVER: Advice(
        "it belongs to '{owner}' by now (UUID {uuid})",
        "take it out of this program, which leaves it as it is, or let go of it there and set adopt here",
    ),
    RefusalKind.ADOPTED_UUID_DIFFERS: Advice(
        "the network to adopt has the UUID {uuid}, not {desired}", "leave uuid out"
    ),
    RefusalKind.HALF_MADE_UUID_DIFFERS: Advice(
        "a half-made network of this name has the UUID {uuid}, not {desired}", "remove it with virsh net-undefine"
    ),
    RefusalKind.UUID_TAKEN: Advice("the UUID {uuid} belongs to network '{network}' already", "choose another"),
    RefusalKind.GONE: Advice("it is gone (UUID {uuid})", "run pulumi refresh, then pulumi up makes it again"),
    RefusalKind.OTHER_HOST: _other_host,
    RefusalKind.USERS_OWN_LIBVIRT: Advice(
        "{uri} is a user's own libvirt, which may not make the network's bridge",
        "use the uri {instead}, or a network in mode bridge on a bridge that is there",
    ),
    RefusalKind.BRIDGE_NAME_TAKEN: Advice(
        "the bridge name {bridge} belongs to network '{network}' already", "choose another bridge.name"
    ),
    RefusalKind.INTERFACES_UNSEEN: Advice(
        "whether an interface named {bridge} is on the host already cannot be seen from here, and starting the network "
        "could delete it",
        "install libvirt's interface driver there (libvirt-daemon-driver-interface)",
    ),
    RefusalKind.INTERFACE_EXISTS: Advice(
        "an interface named {bridge} is on the host already, and libvirt could delete it",
        "choose another bridge.name or remove that interface",
    ),
    RefusalKind.OVERLAPS_NETWORK: Advice("{subnet} overlaps {other} of the active network '{network}'", _OTHER_SUBNET),
    RefusalKind.OVERLAPS_INTERFACE: Advice(
        "{subnet} overlaps {other}, which interface {interface} is in", _OTHER_SUBNET
    ),
    RefusalKind.OVERLAPS_ROUTE: Advice("{subnet} overlaps {other}, which is reached by {interface}", _OTHER_SUBNET),
    RefusalKind.HOST_BRIDGE_MISSING: Advice("the host has no bridge {bridge}", "make it first, or correct bridge.name"),
    RefusalKind.NOT_A_BRIDGE: Advice(
        "{interface} is on the host, and is no bridge",
        "correct bridge.name, or set virtual_port.type to openvswitch if it is one",
    ),
    RefusalKind.HOST_INTERFACE_MISSING: Advice("the host has no interface {interface}", "correct forward.interfaces"),
    RefusalKind.TFTP_ROOT_MISSING: Advice(
        "the host has no directory {directory}, without which dnsmasq does not start", "make it, or correct tftp_root"
    ),
    RefusalKind.ZONE_MISSING: Advice(
        "the host has no firewalld zone {zone}, or firewalld does not run",
        "start firewalld and make the zone, or leave bridge.zone out",
    ),
    RefusalKind.KERNEL_CANNOT_LIMIT: _kernel_cannot_limit,
    RefusalKind.DNSMASQ_MISSING: Advice(
        "dnsmasq is missing on the host", "install it (Debian and Ubuntu: the package dnsmasq-base)"
    ),
    RefusalKind.FIREWALL_PROGRAMS_MISSING: Advice("neither iptables nor nft is on the host", "install iptables"),
    RefusalKind.ADVERTISED_ROUTES_LOST: _advertised_routes_lost,
    RefusalKind.DNS_PORT_TAKEN: Advice(
        "{protocol} port 53 is taken on {address} by another program, which DNS on this network needs",
        "stop it, bind it to single addresses, or set dns.enable to false",
    ),
    RefusalKind.DHCP_PORT_TAKEN: Advice(
        "udp port 67 is taken by another program that does not share it, which DHCP on this network needs",
        "stop it or bind it to its interface",
    ),
    RefusalKind.AUTOSTART_PLACE_TAKEN: Advice(
        "{path} is there and is not libvirt's link to this network, so libvirt cannot have it started at boot",
        "remove that, or set autostart to false",
    ),
    RefusalKind.LIBVIRT_TOO_OLD: _libvirt_too_old,
    RefusalKind.CONTRADICTION: _contradiction,
    RefusalKind.DNSMASQ_NOT_RESTARTED: _dnsmasq_not_restarted,
    RefusalKind.WOULD_BE_INACTIVE: _would_be_inactive,
    RefusalKind.WOULD_BE_STOPPED: _would_be_stopped,
    RefusalKind.HALF_MADE_WOULD_BE_STOPPED: _half_made_would_be_stopped,
    RefusalKind.DELETE_CUTS_OFF: _delete_cuts_off,
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
