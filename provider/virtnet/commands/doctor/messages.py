"""How the doctor's findings read: what was found and, where there is something to do, the fix.

A finding's sentence is a template, or a function of its details where those are lists or need words of their own.
"""

from collections.abc import Callable, Mapping, Sequence
from shlex import quote
from typing import Any, Final

from virtnet.commands.doctor.finding import Finding
from virtnet.commands.doctor.kinds import FindingKind, SubnetUserKind
from virtnet.forwarding import messages as forwarding_messages
from virtnet.forwarding.sysctl import IPV4, shown
from virtnet.network.messages import render as network_messages
from virtnet.network.messages.attachments import names as attachment_names
from virtnet.network.messages.firewall import packets, packets_dropped, place
from virtnet.network.messages.problems import rules
from virtnet.network.problem_kinds import ProblemKind
from virtnet.network.versions import OF_PROPERTY, version_text
from virtnet.network.xml.read import RESTART_RECORD
from virtnet.planning.findings import Advice, Note, Problem, Refusal
from virtnet.planning.messages import listed
from virtnet.port_forward import messages as port_forward_messages
from virtnet.port_forward.kinds import ProblemKind as PortForwardProblem
from virtnet.port_forward.restore.files import SCRIPT_PATH
from virtnet.port_forward.rules.names import TABLE
from virtnet.spec.failures import Detail

_AGAIN: Final = "Run pulumi refresh, then pulumi up"

_RESTART_DAEMON: Final = (
    "Run systemctl restart virtnetworkd (or libvirtd), which recreates them and doesn't disturb guests. With firewalld, "
    "firewall-cmd --reload recreates them too"
)


def advice(finding: Finding) -> Advice:
    """What was found, and the fix; "" where there is nothing to do."""
    wording = ADVICE[finding.kind]
    details = _details(finding)
    if isinstance(wording, Advice):
        for_a_shell = {**_for_a_shell(details), "command": command(finding)}
        return Advice(wording.reason.format_map(details), wording.fix.format_map(for_a_shell))
    return wording(**details)


def command(finding: Finding) -> str:
    """What a shell of the host runs to do all that the fix says; "" where nothing does, or where it depends."""
    wording = COMMANDS.get(finding.kind, "")
    details = _details(finding)
    return wording.format_map(_for_a_shell(details)) if isinstance(wording, str) else wording(**details)


def _details(finding: Finding) -> dict[str, object]:
    return {**finding.data, **finding.details, **_because(finding.cause)}


def _for_a_shell(details: Mapping[str, object]) -> dict[str, object]:
    return {name: quote(str(said)) if name in _IN_COMMANDS else said for name, said in details.items()}


_IN_COMMANDS = ("file", "network", "path")
"""The details that a fix has as words of a shell's."""


def data(finding: Finding) -> dict[str, Detail]:
    """What programs get to know of a finding: its data, where some of it reads as in the sentence."""
    return {name: _AS_TEXTS[name](value) if name in _AS_TEXTS else value for name, value in finding.data.items()}


def _because(cause: Problem | Refusal | Note | None) -> Mapping[str, object]:
    """How the cause reads, as further details; a problem's kind too, as the fix is by that."""
    if cause is None:
        return {}
    if isinstance(cause, Refusal):
        advised = network_messages.advice(cause)
        return {"reason": advised.reason, "fix": advised.fix}
    reason = {"reason": network_messages.sentence(cause)}
    return {**reason, "problem": cause.kind} if isinstance(cause, Problem) else reason


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _argument(key: str) -> str:
    return "ipv4=True" if key == IPV4 else "ipv6=True"


def _whose(owner: str) -> str:
    return f"HostForwarding '{owner}'" if owner else "a HostForwarding"


# libvirt and the firewall


def _parts(missing: Sequence[Mapping[str, str]]) -> list[str]:
    return [rules(**part) for part in missing]


def _properties_unknown(*, properties: Sequence[str], newest: int) -> Advice:
    names = ", ".join(OF_PROPERTY.get(path, path) for path in properties)
    return Advice(
        f"this libvirt doesn't support {names}",
        f"Don't use them in programs, or upgrade (libvirt {version_text(newest)} supports all of them)",
    )


