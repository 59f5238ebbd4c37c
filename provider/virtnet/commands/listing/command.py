"""`virtnet list`, `virtnet guests` and `virtnet leases` as subcommands."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from virtnet.commands.declaration import Command, add_json, add_uris, completed_by, networks_of_local_host, uris_of
from virtnet.commands.terminal import Terminal, complain

if TYPE_CHECKING:
    from virtnet.commands.listing.ask import Entries


def _add(parser: argparse.ArgumentParser) -> None:
    add_uris(parser)
    add_json(parser)


def _add_with_names(parser: argparse.ArgumentParser) -> None:
    named = parser.add_argument(
        "names", metavar="NAME", nargs="*", default=[], help="a network's name (default: all networks)"
    )
    completed_by(named, networks_of_local_host)
    _add(parser)


def _run(kind: str, options: argparse.Namespace, terminal: Terminal) -> int:
    from virtnet.commands.hosts import each_host
    from virtnet.commands.listing.output import as_json, json_of_hosts, table, table_of_hosts

    uris, names = uris_of(options), getattr(options, "names", [])
    if len(uris) == 1:
        entries = _asked(kind, names, terminal, uris[0])
        printed = as_json(kind, entries, uris[0]) if options.json else table(kind, entries, uris[0], terminal)
        sys.stdout.write(printed)
        return 0
    answered = each_host(uris, partial(_asked, kind, names, None), terminal)
    failed = {one.uri: one.error for one in answered if one.error is not None}
    sys.stdout.write(json_of_hosts(kind, answered) if options.json else table_of_hosts(kind, answered, terminal))
    for uri, error in failed.items():
        complain(f"{uri}: {error}")
    return 1 if failed else 0


def _asked(kind: str, names: Sequence[str], terminal: Terminal | None, uri: str) -> "Entries":
    """A host's answer; with a terminal, how far it is is shown there."""
    from virtnet.commands.listing import ask
    from virtnet.commands.progress import progress
    from virtnet.connect import Hosts
    from virtnet.functions.answers import Asked

    def track(those: Sequence[str]) -> Iterable[str]:
        if terminal is None:
            yield from those
            return
        with progress(len(those), terminal) as advance:
            for one in those:
                advance(one)
                yield one

    hosts = Hosts()
    asked = Asked(hosts.connections.to, hosts)
    if kind == "networks":
        return ask.networks(asked, uri)
    return (ask.guests if kind == "guests" else ask.leases)(asked, uri, names, track)


LIST = Command(
    name="list",
    help="list the networks of hosts",
    description="List the networks that libvirt knows on a host: mode, addresses, bridge and state.",
    example="virtnet list --uri qemu+ssh://root@alpha/system --uri qemu+ssh://root@beta/system",
    add=_add,
    run=partial(_run, "networks"),
)

GUESTS = Command(
    name="guests",
    help="list guests and interfaces that are attached to networks",
    description="List the running guests, and other interfaces of the host, that are attached to networks. Deleting a "
    "network would disconnect them.",
    example="virtnet guests lab",
    add=_add_with_names,
    run=partial(_run, "guests"),
)

LEASES = Command(
    name="leases",
    help="list the DHCP leases of networks",
    description="List the addresses that the DHCP servers of networks gave to clients, and when each lease expires.",
    example="virtnet leases lab --json",
    add=_add_with_names,
    run=partial(_run, "leases"),
)
