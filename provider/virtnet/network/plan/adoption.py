"""Whom a network that was there before belongs to, and how it was found: the mark of the resource that adopted it.

Pure.
"""

import json
from typing import NamedTuple

from virtnet.network.observed import ReportedNetwork
from virtnet.network.plan.kinds import RefusalKind
from virtnet.network.xml.read import OwnerMark
from virtnet.planning.findings import Refusal
from virtnet.spec.part import as_group


class AsFound(NamedTuple):
    """A network as it was before it was adopted."""

    xml: str
    active: bool
    autostart: bool
    persistent: bool

    def as_details(self) -> dict[str, object]:
        """As plain data: in the state, and in the network's mark."""
        return self._asdict()


def as_found_of(recorded: object) -> AsFound:
    """What `details` gave."""
    found = as_group(recorded)
    return AsFound(
        xml=str(found["xml"]),
        active=bool(found["active"]),
        autostart=bool(found["autostart"]),
        persistent=bool(found["persistent"]),
    )


def as_found(report: ReportedNetwork, owner: str) -> AsFound:
    """What a delete will give back: the network as it is, or as an adoption that was cut short had found it."""
    mark = report.definition.mark
    if mark is not None and mark.found and mark.owner == owner:
        return as_found_of(json.loads(mark.found))
    return AsFound(
        xml=report.definition.xml, active=report.active, autostart=report.autostart, persistent=report.persistent
    )


def adoption_mark(owner: str, found: AsFound) -> OwnerMark | None:
    """The mark of a network that was adopted, which holds what was found; None where nobody knows by whom."""
    return OwnerMark(owner, adopted=True, found=json.dumps(found.as_details(), sort_keys=True)) if owner else None


def owned_by_other(other: str, owner: str, uuid: str) -> Refusal:
    """The refusal of a network with the mark of another resource."""
    # project/stack/resource: only the last may hold further slashes.
    *stack, resource = other.split("/", 2)
    alias = resource if owner.split("/", 2)[:-1] == stack else ""
    return Refusal(RefusalKind.OWNED_BY_OTHER, {"uuid": uuid, "owner": other, "alias": alias})
