"""The sentences of planning: the lines of a preview, and what the verbs refuse and report.

The callers pass the `Messages` of the resource, which have the sentences of its own kinds. Pure.
"""

from collections.abc import Iterable, Iterator, Sequence

from virtnet.errors import AccessDenied, Left, Unreachable, VirtnetError
from virtnet.planning.findings import Advice, Messages, Note, Refusal, Subject, Summary, read_error
from virtnet.planning.ownership.claims import GivenUp
from virtnet.planning.plan import Change, Step
from virtnet.planning.preview.found import Preview
from virtnet.spec.values import printable


def subject(of: Subject) -> str:
    """An object and its host: "network 'lab' on qemu:///system"."""
    named = of.noun if of.name is None else f"{of.noun} '{of.name}'"
    return named if of.uri is None else f"{named} on {of.uri}"


def reviewed(preview: Preview, messages: Messages) -> tuple[list[str], list[str]]:
    """Why the host as it is now refuses a change, a line a reason, and the other lines of a preview.

    If the refusal isn't certain, there are no reasons, and the other lines contain everything.
    """
    if not preview.is_refused:
        return [], list(lines(preview, messages))
    cases = _cases(preview)
    reasons = [line for one, condition in cases for line in _refusals(one, messages, condition)]
    return reasons, [line for one, condition in cases for line in _lines(one, messages, condition)]


def lines(preview: Preview, messages: Messages) -> Iterator[str]:
    """The lines of a preview: refusals, then a line a change, then steps and notes for the host as it is now."""
    for one, condition in _cases(preview):
        parts = (_refusals(one, messages, condition), _lines(one, messages, condition))
        for part in reversed(parts) if one.unknown else parts:  # what is known later may be no refusal
            yield from part


def listed(words: Iterable[object]) -> str:
    """Words as a sentence lists them, at least one: "a, b and c"."""
    *most, last = map(str, words)
    return f"{', '.join(most)} and {last}" if most else last


IF_REPLACED = "if Pulumi replaces it (+-): "

IF_MOVED = "if Pulumi replaces it (+-), because its record was moved or renamed in the state: "

DRIFT = "fixes drift on the host: "

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
        yield f"{about}: {condition}pulumi up would fail on the host as it is now: {read_error(messages, preview.error)}"
    if preview.claimed_by:
        yield f"{about}: {condition}pulumi up would refuse this: {belongs_to(preview.claimed_by)}"
    for refusal in preview.refusals:
        yield f"{about}: {condition}pulumi up would refuse this on the host as it is now: {messages.advice(refusal)}"
    if preview.deleted_first:
        told = deleted_first(preview.deleted_first, messages)
        yield f"{about}: {condition}pulumi up would refuse this on the host as it is now: {told}"
    for key in preview.left_behind:
        yield f"{about}: {condition}pulumi up would refuse this: {leaves_behind(key)}"
    for refusal in preview.against_anew:
        yield f"{subject(preview.subject)}: {condition}pulumi up would refuse this on the host as it is now: {messages.advice(refusal)}"
    for one in preview.given_up:
        yield f"{subject(preview.subject)}: {condition}{given_up(one)}"


def given_up(one: GivenUp) -> str:
    """Another resource has what this one needs, and gives it up in the same run; and what to do."""
    what = f"{one.holder} has {one.want.path} {one.want.value}"
    if one.swaps:
        return (
            f"{what}, and the program gives it what this resource has now. Neither can change first, so swap them in three "
            "runs of pulumi up: give one of the two a temporary value, then give the other the first one's old value, and "
            "then give the first one the other's old value"
        )
    return f"{what}, and gives it up in the same run. Let this resource depend on that one (depends_on)"


def _lines(preview: Preview, messages: Messages, condition: str) -> Iterator[str]:
    about = subject(preview.subject)
    for entry in preview.changes:
        yield f"{about}: {condition}{change(entry, messages)} [{entry.change_class.name.lower()}]"
    for entry in preview.drift:
        yield f"{about}: {condition}{DRIFT}{change(entry, messages)} [{entry.change_class.name.lower()}]"
    unknown = " and ".join(preview.unknown)
    if preview.replaced is not None:
        about = subject(preview.replaced)
        or_stays = f". Nothing is replaced if {unknown}, known only when applied, doesn't change" if unknown else ""
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


def leaves_behind(urn: str) -> Advice:
    """Another resource of the run that uses what this one changes, and was planned before it."""
    return Advice(
        f"{urn} uses what this changes, and Pulumi planned that resource first, so it wouldn't follow in this run",
        "Give that resource an output of this one (network=network.name), or let it depend on this one (depends_on)",
    )


