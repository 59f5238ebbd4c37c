"""`virtnet import` as a subcommand."""

import argparse
import sys

from virtnet.commands.declaration import Command, add_json, add_uri, completed_by, networks_of_local_host, uri_of
from virtnet.commands.terminal import Terminal, complain

_DESCRIPTION = """\
Print a Pulumi program that takes over (adopts) what is on a host, as it is: networks, with --all also the IP \
forwarding and the port forwards that virtnet manages there. `pulumi up` of that program changes nothing on the host \
but who owns it. This command changes nothing either. With --json, print the inputs of each resource instead, and what \
a program can't have of it."""


def _add(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group(required=True)
    names = which.add_argument("names", metavar="NAME", nargs="*", default=[], help="a network's name or UUID")
    completed_by(names, networks_of_local_host)
    which.add_argument("--all", action="store_true", help="the whole host: IP forwarding, networks and port forwards")
    which.add_argument("--port-forwards", action="store_true", help="all port forwards of the host and nothing else")
    add_uri(parser)
    add_json(parser, "Python")


def _run(options: argparse.Namespace, terminal: Terminal) -> int:
    from virtnet.commands.progress import progress

    uri = uri_of(options)
    with progress(1, terminal) as advance:
        advance(uri)
        printed, not_read = _printed(options, uri)
    sys.stdout.write(printed)
    for reason in not_read:
        complain(reason)
    return 0


def _printed(options: argparse.Namespace, uri: str) -> tuple[str, tuple[str, ...]]:
    """The program, or its JSON, and why parts are not in it."""
    from virtnet.commands.importing import program, read
    from virtnet.libvirtd.connection import Connection
    from virtnet.libvirtd.lookup import lookup
    from virtnet.network import program as network_program
    from virtnet.network.observed import reported
    from virtnet.port_forward import program as port_forward_program

    names_uri = options.uri is not None
    if options.all:
        whole = read.whole_host(uri)
        shown = program.as_json if options.json else program.program
        return shown(whole, names_uri=names_uri), tuple(whole.not_read)
    if options.port_forwards:
        records = read.port_forwards(uri).records
        of_forwards = port_forward_program.as_json if options.json else port_forward_program.program
        return of_forwards(records, uri, names_uri=names_uri), ()
    connection = Connection(uri)
    reports = [reported(lookup(connection, name)) for name in options.names]
    of_networks = network_program.as_json if options.json else network_program.program
    return of_networks(reports, uri, names_uri=names_uri), ()


IMPORT = Command(
    name="import",
    help="print the Python program for what exists on a host",
    description=_DESCRIPTION,
    example="virtnet import --all > __main__.py",
    add=_add,
    run=_run,
    notes="With --all, standard error and a comment of the program name what this user or this URI can't read.",
)
