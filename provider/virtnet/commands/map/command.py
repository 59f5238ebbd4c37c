"""`virtnet map` as a subcommand."""

import argparse
import sys

from virtnet.commands.declaration import Command, add_json, add_uris, uris_of
from virtnet.commands.terminal import Terminal, complain


def _add(parser: argparse.ArgumentParser) -> None:
    of_what = parser.add_mutually_exclusive_group()
    add_uris(of_what)
    of_what.add_argument(
        "--state", metavar="FILE", help="draw what pulumi stack export printed instead of hosts; - for standard input"
    )
    formats = parser.add_mutually_exclusive_group()
    formats.add_argument(
        "--format",
        choices=("svg", "html", "mermaid", "json"),
        help="what to draw (default: what the name of the output file ends with, or svg)",
    )
    add_json(formats, "a picture, as --format json does")
    parser.add_argument("--output", metavar="FILE", help="write this file instead of standard output")
    parser.set_defaults(parser=parser)


def _run(options: argparse.Namespace, terminal: Terminal) -> int:
    from virtnet.commands.map import messages
    from virtnet.commands.map.model import Map
    from virtnet.commands.map.run import Format, draw, format_of, of_hosts, of_state, write

    named = "json" if options.json else options.format
    wanted = format_of(options.output) if named is None else Format(named)
    if wanted.is_picture and options.output is None and sys.stdout.isatty():
        options.parser.error(messages.ON_A_TERMINAL)

    def look() -> Map:
        return of_hosts(uris_of(options), terminal) if options.state is None else of_state(options.state)

    drawn = draw(look, wanted)
    if options.output is None:
        sys.stdout.write(drawn.text)
    else:
        write(drawn.text, options.output)
    for warning in drawn.warnings:
        complain(warning)
    return 1 if drawn.warnings else 0


MAP = Command(
    name="map",
    help="draw hosts: networks, guests, port forwards and problems",
    description="Draw hosts: their networks with subnets, bridges, guests, containers, leases, routes and port "
    "forwards, and in red what `virtnet doctor` calls a problem. Or draw what a stack records, and ask no host. "
    "Changes nothing.",
    example="virtnet map --uri qemu+ssh://root@alpha/system --uri qemu+ssh://root@beta/system --output map.html",
    add=_add,
    run=_run,
    ends="0 when the map is drawn, with or without problems; 1 when it isn't, or when a host on it can't be "
    "reached; 2 when virtnet was called wrongly.",
)