def _chains_missing(*, networks: Sequence[str], host: str, **_: object) -> Advice:
    return Advice(
        f"libvirt's firewall chains are missing, as after a flush, and {_listed(networks)} of {host} need them. Guests "
        "may be disconnected or exposed, and no such network can start",
        _RESTART_DAEMON,
    )


def _rules_missing(*, network: str, missing: Sequence[Mapping[str, str]], **_: object) -> Advice:
    lost = " and ".join(_parts(missing))
    return Advice(f"network '{network}' has lost firewall rules ({lost}), as after a flush", _RESTART_DAEMON)


def _packets_dropped(*, network: str, bridge: str, zone: str, dropped: Sequence[Mapping[str, str]]) -> Advice:
    told = packets_dropped(bridge=bridge, zone=zone, dropped=dropped)
    return Advice(f"network '{network}': {told.reason}", told.fix)


def _packets_not_judged(*, network: str, ways: Sequence[Mapping[str, str]]) -> Advice:
    told = "; ".join(f"{packets(way)} ({place(way)})" for way in ways)
    return Advice(f"network '{network}': virtnet can't evaluate the rules that decide about these: {told}")


def _legacy_tables(*, tables: Mapping[str, Sequence[str]]) -> Advice:
    told = "; ".join(f"{', '.join(names)} ({program} lists them)" for program, names in tables.items())
    return Advice(
        f"virtnet can't evaluate the tables of iptables-legacy, because iptables-save doesn't list them: {told}"
    )


# IP forwarding


def _at_boot(key: str, now: str, at_boot: str, decides: str) -> str:
    return f"{shown(key)} is {now}, and will be {at_boot} after the next boot ({decides})"


def _set_at_boot(*, key: str, now: str, at_boot: str, source: str) -> Advice:
    return Advice(_at_boot(key, now, at_boot, f"as {source} says"))


def _default_at_boot(*, key: str, now: str, at_boot: str, **_: object) -> Advice:
    return Advice(_at_boot(key, now, at_boot, "no file sets it"))


def _parameter_unknown(*, key: str) -> Advice:
    return Advice(f"the kernel has no {shown(key)}: it runs without IPv6")


def _forwarding_off(*, key: str, now: str, users: Sequence[Mapping[str, str]], **_: object) -> Advice:
    verb = "needs" if len(users) == 1 else "need"
    return Advice(
        f"{shown(key)} is {now}, and {forwarding_messages.users(users)} {verb} it on. Guests there reach nothing outside",
        f"Run {_turns_on(key=key)}. A HostForwarding with {_argument(key)} keeps it on",
    )


def _turns_on(*, key: str, **_: object) -> str:
    return f"sysctl -w {shown(key)}=1"


def _forwarding_off_at_boot(*, key: str, now: str, at_boot: str, source: str) -> Advice:
    return Advice(
        f"{_at_boot(key, now, at_boot, f'as {source} says')}. libvirt turns it on again when its networks start",
        f"Remove the line from {source}, or declare a HostForwarding with {_argument(key)}, whose file is read later",
    )


def _drop_in(*, file: str, owner: str, keys: Sequence[str]) -> Advice:
    return Advice(
        f"{file} belongs to {_whose(owner)} and sets {forwarding_messages.parameters(keys) if keys else 'nothing'}"
    )


def _drop_in_edited(*, file: str, owner: str) -> Advice:
    return Advice(
        f"{file} of {_whose(owner)} was edited by hand, and the next pulumi up would undo the edit",
        "Move your own lines to another file. pulumi refresh shows the edit, and pulumi up rewrites the file",
    )


def _drop_in_overridden_at_boot(*, file: str, owner: str, key: str, value: str, at_boot: str, source: str) -> Advice:
    return Advice(
        f"{file} sets {shown(key)} to {value}, but the next boot sets it to {at_boot}: {source} overrides it",
        f"Remove the line from {source}, or give {_whose(owner)} a drop_in whose name sorts after it",
    )


def _drop_in_overridden_by_sysctl(*, file: str, key: str, value: str, source: str) -> Advice:
    return Advice(
        f"`sysctl --system` would set {shown(key)} to {value} because of {source}, unlike a boot and {file}",
        f"Remove the line from {source}",
    )


