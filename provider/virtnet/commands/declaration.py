"""What every subcommand of `virtnet` is declared with, so that all of them take, print and end alike."""

import argparse
import os
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from virtnet.commands.terminal import Terminal
from virtnet.errors import VirtnetError

USUAL_ENDS = "0 when it is done, 1 when it failed, 2 when virtnet was called wrongly."


def _no_arguments(_parser: argparse.ArgumentParser) -> None:
    """A command that takes none."""


class Command(NamedTuple):
    """A subcommand."""

    name: str
    help: str
    """One line, for the list of commands."""
    description: str
    """Paragraphs for its own help. An indented one is a command line and stays as it is."""
    example: str
    """A command line that works."""
    run: Callable[[argparse.Namespace, Terminal], int]
    """Does it and returns the exit code. Raises VirtnetError if it can't."""
    add: Callable[[argparse.ArgumentParser], None] = _no_arguments
    """Adds its arguments to a parser."""
    ends: str = USUAL_ENDS
    """Exit codes and what they mean."""
    notes: str = ""
    """Further paragraphs, behind the exit codes."""
    usage: str | None = None
    """Instead of what argparse makes of the arguments."""
    failed: int = 1
    """The exit code behind a VirtnetError."""


def add_uri(parser: argparse.ArgumentParser) -> None:
    """`--uri`, of the one host that a command is about; see uri_of."""
    _uri(parser, action="store", help="the host's connection URI (default: LIBVIRT_DEFAULT_URI, or qemu:///system)")


def add_uris(parser: "argparse._ActionsContainer") -> None:
    """`--uri`, which may be given for several hosts; see uris_of."""
    _uri(
        parser,
        action="append",
        help="a host's connection URI, once for each host (default: LIBVIRT_DEFAULT_URI, or qemu:///system)",
    )


def _uri(parser: "argparse._ActionsContainer", **options: Any) -> None:
    action = parser.add_argument("--uri", metavar="URI", default=None, **options)
    completed_by(action, known_uris)


def add_json(parser: "argparse._ActionsContainer", instead_of: str = "a table") -> None:
    """`--json`, as `options.json`."""
    parser.add_argument("--json", action="store_true", help=f"print JSON instead of {instead_of}")


def uri_of(options: argparse.Namespace) -> str:
    """The host that a command is about."""
    from virtnet.planning.engine_session import DEFAULT_URI

    return options.uri or os.environ.get("LIBVIRT_DEFAULT_URI") or DEFAULT_URI


def uris_of(options: argparse.Namespace) -> Sequence[str]:
    """The hosts that a command is about, each once, in the order given."""
    from virtnet.planning.engine_session import DEFAULT_URI

    return list(dict.fromkeys(options.uri or [os.environ.get("LIBVIRT_DEFAULT_URI") or DEFAULT_URI]))


def completed_by(action: argparse.Action, completer: Callable[..., Sequence[str]]) -> None:
    """Have a shell complete an argument with what a function returns: it gets prefix, action, parser, parsed_args."""
    action.completer = completer  # type: ignore[attr-defined]  # where argcomplete looks for it


def known_uris(**_given: object) -> Sequence[str]:
    """What a shell offers for `--uri`."""
    return [*filter(None, [os.environ.get("LIBVIRT_DEFAULT_URI")]), "qemu:///system", "qemu+ssh://"]


def networks_of_local_host(parsed_args: argparse.Namespace, **_given: object) -> Sequence[str]:
    """What a shell offers for a network's name: those of local hosts, as Tab must not wait for ssh."""
    from contextlib import suppress

    from virtnet.libvirtd.connection import Connection
    from virtnet.transport.uri import is_local

    uri = parsed_args.uri
    names: list[str] = []
    for one in uris_of(argparse.Namespace(uri=[uri] if isinstance(uri, str) else uri)):
        with suppress(VirtnetError):
            names += [report.name for report in Connection(one).networks()] if is_local(one) else []
    return names
