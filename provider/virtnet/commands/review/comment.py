"""A review as one comment in Markdown, no longer than a site takes. Pure.

Where there is too little room, all resources lose something before any loses everything: cells get shorter first, then
the folded lines are shared evenly (`fair`), the diagram goes, and last the rows of what costs least.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from virtnet.commands.plain_text import few
from virtnet.commands.review import messages
from virtnet.commands.review.digest import RETAIN, parts
from virtnet.commands.review.fair import shares
from virtnet.commands.review.markdown import code, codes, details, fenced, length, row
from virtnet.commands.review.mermaid import diagram
from virtnet.commands.review.records import Change, Effect, Outcome, Planned
from virtnet.commands.review.verdict import Item, Review
from virtnet.planning.findings import EffectKind
from virtnet.planning.messages import changed

MARKER = "<!-- virtnet review -->"
"""The first line, by which a pipeline finds its comment again."""

LONGEST = 65_000
"""GitHub takes 65,536 characters, and a pipeline may want to add a line."""

SHORTEST = 8_000
"""The least room for everything that needs a human, or for a count of what is left out."""

#: What stands in any comment: title, headline and the sentences at the end, with the longest names.
_FIXED = 3_000


class _Caps(NamedTuple):
    """How much of a resource stands in its cells."""

    changes: int
    notices: int
    names: int
    """Of those who notice one thing."""


#: What stands around folded lines: HTML, the summary and two fences.
_AROUND_LINES = 300

#: The line in the place of those that were left out.
_LEFT_OUT = 60

#: With less room, a resource would only have the count of its lines.
_LEAST_SHARE = 200

#: From all that reads well to the least that says what happens.
_CAPS = (_Caps(6, 4, 6), _Caps(3, 2, 3), _Caps(1, 1, 3), _Caps(1, 1, 1))


def comment(review: Review, *, at_most: Outcome | None = None, commit: str = "", limit: int = LONGEST) -> str:
    """The comment, of at most `limit` characters as GitHub counts them, not less than SHORTEST; 0 is no limit."""
    room = limit or 10**9
    share = (room - _FIXED) // 20
    top = _top(review, at_most, commit, share * 2)
    end = _end(review, share * 2)
    questions = _fitting([f"- [ ] {one}" for one in _questions(review)], share * 5, messages.questions_left_out)
    nothing = messages.NOTHING_TO_ASK if review.is_complete else messages.NOTHING_TO_ASK_SO_FAR
    asked = [messages.BEFORE_YOU_APPROVE, *questions] if questions else [nothing]
    sections = [
        "\n".join(top),
        _table(review.items, _hosts(review), share * 10),
        "\n".join(asked) if review.items else "",
        end,
    ]
    picture = diagram(review.items)
    used = sum(length(part) + 2 for part in sections)
    if picture and used + length(picture) > room * 3 // 4:
        picture = messages.DIAGRAM_LEFT_OUT
    sections.append(picture)
    used = sum(length(part) + 2 for part in sections)
    sections += _folded(review, room - used)
    return "\n\n".join(part for part in sections if part) + "\n"


def _top(review: Review, at_most: Outcome | None, commit: str, room: int) -> Iterator[str]:
    counts = Counter(_counted_as(item) for item in review.items)
    interrupted = {
        name: effect.details["seconds"]
        for item in review.items
        if not item.refused
        for effect in item.effects
        if effect.kind is EffectKind.INTERRUPTED
        for name in effect.who
    }
    stops = bool(review.refused or review.errors or review.above(at_most))
    mark = "⛔" if stops else messages.MARKS[_mark(review.outcome)] if review.items else "✅"
    looked_at = review.looked_at.strftime("%Y-%m-%d %H:%M UTC") if review.looked_at else ""
    yield MARKER
    yield messages.title(mark, _hosts(review), review.stacks, commit, looked_at)
    yield ""
    ordered = {name: counts[name] for name in messages.COUNTS}
    is_sure = review.is_complete and all(item.is_known and item.operation != "delete" for item in review.items)
    silent = max(interrupted.values(), default=0.0)
    yield messages.headline(
        len(review.items), ordered, [*interrupted], silent, none_refused=is_sure, is_complete=review.is_complete
    )
    found = [*_refusals(review), *_errors(review)]
    if above := [item.name for item in review.above(at_most)]:
        found.append(messages.cost_not_known(above) if at_most is None else messages.above(_mark(at_most), above))
    if any(item.outcome is Outcome.UNKNOWN and not item.records for item in review.items):
        found.append(messages.NO_RECORDS)
    yield from _fitting([f"- {one}" for one in found], room, messages.more_left_out)


def _hosts(review: Review) -> list[str]:
    return sorted({item.uri for item in review.items if item.uri})


def _mark(outcome: Outcome) -> str:
    return outcome.name.lower()


def _counted_as(item: Item) -> str:
    """Under which word the headline counts it."""
    if item.refused:
        return "refused"
    if item.stays:
        return "stays"
    return "create" if item.is_new else _mark(item.outcome)


def _refusals(review: Review) -> Iterator[str]:
    for item in review.refused:
        for case, plan in item.cases:
            for refusal in plan.refusals:
                yield messages.refused(_subject(item), messages.CASES[case], refusal.reason, refusal.fix)
            for one in plan.given_up:
                yield messages.in_the_way(_subject(item), messages.CASES[case], one.sentence)


def _errors(review: Review) -> Iterator[str]:
    """What failed, but for the engine's own last words where there are others."""
    of_resources = [error for error in review.errors if error.urn]
    for error in of_resources or ([] if review.refused else review.errors):
        yield messages.failed(error.text)


