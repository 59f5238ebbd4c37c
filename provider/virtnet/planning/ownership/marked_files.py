"""Text files on a host with the mark of an owner in their comments: the text, and what can be told of one found. Pure.

The header says for which resource a file was written, so that two never take turns with one; a checksum over all the
rest tells a file that was edited by hand, whatever is recorded.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from urllib.parse import quote, unquote

from virtnet.planning.ownership.marks import Mark

_ADVICE = "# A change made here by hand is shown by `pulumi refresh` and overwritten by the next `pulumi up`."

_OWNER = "# virtnet-owner:"

_URN = "# virtnet-urn:"

_TOKEN = "# virtnet-token:"  # noqa: S105 - it is no secret

_CHECKSUM = "# virtnet-checksum:"


class MarkedFile(NamedTuple):
    """What a file with a mark says."""

    mark: Mark
    """Its owner's; without a name where nobody told."""
    lines: Sequence[str]
    """All of it, the header too."""
    edited: bool
    """True when the text is not what virtnet wrote."""


def render(kind: str, mark: Mark, header: Iterable[str], body: Iterable[str]) -> str:
    """The text of a file that was written for a resource of a kind: the header's own lines, then what it is for."""
    # A resource's name may hold anything, a newline too: it must not become a line of its own.
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
    """What a file says, or None when virtnet did not write it."""
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
    """What the header's line of this key says; None where it has none."""
    found = next((line for line in lines if line.startswith(key)), None)
    return None if found is None else unquote(found.removeprefix(key).strip(), errors="surrogatepass")


def _checksum(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()[:16]
