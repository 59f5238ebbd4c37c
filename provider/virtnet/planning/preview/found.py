"""A preview's findings, as values. `planning.messages` has their sentences, which the adapters print. Pure."""

from typing import NamedTuple

from virtnet.errors import VirtnetError
from virtnet.planning.findings import Note, Refusal, Subject, Summary
from virtnet.planning.ownership.claims import GivenUp
from virtnet.planning.plan import Change, Transition


class Preview(NamedTuple):
    """What an update or a create would do on the host as it is now. The host may still change."""

    subject: Subject
    changes: tuple[Change, ...] = ()
    """The changes against the record, and the changes to an existing object that a create adopts or takes up."""
    drift: tuple[Change, ...] = ()
    """What an update fixes in addition, because the host differs from the record."""
    replaced: Subject | None = None
    """The recorded object, if it is replaced. Then the other fields describe its delete."""
    against_anew: tuple[Refusal, ...] = ()
    """Why the replacement would be refused. Then nothing is deleted."""
    notes_anew: tuple[Note, ...] = ()
    """Notes about the replacement."""
    unknown: tuple[str, ...] = ()
    """Inputs that identify the host and the object, and are known only when applied.

    Then the host isn't read; or, for a possible replacement, the object may also stay."""
    partly_unknown: bool = False
    """Whether other inputs are known only when applied, so that there can be no plan yet."""
    error: VirtnetError | None = None
    """Why planning failed."""
    claimed_by: str = ""
    """The resource of this run that already has the object; "" if none has."""
    steps: tuple[Summary, ...] = ()
    """The steps of a create."""
    refusals: tuple[Refusal, ...] = ()
    """Why it must not be applied as the host is now."""
    notes: tuple[Note, ...] = ()
    """What a reviewer should know in addition."""
    transition: Transition | None = None
    """What the host has before and after, if others notice more than the record and the desired inputs show."""
    if_replaced: "Preview | None" = None
    """The preview that holds if Pulumi replaces the existing object. A create isn't told whether it does."""

    if_moved: "Preview | None" = None
    """The same if the object's mark may be an old name of this resource, whose record was moved or renamed. It may be
    another resource's as well, so refusals stay."""

    given_up: tuple[GivenUp, ...] = ()
    """What other resources have and give up in the same run, as far as they were checked before."""

    left_behind: tuple[str, ...] = ()
    """The keys of resources that build on it and were compared before, so that this run would not change them along."""

    deleted_first: tuple[Refusal, ...] = ()
    """Why it would be refused as it is, on what replaces another resource: it is deleted before that, and how the
    program changes it is told only afterwards."""

    @property
    def is_refused(self) -> bool:
        """Whether the host as it is now would refuse it in every case."""
        against = (*self.refusals, *self.against_anew, *self.left_behind, *self.deleted_first)
        refused = self.error is not None or bool(self.claimed_by or against)
        return refused and not self.unknown and (self.if_replaced is None or self.if_replaced.is_refused)