def _subject(item: Item) -> str:
    return f"{messages.KINDS[item.kind]} {code(item.name, 60)}"


# The table.


def _table(items: Sequence[Item], hosts: Sequence[str], room: int) -> str:
    """A row for each resource, with the fullest cells that fit; where not even the shortest do, the first rows."""
    if not items:
        return ""
    head = [row(messages.COLUMNS), row(["---"] * len(messages.COLUMNS))]
    rows: list[str] = []
    for caps in _CAPS:
        rows = [row(_cells(item, caps, names_host=len(hosts) > 1)) for item in items]
        if length("\n".join([*head, *rows])) <= room:
            return "\n".join([*head, *rows])
    kept = _kept(rows, room - length("\n".join(head)) - 400)
    left = Counter(_counted_as(item) for item in items[len(kept) :])
    return "\n".join([*head, *kept, "", messages.rows_left_out({name: left[name] for name in messages.COUNTS})])


def _kept(lines: Sequence[str], room: int) -> list[str]:
    """The first lines, as many as fit."""
    kept: list[str] = []
    for line in lines:
        room -= length(line) + 1
        if room < 0:
            break
        kept.append(line)
    return kept


def _fitting(lines: Sequence[str], room: int, left_out: Callable[[int], str]) -> list[str]:
    kept = _kept(lines, room)
    return kept if len(kept) == len(lines) else [*kept, left_out(len(lines) - len(kept))]


def _cells(item: Item, caps: _Caps, *, names_host: bool) -> Iterator[str]:
    yield messages.MARKS["refused" if item.refused else _mark(item.outcome)]
    yield _subject(item) + (f"<br>{code(item.uri, 60)}" if names_host and item.uri else "")
    yield "<br>".join(few([*_changes(item)], caps.changes)) or "—"
    how = messages.how(item.operation, _mark(item.outcome), stays=item.on_delete if item.stays else None)
    yield f"**refused** ({how})" if item.refused else how
    yield "<br>".join(few(_notices(item, caps.names), caps.notices))


def _changes(item: Item) -> Iterator[str]:
    """What changes, in a few words; a renumbering as one change, and not as a subnet that goes and one that comes."""
    if item.operation == "create" and item.brief and not item.changes:
        yield ", ".join(code(word, 60) for word in item.brief[:6])
        return
    moves = [effect.details for effect in item.effects if effect.kind is EffectKind.RENUMBERED]
    for told in moves:
        yield messages.moved(told["before"], told["after"])
    covered = {path for told in moves for path in told["paths"]}
    yield from (_in_a_cell(change) for change in item.changes if change.path not in covered)
    if item.drift:
        yield f"drift: {codes([change.path for change in item.drift], 3)}"


def _in_a_cell(change: Change) -> str:
    sign = messages.SIGNS[change.kind]
    return f"{sign}{code(change.path, 60)}" + (f": {code(change.detail, 80)}" if change.detail else "")


def _notices(item: Item, names: int) -> list[str]:
    if item.refused:
        return ["nobody, because nothing changes"]
    if item.operation == "delete":
        return [messages.gone(item.kind, item.on_delete)]
    told = [
        messages.NOTICES[effect.kind](effect.who, effect.details, names)
        for effect in _told(item)
        if effect.kind in messages.NOTICES
    ]
    if not told and not item.is_known:
        return [messages.NOT_KNOWN]
    return [*dict.fromkeys(told)] or [messages.NOBODY]


def _told(item: Item) -> Iterator[Effect]:
    """The effects to mention. Not that guests of a new network reach the outside: its mode, which is shown, says so."""
    return (effect for effect in item.effects if not (item.is_new and effect.kind is EffectKind.GUESTS_REACH_OUTSIDE))


# What needs a human, and what stands below.


