"""How the values of PortForward read: every sentence of the package.

A sentence is a text with the details' names in braces, or a function of the details.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from typing import Any

from virtnet.planning.findings import Advice, Messages, Refusal, Said
from virtnet.planning.messages import alias_option, if_own, listed
from virtnet.port_forward.kinds import (
    FaultKind,
    Missing,
    NoteKind,
    PortForwardFailure,
    ProblemKind,
    RefusalKind,
    StepKind,
    WantedTwice,
)
from virtnet.port_forward.plan.problems import problem_of
from virtnet.port_forward.ports import Span
from virtnet.port_forward.restore.check import NeedKind
from virtnet.port_forward.restore.files import SCRIPT_PATH, SERVICE
from virtnet.port_forward.rules.names import MARK, TABLE
from virtnet.spec.failures import Failure
from virtnet.spec.messages import PYTHON, Spelling, reason

REPLACEMENT = "is deleted and created again, on the network and the host that the program sets"

#: What puts all forwards back where no service does.
RESTORES = f"sh {SCRIPT_PATH} restore"

FAILURES: Mapping[Enum, str] = {
    PortForwardFailure.EMPTY_RANGE: "ends before it begins. Write the lower port first",
    PortForwardFailure.LENGTHS_DIFFER: (
        "has another length than listen_port, which has {length} ports. Give only the first port, or as many ports"
    ),
    PortForwardFailure.LISTENS_ON_LOOPBACK: (
        "is a loopback address, which only the host itself can reach. Choose another, or remove it to listen on all"
    ),
    PortForwardFailure.LISTENS_ON_NO_HOST: "isn't the address of a single host. Choose an address of the host",
    PortForwardFailure.LISTENS_ON_WILDCARD: "means every address. Remove it, which means the same",
    PortForwardFailure.NO_PORT: "isn't a valid port. Use a port like 8080, or a range like 5000-5010",
    PortForwardFailure.NO_PORTS: "is empty. Add at least one port",
    PortForwardFailure.NO_SOURCES: "is empty, which is ambiguous. Remove it to allow connections from anywhere",
    PortForwardFailure.NO_TARGET: "is required. Add it, or add target_mac or target_name of a DHCP reservation instead",
    PortForwardFailure.OVERLAP: "has {protocol} {common} in common with {place}. Remove it from one of the two",
    PortForwardFailure.PORT_RANGE: "is too large. The largest port is {largest}",
    PortForwardFailure.PORT_ZERO: "contains port 0, which can't be connected to. The smallest port is 1",
    PortForwardFailure.TARGETS: "can't be combined with {other}. Remove one of the two",
    PortForwardFailure.TARGET_BEYOND_PORTS: "would lead to port {last}, and the largest is {largest}. Begin lower",
    PortForwardFailure.TARGET_NO_GUEST: "isn't the address of a guest. Use the guest's address on the network",
    PortForwardFailure.URI_MISSING: "is required. Give the connection URI, for example qemu:///system",
    PortForwardFailure.VERSIONS_DIFFER: (
        "is IPv{version} and {place} is IPv{expected}. Use one version, and another PortForward for IPv{version}"
    ),
    WantedTwice.PORT: (
        "{value} is also forwarded by {holder} of this program, for the same host. Remove it from one of the two"
    ),
}

SUGGESTIONS: Mapping[Enum, str] = {
    PortForwardFailure.EMPTY_RANGE: "ends before it begins. Write {suggestion}",
    PortForwardFailure.LENGTHS_DIFFER: "has another length than listen_port, which has {length} ports. Write {suggestion}",
    PortForwardFailure.NO_PORT: "isn't a valid port. Write {suggestion}",
}


def _ports(entries: Iterable[tuple[str, int, int]]) -> str:
    """Ranges as a sentence lists them: "tcp 8080 and udp 5000-5010"."""
    return listed(f"{protocol} {Span(first, last)}" for protocol, first, last in entries)


def of(address: str, version: int) -> str:
    """The host's addresses that are meant."""
    return address or f"every IPv{version} address of the host"


def whence(sources: Sequence[str]) -> str:
    """Who may connect."""
    return f"from {listed(sources)}" if sources else "from anywhere"


def _place(address: str, first: int, last: int) -> str:
    host = f"[{address}]" if ":" in address else address
    return f"{host}:{Span(first, last)}"


