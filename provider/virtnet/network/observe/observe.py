"""What libvirt and the kernel report of a network, and of the rest of the host as far as it matters. No decisions."""

import time
import uuid as uuids
from collections import Counter
from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from virtnet.errors import AccessDenied, HostFailure
from virtnet.host.requests import WHOLE_FIREWALL
from virtnet.network.names import holding_uuid
from virtnet.network.observe.autostart import as_the_next_boot_sees_it, in_the_place_of_a_new_one
from virtnet.network.observe.firewall.left import FORGETFUL, Sought
from virtnet.network.observe.host_facts import host_facts, host_facts_for_new
from virtnet.network.observe.leftovers import bridges_left, dnsmasq_process, rules_left
from virtnet.network.observe.named import missing, named_on_host
from virtnet.network.observe.ports import attachments, find_network, loose_interfaces
from virtnet.network.observe.problems import (
    leftover_problems,
    loose_problems,
    owner_problems,
    rules_left_problem,
    running_problems,
    tracking_problems,
)
from virtnet.network.observe.reads import READS
from virtnet.network.observe.scope import Scope, Start
from virtnet.network.observed import (
    HostReport,
    LeftBridge,
    Loose,
    Named,
    Observed,
    ObservedAbsent,
    ObservedNetwork,
    ReportedNetwork,
    StandInObstacle,
    reported,
)
from virtnet.network.problem_kinds import ProblemKind
from virtnet.planning.clients.clients import Clients
from virtnet.planning.ownership.marks import fresh_token
from virtnet.planning.reports import Attachment, GuestInterface, Obstacle, ObstacleKind
from virtnet.transport.uri import with_guests

if TYPE_CHECKING:
    from virtnet.planning.clients.host import HostReader


def observe(clients: Clients, scope: Scope) -> Observed:
    """What libvirt and the kernel report of this network; of the rest of the host only when it may matter."""
    since = time.monotonic()
    report = _find(clients, scope)
    if report is None:
        return _observe_absent(clients, scope, since)
    libvirt = clients.libvirt
    report, autostart_obstacle = as_the_next_boot_sees_it(clients.host, report, libvirt.uri)
    problems, unseen = running_problems(clients, report, checks_firewall=scope.checks_firewall, since=since)
    amiss = not report.active or bool(problems)
    may_start = scope.start is Start.PLANNED or (scope.start is Start.IF_AMISS and amiss)
    users = attachments(clients, report) if scope.attachments else ()
    holding = find_network(libvirt, uuid=holding_uuid(report.uuid), seconds_old=clients.seconds_old)
    held = attachments(clients, holding)
    if holding is not None:
        held = _with_guests(clients, holding, held)
    left = bridges_left(clients, report, occupied=scope.disconnects)
    if any(entry.users for entry in left):
        left = _with_owners(clients, report.name, left)
    around = _surroundings(clients, scope, report) if may_start else _Surroundings()
    in_the_way = may_start or scope.deletes or scope.checks_firewall or scope.seeks_rules_left
    rules = _rules_left(clients, scope, report, since) if in_the_way else ()
    rules_problem = rules_left_problem(rules or ())
    tracking = holding is None and _tracking_left(clients, scope, report, since)
    kinds_unseen: dict[Enum, bool] = {
        ProblemKind.FIREWALL_RULES_MISSING: unseen,
        ProblemKind.FIREWALL_RULES_LEFT: rules is None,
        ProblemKind.TRACKING_LEFT: tracking is None,
    }
    looks_for_loose = not scope.deletes and (report.active or may_start)
    loose = loose_interfaces(clients, report.name, report) if looks_for_loose else Loose()
    return ObservedNetwork(
        uri=libvirt.uri,
        host_uuid=libvirt.host_uuid(),
        libvirt_version=libvirt.version(),
        report=report,
        autostart_obstacle=autostart_obstacle,
        rules_left=rules,
        missing=_missing(clients.host, scope, report if may_start else None),
        fresh_token=fresh_token(),
        attachments=_with_guests(clients, report, users) if may_start or scope.deletes else users,
        holding="" if holding is None else holding.name,
        held=held,
        shut_off_guests=tuple(libvirt.shut_off_guests(report.name)) if scope.deletes else (),
        dnsmasq_left=not report.active and dnsmasq_process(clients, report.name) is not None,
        bridges_left=left,
        tracked=not (may_start or scope.updates) or _tracked(clients.host, report, (*users, *held)),
        stand_in_obstacle=(
            _stand_in_obstacle(clients.host, report, (*users, *held)) if may_start else StandInObstacle.NOT_SEEN
        ),
        loose=loose,
        problems=(
            *problems,
            *loose_problems(report, loose, problems),
            *leftover_problems(report, holding, held, left),
            *(() if rules_problem is None else (rules_problem,)),
            *(tracking_problems(report) if tracking else ()),
            *owner_problems(report, scope.recorded),
        ),
        unseen=tuple(problem for problem in scope.of_rules if kinds_unseen.get(problem.kind)),
        others=around.others,
        host=around.host,
        interface_names=around.interface_names,
        only_libvirt=clients.host is None,
        unprivileged=libvirt.unprivileged(),
    )


