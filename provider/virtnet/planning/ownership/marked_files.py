"""Text files on a host with an owner mark in their comments: writing and parsing them. Pure.

The header names the owner, so that two resources never overwrite each other's file. A checksum over the rest shows a
file that was edited by hand, even without a record.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from urllib.parse import quote, unquote

from virtnet.planning.ownership.marks import Mark

_ADVICE = "# A change made here by hand is shown by `pulumi refresh` and overwritten by the next `pulumi up`."

_OWNER = "# virtnet-owner:"

_URN = "# virtnet-urn:"

_TOKEN = "# virtnet-token:"  # noqa: S105 - it isn't a secret

_CHECKSUM = "# virtnet-checksum:"


class MarkedFile(NamedTuple):
    """The content of a file with an owner mark."""

    mark: Mark
    """Its owner's mark; without a name if the file has none."""
    lines: Sequence[str]
    """All lines, including the header."""
    edited: bool
    """Whether the text differs from what virtnet wrote."""


def render(kind: str, mark: Mark, header: Iterable[str], body: Iterable[str]) -> str:
    """The text of a file for a resource of a kind: the header's lines, then the body."""
    # A resource's name may contain anything, even a newline, which must not start a line of the file.
    lines = [
        f"# Written by virtnet, a Pulumi provider, for the {kind} named below.",
        _ADVICE,
        f"{_OWNER} {_quoted(mark.owner)}".rstrip(),
        *(f"{key} {_quoted(value)}" for key, value in ((_URN, mark.urn), (_TOKEN, mark.token)) if value),
        *header,
    ]
    body = [*body]
    return "\n".join([*lines, f"{_CHECKSUM} {_checksum([*lines, *body])}", *body, ""])


def parse(text: str) -> MarkedFile | None:
    """A file's content; None if virtnet didn't write the file."""
    lines = text.splitlines()
    owner, urn, token = (_told(lines, key) for key in (_OWNER, _URN, _TOKEN))
    checksum = next((line for line in lines if line.startswith(_CHECKSUM)), None)
    if owner is None or checksum is None:
        return None
    rest = [line for line in lines if line is not checksum]
    edited = checksum.removeprefix(_CHECKSUM).strip() != _checksum(rest) or not text.endswith("\n")
    return MarkedFile(Mark(owner, urn=urn or "", token=token or ""), lines, edited)


def _quoted(text: str) -> str:
    return quote(text, safe="/:@+,;=$", errors="surrogatepass")


def _told(lines: Iterable[str], key: str) -> str | None:
    """The value of the header's line with this key; None if there is none."""
    found = next((line for line in lines if line.startswith(key)), None)
    return None if found is None else unquote(found.removeprefix(key).strip(), errors="surrogatepass")


def _checksum(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()[:16]