def _questions(review: Review) -> Iterator[str]:
    for item in review.items:
        subject = _subject(item)
        if item.operation == "delete" and (item.kind == "LibvirtNetwork" or item.on_delete == RETAIN):
            yield messages.deleted(subject, item.on_delete)
        if item.refused:
            continue
        if any(record.plan_if_replaced is not None for record in item.records):
            yield messages.may_be_replaced(subject)
        elif item.outcome is Outcome.REPLACE:
            yield messages.replaced(subject)
        for effect in _told(item):
            if effect.kind in messages.QUESTIONS:
                yield messages.QUESTIONS[effect.kind](subject, effect.who, effect.details)
        unknown = [*dict.fromkeys(name for plan in item.plans for name in plan.unknown)]
        if unknown:
            yield messages.known_later(subject, unknown)
        elif any(plan.partly_unknown for plan in item.plans):
            yield messages.partly_known(subject)
        if any(plan.may_adopt for plan in item.plans):
            yield messages.may_adopt(subject)


def _end(review: Review, room: int) -> str:
    drift = [*_drift(review)]
    kept = _kept(drift, room)
    others = Counter(parts(step.urn).kind for step in review.others)
    kinds = [f"{code(kind, 60)}: {number}" for kind, number in sorted(others.items())]
    shown = few(kinds, 5)
    return "\n\n".join(
        [
            messages.drifted(kept, len(drift) - len(kept)),
            messages.untouched(review.same, shown, len(review.others)),
            *([messages.if_it_fails(replaces=_replaces(review))] if review.items else []),
        ]
    )


def _replaces(review: Review) -> bool:
    """Whether something is, or may be, deleted and created again."""
    return any(item.operation == "replace" or item.outcome is Outcome.REPLACE for item in review.items)


def _drift(review: Review) -> Iterator[str]:
    for item in review.items:
        if item.is_gone:
            yield messages.gone_from_host(_subject(item))
        for change in item.drift:
            told = "; ".join(one.sentence for one in change.problems)
            yield f"{_subject(item)}: {_in_a_cell(change)}{f' ({code(told, 200)})' if told else ''}"


# The folded lines.


def _folded(review: Review, room: int) -> list[str]:
    """The plan's lines, and Pulumi's own, in what room is left."""
    diff = _shared([[line for item in review.items for line in _pulumis(item)]], room // 4 - _AROUND_LINES)
    of_diff = [details(messages.PULUMIS_DIFF, fenced(diff))] if diff else []
    left = room - sum(map(length, of_diff)) - _AROUND_LINES
    lines = _shared([[*_lines(item)] for item in review.items], left)
    return [*([details(messages.EVERY_LINE, fenced(lines))] if lines else []), *of_diff]


def _shared(blocks: Sequence[Sequence[str]], room: int) -> list[str]:
    """The lines of all blocks, each cut where its fair share of the room ends.

    Where a share would hold next to nothing, the last blocks are left out, which are those of what costs least.
    """
    needs = [sum(length(line) + 1 for line in block) for block in blocks]
    told = len(blocks) if sum(needs) <= room else min(len(blocks), max(room - _LEFT_OUT, 0) // _LEAST_SHARE)
    if told < len(blocks):
        room -= _LEFT_OUT
    lines: list[str] = []
    for block, share in zip(blocks[:told], shares(needs[:told], room), strict=True):
        kept = _kept(block, share)
        if len(kept) < len(block):
            kept = _kept(block, share - _LEFT_OUT)
            lines += [*kept, f"    {messages.lines_left_out(len(block) - len(kept))}"]
        else:
            lines += kept
    return [*lines, messages.blocks_left_out(len(blocks) - told)] if 0 < told < len(blocks) else lines


def _lines(item: Item) -> Iterator[str]:
    """All that the plan of one resource says, as `pulumi preview` does."""
    host = f" on {item.uri}" if item.uri else ""
    yield f"{messages.KINDS[item.kind]} {item.name}{host} ({item.operation}, {_mark(item.outcome)})"
    for case, plan in item.cases:
        for line in _of_plan(plan):
            yield f"    {messages.CASES[case]}{line}"


def _of_plan(plan: Planned) -> Iterator[str]:
    for refusal in plan.refusals:
        yield f"refused: {refusal.reason}" + (f"; {refusal.fix}" if refusal.fix else "")
    for one in plan.given_up:
        yield f"in the way: {one.sentence}"
    for prefix, changes in (("", plan.changes), ("drift: ", plan.drift)):
        for change in changes:
            why = change.detail or "; ".join(problem.sentence for problem in change.problems)
            yield f"{prefix}{changed(change.path, change.kind, why)} [{change.change_class}]"
    for step in plan.steps:
        yield f"will {step.sentence}"
    for note in plan.notes:
        yield f"note: {note.sentence}"


def _pulumis(item: Item) -> Iterator[str]:
    if item.step is not None:
        yield f"{item.step.op} {item.kind} {item.resource}"
        for path, kind in item.step.paths:
            yield f"    {path} ({kind})"
