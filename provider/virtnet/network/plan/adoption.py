"""Adopted networks: the owner mark of the resource that adopted a network, with the configuration from before.

Pure.
"""

import json
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from virtnet.network.observed import ReportedNetwork
from virtnet.network.plan.kinds import RefusalKind
from virtnet.network.plan.new import own_mark
from virtnet.network.spec import NetworkSpec
from virtnet.network.xml.definition import definition
from virtnet.network.xml.edits import named_by
from virtnet.network.xml.read import OwnerMark
from virtnet.planning.findings import Refusal
from virtnet.planning.merge import differences
from virtnet.planning.ownership.marks import owner_of
from virtnet.spec.part import as_group

if TYPE_CHECKING:
    from virtnet.network._generated.trees import NetworkTree


class AsFound(NamedTuple):
    """A network's configuration and flags from before its adoption."""

    xml: str
    active: bool
    autostart: bool
    persistent: bool

    def as_details(self) -> dict[str, object]:
        """As plain data, for the state and for the network's mark."""
        return self._asdict()


def as_found_of(recorded: object) -> AsFound:
    """The inverse of `as_details`."""
    found = as_group(recorded)
    return AsFound(
        xml=str(found["xml"]),
        active=bool(found["active"]),
        autostart=bool(found["autostart"]),
        persistent=bool(found["persistent"]),
    )


def as_found(report: ReportedNetwork) -> AsFound:
    """What a delete will restore: the current network, or what an earlier adoption's mark contains.

    The earlier adoption may have been interrupted, its owner may no longer exist, or it loses the network now.
    """
    mark = report.definition.mark
    if mark is not None and mark.found:
        return as_found_of(json.loads(mark.found))
    return AsFound(
        xml=report.definition.xml, active=report.active, autostart=report.autostart, persistent=report.persistent
    )


def is_as(found: AsFound, report: ReportedNetwork) -> bool:
    """Whether a network is as it was found. Then a mark that was left behind adds nothing."""
    if (report.active, report.autostart, report.persistent) != (found.active, found.autostart, found.persistent):
        return False
    return not differences(NetworkSpec, definition(found.xml).tree, report.definition.tree)


def adoption_mark(desired: "NetworkTree", token: str, found: AsFound, left: Collection[str] = ()) -> OwnerMark | None:
    """The mark of an adopted network, with its configuration from before; None if the owner is unknown.

    `left` are paths that an earlier adoption changed and left.
    """
    if not owner_of(desired):
        return None
    as_json = json.dumps(found.as_details(), sort_keys=True)
    named = named_by(desired, {}, left)
    return replace(own_mark(desired, token), adopted=True, found=as_json, named=named)


def owned_by_other(mark: OwnerMark, desired: "NetworkTree", uuid: str) -> Refusal:
    """The refusal of a network with another resource's owner mark."""
    details = {"uuid": uuid, "owner": mark.owner, "alias": mark.alias_for(desired)}
    return Refusal(RefusalKind.OWNED_BY_OTHER, details)
