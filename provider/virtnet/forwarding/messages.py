"""How the values of HostForwarding read: every sentence that the package can say.

A sentence is a text with the details' names in braces, or a function of the details. Details that name a kernel
parameter (`key`, `target`) hold its key in slash form, and read as an operator types them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum

from virtnet.forwarding.boot_files.boot import KERNEL_DEFAULT
from virtnet.forwarding.kinds import (
    FaultKind,
    ForwardingFailure,
    NoteKind,
    Occasion,
    ProblemKind,
    RefusalKind,
    StepKind,
    SystemdVersions,
    UserKind,
    WantedTwice,
)
from virtnet.forwarding.sysctl import shown
from virtnet.planning.findings import Advice, Messages, Refusal, Said
from virtnet.planning.messages import alias_option
from virtnet.spec.failures import Details, Failure
from virtnet.spec.messages import PYTHON, Spelling, reason

REPLACEMENT = (
    "is deleted and made anew, on the host of the uri; the values found at create are put back on the one it was on, "
    "unless on_delete is keep"
)

FAILURES: Mapping[Enum, str] = {
    ForwardingFailure.DROP_IN_NAME: "must be a plain file name in /etc/sysctl.d, like 90-virtnet-forwarding.conf",
    ForwardingFailure.DROP_IN_SUFFIX: "must end in .conf, or systemd-sysctl does not read it",
    ForwardingFailure.DROP_IN_SPACE: "holds a space; leave it out",
    ForwardingFailure.URI_MISSING: "is required; name the connection URI, like qemu:///system",
    ForwardingFailure.KERNELS_WORD: "'{name}' is no interface but the kernel's word for all; use ipv4 or ipv6",
    ForwardingFailure.PATTERN_CHARACTER: "holds a character that sysctl.d files give a meaning; rename the interface",
    ForwardingFailure.NAMES_NEITHER: "names neither ipv4 nor ipv6; add one, or leave the interface out",
    WantedTwice.PARAMETER: (
        "is set by {holder} too, which this program has for the same host; leave it to one of the two"
    ),
    WantedTwice.DROP_IN: (
        "{value} is the file of {holder} too, which this program has for the same host; give one of the two another drop_in"
    ),
}

_OCCASIONS: Mapping[Occasion, str] = {
    Occasion.PROGRAM_START: "whenever it starts",
    Occasion.CONNECTION_UP: "when it brings that connection up",
    Occasion.INTERFACE_CONFIGURED: "when it configures that interface",
}

_VERSIONS: Mapping[SystemdVersions, str] = {
    SystemdVersions.ALL: "",
    SystemdVersions.BEFORE_256: " before systemd 256",
    SystemdVersions.FROM_256: " from systemd 256 on",
}

_USERS: Mapping[UserKind, str] = {
    UserKind.NETWORK: "the active {mode} network '{name}'",
    UserKind.DOCKER: "Docker (interface {name})",
    UserKind.FILE: "{name}",
}


def listed(words: Iterable[str]) -> str:
    """Words as a sentence lists them: "a, b and c"."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def parameters(keys: Iterable[str]) -> str:
    """Kernel parameters as a sentence lists them: "net.ipv4.ip_forward and net.ipv6.conf.all.forwarding"."""
    return listed(map(shown, keys))


def users(entries: Iterable[Mapping[str, str]]) -> str:
    """Those who need forwarding, from what `ForwardingUser.details` gives, as a sentence lists them."""
    return listed(_USERS[UserKind(entry["kind"])].format(**entry) for entry in entries)


def overriding(
    *,
    program: str,
    key: str,
    value: str,
    occasion: str,
    versions: str,
    section: str,
    line: str,
    path: str,
    target: str,
    wanted: str,
) -> Advice:
    """What another program does to a parameter, from what `OverridingSetting.details` gives."""
    when = _OCCASIONS[Occasion(occasion)] + _VERSIONS[SystemdVersions(versions)]
    place = f"{line} of [{section}] in {path}" if section else f"{line} in {path}"
    return Advice(
        f"{program} sets {shown(key)} to {value} {when} ({place}), which undoes {shown(target)} = {wanted}",
        "take that line out or change it",
    )


def _owner(owner: str) -> str:
    return f"HostForwarding '{owner}'" if owner else "another HostForwarding"


def _way_out(otherwise: str, alias: str) -> str:
    """What to do about another's files; `alias` is by what name they may be this resource's own, or ""."""
    own = f"if that is this resource before it was renamed or moved, {alias_option(alias)}; otherwise " if alias else ""
    return f"{own}{otherwise}, delete the other first, or, where nobody owns it any more, set adopt"


