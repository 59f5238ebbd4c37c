"""How a review reads: every sentence of its comment, in Markdown, and of its errors. Pure.

What others wrote comes in as code or escaped (`markdown`); nothing here decides anything.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from virtnet.commands.review.markdown import code, codes, prose
from virtnet.planning import messages as sentences
from virtnet.planning.findings import EffectKind

Details = Mapping[str, Any]

# What is wrong with what is read.

EMPTY = "pulumi preview --json printed nothing on standard output; its standard error says why"


def not_a_preview(why: str) -> str:
    """Of a file that Pulumi did not print."""
    return f"this is not what pulumi preview --json prints: {why}"


def no_urn(text: str) -> str:
    """Of a resource."""
    return f"{text!r} isn't a URN"


def record_not_read(why: str) -> str:
    """Of a line that the provider wrote."""
    return f"a record of the preview can't be read: {why}. Run virtnet review in the version of virtnet that ran the preview"


def file_not_read(path: str, why: str) -> str:
    """Of the file to be read."""
    return f"{path} can't be read: {why}"


# Marks, and words for cells.

SIGNS = {"add": "added ", "remove": "removed ", "change": ""}

MARKS = {
    "refused": "⛔",
    "unknown": "❔",
    "delete": "🔴",
    "replace": "🔴",
    "restart": "🟠",
    "live": "🟢",
    "recorded": "⚪",
}

KINDS = {"LibvirtNetwork": "network", "HostForwarding": "IP forwarding", "PortForward": "port forward"}

HOW = {
    ("create", "live"): "create",
    ("create", "restart"): "adopt, restart",
    ("create", "replace"): "create or **replace**",
    ("update", "recorded"): "record only",
    ("update", "live"): "live",
    ("update", "restart"): "**restart**",
    ("import", "recorded"): "import",
    ("forget", "recorded"): "forget",
}


DELETED = "deleted"
STAYS: Mapping[str, str] = {
    "keep": "kept on the host",
    "restore": "restored on the host",
    "retain": "kept on the host",
}
"""What becomes of what stays on the host though it is deleted from the stack, by what is done then."""


def how(operation: str, outcome: str, *, stays: str | None = None) -> str:
    """How a change is made, for a cell. `stays` is the `on_delete` of what stays on the host."""
    if outcome == "unknown":
        return "**not known**"
    if stays is not None:
        return f"**{outcome}**, {STAYS[stays]}"
    return HOW.get((operation, outcome), f"**{outcome}**")


COLUMNS = ("", "resource", "change", "how", "who notices")
NOBODY = "nobody"
NOT_KNOWN = "not known before the update"
_STAYS = "nobody; it stays on the host"
ON_DELETE: Mapping[str | None, str] = {
    None: "not known before the update; refused while anything is attached",
    "refuse": "not known before the update; refused while anything is attached",
    "disconnect": "**all that are attached**, permanently",
    "keep": _STAYS,
    "retain": _STAYS,
    "restore": "not known before the update: virtnet restores the configuration from before adoption, which may restart the network",
}


def gone(kind: str, on_delete: str | None) -> str:
    """Who notices that something is deleted, for a cell. Pulumi asks no provider before it deletes."""
    if kind == "LibvirtNetwork":
        return ON_DELETE.get(on_delete, ON_DELETE[None])
    if on_delete == "retain":
        return _STAYS
    if kind == "PortForward":
        return "everyone who uses its ports"
    return _STAYS if on_delete == "keep" else "hosts whose packets this host forwards; virtnet restores the old values"


def moved(before: Sequence[str], after: Sequence[str]) -> str:
    """Subnets that take the place of others."""
    return f"{codes(before, 4)} → {codes(after, 4)}" if after else f"without {codes(before, 4)}"


def counted(number: int, one: str, several: str) -> str:
    """A number and its word."""
    return f"{number} {one if number == 1 else several}"


# The top.

COUNTS = {
    "refused": ("would be refused", "would be refused"),
    "unknown": ("is not known", "are not known"),
    "delete": ("is deleted", "are deleted"),
    "stays": ("leaves the stack and stays on the host", "leave the stack and stay on the host"),
    "replace": ("is replaced", "are replaced"),
    "restart": ("restarts", "restart"),
    "live": ("changes live", "change live"),
    "create": ("is new", "are new"),
    "recorded": ("is only recorded", "are only recorded"),
}


def title(mark: str, hosts: Sequence[str], stacks: Sequence[str], commit: str, looked_at: str) -> str:
    """The heading."""
    where = f" on {code(hosts[0])}" if len(hosts) == 1 else f" on {len(hosts)} hosts" if hosts else ""
    rest = [f"stack {codes(stacks, 3)}"] if stacks else []
    rest += [f"commit {code(commit, 40)}"] if commit else []
    rest += [f"as of {looked_at}"] if looked_at else []
    return f"## {mark} Networks{where}{''.join(f', {one}' for one in rest)}"


def headline(
    total: int,
    counts: Mapping[str, int],
    interrupted: Sequence[str],
    seconds: float,
    *,
    none_refused: bool,
    is_complete: bool,
) -> str:
    """What it comes to, in a sentence or two."""
    if not total:
        return "**Nothing changes.**" if is_complete else f"**{INCOMPLETE}. The changes are not known.**"
    parts = [counted(number, *COUNTS[name]) for name, number in counts.items() if number]
    silent = ""
    if interrupted:
        be = "is" if len(interrupted) == 1 else "are"
        silent = f" {codes(interrupted, 8)} {be} disconnected for about {seconds:.1f} s."
    refused = " Nothing would be refused." if none_refused and not counts.get("refused") else ""
    more = "" if is_complete else f" {INCOMPLETE}. More may change."
    return f"**{counted(total, 'resource changes', 'resources change')}: {', '.join(parts)}.{silent}{refused}{more}**"


INCOMPLETE = "The preview is incomplete because it failed"


def failed(text: str) -> str:
    """An error of Pulumi's."""
    return f"⛔ **The preview failed:** {prose(text)}"


