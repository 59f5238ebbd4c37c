"""The sentences of planning: the lines of a preview, and what the verbs refuse and report.

What a resource finds and does is said in the resource's own `Messages`, which are given. Pure.
"""

from collections.abc import Iterable, Iterator, Sequence

from virtnet.errors import AccessDenied, Left, Unreachable, VirtnetError
from virtnet.planning.findings import Messages, Note, Refusal, Subject, Summary, read_error
from virtnet.planning.ownership.claims import GivenUp
from virtnet.planning.plan import Change, Step
from virtnet.planning.preview import Preview
from virtnet.spec.values import printable


def subject(of: Subject) -> str:
    """An object and its host: "network 'lab' on qemu:///system"."""
    named = of.noun if of.name is None else f"{of.noun} '{of.name}'"
    return named if of.uri is None else f"{named} on {of.uri}"


def reviewed(preview: Preview, messages: Messages) -> tuple[list[str], list[str]]:
    """Why it could not be applied as the host is now, a line a reason, and the rest of what a reviewer reads.

    Where it is not sure to be refused, there are no reasons, and the rest is all.
    """
    if not preview.is_refused:
        return [], list(lines(preview, messages))
    cases = _cases(preview)
    reasons = [line for one, condition in cases for line in _refusals(one, messages, condition)]
    return reasons, [line for one, condition in cases for line in _lines(one, messages, condition)]


def lines(preview: Preview, messages: Messages) -> Iterator[str]:
    """What a reviewer reads: what would be refused, then a line a change, then what the host, as it is now, adds."""
    for one, condition in _cases(preview):
        parts = (_refusals(one, messages, condition), _lines(one, messages, condition))
        for part in reversed(parts) if one.unknown else parts:  # what is known later may be no refusal
            yield from part


IF_REPLACED = "if Pulumi replaces it (+-): "

IF_MOVED = "if Pulumi replaces it (+-), as its record was moved or renamed in the state: "

DRIFT = "drift on the host, which this puts right: "

IF_CREATED = "if Pulumi creates it (+): "


def _cases(preview: Preview) -> Sequence[tuple[Preview, str]]:
    if preview.if_replaced is not None:
        return (preview.if_replaced, IF_REPLACED), (preview, IF_CREATED)
    if preview.if_moved is not None:
        return (preview, IF_CREATED), (preview.if_moved, IF_MOVED)
    return ((preview, ""),)


def _refusals(preview: Preview, messages: Messages, condition: str) -> Iterator[str]:
    about = subject(preview.replaced or preview.subject)
    if preview.error is not None:
        yield f"{about}: {condition}as the host is now, this could not be applied: {read_error(messages, preview.error)}"
    if preview.claimed_by:
        yield f"{about}: {condition}this would be refused: {belongs_to(preview.claimed_by)}"
    for refusal in preview.refusals:
        yield f"{about}: {condition}as the host is now, this would be refused: {messages.advice(refusal)}"
    for refusal in preview.against_anew:
        yield f"{subject(preview.subject)}: {condition}as the host is now, this would be refused: {messages.advice(refusal)}"
    for one in preview.given_up:
        yield f"{subject(preview.subject)}: {condition}{_given_up(one)}"


def _given_up(one: GivenUp) -> str:
    what = f"{one.holder} has {one.want.path} {one.want.value}"
    if one.swaps:
        return (
            f"{what}, and is to get what this one has; neither can go first, so swap them in three runs of pulumi up: "
            "give one of the two something else, then the other what that had, then the first what is left"
        )
    return f"{what}, and gives it up in this very run; have this one come after it (depends_on)"


def _lines(preview: Preview, messages: Messages, condition: str) -> Iterator[str]:
    about = subject(preview.subject)
    for entry in preview.changes:
        yield f"{about}: {condition}{change(entry, messages)} [{entry.change_class.name.lower()}]"
    for entry in preview.drift:
        yield f"{about}: {condition}{DRIFT}{change(entry, messages)} [{entry.change_class.name.lower()}]"
    unknown = " and ".join(preview.unknown)
    if preview.replaced is not None:
        about = subject(preview.replaced)
        or_stays = f"; or it stays, if {unknown}, known only when applied, is as it was" if unknown else ""
        yield f"{about}: {condition}{messages.replacement}{or_stays}"
    elif unknown:
        yield f"{about}: {condition}{unknown} {'is' if len(preview.unknown) == 1 else 'are'} {LATER}"
    if preview.partly_unknown:
        yield f"{about}: {condition}parts are {LATER}"
    for step in preview.steps:
        yield f"{about}: {condition}will {messages.sentence(step)}"
    for note in preview.notes:
        yield f"{about}: {condition}note: {messages.sentence(note)}"
    for note in preview.notes_anew:
        yield f"{subject(preview.subject)}: {condition}note: {messages.sentence(note)}"


def claimed(of: Subject, holder: str) -> str:
    """What another resource of the same run has."""
    return f"{subject(of)} was not touched: {belongs_to(holder)}"


def belongs_to(holder: str) -> str:
    """Why a resource is not touched that another one of the same run has."""
    return f"it belongs to {holder}, which this program has too; take one of the two out, or have one ask for another"


LATER = "known only when applied; the plan is made then"


def of_another_kind(kind: str, urn: str) -> str:
    """A resource whose alias is a resource of another kind."""
    return f"is a {kind}, and its alias {urn} is none, which would be lost by it; take that alias out"


