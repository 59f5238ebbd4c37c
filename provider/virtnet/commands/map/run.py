"""`virtnet map`: hosts or a state in, a map in one of its formats out."""

import sys
from collections.abc import Callable, Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from virtnet.commands.map import messages
from virtnet.commands.map.model import Host, Map, Trouble
from virtnet.commands.terminal import Terminal
from virtnet.errors import InvalidInputs

if TYPE_CHECKING:
    from virtnet.commands.hosts import Answered
    from virtnet.commands.map.look import Looked


class Format(Enum):
    """What a map is drawn as."""

    SVG = "svg"
    HTML = "html"
    MERMAID = "mermaid"
    JSON = "json"

    @property
    def is_picture(self) -> bool:
        """Whether nobody reads its text."""
        return self in (Format.SVG, Format.HTML)


_BY_SUFFIX = {
    ".svg": Format.SVG,
    ".html": Format.HTML,
    ".htm": Format.HTML,
    ".mmd": Format.MERMAID,
    ".mermaid": Format.MERMAID,
    ".json": Format.JSON,
}


def format_of(path: str | None) -> Format:
    """The format by the suffix of a file; SVG without a known suffix."""
    return Format.SVG if path is None else _BY_SUFFIX.get(Path(path).suffix.lower(), Format.SVG)


class Drawn(NamedTuple):
    """A map that is drawn."""

    text: str
    warnings: tuple[str, ...]
    """Of each host that was not reached, a sentence."""


def of_hosts(uris: Sequence[str], terminal: Terminal) -> Map:
    """The map of hosts, in the order of their URIs. Raises nothing that a host could cause."""
    from virtnet.commands.hosts import each_host
    from virtnet.commands.progress import progress

    if len(uris) > 1:
        return Map(hosts=tuple(map(_host, each_host(uris, _looked, terminal))))
    with progress(1, terminal) as advance:
        advance(uris[0])
        return Map(hosts=tuple(map(_host, each_host(uris, _looked, terminal))))


def _looked(uri: str) -> "Looked":
    from virtnet.commands.map.look import look
    from virtnet.connect import Hosts
    from virtnet.functions.answers import Asked

    hosts = Hosts()
    return look(Asked(hosts.connections.to, hosts), uri)


def _host(one: "Answered[Looked]") -> Host:
    from virtnet.commands.map.of_host import host_of

    if one.answer is not None:
        return host_of(one.answer)
    why = str(one.error)
    return Host(uri=one.uri, unreachable=why, host_seen=False, troubles=(Trouble(said=why),))


def of_state(file: str) -> Map:
    """The map of what `pulumi stack export` printed, by its path, or "-" for standard input.

    Raises InvalidInputs if it can't be read, or is something else.
    """
    from virtnet.commands.map.of_state import read

    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        text = data.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputs(messages.file_not_read(file, _why(error))) from error
    return read(text)


def draw(look: Callable[[], Map], wanted: Format) -> Drawn:
    """What `look` returns in a format.

    Raises Refused, before it looks, where a picture is wanted and its layout is not installed.
    """
    text_of = _drawing(wanted)
    drawn = look()
    unreached = (host for host in drawn.hosts if host.unreachable)
    warnings = tuple(messages.not_reached(host.uri, host.unreachable) for host in unreached)
    return Drawn(text_of(drawn), warnings)


def _drawing(wanted: Format) -> Callable[[Map], str]:
    if wanted is Format.JSON:
        from virtnet.commands.map.output import as_json

        return as_json
    if wanted is Format.MERMAID:
        from virtnet.commands.map.mermaid import diagram

        return diagram
    from virtnet.commands.map.picture.boxes import boxes
    from virtnet.commands.map.picture.layout import by_dagre, picture
    from virtnet.commands.map.picture.page import as_page
    from virtnet.commands.map.picture.svg import as_svg

    lay_out, shown = by_dagre(), as_svg if wanted is Format.SVG else as_page
    return lambda drawn: shown(picture(boxes(drawn), lay_out), messages.title(drawn), messages.summary(drawn))


def write(text: str, file: str) -> None:
    """Into a file. Raises InvalidInputs if that can't be written."""
    try:
        Path(file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise InvalidInputs(messages.file_not_written(file, _why(error))) from error


def _why(error: OSError | UnicodeDecodeError) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)