CASES: Mapping[str, str] = {
    "sure": "",
    "created": sentences.IF_CREATED,
    "replaced": sentences.IF_REPLACED,
    "moved": sentences.IF_MOVED,
}
"""When a plan holds, before what it says."""


def refused(subject: str, condition: str, reason: str, fix: str) -> str:
    """A resource that would be refused. `condition` is one of CASES."""
    return f"⛔ **{subject} would be refused:** {prose(condition + reason)}{f'. **Fix:** {prose(fix)}' if fix else ''}"


def in_the_way(subject: str, condition: str, sentence: str) -> str:
    """Another resource of the program has what a refused resource wants."""
    return f"⛔ **In the way of {subject}:** {prose(condition + sentence, longest=1200)}"


def above(limit: str, names: Sequence[str]) -> str:
    """What costs more than the check lets pass."""
    return f"⛔ **Above the limit of this check ({limit}):** {codes(names, 20)}"


def cost_not_known(names: Sequence[str]) -> str:
    """What may cost anything, so that no check lets it pass."""
    return f"⛔ **Their cost is not known:** {codes(names, 20)}"


NO_RECORDS = (
    "❔ **Some changes are not known**, because the preview has no record of them. Run the preview with `VIRTNET_REVIEW=1` "
    "in its environment, with the same version of virtnet as this one."
)

# What needs a human: a question, or something to know, for each effect.

BEFORE_YOU_APPROVE = "**Before you approve**"
NOTHING_TO_ASK = "**Before you approve**: nothing needs a decision."
NOTHING_TO_ASK_SO_FAR = "**Before you approve**: nothing in this incomplete preview needs a decision."


def _opened(subject: str, who: Sequence[str], told: Details) -> str:
    to = told["target"] or (who[0] if who else "a guest")
    host = f"[{to}]" if ":" in to else to
    target = f"{host}:{_span(told['target_first'], told['target_last'])}"
    return (
        f"{_port(told)} of {_listens(told)} opens to {_whom(told['sources'])}, and leads to {code(target)} ({subject})"
    )


def _widened(subject: str, _who: Sequence[str], told: Details) -> str:
    return f"{subject} opens to more than before: {_from(told)}"


def _narrowed(subject: str, _who: Sequence[str], told: Details) -> str:
    return f"{subject} opens to less than before: {_from(told)}"


def _from(told: Details) -> str:
    parts = []
    if "sources_before" in told:
        parts.append(f"{_whom(told['sources'])} may connect (before: {_whom(told['sources_before'])})")
    if "address_before" in told:
        before = {**told, "address": told["address_before"], "version": told.get("version_before", told["version"])}
        parts.append(f"on {_listens(told)} (before: {_listens(before)})")
    return "; ".join(parts)


def _closed(subject: str, _who: Sequence[str], told: Details) -> str:
    return f"{_port(told)} of {_listens(told)} closes ({subject}). Established connections continue until they end"


def _port(told: Details) -> str:
    return code(f"{told['protocol']} {_span(told['first'], told['last'])}")


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


def _listens(told: Details) -> str:
    return code(told["address"]) if told["address"] else f"every IPv{int(told['version'])} address of the host"


def _whom(sources: Sequence[str], most: int = 6) -> str:
    return codes(sources, most) if sources else "**anybody**"


def _forwarding(subject: str, told: Details, state: str) -> str:
    where = f"interface {code(told['interface'])}" if told["interface"] else "the whole host"
    return f"{told['family']} forwarding of {where} is set to {state} ({subject})"