def _drop_in_of_another(*, path: str, host: str, owner: str, alias: str) -> Advice:
    return Advice(f"{path} on {host} belongs to {_owner(owner)}", _way_out("choose another drop_in", alias))


def _drop_in_hides(*, path: str, host: str, hidden: Sequence[str]) -> Advice:
    return Advice(
        f"{path} on {host} would hide {listed(hidden)}: of two files of one name only the first counts",
        "choose another drop_in",
    )


def _managed_by_another(*, keys: Sequence[str], host: str, owner: str, path: str, alias: str) -> Advice:
    return Advice(
        f"{parameters(keys)} of {host} is managed by {_owner(owner)} already ({path})",
        _way_out("leave it to one of the two", alias),
    )


def _taken_up(*, path: str, urn: str) -> str:
    return (
        f"takes up {path}: its mark names {urn}, which seems to be this resource under another parent; if its record is "
        f"deleted in this run, that leaves forwarding alone. To keep the record, {alias_option(urn)}; if it is another "
        "resource, leave forwarding to one of the two"
    )


def _taken_over(*, path: str, owner: str, alias: str) -> str:
    old_name = f"; if that is this resource before it was renamed or moved, {alias_option(alias)} instead"
    return (
        f"{path} belongs to '{owner}' by its mark, from which it is taken over: nothing there changes it or deletes it any "
        "more" + (old_name if alias else "")
    )


def _still_needed(*, key: str, family: str, host: str, needed_by: Sequence[Mapping[str, str]]) -> Advice:
    return Advice(
        f"{family} false is refused: {users(needed_by)} of {host} needs {shown(key)} on",
        f"stop it first, or leave {family} out",
    )


def _stays_on(*, key: str, needed_by: Sequence[Mapping[str, str]]) -> str:
    return f"{shown(key)} stays on, though it was off before: {users(needed_by)} needs it"


def _kept_of_another(*, path: str, host: str, owner: str) -> str:
    return f"{path} on {host} is kept: it belongs to {_owner(owner)}"


def _overridden_at_boot(*, key: str, at_boot: str, value: str, source: str, path: str) -> str:
    place = "the kernel's default" if source == KERNEL_DEFAULT else source
    return (
        f"the next boot gives {shown(key)} = {at_boot}, not {value}: {place} beats {path}; change that file, or choose"
        " a drop_in whose name sorts after it"
    )


def _overridden_at_runtime(**setting: str) -> str:
    return str(overriding(**setting))


REFUSALS: Mapping[Enum, Advice | Callable[..., Advice]] = {
    RefusalKind.NO_IPV6: Advice("{host} has no {key}: its kernel runs without IPv6", "leave ipv6 out"),
    RefusalKind.NO_INTERFACE: Advice(
        "{host} has no interface {interface}, and with persist false nothing would set its forwarding when it comes",
        "leave persist true",
    ),
    RefusalKind.STILL_NEEDED: _still_needed,
    RefusalKind.MANAGED_BY_ANOTHER: _managed_by_another,
    RefusalKind.DROP_IN_NOT_OURS: Advice(
        "{path} on {host} was not written by virtnet, or no longer is what virtnet wrote",
        "move it away, or choose another drop_in",
    ),
    RefusalKind.DROP_IN_OF_ANOTHER: _drop_in_of_another,
    RefusalKind.TAKEN_OVER: Advice(
        "it belongs to '{owner}' by now ({path})",
        "take it out of this program, which leaves it as it is, or out of that one, and run pulumi up here",
    ),
    RefusalKind.DROP_IN_HIDES_FILES: _drop_in_hides,
    RefusalKind.NO_RIGHT: Advice(
        "{host} does not let this user set its kernel parameters", "run as root, or name root in the uri"
    ),
}