def would_leave_behind(of: Subject, urns: Iterable[str]) -> str:
    """The same, of an update that was not begun."""
    reasons = ". ".join(str(leaves_behind(urn)) for urn in urns)
    return f"{subject(of)} was not changed: {reasons}"


def deleted_first(refusals: Iterable[Refusal], messages: Messages) -> Advice:
    """A resource that Pulumi deletes before it replaces another, and tells its new inputs only afterwards."""
    reasons = ". ".join(messages.advice(refusal).reason for refusal in refusals)
    return Advice(
        "Pulumi deletes this before it replaces what this is made for, and says only later how this changes. As it is "
        f"now, this would be refused then: {reasons}",
        "Make the other changes in one run of pulumi up, and those that replace something in another",
    )


def not_deleted_first(of: Subject, refusals: Iterable[Refusal], messages: Messages) -> str:
    """The same, of a delete that was not begun."""
    return f"{subject(of)} was not changed: {deleted_first(refusals, messages)}"


def used_by_others(of: Subject, urns: Iterable[str]) -> str:
    """A delete of what other resources of the program are made for."""
    return (
        f"{subject(of)} was not deleted: {listed(urns)} in this program would lead nowhere. Remove that from the program "
        "too, or keep this"
    )


def claimed(of: Subject, holder: str) -> str:
    """An object that another resource of the same run has."""
    return f"{subject(of)} was not changed: {belongs_to(holder)}"


def belongs_to(holder: str) -> str:
    """Why an object isn't changed that another resource of the same run has."""
    return f"{holder} in this program manages it too. Remove one of the two, or have one of them manage something else"


LATER = "known only when applied. The plan is made then"


def of_another_kind(kind: str, urn: str) -> str:
    """A resource whose alias is a resource of another kind."""
    return f"is a {kind}, and its alias {urn} isn't, so Pulumi would lose that resource. Remove the alias"


def alias_option(alias: str) -> str:
    """How a program gives a resource its old URN, or its old name."""
    shown = repr(alias) if alias.startswith("urn:") else f"pulumi.Alias(name={alias!r})"
    return f"add an alias (opts=pulumi.ResourceOptions(aliases=[{shown}]))"


def if_own(alias: str) -> str:
    """What to do if the mark may be this resource's own, with its old URN or name: the end of a sentence."""
    return f". If it is this resource, renamed or moved, {alias_option(alias)} instead" if alias else ""


def if_earlier(what: str, alias: str) -> str:
    """What to do if what is in the way belongs to a resource of this stack: the end of a sentence.

    `alias`: that resource, by its URN or name; "" for one of another stack.
    """
    if not alias:
        return ""
    return (
        f". If {what} is this resource, renamed or moved, {alias_option(alias)} instead. If the program no longer has "
        f"{what}, delete it first: {destroy(alias)}"
    )


def notes(of: Subject, found: Iterable[Note], messages: Messages) -> Iterator[str]:
    """A line a note."""
    for note in found:
        yield f"{subject(of)}: note: {messages.sentence(note)}"


def change(of: Change, messages: Messages) -> str:
    """A change, as a preview line shows it."""
    return changed(of.path, of.kind, of.detail or "; ".join(messages.sentence(problem) for problem in of.problems))


def changed(path: str, kind: str, detail: str) -> str:
    """A property that is added, changes or is removed. The detail has old and new value, or what it fixes."""
    words = {"add": "is added", "change": "changes", "remove": "is removed"}[kind]
    return printable(f"{path} {words}" + (f" ({detail})" if detail else ""))


def progress(of: Subject, step: Summary, messages: Messages) -> str:
    """The line before a step."""
    return f"{subject(of)}: {messages.sentence(step)}"


def refused(of: Subject, refusals: Iterable[Refusal], messages: Messages) -> str:
    """A plan with refusals, which was not begun."""
    return f"{subject(of)} was not changed: {_reasons(refusals, messages)}"


def _reasons(refusals: Iterable[Refusal], messages: Messages) -> str:
    return ". ".join(str(messages.advice(refusal)) for refusal in refusals)


def not_replaced(of: Subject, anew: Subject, refusals: Iterable[Refusal], messages: Messages) -> str:
    """A replacement that was not begun, because the new object would be refused."""
    reasons = _reasons(refusals, messages)
    return f"{subject(of)} was not changed, because its replacement would be refused: {subject(anew)}: {reasons}"


def not_deleted_with_other(of: Subject, other: Subject, refusals: Iterable[Refusal], messages: Messages) -> str:
    """A delete that was not begun: it belongs to the replacement of another resource, which would be refused."""
    reasons = _reasons(refusals, messages)
    return f"{subject(of)} was not changed, because the replacement of {subject(other)} would be refused: {reasons}"


