"""`virtnet sandbox` as a subcommand."""

import argparse

from virtnet.commands.declaration import Command
from virtnet.commands.terminal import Terminal

FAILED = 125
"""The exit code when the sandbox itself failed; 126 and 127 say that CMD can't be run or was not found (env(1))."""

_DESCRIPTION = """\
Run CMD with a libvirt of its own, in namespaces of its own. Bridges, firewall rules, dnsmasq and everything that is \
written to /run, /etc/libvirt, /etc/sysctl.d and libvirt's directories in /var exist only in there, and only until CMD \
ends. Files elsewhere are the caller's own. Works as root and, with subordinate ids (man 5 subuid), as any user, who \
is then root inside."""

_ENDS = """\
CMD's own, or 128+n when signal n ended it; 2 when virtnet was called wrongly, 125 when the sandbox could not be made, \
126 when CMD can't be run, 127 when it was not found."""

_NOTES = """\
CMD finds VIRTNET_SANDBOX=1 in its environment. VIRTNET_SANDBOX_LIBVIRT chooses the daemons: libvirtd, modular \
(virtnetworkd and virtqemud) or modular-virtproxyd; left out, it is libvirtd where that is installed."""


def _add(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(parser=parser)


def _run(options: argparse.Namespace, _terminal: Terminal) -> int:
    from virtnet.commands.sandbox.launcher import run

    if not options.command:
        options.parser.error("name the command to run after `--`, such as `virtnet sandbox -- bash`")
    return run(options.command)


SANDBOX = Command(
    name="sandbox",
    help="run a command with a disposable libvirtd",
    description=_DESCRIPTION,
    example="virtnet sandbox -- bash -c 'virsh net-define net.xml && virsh net-start lab && virtnet doctor'",
    add=_add,
    run=_run,
    ends=_ENDS,
    notes=_NOTES,
    usage="virtnet sandbox [-h] -- CMD [ARGUMENT ...]",
    failed=FAILED,
)
