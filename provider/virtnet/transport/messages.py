"""How faults of a connection URI read: a sentence a kind, with its details in braces."""

from collections.abc import Mapping
from enum import Enum

from virtnet.transport.uri import UriFault, UriFaultKind

_OVER_SSH = "Use qemu+ssh://root@host/system, or run the program on that host with qemu:///system"

SENTENCES: Mapping[Enum, str] = {
    UriFaultKind.NO_URI: "'{uri}' isn't a valid URI: {said}. Use a form like qemu+ssh://root@host/system",
    UriFaultKind.OPTION: "the {part} in the URI begins with '-', which programs take for an option. Correct it",
    UriFaultKind.ODD_CHARACTER: "the {part} in the URI contains a character that isn't valid in a {part}. Correct it",
    UriFaultKind.TEST_DRIVER: "'{uri}' is libvirt's test driver, which has no host. Use a local URI such as qemu:///system",
    UriFaultKind.NAMES_NO_HOST: "'{uri}' names no host. Use a form like qemu+ssh://root@host/system",
    UriFaultKind.SESSION: f"'{{uri}}' is a user's session libvirt, which can't manage the host's network. {_OVER_SSH}",
    UriFaultKind.LIBVIRT_ALONE: f"'{{uri}}' reaches only libvirt, and this needs access to the host itself. {_OVER_SSH}",
}


def sentence(fault: UriFault) -> str:
    """What is wrong with it, and the fix."""
    return SENTENCES[fault.kind].format_map(fault.details)
