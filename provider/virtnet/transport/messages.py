"""How it reads why a connection URI will not do: a sentence a kind, with its details in braces."""

from collections.abc import Mapping
from enum import Enum

from virtnet.transport.uri import UriFault, UriFaultKind

_OVER_SSH = "use qemu+ssh://root@host/system, or run the program on that host with qemu:///system"

SENTENCES: Mapping[Enum, str] = {
    UriFaultKind.NO_URI: "'{uri}' is no URI: {said}; write it like qemu+ssh://root@host/system",
    UriFaultKind.OPTION: "the {part} in the URI begins with '-', which programs take for an option; correct it",
    UriFaultKind.ODD_CHARACTER: "the {part} in the URI holds a character that no {part} has; correct it",
    UriFaultKind.TEST_DRIVER: "'{uri}' is libvirt's test driver, which has no host; use a local URI such as qemu:///system",
    UriFaultKind.NAMES_NO_HOST: "'{uri}' names no host; write it like qemu+ssh://root@host/system",
    UriFaultKind.SESSION: f"'{{uri}}' is a user's own libvirt, which the host's network is not for; {_OVER_SSH}",
    UriFaultKind.LIBVIRT_ALONE: f"'{{uri}}' reaches libvirt and not the host itself, whose network this is about; {_OVER_SSH}",
}


def sentence(fault: UriFault) -> str:
    """Why it will not do, with the fix."""
    return SENTENCES[fault.kind].format_map(fault.details)
