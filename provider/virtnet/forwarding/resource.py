"""HostForwarding: the host's kernel forwards IP packets, now and after every boot.

check, observe and outputs; what to do is decided in plan, effects are in steps. libvirt has no
call for kernel parameters: everything but the question who needs forwarding goes through the host's door.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from virtnet.errors import AccessDenied, HostFailure
from virtnet.forwarding.boot import by_systemd
from virtnet.forwarding.drop_in import DEFAULT_NAME, is_runtime_record, path_of
from virtnet.forwarding.failures import ForwardingFailure
from virtnet.forwarding.observed import (
    ForwardingReport,
    drop_in_of,
    managed,
    previous_of,
    project,
    recorded_inputs,
    setting,
)
from virtnet.forwarding.other_programs import configuration
from virtnet.forwarding.plan import plan
from virtnet.forwarding.spec import HostForwardingSpec
from virtnet.forwarding.steps import host_of
from virtnet.forwarding.sysctl import (
    IPV4,
    IPV4_ACCEPT_REDIRECTS,
    IPV4_CONF,
    IPV6,
    IPV6_CONF,
    accept_ra_of,
    interface_of,
    ipv4_of,
    ipv6_of,
)
from virtnet.host.paths import DIRECTORIES, RUNTIME_RECORDS, SYSCTL_CONF
from virtnet.network.xml.definition import definition
from virtnet.planning.clients import Clients
from virtnet.planning.findings import Messages
from virtnet.planning.host_client import (
    FileReader,
    FirewallReader,
    NamedHost,
    Privileges,
    Programs,
    Routing,
    SysctlReader,
)
from virtnet.planning.reports import NetworkReport
from virtnet.planning.resource import Resource
from virtnet.spec.failures import Failure
from virtnet.spec.part import UNKNOWN, Values, as_group, from_inputs, tree
from virtnet.spec.values import readable
from virtnet.transport.uri import no_host_reason

#: Modes in which libvirt itself turns forwarding on at every start of a network.
ROUTED_MODES = ("nat", "route", "open")


def check(inputs: Mapping[str, Any], recorded: Mapping[str, Any]) -> tuple[dict[str, object], list[Failure]]:
    """Inputs in their one canonical form, or every reason against them. Pure.

    `__owner`, project/stack/resource, is kept as first recorded: the drop-in goes on naming it when Pulumi's name
    changes. Inputs that name no parameter at all mean ipv4.
    """
    spec, failures = from_inputs(
        HostForwardingSpec, {name: value for name, value in inputs.items() if not name.startswith("__")}
    )
    if spec is None:
        return {}, failures
    canonical = tree(spec)
    failures = _contradictions(canonical)
    if failures:
        return {}, failures
    if not any(canonical.get(name) not in (None, {}) for name in ("ipv4", "ipv6", "interfaces")):
        canonical["ipv4"] = True
    owner = recorded.get("__owner") or inputs.get("__owner")
    if owner:
        canonical["__owner"] = owner
    return canonical, []


def _contradictions(named: Values) -> list[Failure]:
    failures = []
    uri = named.get("uri")
    if uri is None:
        failures.append(Failure("uri", ForwardingFailure.URI_MISSING))
    elif isinstance(uri, str) and (reason := no_host_reason(uri)) is not None:
        failures.append(Failure("uri", ForwardingFailure.NO_HOST, {"reason": reason}))
    interfaces = named.get("interfaces")
    for name, forwarding in ({} if interfaces is UNKNOWN or interfaces is None else as_group(interfaces)).items():
        path = f'interfaces["{readable(name)}"]'
        if name in ("all", "default"):
            failures.append(Failure(path, ForwardingFailure.KERNELS_WORD, {"name": name}))
        elif any(character in "*?[]=\\" for character in name):
            failures.append(Failure(path, ForwardingFailure.PATTERN_CHARACTER))
        elif forwarding == {}:
            failures.append(Failure(path, ForwardingFailure.NAMES_NEITHER))
    return failures


class ForwardingReader(NamedHost, FileReader, SysctlReader, Privileges, Routing, Programs, FirewallReader, Protocol):
    """What observing asks of a host."""


def observe(clients: Clients, desired: Values | None, _recorded: Values) -> ForwardingReport:
    """What the kernel, the files that it boots with, and libvirt's networks report now. Each is asked once."""
    host = host_of(clients)
    host_uuid = clients.libvirt.host_uuid()
    return look(host, desired, host_uuid=host_uuid, users=users(clients.libvirt.networks()))


