"""`virtnet review` as a subcommand."""

import argparse
import sys

from virtnet.commands.declaration import Command, add_json
from virtnet.commands.terminal import Terminal

CLASSES = ("recorded", "live", "restart", "replace", "delete")

_DESCRIPTION = """\
Print what a preview comes to as one comment in Markdown, for a pull request or a merge request: a line for each \
network, IP forwarding and port forward, who notices and for how long, what opens to whom, and what to ask before \
it is approved. Asks no host. The preview runs with VIRTNET_REVIEW=1 in its environment, so that it tells virtnet's \
plans as values:

    VIRTNET_REVIEW=1 pulumi preview --refresh --json > preview.json"""

_ENDS = """\
0 when the check passes; 1 when the file can't be read, or is no preview; 2 when virtnet was called wrongly; 3 when \
something costs more than --at-most allows, or its cost is not known; 4 when something would be refused, or the \
preview failed. The comment, or the JSON, is printed with 0, 3 and 4."""


def _add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", metavar="FILE", nargs="?", default="-", help="what Pulumi printed; standard input without it"
    )
    parser.add_argument(
        "--at-most",
        metavar="CLASS",
        choices=CLASSES,
        help=f"fail where a change costs more than this: {', '.join(CLASSES)}, in this order. New is live",
    )
    parser.add_argument("--commit", metavar="TEXT", default="", help="the commit, for the heading")
    printed = parser.add_mutually_exclusive_group()
    add_json(printed, "a comment, of which nothing is left out")
    printed.add_argument(
        "--limit",
        metavar="CHARACTERS",
        type=int,
        default=None,
        help="how long the comment may be: 65000 without it, as GitHub takes 65536; 0 for no limit",
    )
    parser.set_defaults(parser=parser)


def _run(options: argparse.Namespace, _terminal: Terminal) -> int:
    from virtnet.commands.review.comment import SHORTEST
    from virtnet.commands.review.run import run

    if options.limit is not None and options.limit != 0 and options.limit < SHORTEST:
        options.parser.error(f"--limit is {SHORTEST} at least, or 0 for none")
    printed, code = run(
        options.file, at_most=options.at_most, commit=options.commit, limit=options.limit, json=options.json
    )
    sys.stdout.write(printed)
    return code


REVIEW = Command(
    name="review",
    help="print what pulumi preview --json found as a comment for a pull request",
    description=_DESCRIPTION,
    example='virtnet review preview.json --at-most live --commit "$(git rev-parse --short HEAD)" > comment.md',
    add=_add,
    run=_run,
    ends=_ENDS,
)
