"""How the values of HostForwarding read: every sentence of the package.

A sentence is a text with the details' names in braces, or a function of the details. Details that name a kernel
parameter (`key`, `target`) hold its key in slash form, and read as an operator types them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum

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
from virtnet.planning.messages import alias_option, if_own, listed
from virtnet.spec.failures import Details, Failure
from virtnet.spec.messages import PYTHON, Spelling, reason

REPLACEMENT = (
    "is deleted and created again, on the host of the uri. The old host gets back the values from before the create, "
    'unless on_delete is "keep"'
)

FAILURES: Mapping[Enum, str] = {
    ForwardingFailure.DROP_IN_NAME: "must be a plain file name in /etc/sysctl.d, for example 90-virtnet-forwarding.conf",
    ForwardingFailure.DROP_IN_SUFFIX: "must end in .conf, or systemd-sysctl doesn't read it",
    ForwardingFailure.DROP_IN_SPACE: "contains a space. Remove it",
    ForwardingFailure.URI_MISSING: "is required. Give the connection URI, for example qemu:///system",
    ForwardingFailure.KERNELS_WORD: "'{name}' isn't an interface but the kernel's name for all of them. Use ipv4 or ipv6",
    ForwardingFailure.PATTERN_CHARACTER: "contains a character with a special meaning in sysctl.d files. Rename the interface",
    ForwardingFailure.NAMES_NEITHER: "has neither ipv4 nor ipv6. Add one of them, or remove the interface",
    ForwardingFailure.NO_INTERFACES: (
        "is empty, and nothing else is set. Add an interface with ipv4 or ipv6, or set ipv4 to turn forwarding on for the "
        "whole host"
    ),
    WantedTwice.PARAMETER: (
        "is also set by {holder} of this program, for the same host. Remove it from one of the two"
    ),
    WantedTwice.DROP_IN: (
        "{value} is also the file of {holder} of this program, for the same host. Give one of the two another drop_in"
    ),
}

_OCCASIONS: Mapping[Occasion, str] = {
    Occasion.PROGRAM_START: "whenever it starts",
    Occasion.CONNECTION_UP: "when it brings that connection up",
    Occasion.INTERFACE_CONFIGURED: "when it configures that interface",
}

_VERSIONS: Mapping[SystemdVersions, str] = {
    SystemdVersions.ALL: "",
    SystemdVersions.BEFORE_256: " (before systemd 256)",
    SystemdVersions.FROM_256: " (systemd 256 and newer)",
}

_USERS: Mapping[UserKind, str] = {
    UserKind.NETWORK: "the active {mode} network '{name}'",
    UserKind.DOCKER: "Docker (interface {name})",
    UserKind.FILE: "{name}",
}


def parameters(keys: Iterable[str]) -> str:
    """Kernel parameters as a sentence lists them: "net.ipv4.ip_forward and net.ipv6.conf.all.forwarding"."""
    return listed(map(shown, keys))


def users(entries: Iterable[Mapping[str, str]]) -> str:
    """The users of forwarding, of `ForwardingUser.details`, as a sentence lists them."""
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
    when, which = _OCCASIONS[Occasion(occasion)], _VERSIONS[SystemdVersions(versions)]
    place = f"{line} of [{section}] in {path}" if section else f"{line} in {path}"
    return Advice(
        f"{program}{which} sets {shown(key)} to {value} {when} ({place}), which undoes {shown(target)} = {wanted}",
        "Remove or change that line",
    )


def _owner(owner: str) -> str:
    return f"HostForwarding '{owner}'" if owner else "another HostForwarding"


def _way_out(otherwise: str, alias: str) -> str:
    """What to do about another's files; `alias` is by what name they may be this resource's own, or ""."""
    return f"{otherwise}, or delete the other resource first{if_own(alias)}. If that owner no longer exists, set adopt=True"


def _drop_in_of_another(*, path: str, host: str, owner: str, alias: str) -> Advice:
    return Advice(f"{path} on {host} belongs to {_owner(owner)}", _way_out("Choose another drop_in", alias))


def _drop_in_hides(*, path: str, host: str, hidden: Sequence[str]) -> Advice:
    return Advice(
        f"{path} on {host} would hide {listed(hidden)}: of two files with one name, only the first is read",
        "Choose another drop_in",
    )


def _managed_by_another(*, keys: Sequence[str], host: str, owner: str, path: str, alias: str) -> Advice:
    return Advice(
        f"{_owner(owner)} already manages {parameters(keys)} of {host} ({path})",
        _way_out("Remove it from one of the two", alias),
    )


def _taken_up(*, path: str, urn: str) -> str:
    return (
        f"manages the existing {path}: its owner mark names {urn}, which seems to be this resource under another parent. "
        f"Deleting that resource after this doesn't change forwarding. If that resource depends on one that this run "
        "replaces, Pulumi deletes it first, and forwarding is restored and set again. To keep its record, "
        f"{alias_option(urn)}. If it is a different resource, remove one of the two"
    )


def _taken_over(*, path: str, owner: str, alias: str) -> str:
    return (
        f"takes {path} over from '{owner}', which its owner mark names and which can no longer change or delete it"
        f"{if_own(alias)}"
    )


def _still_needed(*, key: str, family: str, host: str, needed_by: Sequence[Mapping[str, str]]) -> Advice:
    return Advice(
        f"{family} can't be false: {users(needed_by)} of {host} {_needs(needed_by)} {shown(key)} on",
        f"Stop what needs it first, or remove {family}",
    )


def _stays_on(*, key: str, needed_by: Sequence[Mapping[str, str]]) -> str:
    return f"{shown(key)} stays on, although it was off before: {users(needed_by)} {_needs(needed_by)} it"


def _needs(needed_by: Sequence[Mapping[str, str]]) -> str:
    return "needs" if len(needed_by) == 1 else "need"


def _kept_of_another(*, path: str, host: str, owner: str) -> str:
    return f"keeps {path} on {host}, because it belongs to {_owner(owner)}"


def _overridden_at_runtime(**setting: str) -> str:
    return str(overriding(**setting))


REFUSALS: Mapping[Enum, Advice | Callable[..., Advice]] = {
    RefusalKind.NO_IPV6: Advice("{host} has no {key}: its kernel runs without IPv6", "Remove ipv6"),
    RefusalKind.NO_INTERFACE: Advice(
        "{host} has no interface {interface}, and with persist=False nothing would set its forwarding when it appears",
        "Keep persist true",
    ),
    RefusalKind.STILL_NEEDED: _still_needed,
    RefusalKind.MANAGED_BY_ANOTHER: _managed_by_another,
    RefusalKind.DROP_IN_NOT_OURS: Advice(
        "virtnet didn't write {path} on {host}, or the file was changed since",
        "Move it away, or choose another drop_in",
    ),
    RefusalKind.DROP_IN_OF_ANOTHER: _drop_in_of_another,
    RefusalKind.TAKEN_OVER: Advice(
        "it now belongs to '{owner}' ({path})",
        "Remove this resource from this program, which doesn't change the host. Or remove the other one from its program, "
        "and then run pulumi up here",
    ),
    RefusalKind.DROP_IN_HIDES_FILES: _drop_in_hides,
    RefusalKind.NO_RIGHT: Advice(
        "{host} doesn't let this user set its kernel parameters", "Run as root, or name root in the uri"
    ),
}

SENTENCES: Mapping[Enum, str | Callable[..., str]] = {
    StepKind.SET_PARAMETER: "set {key} to {value} (now {now})",
    StepKind.SET_WHOLE_HOST: "set {key} to {value} (now {now}), which also sets it on every interface",
    StepKind.RESTORE_PARAMETER: "set {key} back to {value}",
    StepKind.WRITE_DROP_IN: "write {path}",
    StepKind.REWRITE_DROP_IN: "rewrite {path}",
    StepKind.NOTE_RUNTIME_RECORD: "record the owner and the old values in {path}, until the next boot",
    StepKind.REMOVE_FILE: "remove {path}",
    FaultKind.CHANGED_MEANWHILE: "{path} on {host} was changed after the plan was made. Run pulumi up again to see the change",
    FaultKind.NO_HOST_ACCESS: (
        "virtnet can't manage IP forwarding through {uri}: libvirt has no call for kernel parameters, and this URI gives"
        " no access to the host itself. Use qemu+ssh://root@host/system, or qemu:///system on that host"
    ),
    FaultKind.VALUE_NOT_KEPT: (
        "{host} accepted {value} for {key} and then reports {kept}: something else on the host sets it. Check"
        " systemd-networkd, NetworkManager and container runtimes"
    ),
    ProblemKind.DROP_IN_ALTERED: "the drop-in",
    ProblemKind.OWNER_CHANGED: "the owner mark on the host must name {after} instead of {before}",
    NoteKind.RESUMED: (
        "manages the existing {path}: its owner mark names this resource. An earlier run wrote it and didn't record it, or"
        " its record was removed from the state"
    ),
    NoteKind.TAKEN_UP: _taken_up,
    NoteKind.TAKEN_OVER: _taken_over,
    NoteKind.INTERFACE_MISSING: "{interface} doesn't exist now. {path} sets its forwarding when it appears",
    NoteKind.LOSES_ADVERTISED_ROUTES: (
        "{interface} of {host} loses its routes learned from router advertisements as soon as IPv6 forwarding is on. Set"
        " preserve_router_advertisements to keep them"
    ),
    NoteKind.DRIFT_NOT_REVIEWED: (
        "{property} has drifted, and fixing it needs more than the preview showed. Run pulumi refresh, then pulumi up"
    ),
    NoteKind.DROP_IN_EDITED: "{path} was edited by hand. virtnet rewrites it, and the manual changes are lost",
    NoteKind.FILE_KEPT_NOT_OURS: (
        "keeps {path} on {host}, because virtnet didn't write it, or the file was changed since"
    ),
    NoteKind.FILE_KEPT_OF_ANOTHER: _kept_of_another,
    NoteKind.FILE_KEPT_EDITED: (
        "keeps {path} on {host}, because it was edited by hand. Remove it when its lines are no longer needed"
    ),
    NoteKind.KEPT_ON_DELETE: 'keeps the values and the drop-in, because on_delete is "keep"',
    NoteKind.LEFT_TO_OWNER: "forwarding now belongs to '{owner}' ({path}), so it isn't changed",
    NoteKind.STAYS_ON: _stays_on,
    NoteKind.OVERRIDDEN_AT_BOOT: (
        "the next boot sets {key} to {at_boot}, not {value}: {source} overrides {path}. Change that file, or choose a"
        " drop_in whose name sorts after it"
    ),
    NoteKind.OVERRIDDEN_AT_BOOT_AS_RECORDED: (
        "the next boot sets {key} to {at_boot}, not {value}, because of {source}. Change that file, or choose a drop_in"
        " whose name sorts after it"
    ),
    NoteKind.OVERRIDDEN_BY_PROCPS: (
        "`sysctl --system` sets {key} to {value} because of {source}, unlike systemd-sysctl at the next boot. Remove the"
        " line from that file"
    ),
    NoteKind.OVERRIDDEN_AT_RUNTIME: _overridden_at_runtime,
    NoteKind.DOCKER_DROPS: (
        "Docker has set the policy of iptables' FORWARD chain on {host} to DROP. Even with forwarding on, packets that no"
        " rule accepts are dropped, for example those of networks in mode open. Allow them in the chain DOCKER-USER"
    ),
    NoteKind.DOCKER_WILL_NOT_DROP: (
        "Docker on {host} sets the policy of iptables' FORWARD chain to DROP only if Docker itself turns forwarding on."
        " From the next boot on this resource does that, so neighbors of the host could reach containers directly. Set"
        " the policy yourself to prevent it"
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
