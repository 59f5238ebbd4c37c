"""The drop-in in /etc/sysctl.d that virtnet writes: its text, and what can be told of a file found there. Pure.

What shall not outlive a boot has the same text in /run, where nothing reads it but virtnet: a runtime record, which
tells whose the values are and what they were.

The header holds the mark of the owner, so that two resources never take turns with one file; the values found before,
so that a create that was cut short is finished without forgetting them; and a checksum over all the rest, so that a
file edited by hand is known as such, whatever is recorded.
"""

import hashlib
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import quote, unquote

from virtnet.forwarding.boot_files.paths import DIRECTORY, RUNTIME_RECORDS
from virtnet.planning.ownership.marks import Mark

DEFAULT_NAME = "90-virtnet-forwarding.conf"

_RECORD_PREFIX = f"{RUNTIME_RECORDS}/forwarding-"

_TITLE = "# Written by virtnet, a Pulumi provider, for the HostForwarding named below."

_ADVICE = "# A change made here by hand is shown by `pulumi refresh` and overwritten by the next `pulumi up`."

_OWNER = "# virtnet-owner:"

_URN = "# virtnet-urn:"

_TOKEN = "# virtnet-token:"  # noqa: S105 - it is no secret

_PREVIOUS = "# virtnet-previous:"

_CHECKSUM = "# virtnet-checksum:"


class DropIn(NamedTuple):
    """What a drop-in says: whose it is, the values it sets in order, and the values found before them."""

    mark: Mark
    """Its owner's; without a name where nobody told."""
    settings: tuple[tuple[str, str], ...]
    previous: Mapping[str, str] = MappingProxyType({})
    edited: bool = False
    """True when the text is not what virtnet wrote."""


def path_of(name: str | None) -> str:
    """The drop-in's path by its file name, or by default."""
    return f"{DIRECTORY}/{name or DEFAULT_NAME}"


def runtime_record_of(mark: Mark) -> str:
    """The path of an owner's runtime record."""
    return f"{_RECORD_PREFIX}{hashlib.sha256(mark.owner_shown.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}.conf"


def is_runtime_record(path: str) -> bool:
    """Whether a path is that of a runtime record, whoever's it is."""
    return path.startswith(_RECORD_PREFIX) and path.endswith(".conf")


def render(drop_in: DropIn) -> str:
    """The file's text."""
    # A resource's name may hold anything, a newline too: it must not become a line of its own.
    mark = drop_in.mark
    header = [_TITLE, _ADVICE, f"{_OWNER} {_quoted(mark.owner)}".rstrip()]
    header += [f"{key} {_quoted(value)}" for key, value in ((_URN, mark.urn), (_TOKEN, mark.token)) if value]
    header += [f"{_PREVIOUS} {key} = {value}" for key, value in sorted(drop_in.previous.items())]
    settings = [f"{key} = {value}" for key, value in drop_in.settings]
    return "\n".join([*header, f"{_CHECKSUM} {_checksum([*header, *settings])}", *settings, ""])


def parse(text: str) -> DropIn | None:
    """What a file says, or None when virtnet did not write it."""
    lines = text.splitlines()
    owner, urn, token = (_told(lines, key) for key in (_OWNER, _URN, _TOKEN))
    checksum = next((line for line in lines if line.startswith(_CHECKSUM)), None)
    if owner is None or checksum is None:
        return None
    rest = [line for line in lines if line is not checksum]
    return DropIn(
        mark=Mark(owner, urn=urn or "", token=token or ""),
        settings=tuple(_pairs(line for line in lines if not line.startswith("#"))),
        previous=dict(_pairs(line.removeprefix(_PREVIOUS) for line in lines if line.startswith(_PREVIOUS))),
        edited=checksum.removeprefix(_CHECKSUM).strip() != _checksum(rest) or not text.endswith("\n"),
    )


def _quoted(text: str) -> str:
    return quote(text, safe="/:@+,;=$")


def _told(lines: Iterable[str], key: str) -> str | None:
    """What the header's line of this key says; None where it has none."""
    found = next((line for line in lines if line.startswith(key)), None)
    return None if found is None else unquote(found.removeprefix(key).strip())


def _pairs(lines: Iterable[str]) -> list[tuple[str, str]]:
    pairs = []
    for line in lines:
        key, separator, value = line.partition("=")
        if separator:
            pairs.append((key.strip(), value.strip()))
    return pairs


def _checksum(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()[:16]