QUESTIONS: Mapping[EffectKind, Callable[[str, Sequence[str], Details], str]] = {
    EffectKind.DISCONNECTED: lambda subject, who, told: (
        f"{codes(who, 8)} {'loses' if len(who) == 1 else 'lose'} {subject} permanently."
        if who
        else f"virtnet reaches only libvirt, not the host. On {code(told.get('unseen', ''))} of {subject}, it sees only interfaces of libvirt's guests. Other interfaces are disconnected, too."
    ),
    EffectKind.RENUMBERED: lambda subject, _who, told: (
        f"{subject}: {moved(told['before'], told['after'])}. Does anything use the old addresses? Change addresses that are fixed inside guests."
    ),
    EffectKind.CONNECTIONS_RESET: lambda subject, _who, _told: (
        f"TCP connections through the host break for guests of {subject}."
    ),
    EffectKind.OUTSIDE_REACHES_GUESTS: lambda subject, _who, told: (
        f"The outside may reach guests of {subject} from now on (mode {code(told['mode'])})."
    ),
    EffectKind.OUTSIDE_LOSES_GUESTS: lambda subject, _who, told: (
        f"The outside no longer reaches guests of {subject} (mode {code(told['mode'])})."
    ),
    EffectKind.GUESTS_REACH_OUTSIDE: lambda subject, _who, told: (
        f"Guests of {subject} may reach the outside from now on (mode {code(told['mode'])})."
    ),
    EffectKind.GUESTS_LOSE_OUTSIDE: lambda subject, _who, told: (
        f"Guests of {subject} no longer reach the outside (mode {code(told['mode'])})."
    ),
    EffectKind.FORWARDING_ON: lambda subject, _who, told: f"{_forwarding(subject, told, 'on')}.",
    EffectKind.FORWARDING_OFF: lambda subject, _who, told: f"{_forwarding(subject, told, 'off')}.",
    EffectKind.PORT_OPENED: lambda *given: f"{_opened(*given)}.",
    EffectKind.PORT_CLOSED: lambda *given: f"{_closed(*given)}.",
    EffectKind.PORT_WIDENED: lambda *given: f"{_widened(*given)}.",
    EffectKind.PORT_NARROWED: lambda *given: f"{_narrowed(*given)}.",
    EffectKind.PORT_IS_PUBLIC: lambda subject, _who, told: f"{code(told['address'])} is a public address ({subject}).",
    EffectKind.PORT_IS_SSH: lambda subject, _who, told: (
        f"Port {code(str(told['port']))} is the port of the host's own ssh server, and leads to a guest from now on ({subject}). Do you have another way to log in?"
    ),
    EffectKind.SPANNING_TREE_DELAY: lambda subject, _who, told: (
        f"STP is on in {subject}: reattached interfaces may be silent for up to {int(told['seconds'])} s more."
    ),
}


def deleted(subject: str, on_delete: str | None) -> str:
    """A network that goes, or anything that no provider is asked to delete."""
    if on_delete == "retain":
        return f"{subject} leaves the stack and stays on the host as it is, with its owner mark (`retain_on_delete`)."
    if on_delete == "disconnect":
        return f"{subject} is deleted, even while interfaces are attached (`on_delete` is `disconnect`)."
    if on_delete == "keep":
        return f"{subject} leaves the stack and stays on the host as it is (`on_delete` is `keep`)."
    if on_delete == "restore":
        return f"{subject} leaves the stack. virtnet restores the configuration from before adoption, which may restart the network."
    return f"{subject} is deleted. The preview doesn't check whether anything is attached; `virtnet guests` does. If something is attached, the update refuses the delete."


def replaced(subject: str) -> str:
    """A resource that is deleted and created again."""
    return f"{subject} is deleted and created again."


def may_be_replaced(subject: str) -> str:
    """A create of what is there already."""
    return f"{subject} already exists: Pulumi manages the existing object, or replaces it (`--replace`). The preview can't know which."


def known_later(subject: str, names: Sequence[str]) -> str:
    """Inputs that another resource makes."""
    return f"{subject} depends on {codes(names, 6)}, which Pulumi knows only during the update. virtnet plans it then."


def partly_known(subject: str) -> str:
    """The same, of inputs that do not say which object there is meant."""
    return f"{subject} depends on values that Pulumi knows only during the update. virtnet plans it then."


def may_adopt(subject: str) -> str:
    """The same, of a create that may take over what is there."""
    return (
        f"{subject} may adopt an existing network and restart it. The preview can't know before these values are known."
    )


# Who notices, for a cell, with at most so many of their names.