def look(
    host: ForwardingReader,
    desired: Values | None,
    *,
    host_uuid: str,
    users: Mapping[str, tuple[str, ...]],
) -> ForwardingReport:
    """The same where libvirt has been asked already, or cannot be: `users` is what `users()` makes of its networks."""
    ahead = bool(desired)  # whether someone reviews what is to come; else it is read, or deleted
    routes = host.routes() if _may_turn_on_ipv6(desired or {}) else ()
    values = _values(host)
    docker = ipv4_of("docker0") in values
    return ForwardingReport(
        host=host.name,
        host_uuid=host_uuid,
        values=values,
        files=_files(host),
        marks=_texts(
            host,
            [f"{RUNTIME_RECORDS}/{name}" for name in host.list_directory(RUNTIME_RECORDS) if is_runtime_record(name)],
        ),
        users=users,
        docker=docker,
        routed_by_advertisement=tuple(sorted({route.interface for route in routes if route.protocol == "ra"})),
        docker_installed=docker or (ahead and host.has_program("dockerd")),
        forward_policy=forward_policy(host) if docker and ahead else "",
        overriding_settings=configuration(host.list_directory, host.read_file) if ahead else {},
        may_change=desired == {} or host.may_change_links(),
    )


def _may_turn_on_ipv6(desired: Values) -> bool:
    groups = setting(desired, "interfaces", default={})
    named = [desired.get("ipv6"), *(group.get("ipv6") for group in groups.values() if group is not UNKNOWN)]
    return any(value is True for value in named)


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
    paths = [f"{directory}/{name}" for directory in DIRECTORIES for name in host.list_directory(directory)]
    texts = _texts(host, [path for path in paths if path.endswith(".conf")])
    last = host.read_file(SYSCTL_CONF)
    return texts if last is None else {**texts, SYSCTL_CONF: last}


def _texts(host: FileReader, paths: Iterable[str]) -> dict[str, str]:
    return {path: _text(host, path) for path in paths}


def _text(host: FileReader, path: str) -> str:
    """The text of a name in a directory; "" for what cannot be read, as a directory or a link to nowhere.

    It sets nothing, and hides files of that name in later directories all the same (procps 4.0.2, systemd 252).
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


def users(networks: Iterable[NetworkReport]) -> dict[str, tuple[str, ...]]:
    """The active networks for which libvirt turned forwarding on, by address family."""
    found: dict[str, list[str]] = {IPV4: [], IPV6: []}
    for network in networks:
        if not network.active or network.live_xml is None:
            continue
        live = definition(network.live_xml)
        if live.mode not in ROUTED_MODES:
            continue
        addresses = [*live.tree.get("ips", ()), *live.tree.get("routes", ())]
        for key in {IPV6 if ":" in item["address"] else IPV4 for item in addresses}:
            found[key].append(f"the active {live.mode} network '{network.name}'")
    return {key: tuple(sorted(names)) for key, names in found.items()}


def outputs(inputs: Values, recorded: Values, observed: ForwardingReport) -> dict[str, object]:
    """The inputs as the host has them, and the values now, before and after the next boot. It is never gone."""
    previous = previous_of(recorded)
    keys = managed(inputs, previous)
    interfaces = sorted({*observed.interfaces, *filter(None, map(interface_of, keys))})
    boot = by_systemd(observed.files, interfaces)
    path = path_of(drop_in_of(inputs))
    if setting(inputs, "persist", default=True) is False:
        path = str(recorded.get("drop_in_path") or "")
    return project(inputs, recorded, observed) | {
        "host_uuid": observed.host_uuid,
        "runtime": {key: observed.values[key] for key in keys if key in observed.values},
        "drop_in_path": path if path in observed.files else "",
        "previous": previous,
        "at_boot": {key: {"value": boot[key].value, "source": boot[key].source} for key in keys},
    }


def identity(shown: Values) -> str:
    """Pulumi's id: the host and the drop-in's name at create."""
    return f"{shown['host_uuid']}/{shown.get('drop_in') or DEFAULT_NAME}"


def _messages() -> Messages:
    from virtnet.forwarding.messages import messages

    return messages()


HOST_FORWARDING: Resource[ForwardingReport] = Resource(
    name="HostForwarding",
    subject="IP forwarding",
    spec=HostForwardingSpec,
    computed=frozenset({"host_uuid", "runtime", "drop_in_path", "previous", "at_boot"}),
    check=check,
    observe=observe,
    plan=plan,
    outputs=outputs,
    recorded_inputs=recorded_inputs,
    identity=identity,
    messages=_messages,
)
