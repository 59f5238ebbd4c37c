"""What a preview finds, as values. `planning.messages` says how they read, and the adapters print that. Pure."""

from typing import NamedTuple

from virtnet.errors import VirtnetError
from virtnet.planning.findings import Note, Refusal, Subject, Summary
from virtnet.planning.ownership.claims import GivenUp
from virtnet.planning.plan import Change, Transition


class Preview(NamedTuple):
    """What an update or a create would do, as the host is now. Findings are no verdicts: they may be mended before."""

    subject: Subject
    changes: tuple[Change, ...] = ()
    """The changes by what is recorded, and those to a network that is taken over."""
    drift: tuple[Change, ...] = ()
    """What an update puts right besides, as the host is no longer as recorded."""
    replaced: Subject | None = None
    """The recorded one, where it is deleted to be made anew. What follows is then about the delete."""
    against_anew: tuple[Refusal, ...] = ()
    """Why what is to take its place would be refused; then it is not deleted."""
    notes_anew: tuple[Note, ...] = ()
    """What a reviewer should know of what is to take its place."""
    unknown: tuple[str, ...] = ()
    """Inputs that say which host and which resource there is meant, and are known only when applied.

    Nothing is looked at then, or, where it may be replaced, it may also stay."""
    partly_unknown: bool = False
    """Whether other inputs are known only when applied, so that no plan can be made yet."""
    error: VirtnetError | None = None
    """Why no plan could be made."""
    claimed_by: str = ""
    """The resource of this run that has the object already; "" where none has."""
    steps: tuple[Summary, ...] = ()
    """What a create will do."""
    refusals: tuple[Refusal, ...] = ()
    """Why it must not be applied as the host is now."""
    notes: tuple[Note, ...] = ()
    """What a reviewer should know besides."""
    transition: Transition | None = None
    """What the host has before and after, by which others notice it; None where that is as recorded, and as desired."""
    if_replaced: "Preview | None" = None
    """What holds instead where Pulumi replaces what is there: nothing told this create whether it does."""

    if_moved: "Preview | None" = None
    """The same where that has another's mark, and may be this resource's by an old name: its record was moved, or
    renamed. Nothing tells it from another's, so what is refused stays so."""

    given_up: tuple[GivenUp, ...] = ()
    """What is in its way and given up by other resources in the same run, as far as they were checked by then."""

    left_behind: tuple[str, ...] = ()
    """The keys of resources that build on it and were compared before, so that this run would not change them along."""

    deleted_first: tuple[Refusal, ...] = ()
    """Why it would be refused as it is, on what replaces another resource: it is deleted before that, and how the
    program changes it is told only afterwards."""

    @property
    def is_refused(self) -> bool:
        """Whether it could not be applied as the host is now, whatever it turns out to be."""
        against = (*self.refusals, *self.against_anew, *self.left_behind, *self.deleted_first)
        refused = self.error is not None or bool(self.claimed_by or against)
        return refused and not self.unknown and (self.if_replaced is None or self.if_replaced.is_refused)