NOTICES: Mapping[EffectKind, Callable[[Sequence[str], Details, int], str]] = {
    EffectKind.INTERRUPTED: lambda who, told, most: (
        f"**{codes(who, most)}**: disconnected for about {told['seconds']:.1f} s"
    ),
    EffectKind.DISCONNECTED: lambda who, _told, most: (
        f"**{codes(who, most)}**: disconnected permanently"
        if who
        else "**interfaces that virtnet can't see**: disconnected permanently"
    ),
    EffectKind.ATTACHED: lambda who, _told, most: f"{codes(who, most)}: reattached",
    EffectKind.DHCP_RENEWED: lambda who, _told, most: (
        f"{codes(who, most)}: **DHCP clients ask for new addresses**. Change fixed addresses by hand"
    ),
    EffectKind.CONNECTIONS_RESET: lambda _who, _told, _most: "connections through the host break",
    EffectKind.NEW_CONNECTIONS_WAIT: lambda _who, told, _most: (
        f"new connections through the host wait for about {told['seconds']:.1f} s"
    ),
    EffectKind.DNSMASQ_RESTARTED: lambda _who, _told, _most: "DNS and DHCP pause briefly",
    EffectKind.FIREWALL_REBUILT: lambda _who, _told, _most: "forwarded packets, for about 0.2 s each",
    EffectKind.OUTSIDE_REACHES_GUESTS: lambda _who, _told, _most: "the outside, which may reach guests",
    EffectKind.OUTSIDE_LOSES_GUESTS: lambda _who, _told, _most: "the outside, which no longer reaches guests",
    EffectKind.GUESTS_REACH_OUTSIDE: lambda _who, _told, _most: "guests, which may reach the outside",
    EffectKind.GUESTS_LOSE_OUTSIDE: lambda _who, _told, _most: "guests, which no longer reach the outside",
    EffectKind.PORT_OPENED: lambda _who, told, most: f"{_whom(told['sources'], most)} may connect",
    EffectKind.PORT_CLOSED: lambda _who, told, most: f"{_whom(told['sources'], most)}",
    EffectKind.PORT_WIDENED: lambda _who, told, most: f"{_whom(told.get('sources', ()), most)} may connect",
    EffectKind.PORT_NARROWED: lambda _who, told, most: f"only {_whom(told.get('sources', ()), most)} may connect",
    EffectKind.FORWARDING_ON: lambda _who, _told, _most: "packets through the host",
    EffectKind.FORWARDING_OFF: lambda _who, _told, _most: "packets through the host",
}

# What follows the table.


def drifted(lines: Sequence[str], left_out: int) -> str:
    """The differences between the host and the record."""
    if not lines and not left_out:
        return "**Drift**: none found in the resources that change."
    more = [f"- and {left_out} more"] if left_out else []
    return "\n".join(
        [
            "**Drift**, which the update fixes as well:",
            "",
            *(f"- {one}" for one in lines),
            *more,
        ]
    )


def gone_from_host(subject: str) -> str:
    """What a refresh did not find."""
    return f"{subject}: no longer on the host. The update creates it again"


def untouched(same: int, others: Iterable[str], number: int) -> str:
    """What is not virtnet's, or does not change."""
    rest = (
        f" **Not judged here**: {counted(number, 'change', 'changes')} of other providers ({', '.join(others)})."
        if number
        else ""
    )
    return f"**Unchanged**: {counted(same, 'resource', 'resources')}.{rest}"


def if_it_fails(*, replaces: bool) -> str:
    """What becomes of what was done. `replaces`: whether something is deleted and created again."""
    gone_for_good = " If the create of a replaced resource fails, the old resource is gone." if replaces else ""
    return (
        "**If the update fails**: virtnet rolls back the resource that failed. Earlier changes of other resources stay"
        f" until you revert the commit and run `pulumi up`.{gone_for_good}"
    )


def rows_left_out(counts: Mapping[str, int]) -> str:
    """Rows that did not fit."""
    told = ", ".join(counted(number, *COUNTS[name]) for name, number in counts.items() if number)
    return f"*Left out here for length: {told}. {PRINTS_ALL}.*"


PRINTS_ALL = "`virtnet review` on your own machine prints all with `--limit 0`"


def lines_left_out(number: int) -> str:
    """Lines of one resource that did not fit."""
    return f"… {counted(number, 'line', 'lines')} more"


def blocks_left_out(number: int) -> str:
    """Resources without room for any line."""
    return f"… {counted(number, 'resource', 'resources')} more, left out for length"


def more_left_out(number: int) -> str:
    """Reasons for a red check that did not fit."""
    return f"- and {number} more, left out here for length. {PRINTS_ALL}."


def questions_left_out(number: int) -> str:
    """Questions that did not fit."""
    return f"- [ ] and {number} more of these, left out here for length. {PRINTS_ALL}."


EVERY_LINE = "Every line of the plan"
PULUMIS_DIFF = "Pulumi's diff, without values"
DIAGRAM_LEFT_OUT = "*The diagram is left out for length.*"