def not_deleted_as_other_fails(of: Subject, other: Subject, error: VirtnetError, messages: Messages) -> str:
    """The same, where the replacement can't even be planned."""
    reason = read_error(messages, error)
    return f"{subject(of)} was not changed, because the replacement of {subject(other)} would fail: {reason}"


def failed(of: Subject, begun: Sequence[Step], error: VirtnetError, left: Sequence[Left], messages: Messages) -> str:
    """Why the last begun step failed, and what happened to all begun steps."""
    outcome = (
        f"not everything was rolled back: {'; '.join(_left(left, messages))}"
        if left
        else "all changes were rolled back"
    )
    if len(begun) == 1 and not left:
        outcome = "nothing was changed"
    step = messages.sentence(begun[-1].describe())
    return f"{subject(of)}: could not {step}: {read_error(messages, error)} ({outcome})"


def _left(left: Sequence[Left], messages: Messages) -> Iterator[str]:
    for entry in left:
        undo = messages.sentence(Summary(entry.kind, entry.details))
        yield (
            f"did not try to {undo}"
            if entry.error is None
            else f"could not {undo}: {read_error(messages, entry.error)}"
        )
    if any(isinstance(entry.error, Unreachable) and not isinstance(entry.error, AccessDenied) for entry in left):
        yield "run pulumi up when the host can be reached again"


def state_delete(urn: str) -> str:
    """The shell command that removes a resource from the state."""
    from shlex import quote

    return f"pulumi state delete {quote(urn)}" if urn else "pulumi state delete URN (pulumi stack --show-urns lists it)"


def destroy(alias: str) -> str:
    """The shell command that deletes one resource, which is given by its URN or name."""
    from shlex import quote

    return f"pulumi destroy --target {quote(alias if alias.startswith('urn:') else f'**::{alias}')}"


def same_host_unknown(uri: str, recorded_uri: object, error: VirtnetError) -> str:
    """A changed uri that can't be asked."""
    return f"nothing was changed or replaced, because virtnet can't tell whether {uri} is the same host as {recorded_uri}: {error}"


def no_uuid_told(uri: str) -> str:
    """A URI whose libvirt knows no host UUID, for example that of libvirt's network driver alone."""
    return (
        f"libvirt at {uri} doesn't report a host UUID. Use a URI of the host's hypervisor with the same transport, for "
        "example qemu:///system or qemu+ssh://…/system"
    )


def other_host(of: Subject, uri: object, host_uuid: str, recorded_host_uuid: object) -> str:
    """A recorded resource that doesn't exist, on a host other than the recorded one."""
    return (
        f"{subject(of)}: {uri} now reaches another host ({host_uuid} instead of {recorded_host_uuid}), which doesn't have "
        f"it. Correct the uri, or remove it from the state: {state_delete(of.urn)}"
    )


def not_imported(kind: str) -> str:
    """A kind of resource that can't be imported."""
    return f"a {kind} can't be imported. Declare it in the program, and pulumi up records the current values"


def owned_by_other(of: Subject, owner: str, alias: str, *, can_stay: bool) -> str:
    """An import of an object with another resource's owner mark.

    `alias`: the name by which the mark may be this resource's own. `can_stay`: whether the kind has on_delete="keep".
    """
    first = release(f"the {of.noun}") if can_stay else "remove it from that program and run pulumi up there"
    return (
        f"{subject(of)} was not imported: its owner mark names '{owner}', and two owners would change and remove it "
        f"against each other. To move it here, first {first}{if_own(alias)}. If that owner no longer exists, declare the "
        f"{of.noun} with adopt=True instead"
    )


def release(what: str) -> str:
    """How the program that owns something gives it up and leaves it on the host."""
    return (
        f'release {what} in that program (set on_delete="keep" and run pulumi up, then remove the resource and run pulumi '
        "up again)"
    )


def went_away(of: Subject) -> str:
    """An object that was removed during its import."""
    return f"{subject(of)} was removed during the import"


def not_deleted(of: Subject, error: VirtnetError) -> str:
    """A delete whose host can't be reached."""
    return (
        f"{subject(of)} was not deleted: {error}. If the host no longer exists, remove it from the state: "
        f"{state_delete(of.urn)}"
    )


def gone_again(of: Subject) -> str:
    """An object that no longer exists after the last step."""
    return f"{subject(of)}: was applied, and then somebody removed it. Run pulumi up"


def recorded_is_shown(error: VirtnetError) -> str:
    """A refresh of a host that can't be reached, if the settings say to keep the record."""
    return f'the refresh kept the recorded values, because virtnet:unreachable is "recorded": {error}'