def leads(target: str, protocol: str, first: int, last: int, target_first: int) -> str:
    """Ports and where they lead: "tcp 8080 to 192.168.123.50:80"."""
    return f"{protocol} {Span(first, last)} to {_place(target, target_first, target_first + last - first)}"


def _opens(**told: Any) -> str:
    place = _place(told["target"], told["target_first"], told["target_last"])
    if not told["target"]:
        guest = f"port {Span(told['target_first'], told['target_last'])} of guest {told['guest']}"
    else:
        guest = f"guest {told['guest']} ({place})" if told["guest"] else place
    port = f"{told['protocol']} {Span(told['first'], told['last'])}"
    return f"opens {port} of {of(told['address'], told['version'])} to {guest}, {whence(told['sources'])}"


def _closes(**told: Any) -> str:
    port = f"{told['protocol']} {Span(told['first'], told['last'])}"
    where, who = of(told["address"], told["version"]), whence(told["sources"])
    return f"closes {port} of {where}, which was open {who}. Established connections continue until they end"


def _opens_wider(**told: Any) -> str:
    return f"attention: this opens more than before: {_before_and_now(**told)}"


def _opens_less(**told: Any) -> str:
    return f"this opens less than before: {_before_and_now(**told)}. Established connections continue until they end"


def _before_and_now(**told: Any) -> str:
    parts = []
    if "sources_before" in told:
        now, before = (listed(told[name]) if told[name] else "anybody" for name in ("sources", "sources_before"))
        parts.append(f"{now} may connect (before: {before})")
    if "address_before" in told:
        now = of(told["address"], told["version"])
        before = of(told["address_before"], told.get("version_before", told["version"]))
        parts.append(f"to {now} (before: {before})")
    return "; ".join(parts)


def _opens_privileged(*, protocol: str, first: int, last: int) -> str:
    return f"attention: {protocol} {Span(first, last)} is below 1024, where clients expect the host's own services"


def _ssh_goes_to_guest(*, port: int, address: str, host: str) -> str:
    where = address or "any address"
    return (
        f"attention: ssh to port {port} of {where} of {host} reaches the guest from now on, and no longer the host. Make "
        "sure that you have another way to log in to the host"
    )


def _held_by_another(*, ports: Any, address: str, host: str, owner: str, path: str, alias: str) -> Advice:
    where = f"{address} on {host}" if address else host
    return Advice(
        f"{_owner(owner)} already forwards {_ports(ports)} of {where} ({path})",
        f"Remove the port from one of the two, or delete the other resource first{if_own(alias)}. If that owner no longer exists, set "
        "adopt=True",
    )


def _rules_without_record(*, ports: Any, address: str, path: str, host: str) -> Advice:
    where = f"{address} on {host}" if address else host
    return Advice(
        f"rules forward {_ports(ports)} of {where}, and their record ({path}) is missing or was changed by others",
        "Run pulumi refresh, then pulumi up, in the stack that has the port forward. If no stack has it, move that file "
        f"away if it exists, and run nft delete table inet {TABLE}, then sh {SCRIPT_PATH} restore",
    )


def _owner(owner: str) -> str:
    return f"PortForward '{owner}'" if owner else "another PortForward"


def _address_not_on_host(*, host: str, address: str, addresses: Sequence[str]) -> Advice:
    there = f"it has {listed(addresses)}" if addresses else "it has no address of that IP version"
    return Advice(f"{host} doesn't have the address {address}: {there}", "Correct listen_address, or add the address")


def _blocked(*, host: str, **found: Any) -> Advice:
    return Advice(f"on {host}, {_dropped_by(**found)}", f"To accept them: {_letting_pass(**found)}")


def _drops(**found: Any) -> str:
    return f"{_dropped_by(**found)}. To accept them: {_letting_pass(**found)}"


def _dropped_by(**found: Any) -> str:
    by = f"the rule '{found['rule']}'" if found["rule"] else f"its policy {found['action']}"
    of_iptables = found["family"] in ("iptables", "ip6tables")
    within = "table {table} of {family}" if of_iptables else "table {family} {table}"
    return f"chain {found['chain']} of {within.format(**found)} drops packets to the guest, by {by}"


