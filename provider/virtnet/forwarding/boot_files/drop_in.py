"""The drop-in in /etc/sysctl.d that virtnet writes: its text, and what a file found there says. Pure.

If the values are not to outlive a boot, a runtime record has the same text in /run, where only virtnet reads it. It
says who owns the values and what they were before.

Its header holds, besides the mark of the owner (`planning.ownership.marked_files`), the values found before, so that a
create that was interrupted is finished without forgetting them.
"""

import hashlib
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from virtnet.forwarding.boot_files.paths import DIRECTORY, RUNTIME_RECORDS
from virtnet.planning.ownership import marked_files
from virtnet.planning.ownership.marks import Mark

DEFAULT_NAME = "90-virtnet-forwarding.conf"

_RECORD_PREFIX = f"{RUNTIME_RECORDS}/forwarding-"

_PREVIOUS = "# virtnet-previous:"


class DropIn(NamedTuple):
    """What a drop-in says: whose it is, the values it sets in order, and the values found before them."""

    mark: Mark
    """Of its owner; without a name if the file has none."""
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
    """Whether a path is that of a runtime record of any owner."""
    return path.startswith(_RECORD_PREFIX) and path.endswith(".conf")


def render(drop_in: DropIn) -> str:
    """The file's text."""
    previous = [f"{_PREVIOUS} {key} = {value}" for key, value in sorted(drop_in.previous.items())]
    settings = [f"{key} = {value}" for key, value in drop_in.settings]
    return marked_files.render("HostForwarding", drop_in.mark, previous, settings)


def parse(text: str) -> DropIn | None:
    """What a file says, or None when virtnet did not write it."""
    there = marked_files.parse(text)
    if there is None:
        return None
    previous = (line.removeprefix(_PREVIOUS) for line in there.lines if line.startswith(_PREVIOUS))
    return DropIn(
        mark=there.mark,
        settings=tuple(_pairs(line for line in there.lines if not line.startswith("#"))),
        previous=dict(_pairs(previous)),
        edited=there.edited,
    )


def _pairs(lines: Iterable[str]) -> list[tuple[str, str]]:
    pairs = []
    for line in lines:
        key, separator, value = line.partition("=")
        if separator:
            pairs.append((key.strip(), value.strip()))
    return pairs
