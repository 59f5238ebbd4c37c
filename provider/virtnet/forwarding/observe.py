"""What a host's kernel, files and programs say of IP forwarding now. No effect, no decision.

libvirt has no call for kernel parameters. So virtnet asks libvirt only who needs forwarding, and the host itself
everything else.
"""

from collections.abc import Iterable, Mapping
from typing import Protocol

from virtnet.errors import AccessDenied, HostFailure
from virtnet.forwarding.boot_files.drop_in import is_runtime_record
from virtnet.forwarding.boot_files.other_programs import configuration
from virtnet.forwarding.boot_files.paths import DIRECTORIES, RUNTIME_RECORDS, SYSCTL_CONF
from virtnet.forwarding.kinds import UserKind
from virtnet.forwarding.observed import ForwardingReport, ForwardingUser
from virtnet.forwarding.steps import host_of
from virtnet.forwarding.sysctl import (
    IPV4,
    IPV4_ACCEPT_REDIRECTS,
    IPV4_CONF,
    IPV6,
    IPV6_CONF,
    accept_ra_of,
    ipv4_of,
    ipv6_of,
)
from virtnet.network.observed import ReportedNetwork, reported
from virtnet.network.tree import ROUTED_MODES
from virtnet.planning.clients.clients import Clients
from virtnet.planning.clients.host import (
    FileReader,
    FirewallReader,
    NamedHost,
    Privileges,
    Programs,
    Routing,
    SysctlReader,
)
from virtnet.planning.ownership.marks import fresh_token
from virtnet.spec.checking import if_known
from virtnet.spec.part import Values, as_group


class ForwardingReader(NamedHost, FileReader, SysctlReader, Privileges, Routing, Programs, FirewallReader, Protocol):
    """What observing asks of a host."""


def observe(clients: Clients, desired: Values | None, _recorded: Values) -> ForwardingReport:
    """What the kernel, the files that it boots with, and libvirt's networks report now. Each is asked once."""
    host = host_of(clients)
    host_uuid = clients.libvirt.host_uuid()
    return look(host, desired, host_uuid=host_uuid, users=users(map(reported, clients.libvirt.networks())))


def look(
    host: ForwardingReader,
    desired: Values | None,
    *,
    host_uuid: str,
    users: Mapping[str, tuple[ForwardingUser, ...]],
) -> ForwardingReport:
    """The same where libvirt has been asked already, or can't be: `users` is what `users()` makes of its networks."""
    ahead = bool(desired)  # whether someone reviews a plan; otherwise this is a read or a delete
    routes = host.routes() if _may_turn_on_ipv6(desired or {}) else ()
    values = _values(host)
    docker = ipv4_of("docker0") in values
    return ForwardingReport(
        host=host.name,
        host_uuid=host_uuid,
        values=values,
        files=_files(host),
        runtime_records=_texts(host, filter(is_runtime_record, _paths(host, RUNTIME_RECORDS))),
        users=users,
        docker=docker,
        routed_by_advertisement=tuple(sorted({route.interface for route in routes if route.protocol == "ra"})),
        docker_installed=docker or (ahead and host.has_program("dockerd")),
        forward_policy=forward_policy(host) if docker and ahead else "",
        other_programs=configuration(host.list_directory, host.read_file) if ahead else {},
        may_change=desired == {} or host.may_change_links(),
        fresh_token=fresh_token(),
    )


def _may_turn_on_ipv6(desired: Values) -> bool:
    interfaces = if_known(desired.get("interfaces")) or {}
    groups = [if_known(group) or {} for group in as_group(interfaces).values()]
    return any(as_group(named).get("ipv6") is True for named in (desired, *groups))


def _values(host: ForwardingReader) -> dict[str, str]:
    keys = [IPV4, IPV4_ACCEPT_REDIRECTS, IPV6]
    for name in host.list_directory(f"/proc/sys/{IPV4_CONF}"):
        keys += [] if name == "all" else [ipv4_of(name)]
    for name in host.list_directory(f"/proc/sys/{IPV6_CONF}"):
        keys += [] if name == "all" else [ipv6_of(name), accept_ra_of(name)]
    found = {key: host.read_sysctl(key) for key in keys}
    # An interface may go between the two looks.
    return {key: value for key, value in found.items() if value is not None}


def _files(host: FileReader) -> dict[str, str]:
    paths = [path for directory in DIRECTORIES for path in _paths(host, directory)]
    texts = _texts(host, [path for path in paths if path.endswith(".conf")])
    last = host.read_file(SYSCTL_CONF)
    return texts if last is None else {**texts, SYSCTL_CONF: last}


def _paths(host: FileReader, directory: str) -> list[str]:
    return [f"{directory}/{name}" for name in host.list_directory(directory)]


def _texts(host: FileReader, paths: Iterable[str]) -> dict[str, str]:
    return {path: _text(host, path) for path in paths}


def _text(host: FileReader, path: str) -> str:
    """The text of a name in a directory; "" if it can't be read, such as a directory or a dangling link.

    Such a name sets nothing, but hides files of that name in later directories (procps 4.0.2, systemd 252).
    """
    try:
        return host.read_file(path) or ""
    except HostFailure:
        return ""


def forward_policy(host: FirewallReader) -> str:
    """What iptables does with forwarded packets that no rule of FORWARD decides: "ACCEPT", "DROP", "" if unknown."""
    try:
        rules = host.firewall_rules("iptables-save") or ""
    except (AccessDenied, HostFailure):
        return ""
    table = rules.partition("*filter")[2].partition("COMMIT")[0]
    return next((line.split()[1] for line in table.splitlines() if line.startswith(":FORWARD ")), "")


def users(networks: Iterable[ReportedNetwork]) -> dict[str, tuple[ForwardingUser, ...]]:
    """The active networks for which libvirt turned forwarding on, by address family, sorted by mode and name."""
    found: dict[str, list[ForwardingUser]] = {IPV4: [], IPV6: []}
    for network in networks:
        live = network.live
        if live is None or live.mode not in ROUTED_MODES:
            continue
        addresses = [*live.tree.get("ips", ()), *live.tree.get("routes", ())]
        for key in {IPV6 if ":" in item["address"] else IPV4 for item in addresses}:
            found[key].append(ForwardingUser(UserKind.NETWORK, network.name, live.mode))
    return {key: tuple(sorted(those, key=lambda one: (one.mode, one.name))) for key, those in found.items()}
