"""Whom a network that was there before belongs to, and how it was found: the mark of the resource that adopted it.

Pure.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from virtnet.network.observed import ReportedNetwork
from virtnet.network.plan.kinds import RefusalKind
from virtnet.network.steps.definition import DefineNetwork, MarkNetwork
from virtnet.network.steps.metadata import SetMetadata
from virtnet.network.steps.sections import UpdateSection
from virtnet.network.xml import write as network_edit
from virtnet.network.xml.definition import definition
from virtnet.network.xml.read import OwnerMark
from virtnet.planning.findings import Refusal
from virtnet.planning.plan import Step
from virtnet.spec.part import as_group


@dataclass(frozen=True, kw_only=True)
class AsFound:
    """A network as it was before it was adopted."""

    xml: str
    active: bool
    autostart: bool
    persistent: bool

    def details(self) -> dict[str, object]:
        """As plain data: in the state, and in the network's mark."""
        return asdict(self)


def as_found_of(recorded: object) -> AsFound:
    """What `details` gave."""
    found = as_group(recorded)
    return AsFound(
        xml=str(found["xml"]),
        active=bool(found["active"]),
        autostart=bool(found["autostart"]),
        persistent=bool(found["persistent"]),
    )


def adoption_mark(steps: Sequence[Step], uuid: str, owner: str, found: AsFound) -> tuple[Step, ...]:
    """The step that marks a network adopted as it was, where the steps before it write its definition now.

    A program that equals the network changes nothing on the host, the mark included, and a flag alone is no definition.
    """
    if not owner or not any(isinstance(step, DefineNetwork | UpdateSection | SetMetadata) for step in steps):
        return ()
    return (MarkNetwork(uuid=uuid, mark=_mark(owner, found), previous=None),)


def as_found(report: ReportedNetwork, owner: str) -> AsFound:
    """What a delete will give back: the network as it is, or as an adoption that was cut short had found it."""
    mark = report.definition.mark
    if mark is not None and mark.found and mark.owner == owner:
        return as_found_of(json.loads(mark.found))
    return AsFound(
        xml=report.definition.xml, active=report.active, autostart=report.autostart, persistent=report.persistent
    )


def marked_first(steps: tuple[Step, ...], report: ReportedNetwork, owner: str, found: AsFound) -> tuple[Step, ...]:
    """The steps of an adoption that changes anything, with the mark, which holds what was found, before the first.

    Were it written last, an adoption that is killed would leave a half-changed network, and the next would take that
    for the original. A transient network has no definition to mark; the step that defines it brings the mark along.
    """
    previous = report.definition.mark
    if not owner or not steps:
        return steps
    mark = _mark(owner, found)
    marked = tuple(
        replace(step, xml=network_edit.with_owner_mark(definition(step.xml), mark))
        if isinstance(step, DefineNetwork)
        else step
        for step in steps
    )
    if not report.persistent or previous == mark:
        return marked
    return (MarkNetwork(uuid=report.uuid, mark=mark, previous=previous), *marked)


def _mark(owner: str, found: AsFound) -> OwnerMark:
    return OwnerMark(owner, adopted=True, found=json.dumps(found.details(), sort_keys=True))


def owned_by_other(other: str, owner: str, uuid: str) -> Refusal:
    """The refusal of a network with the mark of another resource."""
    # project/stack/resource: only the last may hold further slashes.
    *stack, resource = other.split("/", 2)
    alias = resource if owner.split("/", 2)[:-1] == stack else ""
    return Refusal(RefusalKind.OWNED_BY_OTHER, {"uuid": uuid, "owner": other, "alias": alias})