def _letting_pass(**found: Any) -> str:
    """The command. What is put into firewalld's own table is gone with its next reload."""
    if found["table"] == "firewalld":
        return _by_firewalld(found["listens"], found["target"], found["sources"], found["ports"])
    protocol, first, last = found["first"]
    if found["family"] not in ("iptables", "ip6tables"):
        ours = f"ct status dnat ct mark and {MARK:#x} == {MARK:#x}"
        told = ours if found["translated"] else f"{protocol} dport {Span(first, last)}"
        return f"nft insert rule {found['family']} {found['table']} {found['base']} {told} accept"
    if (found["table"], found["base"]) == ("filter", "FORWARD"):
        return f"sh {SCRIPT_PATH} links"
    ours = f"-m connmark --mark {MARK:#x}/{MARK:#x} -m conntrack --ctstate DNAT"
    told = ours if found["translated"] else f"-p {protocol} --dport {str(Span(first, last)).replace('-', ':')}"
    return f"{found['family']} -t {found['table']} -I {found['base']} 1 {told} -j ACCEPT"


def _by_firewalld(
    listens: str, target: str, sources: Sequence[str], ports: Iterable[tuple[str, int, int, int, int]]
) -> str:
    """The same forward for firewalld: one that drops what is translated lets its own pass (StrictForwardPorts)."""
    policy = "firewall-cmd --permanent --policy virtnet"
    family = "ipv6" if ":" in target else "ipv4"
    destination = f' destination address="{listens}"' if listens else ""
    rules = " ".join(
        f'--add-rich-rule=\'rule family="{family}"{source}{destination} forward-port port="{Span(first, last)}" '
        f'protocol="{protocol}" to-port="{Span(to_first, to_last)}" to-addr="{target}"\''
        for source in [f' source address="{one}"' for one in sources] or [""]
        for protocol, first, last, to_first, to_last in ports
    )
    zones = f"{policy} --add-ingress-zone ANY; {policy} --add-egress-zone HOST"
    return f"firewall-cmd --permanent --new-policy virtnet; {zones}; {policy} {rules}; firewall-cmd --reload"


def _port_in_use(*, protocol: str, port: int, bound: str, more: int, host: str) -> Advice:
    besides = f", and {more} more of these ports are in use" if more else ""
    return Advice(
        f"a process of {host} already listens on {protocol} {port} of {bound}, and would no longer be reachable{besides}",
        "Choose another listen_port, or stop that process",
    )


def _forwarded_by_others(*, protocol: str, first: int, last: int, program: str, rule: str, host: str) -> Advice:
    return Advice(
        f"another rule already redirects {protocol} {Span(first, last)} of {host} ({program}: {rule})",
        "Choose another listen_port, or remove that rule with the program that added it",
    )


def _target_outside(*, target: str, network: str, subnets: Sequence[str]) -> Advice:
    there = f"which has {listed(subnets)}" if subnets else "which has no address"
    return Advice(
        f"target_address {target} isn't in a subnet of network '{network}', {there}",
        "Use an address of the guest on that network",
    )


def _mode_takes_none(*, network: str, mode: str) -> Advice:
    if not mode:
        return Advice(
            f"network '{network}' is isolated: its guests' answers can't leave the host",
            "Use a network in mode nat, route or open",
        )
    return Advice(
        f"network '{network}' is in mode {mode}, in which guests have addresses of the outside network",
        "Connect to those addresses, or use a network in mode nat, route or open",
    )


def _taken_up(*, path: str, urn: str) -> str:
    return (
        f"manages the existing {path}: its owner mark names {urn}, which seems to be this resource under another parent. "
        f"Deleting that resource after this doesn't change the ports. If that resource depends on one that this run "
        "replaces, Pulumi deletes it first, and the ports are closed until they are opened again. To keep its record, "
        f"{alias_option(urn)}. If it is a different resource, remove one of the two"
    )


def _taken_over(*, path: str, owner: str, alias: str) -> str:
    return (
        f"takes the ports of {path} over from '{owner}', which its owner mark names and which can no longer change or "
        f"delete them{if_own(alias)}"
    )


def _target_not_yet(*, missing: str, network: str, name: str) -> str:
    what = {
        Missing.NETWORK: f"network '{network}' doesn't exist yet",
        Missing.RESERVATION: f"network '{network}' has no reservation of {name} yet",
    }
    return f"{what[Missing(missing)]}. pulumi up plans the port forward again, and fails if that is still so"