def _drop_in_overridden_now(*, file: str, owner: str, key: str, now: str, wanted: str, host: str) -> Advice:
    return Advice(f"{shown(key)} of {host} is {now}, and {_whose(owner)} ({file}) sets it to {wanted}", _AGAIN)


def _managed_twice(*, key: str, files: Sequence[str]) -> Advice:
    return Advice(
        f"{shown(key)} is set by several HostForwardings, in {listed(files)}. Their owners undo each other's changes",
        "Keep it in one of their programs, remove it from the others, and run pulumi up there",
    )


def _file_overridden(*, file: str, keys: Sequence[str]) -> Advice:
    return Advice(f"{file} sets {forwarding_messages.parameters(keys)} too, and is overridden")


def _file_overridden_beside_ours(*, file: str, keys: Sequence[str]) -> Advice:
    return Advice(_file_overridden(file=file, keys=keys).reason, "Remove the line there, so that only one file sets it")


def _advertised_routes_at_stake(*, interfaces: Sequence[str]) -> Advice:
    return Advice(
        f"the host's IPv6 routes over {listed(interfaces)} come from router advertisements. The kernel drops them when "
        "IPv6 forwarding is turned on, even if libvirt does that for a network with an IPv6 address",
        "Declare a HostForwarding with ipv6=True, which keeps them. Otherwise set net.ipv6.conf.NAME.accept_ra to 2 there",
    )


# Networks


def _network(
    *,
    active: bool,
    autostart: bool,
    mode: str,
    bridge: str,
    addresses: Sequence[str],
    owner: str | None,
    adopted: bool | None,
    plugged_in: Sequence[Mapping[str, str]],
    **_: object,
) -> Advice:
    """One line on what the network is, who manages it, and what is attached."""
    where = " ".join(filter(None, [mode, f"on {bridge}" if bridge else "", *addresses]))
    state = "active" if active else "inactive"
    state += ", autostart on" if autostart else ", autostart off"
    whose = "no owner mark" if owner is None else f"{'adopted' if adopted else 'created'} by {owner}"
    users = [
        attachment_names([{"owner": entry["guest"], "interface": entry["interface"], "mac": entry["mac"]}])
        for entry in plugged_in
    ]
    attached = f"; attached: {', '.join(users)}" if users else "; nothing is attached" if active else ""
    return Advice(f"{state}; {where}; {whose}{attached}")


def network_cells(finding: Finding) -> tuple[str, str, str, str, str, str, str]:
    """A network in a row of a table: its name, state, autostart, mode, addresses, who is attached, who manages it."""
    told: Mapping[str, Any] = finding.data
    attached = [entry["guest"] or entry["interface"] for entry in told["plugged_in"]]
    owner = told["owner"]
    return (
        told["name"],
        "active" if told["active"] else "inactive",
        "on" if told["autostart"] else "off",
        told["mode"],
        ", ".join(told["addresses"]),
        ", ".join(attached),
        "" if owner is None else f"{owner} (adopted)" if told["adopted"] else owner,
    )


def _left_by_restart(whose: str, waiting: Sequence[Mapping[str, str]]) -> str:
    guests = attachment_names(waiting) or "nothing"
    return f"it holds {guests} for a restart, interrupted or still running, {whose}"


def _holding_network_left(*, network: str, waiting: Sequence[Mapping[str, str]], **_: object) -> Advice:
    return Advice(
        _left_by_restart(f"of network '{network}'", waiting),
        "Run pulumi up in the stack of that network, which reattaches them and removes it",
    )


def _holding_network_orphaned(*, name: str, waiting: Sequence[Mapping[str, str]]) -> Advice:
    removal = _removes_holding_network(name=name)
    return Advice(
        _left_by_restart("of a network that no longer exists", waiting),
        f"Attach them to another network, then run {removal}" if waiting else f"Run {removal}",
    )


def _removes_holding_network(*, name: str, waiting: Sequence[Mapping[str, str]] = ()) -> str:
    """Nothing where that would disconnect somebody."""
    return "" if waiting else f"virsh net-destroy {quote(name)}"