SENTENCES: Mapping[Enum, str | Callable[..., str]] = {
    StepKind.SET_PARAMETER: "set {key} to {value} (now {now})",
    StepKind.SET_WHOLE_HOST: "set {key} to {value} (now {now}), and with it every interface",
    StepKind.RESTORE_PARAMETER: "put {key} back to {value}",
    StepKind.WRITE_DROP_IN: "write {path}",
    StepKind.REWRITE_DROP_IN: "write {path} anew",
    StepKind.NOTE_RUNTIME_RECORD: "note in {path}, until the next boot, whose the values are and what they were",
    StepKind.REMOVE_FILE: "remove {path}",
    FaultKind.CHANGED_MEANWHILE: "{path} on {host} has changed since this was planned; run it again to see the change",
    FaultKind.NO_HOST_ACCESS: (
        "IP forwarding cannot be managed through {uri}: libvirt has no call for kernel parameters, and this URI gives"
        " no access to the host itself; use qemu+ssh://root@host/system, or qemu:///system there"
    ),
    FaultKind.VALUE_NOT_KEPT: (
        "{host} took {value} for {key} and reports {kept}: something else on the host sets it; look for"
        " systemd-networkd, NetworkManager or a container runtime that manages it"
    ),
    ProblemKind.DROP_IN_ALTERED: "the drop-in",
    ProblemKind.OWNER_CHANGED: "its mark on the host is to name {after} instead of {before}",
    NoteKind.RESUMED: (
        "takes up {path}: its mark names this very resource, so an earlier run wrote it and did not record it, or its"
        " record was dropped"
    ),
    NoteKind.TAKEN_UP: _taken_up,
    NoteKind.TAKEN_OVER: _taken_over,
    NoteKind.INTERFACE_MISSING: "{interface} is not there now; {path} sets its forwarding when it comes",
    NoteKind.LOSES_ADVERTISED_ROUTES: (
        "{interface} of {host} loses its routes learnt from router advertisements the moment IPv6 forwarding goes on;"
        " preserve_router_advertisements keeps them"
    ),
    NoteKind.DRIFT_NOT_REVIEWED: (
        "{property} differs on the host and mending it is more than was reviewed; run pulumi refresh, then pulumi up"
    ),
    NoteKind.DROP_IN_EDITED: "{path} was edited by hand; it is written anew, and what was changed there is lost",
    NoteKind.FILE_KEPT_NOT_OURS: (
        "{path} on {host} is kept: it was not written by virtnet, or no longer is what virtnet wrote"
    ),
    NoteKind.FILE_KEPT_OF_ANOTHER: _kept_of_another,
    NoteKind.FILE_KEPT_EDITED: (
        "{path} on {host} is kept: it was edited by hand; remove it when its lines are not needed"
    ),
    NoteKind.KEPT_ON_DELETE: "the values and the drop-in stay as they are: on_delete is keep",
    NoteKind.LEFT_TO_OWNER: "it belongs to '{owner}' now ({path}), and is left as it is",
    NoteKind.STAYS_ON: _stays_on,
    NoteKind.OVERRIDDEN_AT_BOOT: _overridden_at_boot,
    NoteKind.OVERRIDDEN_AT_BOOT_AS_RECORDED: (
        "the next boot gives {key} = {at_boot}, not {value}, by {source}; change that file, or choose a drop_in whose"
        " name sorts after it"
    ),
    NoteKind.OVERRIDDEN_BY_PROCPS: (
        "`sysctl --system` gives {key} = {value} by {source}, unlike the next boot by systemd-sysctl; take the line out"
        " of that file"
    ),
    NoteKind.OVERRIDDEN_AT_RUNTIME: _overridden_at_runtime,
    NoteKind.DOCKER_DROPS: (
        "Docker has set iptables' FORWARD policy of {host} to DROP: also with forwarding on, packets that no rule lets"
        " through are dropped, such as those of networks in mode open; allow them in its chain DOCKER-USER"
    ),
    NoteKind.DOCKER_WILL_NOT_DROP: (
        "Docker is on {host}, and sets iptables' FORWARD policy to DROP only when it is the one that turns forwarding"
        " on; from the next boot on it will not be, so that neighbours could reach containers directly; set that policy"
        " yourself if they must not"
    ),
}


def messages() -> Messages:
    """The sentences of the package, as lifecycle uses them."""
    return Messages(sentence=sentence, advice=advice, failure=failure, replacement=REPLACEMENT)


def sentence(message: Said) -> str:
    """A note, a step's summary or why it failed, as people read it."""
    told = SENTENCES[message.kind]
    return _filled(told, message.details) if isinstance(told, str) else told(**message.details)


def advice(refusal: Refusal) -> Advice:
    """A refusal as people read it."""
    told = REFUSALS[refusal.kind]
    if isinstance(told, Advice):
        return Advice(_filled(told.reason, refusal.details), _filled(told.fix, refusal.details))
    return told(**refusal.details)


def failure(found: Failure, spelling: Spelling = PYTHON) -> str:
    """Why a property is refused, and the fix."""
    return reason(found, FAILURES, spelling)


def _filled(text: str, details: Details) -> str:
    return text.format(**{name: shown(str(value)) if name == "key" else value for name, value in details.items()})
