"""`virtnet doctor` as a subcommand."""

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from virtnet.commands.declaration import Command, add_json, add_uris, uris_of
from virtnet.commands.terminal import Terminal, complain

if TYPE_CHECKING:
    from virtnet.commands.doctor.finding import Finding


def _add(parser: argparse.ArgumentParser) -> None:
    add_uris(parser)
    add_json(parser)


def _run(options: argparse.Namespace, terminal: Terminal) -> int:
    from virtnet.commands.doctor.finding import Level
    from virtnet.commands.doctor.output import as_json, json_of_hosts, table
    from virtnet.commands.hosts import each_host
    from virtnet.commands.progress import progress

    uris = uris_of(options)
    if len(uris) == 1:
        with progress(1, terminal) as advance:
            advance(uris[0])
            findings = _findings(uris[0])
        sys.stdout.write(as_json(findings, uris[0]) if options.json else table(findings, uris[0], terminal))
        return int(any(finding.level is Level.PROBLEM for finding in findings))
    answered = each_host(uris, _findings, terminal)
    found = {one.uri: one.answer for one in answered if one.answer is not None}
    failed = {one.uri: one.error for one in answered if one.error is not None}
    tables = "\n".join(table(findings, uri, terminal) for uri, findings in found.items())
    sys.stdout.write(json_of_hosts(answered) if options.json else tables)
    for uri, error in failed.items():
        complain(f"{uri}: {error}")
    problems = any(finding.level is Level.PROBLEM for findings in found.values() for finding in findings)
    return int(problems or bool(failed))


def _findings(uri: str) -> "Sequence[Finding]":
    from virtnet.commands.doctor.diagnose import diagnose
    from virtnet.connect import connect
    from virtnet.libvirtd.connection import Connections

    return diagnose(connect(uri, Connections()))


DOCTOR = Command(
    name="doctor",
    help="check hosts: libvirt, firewall, IP forwarding, networks and leftovers",
    description="Look at a host and print what is wrong with it, each problem with its fix. Changes nothing.",
    example="virtnet doctor --uri qemu+ssh://root@alpha/system",
    add=_add,
    run=_run,
    ends="0 when no host has a problem, 1 when one has a problem or can't be asked, 2 when virtnet was called wrongly.",
)