def _network_missing(*, network: str, names: Sequence[str], nearest: str) -> Advice:
    there = listed(names) if names else "none"
    meant = f"Did you mean '{nearest}'? " if nearest else ""
    return Advice(
        f"libvirt has no network '{network}' (existing networks: {there})",
        f"{meant}Correct the name. If this program creates the network, set network to its name output "
        "(network=network.name), so that Pulumi creates it first",
    )


def _reservation_missing(*, network: str, name: str, nearest: str) -> Advice:
    meant = f"Did you mean '{nearest}'? " if nearest else ""
    return Advice(
        f"network '{network}' has no DHCP reservation of {name} with an address",
        f"{meant}Add one, or set target_address",
    )


def _target_version(*, name: str, address: str, place: str, version: int) -> Advice:
    other = 4 if version == 6 else 6
    return Advice(
        f"{place} is IPv{version} and the reservation of {name} is IPv{other} ({address})",
        f"Use one version, or add an IPv{version} reservation of {name}",
    )


def _target_unknown(*, network: str, name: str) -> str:
    what = f"the reservation of {name}" if name else "the guest's subnet"
    return (
        f"this run changes network '{network}', and {what} is known only when applied. The port forward follows it then"
    )


def _await_target(*, network: str, name: str) -> str:
    return f"find the reservation of {name} on network '{network}'" if name else f"find network '{network}'"


def _no_network(*, network: str, names: Sequence[str]) -> str:
    there = listed(names) if names else "none"
    return (
        f"libvirt has no network '{network}' (existing networks: {there}). Correct the name. If this program creates "
        "the network, set network to its name output (network=network.name), so that Pulumi creates it first"
    )


def _no_forward(*, wanted: str, uri: str, there: Any) -> str:
    found = _forwards(there) if there else "none"
    return f"{uri} has no port forward '{wanted}' (existing ones: {found}). Give an id, or a port like 8080/tcp"


def _several_forwards(*, wanted: str, uri: str, there: Any) -> str:
    return f"several port forwards of {uri} have {wanted}. Give an id ({_forwards(there)})"


def _forwards(there: Iterable[Sequence[Any]]) -> str:
    return listed(f"{identity} of {_ports(ports)}" for identity, *ports in there)


def _remove_restore(*, paths: Sequence[str], stopped: str) -> str:
    parts = [*([f"stop {stopped}"] if stopped else []), *([f"remove {listed(paths)}"] if paths else [])]
    return " and ".join(parts)


def why_not_restored(not_as_installed: Iterable[str]) -> str:
    """Why nothing puts the rules back by itself: of files, by their paths, and of the service, by its name."""
    others = [one for one in not_as_installed if one != SERVICE]
    why = [f"{'files are' if len(others) > 1 else 'a file is'} missing or changed ({listed(others)})"] if others else []
    why += [f"{SERVICE} isn't both enabled and active"] if SERVICE in not_as_installed else []
    return listed(why)


def _links_missing(*, missing: Sequence[Mapping[str, str]]) -> str:
    words = {
        NeedKind.LINK: "the link {}",
        NeedKind.PORT: "{} in the network's bridge",
        NeedKind.ROUTE: "the route to {}",
        NeedKind.RULE: "the routing rule of {}",
        NeedKind.ACCEPT: "the rule by which {} accepts forwarded packets",
        NeedKind.SETTING: "a setting of {}",
    }
    found = listed(words[NeedKind(one["kind"])].format(one["name"]) for one in missing)
    return f"packets don't reach guests as they should, because something is missing or was changed: {found}"


def _drift_not_reviewed(*, problem: str) -> str:
    return f"the host has drifted ({problem}), and the preview didn't show the fix. Run pulumi refresh, then pulumi up"


def _problem_stays(*, kind: str, **details: Any) -> str:
    return f"{sentence(problem_of({'kind': kind, 'details': details}))}. pulumi up doesn't fix that"