def _bridge_left_in_use(*, bridge: str, ports: Sequence[str]) -> Advice:
    return Advice(f"the bridge {bridge} belongs to no network of this libvirt, and has {', '.join(ports)} attached")


#: What fixes a problem of a network; a restart of the network fixes the others.
_PROBLEM_FIXES: Final[Mapping[ProblemKind, str]] = {
    ProblemKind.GUESTS_UNPLUGGED: f"{_AGAIN}. Or run systemctl restart virtqemud (or libvirtd), which reattaches them",
    ProblemKind.HOLDING_NETWORK_LEFT: "Run pulumi up in its stack, which reattaches them",
    ProblemKind.HOLDING_BRIDGES_LEFT: "Run pulumi up in its stack, which reattaches them",
    ProblemKind.FIREWALL_RULES_LEFT: f"{_AGAIN}. If no program manages the network, the next boot removes the rules",
    ProblemKind.TRACKING_LEFT: f"{_AGAIN}. If no program manages the network, the next boot removes the rule",
    ProblemKind.FOREIGN_BRIDGE: (
        "Rename or remove that interface by hand. Until then, don't stop the network, which would delete it"
    ),
    ProblemKind.DNSMASQ_NOT_RUNNING: (
        f"{_AGAIN}. Or run systemctl restart virtnetworkd (or libvirtd), which starts it and doesn't disturb guests"
    ),
    ProblemKind.DNSMASQ_RESTART_INTERRUPTED: (
        f"{_AGAIN}. Or run virsh net-update {{network}} delete dns-txt \"<txt name='{RESTART_RECORD}'/>\" --live"
    ),
}

_RESTART_NETWORK: Final = (
    f"{_AGAIN}. Or run virsh net-destroy {{network}} and virsh net-start {{network}}, and reattach its guests"
)


def _network_problem(*, reason: str, problem: ProblemKind, network: str) -> Advice:
    return Advice(reason, _PROBLEM_FIXES.get(problem, _RESTART_NETWORK).format(network=quote(network)))


# Subnets

_SUBNET_USERS: Final[Mapping[SubnetUserKind, str]] = {
    SubnetUserKind.NETWORK: "network {name}",
    SubnetUserKind.INTERFACE: "interface {name}",
    SubnetUserKind.ROUTE: "route over {name}",
    SubnetUserKind.CONNECTED_ROUTE: "route",
}

_Used = Mapping[str, Sequence[Mapping[str, str]]]


def _port_forward(**told: Any) -> Advice:
    return Advice(_opened(**told))


def _opened(
    *,
    file: str,
    owner: str,
    network: str,
    address: str,
    target: str,
    ports: Sequence[tuple[str, int, int, int]],
    sources: Sequence[str],
) -> str:
    version = 6 if ":" in target else 4
    leads = listed(port_forward_messages.leads(target, *one) for one in ports)
    where, whence = port_forward_messages.of(address, version), port_forward_messages.whence(sources)
    return f"{where} forwards {leads} on network '{network}', {whence} ({file}, {owner})"


def _forward_amiss(what: str, fix: str = _AGAIN) -> Callable[..., Advice]:
    return lambda **told: Advice(f"{what}: {_opened(**told)}", fix)


def _moved(*, reservation: str, reserved: str, **told: Any) -> Advice:
    return Advice(f"the reservation of {reservation} now has {reserved}: {_opened(**told)}", _AGAIN)


def _reservation_gone(*, reservation: str, **told: Any) -> Advice:
    return Advice(
        f"the network no longer has a reservation of {reservation}: {_opened(**told)}",
        "Add the reservation again, or change the target in the stack that has the port forward",
    )


def _links(*, links: Sequence[Mapping[str, str]]) -> Advice:
    reason = port_forward_messages.sentence(Problem(PortForwardProblem.LINKS_MISSING, {"missing": links}))
    return Advice(reason, f"Run {_ADDS_LINKS}")


_ADDS_LINKS: Final = f"sh {SCRIPT_PATH} links"


def _users(in_use: _Used) -> dict[str, list[str]]:
    return {
        subnet: [_SUBNET_USERS[SubnetUserKind(user["kind"])].format(**user) for user in users]
        for subnet, users in in_use.items()
    }


