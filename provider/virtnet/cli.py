"""The `virtnet` command line: reads arguments, calls one function, prints one sentence for an error.

Each subcommand is a record (`commands.declaration.Command`) in its own package; COMMANDS lists them.
"""

import argparse
import shutil
import sys
import textwrap
from collections.abc import Sequence
from typing import NoReturn

from virtnet.commands.completion.command import COMPLETION, complete
from virtnet.commands.declaration import Command
from virtnet.commands.doctor.command import DOCTOR
from virtnet.commands.importing.command import IMPORT
from virtnet.commands.listing.command import GUESTS, LEASES, LIST
from virtnet.commands.map.command import MAP
from virtnet.commands.review.command import REVIEW
from virtnet.commands.sandbox.command import SANDBOX
from virtnet.commands.terminal import complain, terminal_of
from virtnet.errors import VirtnetError

COMMANDS: Sequence[Command] = (SANDBOX, IMPORT, LIST, GUESTS, LEASES, DOCTOR, MAP, REVIEW, COMPLETION)
"""In the order of the help."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one `virtnet` command and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    ours, command = _split(given)
    parser = build_parser()
    complete(parser)
    if not given:
        parser.print_help(sys.stderr)
        return 2
    options = parser.parse_args(ours)
    options.command = command
    try:
        return int(options.run(options, terminal_of(sys.stdout, sys.stderr)))
    except VirtnetError as error:
        complain(error)
        return int(options.failed)
    except BrokenPipeError:
        return _pipe_closed()
    except KeyboardInterrupt:
        return 130


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Separate virtnet's own arguments from the command behind the first `--`, which argparse never sees."""
    if "--" not in arguments:
        return arguments, []
    position = arguments.index("--")
    return arguments[:position], arguments[position + 1 :]


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="virtnet",
        description="Tools for libvirt networks managed with Pulumi.",
        epilog="`virtnet COMMAND --help` has the arguments and exit codes of a command, and an example.",
    )
    parser.add_argument("--version", action=_PrintVersion, nargs=0, help="print the version and exit")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        described = commands.add_parser(
            command.name,
            help=command.help,
            usage=command.usage,
            description=_filled(command.description),
            epilog=_filled(
                "\n\n".join(filter(None, [f"Exit codes: {command.ends}", command.notes, f"Example: {command.example}"]))
            ),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add(described)
        described.set_defaults(run=command.run, failed=command.failed)
    return parser


def _filled(text: str) -> str:
    """Paragraphs as wide as the terminal; an example, and what is indented, stays as it is."""
    width = max(min(shutil.get_terminal_size((100, 24)).columns - 2, 118), 40)
    return "\n\n".join(
        paragraph if paragraph.startswith((" ", "Example: ")) else textwrap.fill(paragraph, width)
        for paragraph in text.split("\n\n")
    )


def _pipe_closed() -> int:
    """End as programs do whose reader has gone, such as `head`: quietly, by the exit code of SIGPIPE."""
    # Python flushes standard output once more at the end, which would fail in the same way.
    sys.stdout = None
    return 141


class _PrintVersion(argparse.Action):
    """Looks the version up only when it is asked for: the look costs more than all of the rest."""

    def __call__(self, parser: argparse.ArgumentParser, *_rest: object) -> NoReturn:
        from importlib import metadata

        try:
            version = metadata.version("pulumi-virtnet")
        except metadata.PackageNotFoundError:
            version = "(not installed, run from its sources)"
        parser.exit(0, f"virtnet {version}\n")


if __name__ == "__main__":
    sys.exit(main())