REFUSALS: Mapping[Enum, Advice | Callable[..., Advice]] = {
    RefusalKind.ADDRESS_NOT_ON_HOST: _address_not_on_host,
    RefusalKind.BLOCKED: _blocked,
    RefusalKind.BRIDGE_NAME: Advice(
        "the bridge of network '{network}' has a name that can't be used in firewall rules ({bridge})",
        "Give it a name of letters, digits, '-', '_' and '.'",
    ),
    RefusalKind.FORWARDING_OFF: Advice(
        "the kernel of {host} doesn't forward packets ({key} is 0), so nothing would reach the guest",
        "Declare a HostForwarding with {family}=True, and let this resource depend on it",
    ),
    RefusalKind.HELD_BY_ANOTHER: _held_by_another,
    RefusalKind.MODE_TAKES_NONE: _mode_takes_none,
    RefusalKind.NETWORK_MISSING: _network_missing,
    RefusalKind.NETWORK_RENAMED: Advice(
        "this run gives network '{network}' the name '{after}', so network '{network}' doesn't exist afterwards",
        "Set network to the name output of that network (network=network.name)",
    ),
    RefusalKind.NO_NFT: Advice("{host} doesn't have the program nft, which loads the rules", "Install nftables"),
    RefusalKind.NO_RIGHT: Advice(
        "{host} doesn't let this user change its firewall", "Run as root, or name root in the uri"
    ),
    RefusalKind.PORT_FORWARDED_BY_OTHERS: _forwarded_by_others,
    RefusalKind.PORT_IN_USE: _port_in_use,
    RefusalKind.RECORD_NOT_OURS: Advice(
        "virtnet didn't write {path} on {host}, or the file was changed since", "Move it away"
    ),
    RefusalKind.RESERVATION_MISSING: _reservation_missing,
    RefusalKind.RULES_WITHOUT_RECORD: _rules_without_record,
    RefusalKind.SSH_PORT: Advice(
        "tcp {port} is the port of {host}'s own ssh server, and may be your only way to log in",
        "Choose another listen_port. If you have another way to log in, set allow_ssh",
    ),
    RefusalKind.TAKEN_OVER: Advice(
        "it now belongs to '{owner}' ({path})",
        "Remove this resource from this program, which doesn't change the host. Or remove the other one from its program, "
        "and then run pulumi up here",
    ),
    RefusalKind.TARGET_IS_GATEWAY: Advice(
        "target_address {target} is the host's own address on network '{network}'", "Use the address of a guest"
    ),
    RefusalKind.TARGET_OUTSIDE: _target_outside,
    RefusalKind.TARGET_VERSION: _target_version,
}

