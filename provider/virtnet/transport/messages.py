"""Why a connection URI will not do: every sentence, for whoever edits them as prose."""

from typing import Literal

_OVER_SSH = "use qemu+ssh://root@host/system, or run the program on that host with qemu:///system"

Part = Literal["host", "user"]


def no_uri(uri: str, said: str) -> str:
    """It does not parse."""
    return f"'{uri}' is no URI: {said}; write it like qemu+ssh://root@host/system"


def option(part: Part) -> str:
    """It begins with a dash."""
    return f"the {part} in the URI begins with '-', which programs take for an option; correct it"


def odd_character(part: Part) -> str:
    """It could mean something to a shell."""
    return f"the {part} in the URI holds a character that no {part} has; correct it"


def test_driver(uri: str) -> str:
    """Libvirt's test driver, where a host is needed."""
    return f"'{uri}' is libvirt's test driver, which has no host; use a local URI such as qemu:///system"


def names_no_host(uri: str) -> str:
    """An ssh URI without a host."""
    return f"'{uri}' names no host; write it like qemu+ssh://root@host/system"


def session(uri: str) -> str:
    """A user's own daemon on another host."""
    return f"'{uri}' is a user's own libvirt, which the host's network is not for; {_OVER_SSH}"


def libvirt_alone(uri: str) -> str:
    """A transport that carries libvirt's protocol and nothing else."""
    return f"'{uri}' reaches libvirt and not the host itself, whose network this is about; {_OVER_SSH}"
