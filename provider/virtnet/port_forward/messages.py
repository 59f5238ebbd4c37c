"""How the values of PortForward read: every sentence that the package can say.

A sentence is a text with the details' names in braces, or a function of the details.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from typing import Any

from virtnet.planning.findings import Advice, Messages, Refusal, Said
from virtnet.planning.messages import alias_option
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
from virtnet.port_forward.restore.files import SCRIPT_PATH
from virtnet.port_forward.rules.names import MARK, TABLE
from virtnet.spec.failures import Failure
from virtnet.spec.messages import PYTHON, Spelling, reason

REPLACEMENT = "is taken away and made anew, on the network and the host that the program names now"

FAILURES: Mapping[Enum, str] = {
    PortForwardFailure.EMPTY_RANGE: "ends before it begins; write the lower port first",
    PortForwardFailure.LENGTHS_DIFFER: (
        "is not as long as listen_port, which has {length} ports; name the first port alone, or as many"
    ),
    PortForwardFailure.LISTENS_ON_LOOPBACK: (
        "is a loopback address, which nobody but the host itself reaches; choose another, or leave it out for all"
    ),
    PortForwardFailure.LISTENS_ON_NO_HOST: "is no address of a single host; choose one that the host has",
    PortForwardFailure.LISTENS_ON_WILDCARD: "means every address; leave it out for that",
    PortForwardFailure.NO_PORT: "is no port; write it like 8080, or a range like 5000-5010",
    PortForwardFailure.NO_PORTS: "is empty; name at least one port",
    PortForwardFailure.NO_SOURCES: "is empty, which could mean nobody or anybody; leave it out for anybody",
    PortForwardFailure.NO_TARGET: "is required; name it, or target_mac or target_name of a DHCP reservation instead",
    PortForwardFailure.OVERLAP: "has {protocol} {common} in common with {place}; leave it out of one of the two",
    PortForwardFailure.PORT_RANGE: "is too large; the largest port is {largest}",
    PortForwardFailure.PORT_ZERO: "names port 0, which nobody can connect to; the smallest port is 1",
    PortForwardFailure.TARGETS: "is named beside {other}; name one of the two",
    PortForwardFailure.TARGET_BEYOND_PORTS: "would lead to port {last}, and the largest is {largest}; begin lower",
    PortForwardFailure.TARGET_NO_GUEST: "is no address of a guest; name the one that it has on the network",
    PortForwardFailure.URI_MISSING: "is required; name the connection URI, like qemu:///system",
    PortForwardFailure.VERSIONS_DIFFER: (
        "is IPv{version} and {place} is IPv{expected}; a forward has one version, so make another for IPv{version}"
    ),
    WantedTwice.PORT: (
        "{value} is forwarded by {holder} too, which this program has for the same host; leave it to one of the two"
    ),
}

SUGGESTIONS: Mapping[Enum, str] = {
    PortForwardFailure.EMPTY_RANGE: "ends before it begins; write {suggestion}",
    PortForwardFailure.LENGTHS_DIFFER: "is not as long as listen_port, which has {length} ports; write {suggestion}",
    PortForwardFailure.NO_PORT: "is no port; write {suggestion}",
}


def listed(words: Iterable[object]) -> str:
    """Words as a sentence lists them: "a, b and c"."""
    *most, last = map(str, words)
    return f"{', '.join(most)} and {last}" if most else last


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
    return f"closes {port} of {where}, which was open {who}; connections that are open go on until they end"


def _opens_wider(**told: Any) -> str:
    return f"attention: this opens more than before: {_before_and_now(**told)}"


def _opens_less(**told: Any) -> str:
    return f"this opens less than before: {_before_and_now(**told)}; connections that are open go on until they end"


def _before_and_now(**told: Any) -> str:
    parts = []
    if "sources_before" in told:
        now, before = (listed(told[name]) if told[name] else "anybody" for name in ("sources", "sources_before"))
        parts.append(f"{now} may connect, before {before}")
    if "address_before" in told:
        now, before = (of(told[name], told["version"]) for name in ("address", "address_before"))
        parts.append(f"to {now}, before to {before}")
    return "; ".join(parts)


def _opens_privileged(*, protocol: str, first: int, last: int) -> str:
    return f"attention: {protocol} {Span(first, last)} is below 1024, where the host's own services are looked for"


def _ssh_goes_to_guest(*, port: int, address: str, host: str) -> str:
    where = address or "any address"
    return (
        f"attention: ssh to port {port} of {where} of {host} leads to the guest from now on, and no longer to the host; "
        "be sure of another way in"
    )


def _held_by_another(*, ports: Any, address: str, host: str, owner: str, path: str, alias: str) -> Advice:
    where = f"{address} on {host}" if address else host
    own = f"if that is this resource before it was renamed or moved, {alias_option(alias)}; otherwise " if alias else ""
    return Advice(
        f"{_ports(ports)} of {where} is forwarded by {_owner(owner)} already ({path})",
        f"{own}leave it to one of the two, delete the other first, or, where nobody owns it any more, set adopt",
    )


def _rules_without_record(*, ports: Any, address: str, path: str, host: str) -> Advice:
    where = f"{address} on {host}" if address else host
    return Advice(
        f"{_ports(ports)} of {where} is forwarded by rules whose record ({path}) is gone, or no longer is what virtnet "
        "wrote",
        "run pulumi refresh, then pulumi up, by the stack that has it; if none has, move that file away, where it is "
        f"there, and run nft delete table inet {TABLE}, then sh {SCRIPT_PATH} restore",
    )


def _owner(owner: str) -> str:
    return f"PortForward '{owner}'" if owner else "another PortForward"


def _address_not_on_host(*, host: str, address: str, addresses: Sequence[str]) -> Advice:
    there = f"it has {listed(addresses)}" if addresses else "it has none of that version of IP"
    return Advice(f"{host} does not have the address {address}: {there}", "correct listen_address, or add the address")


def _blocked(*, host: str, **found: Any) -> Advice:
    return Advice(f"on {host}, {_dropped_by(**found)}", f"to let it pass: {_letting_pass(**found)}")


def _drops(**found: Any) -> str:
    return f"{_dropped_by(**found)}; to let it pass: {_letting_pass(**found)}"


def _dropped_by(**found: Any) -> str:
    by = f"the rule '{found['rule']}'" if found["rule"] else f"its policy {found['action']}"
    of_iptables = found["family"] in ("iptables", "ip6tables")
    within = "table {table} of {family}" if of_iptables else "table {family} {table}"
    return f"packets to the guest are dropped by chain {found['chain']} of {within.format(**found)}, by {by}"


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
        f"a process of {host} has {protocol} {port} of {bound} already, and nobody would reach it any more{besides}",
        "choose another listen_port, or stop that process",
    )


def _forwarded_by_others(*, protocol: str, first: int, last: int, program: str, rule: str, host: str) -> Advice:
    return Advice(
        f"{protocol} {Span(first, last)} of {host} is sent elsewhere by a rule of others ({program}: {rule})",
        "choose another listen_port, or remove that rule by what made it",
    )


def _target_outside(*, target: str, network: str, subnets: Sequence[str]) -> Advice:
    there = f"which has {listed(subnets)}" if subnets else "which has no address"
    return Advice(
        f"target_address {target} is in no subnet of network '{network}', {there}", "name an address of the guest there"
    )


def _mode_takes_none(*, network: str, mode: str) -> Advice:
    if not mode:
        return Advice(
            f"network '{network}' is isolated: its guests' answers reach nobody outside",
            "use a network of mode nat, route or open",
        )
    return Advice(
        f"network '{network}' is of mode {mode}, where guests have addresses of their own outside",
        "connect to those, or use a network of mode nat, route or open",
    )


def _taken_up(*, path: str, urn: str) -> str:
    return (
        f"takes up {path}: its mark names {urn}, which seems to be this resource under another parent; if its record is "
        f"deleted in this run, that leaves the ports alone. To keep the record, {alias_option(urn)}; if it is another "
        "resource, leave the ports to one of the two"
    )


def _taken_over(*, path: str, owner: str, alias: str) -> str:
    old_name = f"; if that is this resource before it was renamed or moved, {alias_option(alias)} instead"
    return (
        f"{path} belongs to '{owner}' by its mark, from which its ports are taken over: nothing there changes them or "
        "deletes them any more" + (old_name if alias else "")
    )


def _target_not_yet(*, missing: str, network: str, name: str) -> str:
    what = {
        Missing.NETWORK: f"network '{network}' is not there yet",
        Missing.RESERVATION: f"network '{network}' has no reservation of {name} yet",
    }
    return f"{what[Missing(missing)]}; it has to be when this is applied, and the rest is planned then"


def _await_target(*, network: str, name: str) -> str:
    return f"find the reservation of {name} on network '{network}'" if name else f"find network '{network}'"


def _no_network(*, network: str, names: Sequence[str]) -> str:
    there = f"there are {listed(names)}" if names else "there is none"
    return f"libvirt has no network '{network}' ({there}); correct the name, or have the program make it first (depends_on)"


def _no_forward(*, wanted: str, uri: str, there: Any) -> str:
    found = f"there are {_forwards(there)}" if there else "there is none"
    return f"{uri} has no port forward '{wanted}' ({found}); name one by its id, or by a port like 8080/tcp"


def _several_forwards(*, wanted: str, uri: str, there: Any) -> str:
    return f"several port forwards of {uri} have {wanted}; name one by its id ({_forwards(there)})"


def _forwards(there: Iterable[Sequence[Any]]) -> str:
    return listed(f"{identity} of {_ports(ports)}" for identity, *ports in there)


def _remove_restore(*, paths: Sequence[str], stopped: str) -> str:
    parts = [*([f"stop {stopped}"] if stopped else []), *([f"remove {listed(paths)}"] if paths else [])]
    return " and ".join(parts)


def _links_missing(*, missing: Sequence[Mapping[str, str]]) -> str:
    words = {
        NeedKind.LINK: "the link {}",
        NeedKind.PORT: "the place of {} in the network's bridge",
        NeedKind.ROUTE: "the route to {}",
        NeedKind.RULE: "the routing rule of {}",
        NeedKind.ACCEPT: "what has {} let forwarded packets pass",
        NeedKind.SETTING: "a setting of {}",
    }
    found = listed(words[NeedKind(one["kind"])].format(one["name"]) for one in missing)
    return f"packets do not get to guests as they should; missing or altered: {found}"


def _drift_not_reviewed(*, problem: str) -> str:
    return f"something on the host is not as recorded ({problem}), and mending it was not reviewed; run pulumi refresh, then pulumi up"


def _problem_stays(*, kind: str, **details: Any) -> str:
    return f"{sentence(problem_of({'kind': kind, 'details': details}))}; no update mends that"


REFUSALS: Mapping[Enum, Advice | Callable[..., Advice]] = {
    RefusalKind.ADDRESS_NOT_ON_HOST: _address_not_on_host,
    RefusalKind.BLOCKED: _blocked,
    RefusalKind.BRIDGE_NAME: Advice(
        "the bridge of network '{network}' has a name that firewall rules cannot hold ({bridge})",
        "give it one of letters, digits, '-', '_' and '.'",
    ),
    RefusalKind.FORWARDING_OFF: Advice(
        "the kernel of {host} does not forward packets ({key} is 0), so nothing would reach the guest",
        "declare a HostForwarding with {family} true, and have this depend on it",
    ),
    RefusalKind.HELD_BY_ANOTHER: _held_by_another,
    RefusalKind.MODE_TAKES_NONE: _mode_takes_none,
    RefusalKind.NO_NFT: Advice("{host} has no program nft, which loads the rules", "install the package nftables"),
    RefusalKind.NO_RIGHT: Advice(
        "{host} does not let this user change its firewall", "run as root, or name root in the uri"
    ),
    RefusalKind.PORT_FORWARDED_BY_OTHERS: _forwarded_by_others,
    RefusalKind.PORT_IN_USE: _port_in_use,
    RefusalKind.RECORD_NOT_OURS: Advice(
        "{path} on {host} was not written by virtnet, or no longer is what virtnet wrote", "move it away"
    ),
    RefusalKind.RULES_WITHOUT_RECORD: _rules_without_record,
    RefusalKind.SSH_PORT: Advice(
        "tcp {port} is the port of {host}'s own ssh server, and may be the way in",
        "choose another listen_port, or, where there is another way in, set allow_ssh",
    ),
    RefusalKind.TAKEN_OVER: Advice(
        "it belongs to '{owner}' by now ({path})",
        "take it out of this program, which leaves it as it is, or out of that one, and run pulumi up here",
    ),
    RefusalKind.TARGET_IS_GATEWAY: Advice(
        "target_address {target} is the host itself on network '{network}'", "name the address of a guest"
    ),
    RefusalKind.TARGET_OUTSIDE: _target_outside,
}

SENTENCES: Mapping[Enum, str | Callable[..., str]] = {
    StepKind.AWAIT_TARGET: _await_target,
    StepKind.INSTALL_RESTORE: lambda paths: f"write {listed(paths)}, by which rules and links come back by themselves",
    StepKind.LOAD_RULES: lambda ports: f"load the rules of {_ports(ports)}",
    StepKind.REMOVE_RECORD: "remove {path}",
    StepKind.REMOVE_RESTORE: _remove_restore,
    StepKind.REMOVE_RULES: lambda ports: f"remove the rules of {_ports(ports)}" if ports else "remove the rules",
    StepKind.RESET_RESTORE: "put {service} back as it was found",
    StepKind.RESTART_RESTORE: "start {service} anew, by what is installed now",
    StepKind.REWRITE_RECORD: "write {path} anew",
    StepKind.START_RESTORE: "have systemd start {service} now and at boot",
    StepKind.WRITE_RECORD: "write {path}",
    FaultKind.CHANGED_MEANWHILE: "{path} on {host} has changed since this was planned; run it again to see the change",
    FaultKind.NO_FORWARD: _no_forward,
    FaultKind.SEVERAL_FORWARDS: _several_forwards,
    FaultKind.NO_HOST_ACCESS: (
        "ports cannot be forwarded through {uri}: libvirt has no call for that, and this URI gives no access to the host "
        "itself; use qemu+ssh://root@host/system, or qemu:///system there"
    ),
    FaultKind.NO_NETWORK: _no_network,
    FaultKind.NO_RESERVATION: (
        "network '{network}' has no DHCP reservation of {name} with an address; add one, or name the target_address"
    ),
    ProblemKind.ADDRESS_MISSING: "the host does not have the address {address} any more",
    ProblemKind.BLOCKED: _drops,
    ProblemKind.CREATE_INTERRUPTED: "its host was lost while it was made",
    ProblemKind.LINKS_MISSING: _links_missing,
    ProblemKind.NETWORK_CHANGED: "network '{network}' has another bridge or subnet by now",
    ProblemKind.NETWORK_MISSING: "there is no network '{network}' any more",
    ProblemKind.NETWORK_UNFIT: "network '{network}' is of another mode by now, or has the guest's subnet no more",
    ProblemKind.OWNER_CHANGED: "its mark on the host is to name {after} instead of {before}",
    ProblemKind.RECORD_ALTERED: "{path} says otherwise than what was applied",
    ProblemKind.RECORD_MISSING: "{path} is gone, so the rules would not come back by themselves",
    ProblemKind.RESERVATION_MISSING: "network '{network}' has no reservation of {name} any more",
    ProblemKind.RESTORE_MISSING: lambda paths: (
        f"the rules would not come back by themselves; gone, or not as virtnet installed it: {listed(paths)}"
    ),
    ProblemKind.RULES_ALTERED: "its rules were changed by others",
    ProblemKind.RULES_MISSING: "its rules are gone, so nobody gets through",
    ProblemKind.TAKEN_OVER: "it belongs to '{owner}' by now",
    ProblemKind.TARGET_MOVED: "the guest has {after} by now instead of {before}",
    ProblemKind.UNKNOWN: "{text}",
    NoteKind.CLOSES: _closes,
    NoteKind.DRIFT_NOT_REVIEWED: _drift_not_reviewed,
    NoteKind.LEFT_TO_OWNER: "it belongs to '{owner}' now ({path}), and is left as it is",
    NoteKind.NETWORK_INACTIVE: "network '{network}' does not run; what comes in leads nowhere until it is started",
    NoteKind.NOT_RESTORED_AT_BOOT: (
        "no systemd runs on {host}, so after a boot or a restart of the network nobody gets through until "
        "pulumi refresh and pulumi up"
    ),
    NoteKind.OPENS: _opens,
    NoteKind.OPENS_LESS: _opens_less,
    NoteKind.OPENS_PRIVILEGED: _opens_privileged,
    NoteKind.OPENS_TO_PUBLIC: "attention: {address} is an address of the internet",
    NoteKind.OPENS_WIDER: _opens_wider,
    NoteKind.PROBLEM_STAYS: _problem_stays,
    NoteKind.RECORD_EDITED: "{path} was edited by hand; it is written anew, and what was changed there is lost",
    NoteKind.RESUMED: (
        "takes up {path}: its mark names this very resource, so an earlier run wrote it and did not record it, or its"
        " record was dropped"
    ),
    NoteKind.SSH_GOES_TO_GUEST: _ssh_goes_to_guest,
    NoteKind.TAKEN_OVER: _taken_over,
    NoteKind.TAKEN_UP: _taken_up,
    NoteKind.TARGET_MAY_MOVE: (
        "{target} is in a DHCP range of network '{network}' and no reservation has it, so another guest may get it; add "
        "a reservation"
    ),
    NoteKind.TARGET_NOT_YET: _target_not_yet,
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