def _observe_absent(clients: Clients, scope: Scope, since: float) -> ObservedAbsent:
    libvirt = clients.libvirt
    may_start = scope.start is not Start.NEVER and not scope.deletes
    around = _surroundings(clients, scope, None) if may_start else _Surroundings()
    return ObservedAbsent(
        uri=libvirt.uri,
        host_uuid=libvirt.host_uuid(),
        libvirt_version=libvirt.version(),
        autostart_obstacle=in_the_place_of_a_new_one(clients.host, scope.name, libvirt.uri) if may_start else None,
        rules_left=_rules_left(clients, scope, None, since) if may_start else (),
        missing=_missing(clients.host, scope, None) if may_start else Named(),
        fresh_uuid=str(uuids.uuid4()),
        fresh_token=fresh_token(),
        loose=loose_interfaces(clients, scope.name, None) if may_start and scope.name else Loose(),
        others=around.others,
        host=around.host,
        interface_names=around.interface_names,
        only_libvirt=clients.host is None,
        unprivileged=libvirt.unprivileged(),
    )


class _Surroundings(NamedTuple):
    """What of the rest of the host a start depends on."""

    others: tuple[ReportedNetwork, ...] = ()
    host: HostReport | None = None
    interface_names: frozenset[str] | None = None


def _surroundings(clients: Clients, scope: Scope, report: ReportedNetwork | None) -> _Surroundings:
    return _Surroundings(
        others=_others(clients, report),
        host=None if clients.host is None else _host_facts(clients.host, scope, report),
        interface_names=clients.libvirt.interface_names() if clients.host is None else None,
    )


def prefetch(clients: Clients, scope: Scope) -> None:
    """Let the host's programs tell of addresses, routes and sockets while another network starts, which takes longer.

    What other resources of virtnet's do meanwhile to addresses is told by libvirt, which is asked when it counts.
    """
    if clients.host is not None and scope.prefetches:
        with clients.prefetch(READS):
            _host_facts(clients.host, scope, None)


def _others(clients: Clients, report: ReportedNetwork | None) -> tuple[ReportedNetwork, ...]:
    """The host's other networks. Where only libvirt tells which addresses and names are taken, as they are now."""
    found = clients.libvirt.networks() if clients.host is None else clients.cached_networks()
    own = () if report is None else (report.uuid, holding_uuid(report.uuid))
    return tuple(reported(other) for other in found if other.uuid not in own)


def _host_facts(host: "HostReader", scope: Scope, report: ReportedNetwork | None) -> HostReport:
    """The host as far as this network's start may depend on it: of 500 interfaces, less where nothing is plugged in."""
    if report is None and scope.ip_versions is not None:
        return host_facts_for_new(host, scope.ip_versions)
    found = () if report is None else (report.live, report.config)
    its_bridges = {said.bridge_name for said in found if said is not None} - {""}
    return host_facts(host, scope.bridges | its_bridges)


def _with_guests(clients: Clients, report: ReportedNetwork, users: tuple[Attachment, ...]) -> tuple[Attachment, ...]:
    """What is plugged in, with all that planning a stop asks of guests: whose they are, and whether they move."""
    if not report.active:
        return users
    bridge = report.running.bridge
    by_name = {guest.interface: guest for guest in clients.libvirt.guests_on_bridge(bridge)} if bridge else {}
    interfaces = clients.libvirt.guest_interfaces(report.name)
    taps = {interface.interface: interface for interface in interfaces}
    orphans = set(clients.libvirt.orphaned_ports(report.uuid)) if any(user.port for user in users) else set()
    found = [
        _named(user, taps, by_name, clients.libvirt.uri)
        for user in users
        # A tap that is there tells whose it is; of a port alone libvirt may have lost sight.
        if user.port not in orphans or user.interface in taps
    ]
    known = {(user.owner, user.mac.lower()) for user in found}
    # Guests that name the network and hang loose, after a virsh net-destroy and net-start say.
    found += [
        Attachment(owner=detached.guest, interface=detached.interface, mac=detached.mac)
        for detached in interfaces
        if (detached.guest, detached.mac) not in known
    ]
    twice = [key for key, count in Counter((i.guest, i.mac) for i in interfaces).items() if count > 1]
    return tuple(
        user._replace(cannot_reattach=Obstacle(ObstacleKind.SEVERAL_WITH_ONE_MAC))
        if (user.owner, user.mac.lower()) in twice
        else user
        for user in found
    )


