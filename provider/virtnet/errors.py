"""Every exception virtnet raises on purpose.

Each message is one sentence for a tired operator: what failed, on which object of which host, and what to do.
libvirt's own words, where there are any, follow it. What a step raises holds no sentence but its value: a kind and its
details, of which `planning.apply.apply` makes the sentence, as it does of a step's summary. Nothing here imports
anything of the project; every other module may import this one.

    VirtnetError
    ├── InvalidInputs       the inputs alone are wrong (check reports the same as failures)
    ├── Refused             decided before the first effect; nothing was touched
    ├── Unreachable         no connection to the host's libvirt, or it was lost
    │   └── AccessDenied    the host answered, and does not let this user in
    ├── LibvirtFailure      libvirt answered a call with an error (its code is kept)
    │   └── NotFound        libvirt knows no such network
    ├── HostFailure         a command or file of the host itself failed
    ├── Cancelled           whoever asked for it wants it no longer, or not that late
    └── ApplyFailed         a step failed; says what was rolled back and what is left
"""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any, NamedTuple

_NONE: Mapping[str, Any] = MappingProxyType({})


class VirtnetError(Exception):
    """Base of all errors that virtnet raises on purpose; its text is a complete sentence.

    Raised with a kind instead, its text is made at the edge: `planning.findings.read_error`.
    """

    kind: Enum | None = None
    """What failed, of the package's own kinds; None if the text is all there is."""
    details: Mapping[str, Any] = _NONE
    """What the kind's sentence names, as plain data."""

    def __init__(self, message: str = "", *, kind: Enum | None = None, details: Mapping[str, Any] = _NONE) -> None:
        if kind is not None:
            self.kind, self.details = kind, details
            message = message or f"{kind.name} {dict(details)}"
        super().__init__(message)


class InvalidInputs(VirtnetError):
    """The inputs alone prove the request wrong; raised where failures can't be returned as values."""


class Refused(VirtnetError):
    """The request was refused before the first effect: nothing on the host was touched."""


class Unreachable(VirtnetError):
    """The host's libvirt could not be asked, or the connection was lost while it was."""


class AccessDenied(Unreachable):
    """libvirt or the kernel refused this user; the sentence says which permission is missing."""


class LibvirtFailure(VirtnetError):
    """libvirt answered a call with an error.

    `code` is its VIR_ERR_* number (https://libvirt.org/html/libvirt-virterror.html), `domain` its VIR_FROM_* number,
    0 where it is not known; decisions are made by them, never by the message, whose words differ between versions and
    languages.
    """

    def __init__(self, message: str, code: int, domain: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.domain = domain


class NotFound(LibvirtFailure):
    """libvirt says that there is no such network (VIR_ERR_NO_NETWORK)."""


class HostFailure(VirtnetError):
    """A command, a file or a kernel setting of the host could not be run, read or written."""


class Cancelled(VirtnetError):
    """The work was to end: an interrupt (Ctrl-C), or a time limit that the program set."""


class Left(NamedTuple):
    """Something that a failed plan left behind, as the step that would have taken it back could not."""

    kind: Enum
    """What that step does, of its package's kinds."""
    details: Mapping[str, Any]
    error: VirtnetError | None
    """Why it could not; None if it was not tried, as its host was lost before."""


class ApplyFailed(VirtnetError):
    """A step of a plan failed. The sentence says what was rolled back and what, if anything, is left.

    `left` is what could not be rolled back; `outputs` are those of the resource as it is there since, for a state that
    must not lose it, or None if nothing is there or what is recorded still holds.
    """

    def __init__(self, message: str, left: tuple[Left, ...] = (), outputs: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.left = left
        self.outputs = outputs