def _subnets_in_use(*, in_use: _Used) -> Advice:
    used = ", ".join(f"{subnet} ({', '.join(users)})" for subnet, users in _users(in_use).items())
    return Advice(f"in use: {used or 'none'}")


def _networks_wait_at_boot(*, networks: Sequence[str]) -> Advice:
    return Advice(
        f"no libvirt daemon starts at boot, so {_listed(networks)} will start only when somebody first uses libvirt",
        "Run systemctl enable virtnetworkd (or libvirtd): the service, because the socket starts it only on demand",
    )


def _subnets_free(*, free: Sequence[str]) -> Advice:
    return Advice(f"free: {', '.join(free)}")


def _subnets_free_in_libvirt(*, free: Sequence[str]) -> Advice:
    return Advice(f"{_subnets_free(free=free).reason}, as far as libvirt knows")


ADVICE: Mapping[FindingKind, Advice | Callable[..., Advice]] = {
    FindingKind.LIBVIRT_ANSWERS: Advice("libvirt {version} answers at {uri}"),
    FindingKind.LIBVIRT_UNREACHABLE: Advice(
        "{reason}",
        "Run systemctl enable --now libvirtd (or virtqemud virtnetworkd, which also enables their sockets), or correct the "
        "URI",
    ),
    FindingKind.LIBVIRT_DENIED: Advice(
        "{reason}", "Run sudo usermod -aG libvirt USER, then log in again. Or run as root"
    ),
    FindingKind.PROPERTIES_UNKNOWN: _properties_unknown,
    FindingKind.NETWORKS_LISTED: Advice("libvirt lists networks: {networks}"),
    FindingKind.INTERFACE_DRIVER_MISSING: Advice(
        "libvirt has no interface driver, and this URI gives no access to the host itself. Networks with a bridge of "
        "their own can't be started safely",
        "Install libvirt-daemon-driver-interface on the host, or use a local or qemu+ssh URI",
    ),
    FindingKind.HOST_UNREACHABLE: Advice(
        "{reason}", "Make `ssh` to that host work without a prompt. Test it with `ssh -o BatchMode=yes`"
    ),
    FindingKind.HOST_NOT_REACHED: Advice(
        "this URI reaches only libvirt. The host's interfaces, firewall, files and kernel were not checked",
        "Run virtnet doctor on that host, or with a qemu+ssh URI",
    ),
    FindingKind.USERS_OWN_LIBVIRT: Advice(
        "{uri} is a user's session libvirt, which isn't allowed to create bridges. It can start only networks on an "
        "existing bridge",
        "Use the uri {instead}",
    ),
    FindingKind.NOT_ROOT: Advice(
        "this user isn't root on {host}, which HostForwarding and restarts with attached guests need",
        "Run as root, or name root in the uri",
    ),
    FindingKind.MAY_CHANGE_HOST: Advice("this user may change {host}"),
    FindingKind.NOT_CHECKED: Advice("{reason}", "Run as root to check everything"),
    FindingKind.DNSMASQ_INSTALLED: Advice("dnsmasq is installed"),
    FindingKind.DNSMASQ_MISSING: Advice(
        "dnsmasq isn't installed. Networks with DHCP or DNS can't start",
        "Install dnsmasq (Debian and Ubuntu: the package dnsmasq-base)",
    ),
    FindingKind.DNSMASQ_OUTLIVED_NETWORK: Advice(
        "process {pid} is the dnsmasq of network '{network}', which isn't active, and still occupies its ports",
        "Run {command}. Starting that network with pulumi up also ends the process",
    ),
    FindingKind.INOTIFY_INSTANCES_RUN_OUT: Advice(
        "{networks} active networks serve DNS, and each uses one of the {limit} inotify instances that a user of this "
        "host may have. The next one may fail to start (dnsmasq: Too many open files)",
        "Run sysctl -w fs.inotify.max_user_instances=1024 and put the same line into /etc/sysctl.d, or set dns.forwarders",
    ),
    FindingKind.FIREWALL_PROGRAMS_MISSING: Advice(
        "neither iptables nor nft is installed. Only networks in mode open or bridge can start",
        "Install iptables (Fedora and RHEL: the package iptables-nft)",
    ),
    FindingKind.BACKENDS_PROGRAM_MISSING: Advice(
        "/etc/libvirt/network.conf sets firewall_backend to {backend}, and {program} isn't installed. libvirt's daemon "
        "can't start again",
        "Install {backend}, or remove firewall_backend from that file",
    ),
    FindingKind.NETWORKS_WAIT_AT_BOOT: _networks_wait_at_boot,
    FindingKind.FIREWALL_BACKEND: Advice("libvirt's firewall backend is {backend}"),
    FindingKind.FIREWALL_NOT_NEEDED: Advice(
        "libvirt's firewall backend is {backend}. It has no rules now, and no active network needs any"
    ),
    FindingKind.CHAINS_MISSING: _chains_missing,
    FindingKind.RULES_MISSING: _rules_missing,
    FindingKind.PACKETS_DROPPED: _packets_dropped,
    FindingKind.PACKETS_NOT_JUDGED: _packets_not_judged,
    FindingKind.LEGACY_TABLES: _legacy_tables,
    FindingKind.PARAMETER_SET_AT_BOOT: _set_at_boot,
    FindingKind.PARAMETER_DEFAULT_AT_BOOT: _default_at_boot,
    FindingKind.PARAMETER_UNKNOWN: _parameter_unknown,
    FindingKind.FORWARDING_OFF: _forwarding_off,
    FindingKind.FORWARDING_OFF_AT_BOOT: _forwarding_off_at_boot,
    FindingKind.DROP_IN: _drop_in,
    FindingKind.DROP_IN_EDITED: _drop_in_edited,
    FindingKind.DROP_IN_OVERRIDDEN_AT_BOOT: _drop_in_overridden_at_boot,
    FindingKind.DROP_IN_OVERRIDDEN_BY_SYSCTL: _drop_in_overridden_by_sysctl,
    FindingKind.DROP_IN_OVERRIDDEN_NOW: _drop_in_overridden_now,
    FindingKind.MANAGED_TWICE: _managed_twice,
    FindingKind.OVERRIDDEN_BY_PROGRAM: forwarding_messages.overriding,
    FindingKind.FILE_OVERRIDDEN: _file_overridden,
    FindingKind.FILE_OVERRIDDEN_BESIDE_OURS: _file_overridden_beside_ours,
    FindingKind.ADVERTISED_ROUTES_AT_STAKE: _advertised_routes_at_stake,
    FindingKind.TEMPORARY_FILE_LEFT: Advice("an interrupted write left {file}, which nothing reads", "Run {command}"),
    FindingKind.PORT_FORWARD: _port_forward,
    FindingKind.PORT_FORWARD_CLOSED: _forward_amiss("connections fail, because the rules are missing"),
    FindingKind.PORT_FORWARD_RULES_ALTERED: _forward_amiss("others changed the rules"),
    FindingKind.PORT_FORWARD_RECORD_EDITED: _forward_amiss("its file was edited by hand"),
    FindingKind.PORT_FORWARD_NETWORK_GONE: _forward_amiss(
        "libvirt no longer has the network", "Run pulumi destroy in its stack, or create the network again"
    ),
    FindingKind.PORT_FORWARD_RESERVATION_GONE: _reservation_gone,
    FindingKind.PORT_FORWARD_TARGET_MOVED: _moved,
    FindingKind.PORT_FORWARDS_NOT_RESTORED: lambda not_restored: Advice(
        f"the rules are not restored automatically, because {port_forward_messages.why_not_restored(not_restored)}",
        _AGAIN,
    ),
    FindingKind.PORT_FORWARDS_GO_WITH_A_BOOT: Advice(
        "this host doesn't run systemd, so connections fail after a boot or a restart of the network",
        f"Run {port_forward_messages.RESTORES} after that",
    ),
    FindingKind.PORT_FORWARD_LINKS: _links,
    FindingKind.PORT_FORWARD_WITHOUT_RECORD: Advice(
        "the file of a port forward's rules is missing ({file}), so the rules are not restored automatically",
        "Run pulumi refresh, then pulumi up, in the stack that has the port forward. If no stack has it, run "
        f"nft delete table inet {TABLE}, then sh {SCRIPT_PATH} restore",
    ),
    FindingKind.PORT_FORWARD_FILE_STRANGE: Advice("virtnet didn't write {file}, or the file was changed since"),
    FindingKind.NETWORK: _network,
    FindingKind.NETWORK_PROBLEM: _network_problem,
    FindingKind.NETWORK_DOES_NOT_START: Advice("the network can't start: {reason}", "{fix}"),
    FindingKind.NETWORK_DOES_NOT_START_AGAIN: Advice("if the network stops, it can't start again: {reason}", "{fix}"),
    FindingKind.NETWORK_NOTE: Advice("{reason}"),
    FindingKind.NETWORK_START_NOTE: Advice("{reason}"),
    FindingKind.NETWORK_HALF_MADE: Advice(
        "the network is incomplete: the pulumi up of {owner} that creates it was interrupted or is still running",
        "Run pulumi up in that stack, which completes it. If that stack no longer exists, run virsh net-undefine {network}",
    ),
    FindingKind.AUTOSTART_LINK_MISSING: Advice(
        "libvirt reports autostart, but its link is missing, so the network won't start at boot",
        "Run {command}",
    ),
    FindingKind.AUTOSTART_LINK_DANGLES: Advice(
        "{path} is a dangling link, so the network doesn't start at boot, and libvirt can't set autostart",
        "Run {command}",
    ),
    FindingKind.AUTOSTART_PLACE_TAKEN: Advice(
        "{path} exists and isn't libvirt's link to the network, so the network doesn't start at boot, and libvirt can't set "
        "autostart",
        "Move that file away, then run virsh net-autostart {network} --disable; virsh net-autostart {network}",
    ),
    FindingKind.AUTOSTART_UNKNOWN_TO_LIBVIRT: Advice(
        "the link {path} was created after libvirt's daemon started. The network starts at boot, although libvirt reports "
        "that it doesn't",
        "Run rm {path}. If the network should start at boot, then run virsh net-autostart {network}",
    ),
    FindingKind.NETWORK_TRANSIENT: Advice(
        "the network is transient: it disappears when it stops",
        "To keep it, save the output of virsh net-dumpxml {network} to a file and run virsh net-define with that file",
    ),
    FindingKind.OUR_NETWORK_TRANSIENT: Advice("the network is transient: it disappears when it stops", _AGAIN),
    FindingKind.HOLDING_NETWORK_LEFT: _holding_network_left,
    FindingKind.HOLDING_NETWORK_ORPHANED: _holding_network_orphaned,
    FindingKind.BRIDGE_LEFT: Advice(
        "the bridge {bridge} belongs to no network of this libvirt",
        "If no other program created it, run ip link delete dev {bridge}",
    ),
    FindingKind.BRIDGE_LEFT_IN_USE: _bridge_left_in_use,
    FindingKind.SUBNETS_IN_USE: _subnets_in_use,
    FindingKind.SUBNETS_FREE: _subnets_free,
    FindingKind.SUBNETS_FREE_IN_LIBVIRT: _subnets_free_in_libvirt,
}

COMMANDS: Mapping[FindingKind, str | Callable[..., str]] = {
    FindingKind.AUTOSTART_LINK_DANGLES: (
        "rm {path}; virsh net-autostart {network} --disable; virsh net-autostart {network}"
    ),
    FindingKind.AUTOSTART_LINK_MISSING: "virsh net-autostart {network} --disable; virsh net-autostart {network}",
    FindingKind.DNSMASQ_OUTLIVED_NETWORK: "kill {pid}",
    FindingKind.FORWARDING_OFF: _turns_on,
    FindingKind.HOLDING_NETWORK_ORPHANED: _removes_holding_network,
    FindingKind.PORT_FORWARD_LINKS: lambda **_: _ADDS_LINKS,
    FindingKind.TEMPORARY_FILE_LEFT: "rm {file}",
}
"""The shell command of a fix, if one command is the fix. A fix names it as `command`."""

_AS_TEXTS: Mapping[str, Callable[..., Detail]] = {
    "missing": _parts,
    "waiting": lambda waiting: [attachment_names([entry]) for entry in waiting],
    "in_use": _users,
}
"""Of a finding's data what programs get as texts, by its name."""