SENTENCES: Mapping[Enum, str | Callable[..., str]] = {
    StepKind.AWAIT_TARGET: _await_target,
    StepKind.INSTALL_RESTORE: lambda paths: f"write {listed(paths)}, which restore the rules and links automatically",
    StepKind.LOAD_RULES: lambda ports: f"load the rules of {_ports(ports)}",
    StepKind.REMOVE_RECORD: "remove {path}",
    StepKind.REMOVE_RESTORE: _remove_restore,
    StepKind.REMOVE_RULES: lambda ports: f"remove the rules of {_ports(ports)}" if ports else "remove the rules",
    StepKind.RESET_RESTORE: "restore the previous state of {service}",
    StepKind.RESTART_RESTORE: "restart {service} with the installed files",
    StepKind.REWRITE_RECORD: "rewrite {path}",
    StepKind.START_RESTORE: "have systemd start {service} now and at boot",
    StepKind.WRITE_RECORD: "write {path}",
    FaultKind.CHANGED_MEANWHILE: "{path} on {host} was changed after the plan was made. Run pulumi up again to see the change",
    FaultKind.NO_FORWARD: _no_forward,
    FaultKind.SEVERAL_FORWARDS: _several_forwards,
    FaultKind.NO_HOST_ACCESS: (
        "virtnet can't forward ports through {uri}: libvirt has no call for that, and this URI gives no access to the "
        "host itself. Use qemu+ssh://root@host/system, or qemu:///system on that host"
    ),
    FaultKind.NO_NETWORK: _no_network,
    FaultKind.NO_RESERVATION: (
        "network '{network}' has no DHCP reservation of {name} with an address. Add one, or set target_address"
    ),
    ProblemKind.ADDRESS_MISSING: "the host no longer has the address {address}",
    ProblemKind.BLOCKED: _drops,
    ProblemKind.CREATE_INTERRUPTED: "the connection to the host was lost during the create, and the result is unknown",
    ProblemKind.LINKS_MISSING: _links_missing,
    ProblemKind.NETWORK_CHANGES: "this run changes the mode, the bridge or the subnet of network '{network}'",
    ProblemKind.NETWORK_CHANGED: "network '{network}' now has another bridge or subnet",
    ProblemKind.NETWORK_GOES: "this run gives network '{network}' the name '{after}', and the program uses the old name here",
    ProblemKind.NETWORK_MISSING: "network '{network}' no longer exists",
    ProblemKind.NETWORK_UNFIT: "network '{network}' now has another mode, or no longer has the guest's subnet",
    ProblemKind.OWNER_CHANGED: "the owner mark on the host must name {after} instead of {before}",
    ProblemKind.RECORD_ALTERED: "{path} differs from what virtnet wrote",
    ProblemKind.RECORD_MISSING: "{path} is missing, so the rules would not be restored automatically",
    ProblemKind.RESERVATION_MISSING: "network '{network}' no longer has a reservation of {name}",
    ProblemKind.RESTORE_MISSING: lambda paths: (
        f"the rules would not be restored automatically, because {why_not_restored(paths)}"
    ),
    ProblemKind.RULES_ALTERED: "others changed its rules",
    ProblemKind.RULES_MISSING: "its rules are missing, so connections fail",
    ProblemKind.TAKEN_OVER: "it now belongs to '{owner}'",
    ProblemKind.TARGET_GOES: "this run removes the reservation of {name} from network '{network}'",
    ProblemKind.TARGET_MOVES: (
        "this run gives the reservation of {name} on network '{network}' the address {after} instead of {before}"
    ),
    ProblemKind.TARGET_UNKNOWN: _target_unknown,
    ProblemKind.TARGET_MOVED: "the guest now has {after} instead of {before}",
    ProblemKind.UNKNOWN: "{text}",
    NoteKind.CLOSES: _closes,
    NoteKind.DRIFT_NOT_REVIEWED: _drift_not_reviewed,
    NoteKind.LEFT_TO_OWNER: "the port forward now belongs to '{owner}' ({path}), so it isn't changed",
    NoteKind.NETWORK_INACTIVE: "network '{network}' isn't active. Connections fail until it is started",
    NoteKind.NOT_RESTORED_AT_BOOT: (
        f"{{host}} doesn't run systemd. After a boot or a restart of the network, connections fail until you run {RESTORES}"
    ),
    NoteKind.OPENS: _opens,
    NoteKind.OPENS_LESS: _opens_less,
    NoteKind.OPENS_PRIVILEGED: _opens_privileged,
    NoteKind.OPENS_TO_PUBLIC: "attention: {address} is a public internet address",
    NoteKind.OPENS_WIDER: _opens_wider,
    NoteKind.PROBLEM_STAYS: _problem_stays,
    NoteKind.RECORD_EDITED: "{path} was edited by hand. virtnet rewrites it, and the manual changes are lost",
    NoteKind.RESUMED: (
        "manages the existing {path}: its owner mark names this resource. An earlier run wrote it and didn't record it, or"
        " its record was removed from the state"
    ),
    NoteKind.SSH_GOES_TO_GUEST: _ssh_goes_to_guest,
    NoteKind.TAKEN_OVER: _taken_over,
    NoteKind.TAKEN_UP: _taken_up,
    NoteKind.TARGET_MAY_MOVE: (
        "{target} is in a DHCP range of network '{network}' and has no reservation, so another guest may get it. Add a "
        "reservation"
    ),
    NoteKind.TARGET_NOT_YET: _target_not_yet,
    NoteKind.TARGET_UNKNOWN: _target_unknown,
}


def messages() -> Messages:
    """The sentences of the package, as lifecycle uses them."""
    return Messages(sentence=sentence, advice=advice, failure=failure, replacement=REPLACEMENT)


def sentence(message: Said) -> str:
    """A note, a problem, a step's summary or why it failed, as people read it."""
    told = SENTENCES[message.kind]
    return told.format(**message.details) if isinstance(told, str) else told(**message.details)


def advice(refusal: Refusal) -> Advice:
    """A refusal as people read it."""
    told = REFUSALS[refusal.kind]
    if isinstance(told, Advice):
        return Advice(told.reason.format(**refusal.details), told.fix.format(**refusal.details))
    return told(**refusal.details)


def failure(found: Failure, spelling: Spelling = PYTHON) -> str:
    """Why a property is refused, and the fix."""
    return reason(found, FAILURES, spelling, SUGGESTIONS)
