"""`virtnet completion` as a subcommand, and the answer to a shell that asks for completions.

argcomplete has the shells' side of it. A shell starts virtnet at each press of Tab, so a completion may ask a host.
"""

import argparse
import os
import sys

from virtnet.commands.declaration import Command
from virtnet.commands.terminal import Terminal

SHELLS = ("bash", "zsh", "fish")

_NOTES = """\
To have it in each new shell:

    bash  virtnet completion bash > ~/.local/share/bash-completion/completions/virtnet
    zsh   virtnet completion zsh > a file _virtnet in a folder of $fpath, such as /usr/local/share/zsh/site-functions
    fish  virtnet completion fish > ~/.config/fish/completions/virtnet.fish"""


def complete(parser: argparse.ArgumentParser) -> None:
    """Answer a shell that asks for completions, and end; without such a shell, do nothing.

    Nothing else of virtnet pays for the import.
    """
    if "_ARGCOMPLETE" in os.environ:
        import argcomplete

        argcomplete.autocomplete(parser, always_complete_options=False)


def _add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", metavar="SHELL", choices=SHELLS, help=f"one of {', '.join(SHELLS)}")


def _run(options: argparse.Namespace, _terminal: Terminal) -> int:
    from argcomplete.shell_integration import shellcode

    sys.stdout.write(shellcode(["virtnet"], shell=options.shell))
    return 0


COMPLETION = Command(
    name="completion",
    help="print the script that completes virtnet's commands in a shell",
    description="Print a script for bash, zsh or fish. With it, Tab completes commands, options, shells, URIs and the "
    "names of the networks of a local host.",
    example='eval "$(virtnet completion bash)"',
    add=_add,
    run=_run,
    notes=_NOTES,
)