def alias_option(alias: str) -> str:
    """How a program gives a resource its old URN, or its old name."""
    shown = repr(alias) if alias.startswith("urn:") else f"pulumi.Alias(name={alias!r})"
    return f"give it as an alias (opts=pulumi.ResourceOptions(aliases=[{shown}]))"


def notes(of: Subject, found: Iterable[Note], messages: Messages) -> Iterator[str]:
    """A line a note."""
    for note in found:
        yield f"{subject(of)}: note: {messages.sentence(note)}"


def change(of: Change, messages: Messages) -> str:
    """A change as a preview line has it."""
    return changed(of.path, of.kind, of.detail or "; ".join(messages.sentence(problem) for problem in of.problems))


def changed(path: str, kind: str, detail: str) -> str:
    """A property that is added, changes or is removed, with old and new value or what it mends in the detail."""
    words = {"add": "is added", "change": "changes", "remove": "is removed"}[kind]
    return printable(f"{path} {words}" + (f" ({detail})" if detail else ""))


def progress(of: Subject, step: Summary, messages: Messages) -> str:
    """The line before a step."""
    return f"{subject(of)}: {messages.sentence(step)}"


def refused(of: Subject, refusals: Iterable[Refusal], messages: Messages) -> str:
    """A plan that holds refusals, and was not begun."""
    return f"{subject(of)} was not touched: {'; '.join(str(messages.advice(refusal)) for refusal in refusals)}"


def not_replaced(of: Subject, anew: Subject, refusals: Iterable[Refusal], messages: Messages) -> str:
    """What was to be deleted and made anew, where the new one would be refused."""
    reasons = "; ".join(str(messages.advice(refusal)) for refusal in refusals)
    return f"{subject(of)} was not touched, as what is to take its place would be refused: {subject(anew)}: {reasons}"


def failed(of: Subject, begun: Sequence[Step], error: VirtnetError, left: Sequence[Left], messages: Messages) -> str:
    """The last of the steps that were begun failed: why, and what became of all of them."""
    outcome = f"left undone: {'; '.join(_left(left, messages))}" if left else "everything was taken back"
    if len(begun) == 1 and not left:
        outcome = "nothing was changed"
    step = messages.sentence(begun[-1].describe())
    return f"{subject(of)}: could not {step}: {read_error(messages, error)} ({outcome})"


def _left(left: Sequence[Left], messages: Messages) -> Iterator[str]:
    for entry in left:
        undo = messages.sentence(Summary(entry.kind, entry.details))
        why = " either" if entry.error is None else f": {read_error(messages, entry.error)}"
        yield f"could not {undo}{why}"
    if any(isinstance(entry.error, Unreachable) and not isinstance(entry.error, AccessDenied) for entry in left):
        yield "when it is reached again, pulumi up goes on from there"


def state_delete(urn: str) -> str:
    """The command that has Pulumi forget a resource, for a shell."""
    from shlex import quote

    return f"pulumi state delete {quote(urn)}" if urn else "pulumi state delete URN (pulumi stack --show-urns lists it)"


def same_host_unknown(uri: str, recorded_uri: object, error: VirtnetError) -> str:
    """A changed uri that cannot be asked."""
    return (
        f"whether {uri} is the same host as {recorded_uri} cannot be told, so nothing is changed or replaced: {error}"
    )


def no_uuid_told(uri: str) -> str:
    """A uri whose libvirt knows nothing of its host, as libvirt's network driver alone does."""
    return (
        f"libvirt at {uri} does not say which host it is on; use a uri with the host's hypervisor and the same way there, "
        "like qemu:///system or qemu+ssh://…/system"
    )


def other_host(of: Subject, uri: object, host_uuid: str, recorded_host_uuid: object) -> str:
    """A recorded resource that is not there, on a host that is not the recorded one."""
    return (
        f"{subject(of)}: {uri} now reaches another host ({host_uuid} instead of {recorded_host_uuid}), where it is not; "
        f"correct the uri, or drop it from the state: {state_delete(of.urn)}"
    )


def not_imported(kind: str) -> str:
    """A kind of resource that is declared rather than imported."""
    return f"a {kind} is not imported: declare it, and pulumi up takes note of the values that it finds"


def owned_by_other(of: Subject, owner: str, alias: str) -> str:
    """What was to be imported, and has the mark of another resource. `alias` is by what name that may be its own."""
    old_name = (
        f"; if that is this resource by an old name, {alias_option(alias)} instead of importing it" if alias else ""
    )
    return (
        f"{subject(of)} was not imported: it belongs to '{owner}' by its mark, and each would change it and remove it "
        f"under the other{old_name}; otherwise let go of it there first (on_delete keep, then destroy), or, where nobody "
        "owns it any more, declare it with adopt, which takes it over"
    )


def went_away(of: Subject) -> str:
    """Something that was to be imported."""
    return f"{subject(of)} went away while it was looked at"


def not_deleted(of: Subject, error: VirtnetError) -> str:
    """A delete whose host cannot be reached."""
    return (
        f"{subject(of)} was not deleted: {error} (if the host is gone for good, drop it from the state: "
        f"{state_delete(of.urn)})"
    )


def gone_again(of: Subject) -> str:
    """What is not there after the last step."""
    return f"{subject(of)}: was applied and is gone again, as someone removed it; run pulumi up"


def recorded_is_shown(error: VirtnetError) -> str:
    """A refresh of a host that cannot be reached, where the settings ask for what is recorded."""
    return f"what is recorded is shown, as virtnet:unreachable is recorded: {error}"
