"""The goal of one create or update of a HostForwarding, by its inputs. Pure."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from virtnet.forwarding.boot_files.drop_in import path_of
from virtnet.forwarding.kinds import NoteKind
from virtnet.forwarding.observed import ForwardingReport, setting, wanted
from virtnet.forwarding.sysctl import accept_ra_of, is_accept_ra, is_ipv6, is_on
from virtnet.planning.findings import Note
from virtnet.planning.ownership.marks import Mark, mark_for
from virtnet.spec.part import UNKNOWN, Values


class Goal(NamedTuple):
    """The parameters and the drop-in that there shall be."""

    mark: Mark
    """The owner that the files will name."""
    path: str
    """The drop-in's path; the default while its name is unknown."""
    persist: object
    """Whether the drop-in shall be there: True, False or UNKNOWN."""
    preserve_advertisements: object
    """Whether routes from router advertisements shall stay: True, False or UNKNOWN."""
    named: Mapping[str, str | None]
    """The parameters that the program names, with their values; None for one that only the apply will know."""
    targets: Mapping[str, str]
    """The parameters to set, with their values: those named and known, and the advertisements to preserve."""
    unknown: frozenset[str]
    """The inputs that only the apply will know."""


def goal_of(desired: Values, token: str) -> Goal:
    """The goal as inputs name it, under the mark with this token."""
    drop_in = desired.get("drop_in")
    named = wanted(desired)
    return Goal(
        mark=mark_for(desired, token),
        path=path_of(drop_in if isinstance(drop_in, str) else None),
        persist=setting(desired, "persist", default=True),
        preserve_advertisements=setting(desired, "preserve_router_advertisements", default=True),
        named=named,
        targets={key: value for key, value in named.items() if value is not None},
        unknown=frozenset(name for name, value in desired.items() if value is UNKNOWN),
    )


def preserve_advertisements(goal: Goal, previous: Mapping[str, str], observed: ForwardingReport) -> Goal:
    """The goal with accept_ra=2 of the interfaces that would lose routes, and of those taken care of before.

    Forwarding makes the kernel drop, on all interfaces, routes learned by those whose accept_ra is 1.
    """
    if goal.preserve_advertisements is not True or not _turned_on(goal):
        return goal
    before = [key for key in previous if is_accept_ra(key)]
    at_stake = [accept_ra_of(name) for name in _at_stake(goal, observed)]
    return goal._replace(targets={**goal.targets, **dict.fromkeys([*before, *at_stake], "2")})


def lost_routes(goal: Goal, observed: ForwardingReport) -> Iterator[Note]:
    """The interfaces whose routes are lost, because the program doesn't preserve them."""
    if goal.preserve_advertisements is False:
        for name in _at_stake(goal, observed):
            yield Note(NoteKind.LOSES_ADVERTISED_ROUTES, {"interface": name, "host": observed.host})


def _turned_on(goal: Goal) -> list[str]:
    return [key for key, value in goal.targets.items() if is_ipv6(key) and value == "1"]


def _at_stake(goal: Goal, observed: ForwardingReport) -> list[str]:
    """The interfaces that would lose routes if nothing were done."""
    if all(is_on(observed.values.get(key)) for key in _turned_on(goal)):
        return []
    # 2 holds already; with 0 something other than the kernel takes the advertisements
    return [name for name in observed.routed_by_advertisement if observed.values.get(accept_ra_of(name)) == "1"]