def _with_owners(clients: Clients, name: str, left: tuple[LeftBridge, ...]) -> tuple[LeftBridge, ...]:
    """Bridges that libvirt has forgotten, with the guests whose interfaces are on them still."""
    taps = {interface.interface: interface for interface in clients.libvirt.guest_interfaces(name)}
    found = []
    for entry in left:
        by_name = {guest.interface: guest for guest in clients.libvirt.guests_on_bridge(entry.bridge)}
        named = tuple(_named(user, taps, by_name, clients.libvirt.uri) for user in entry.users)
        found.append(entry._replace(users=named))
    return tuple(found)


def _named(
    user: Attachment, taps: Mapping[str, GuestInterface], by_name: Mapping[str, Attachment], uri: str
) -> Attachment:
    """One that is plugged in, with the guest it belongs to."""
    if user.interface in taps:
        return user._replace(owner=taps[user.interface].guest, mac=taps[user.interface].mac)
    if not user.owner and user.interface in by_name:
        return by_name[user.interface]._replace(bridge_by_name=True)
    movable = {interface.mac for interface in taps.values()}
    if user.owner and not user.cannot_reattach and user.mac.lower() not in movable:
        instead = with_guests(uri)
        if instead:
            return user._replace(
                cannot_reattach=Obstacle(ObstacleKind.GUESTS_NOT_TOLD, {"uri": uri, "instead": instead})
            )
        return user._replace(cannot_reattach=Obstacle(ObstacleKind.GUEST_UNKNOWN, {"uri": uri}))
    return user


def _tracked(host: "HostReader | None", report: ReportedNetwork, users: tuple[Attachment, ...]) -> bool | None:
    """Whether nobody's connections are reset while the rules are gone; asked where somebody is there to have some."""
    if report.live is None or not report.live.translated or not users:
        return True
    if host is None:
        return None
    from virtnet.network.observe.firewall.tracking import connections_stay_tracked

    return connections_stay_tracked(host, report.live)


def _stand_in_obstacle(
    host: "HostReader | None", report: ReportedNetwork, users: tuple[Attachment, ...]
) -> StandInObstacle | None:
    """Why the firewall cuts guests off during a restart; asked where there are some."""
    if host is None or report.live is None or not report.live.bridge or not users:
        return StandInObstacle.NOT_SEEN
    from virtnet.network.observe.firewall.standing_in import stand_in_obstacle

    return stand_in_obstacle(host, report.live, report.uuid)


def _rules_left(clients: Clients, scope: Scope, report: ReportedNetwork | None, since: float) -> tuple[str, ...] | None:
    """The backends with firewall rules left of the network, or of an earlier one with its bridge or subnets.

    Of a new network only the backend that forgets rules is asked. None if nobody can look.
    """
    new = report is None
    sought = Sought(bridges=frozenset({scope.own_bridge} - {""}) if new else frozenset(), subnets=scope.subnets)
    try:
        found = rules_left(clients, report, sought, listers=FORGETFUL if new else WHOLE_FIREWALL, since=since)
    except (HostFailure, AccessDenied):  # only root can look, and not each listing can be read
        return None
    return None if found is None else tuple(backend.value for backend in found.backends)


def _tracking_left(clients: Clients, scope: Scope, report: ReportedNetwork, since: float) -> bool | None:
    """Whether an interrupted update of the running network left its rule; False where nothing asks for its rules."""
    if report.live is None or not (scope.checks_firewall or scope.seeks_rules_left):
        return False
    if clients.host is None:
        return None
    from virtnet.network.observe.firewall.tracking import tracking_left

    return tracking_left(clients.host, report.uuid, clients.libvirt.version(), since)


def _missing(host: "HostReader | None", scope: Scope, report: ReportedNetwork | None) -> Named:
    """What is named by the program, or by the network that may be started, and is not there."""
    there = Named() if report is None else named_on_host(report.definition.tree)
    return Named() if host is None else missing(host, scope.named.joined(there))


def _find(clients: Clients, scope: Scope) -> ReportedNetwork | None:
    if scope.uuid:
        return find_network(clients.libvirt, uuid=scope.uuid, seconds_old=clients.seconds_old)
    return find_network(clients.libvirt, name=scope.name)
