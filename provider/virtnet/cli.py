"""The `virtnet` command line: reads arguments, calls one function, prints one sentence for an error.

Each subcommand is a parser in _build_parser with a `run` function; what they do is in modules of their own.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from virtnet.commands import sandbox
from virtnet.errors import VirtnetError
from virtnet.spec.text import escape_controls

_SANDBOX_DESCRIPTION = """\
Run CMD with a libvirt of its own, in namespaces of its own. Bridges, firewall rules, dnsmasq and everything
that is written to /run, /etc/libvirt, /etc/sysctl.d and libvirt's directories in /var exist only in there, and
only until CMD ends. Files elsewhere are the caller's own. Works as root and, with subordinate ids (man 5
subuid), as any user, who is then root inside."""

_SANDBOX_EPILOG = """\
Exit codes: CMD's own, or 128+n when signal n ended it; 2 when virtnet was called wrongly, 125 when the
sandbox could not be made, 126 when CMD can't be run, 127 when it was not found. CMD finds VIRTNET_SANDBOX=1 in
its environment. VIRTNET_SANDBOX_LIBVIRT chooses the daemons: libvirtd, modular (virtnetworkd and virtqemud) or
modular-virtproxyd; left out, it is libvirtd where that is installed.

Example: virtnet sandbox -- bash -c 'virsh net-define net.xml && virsh net-start lab && virtnet doctor'"""

_COMMON_EXIT_CODES = "Exit codes: 0 when it is done, 1 when it failed, 2 when virtnet was called wrongly."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one `virtnet` command and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    ours, command = _split(given)
    parser = _build_parser()
    options = parser.parse_args(ours)
    options.command = command
    try:
        return int(options.run(options))
    except VirtnetError as error:
        print(escape_controls(f"virtnet: {error}"), file=sys.stderr)
        return int(options.failed)


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Separate virtnet's own arguments from the command behind the first `--`, which argparse never sees."""
    if "--" not in arguments:
        return arguments, []
    position = arguments.index("--")
    return arguments[:position], arguments[position + 1 :]


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="virtnet", description="Tools for libvirt networks managed with Pulumi.")
    parser.add_argument("--version", action=_PrintVersion, nargs=0, help="print the version and exit")
    parser.set_defaults(failed=1)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_sandbox(commands)
    _add_import(commands)
    _add_list(commands)
    _add_guests(commands)
    _add_leases(commands)
    _add_doctor(commands)
    _add_review(commands)
    return parser


def _add_sandbox(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "sandbox",
        help="run a command with a disposable libvirtd",
        usage="virtnet sandbox [-h] -- CMD [ARGUMENT ...]",
        description=_SANDBOX_DESCRIPTION,
        epilog=_SANDBOX_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=_run_sandbox, failed=sandbox.SANDBOX_FAILED, parser=parser)


def _run_sandbox(options: argparse.Namespace) -> int:
    if not options.command:
        options.parser.error("name the command to run after `--`, such as `virtnet sandbox -- bash`")
    return sandbox.run(options.command)


def _add_import(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "import",
        help="print the Python program for networks, or port forwards, that exist",
        description="Print a Pulumi program that takes over (adopt) networks of libvirt, or port forwards, as they "
        "are: `pulumi up` of it changes nothing on the host but whose they are. This command changes nothing either. "
        "With --json, print the inputs of each instead, and what a program can't have of it.",
        epilog=f"{_COMMON_EXIT_CODES}\n\nExample: virtnet import default lab > __main__.py",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("names", metavar="NAME", nargs="*", default=[], help="a network's name or UUID")
    which.add_argument("--all", action="store_true", help="all networks of the host")
    which.add_argument("--port-forwards", action="store_true", help="all port forwards of the host instead")
    _add_uri(parser)
    _add_json(parser, "Python")
    parser.set_defaults(run=_run_import)


def _add_uri(parser: argparse.ArgumentParser) -> None:
    help_text = "connection URI; LIBVIRT_DEFAULT_URI or qemu:///system without it"
    parser.add_argument("--uri", metavar="URI", default=None, help=help_text)


def _add_json(parser: "argparse._ActionsContainer", instead_of: str = "a table") -> None:
    parser.add_argument("--json", action="store_true", help=f"print JSON instead of {instead_of}")


def _run_import(options: argparse.Namespace) -> int:
    from virtnet.libvirtd.connection import Connection
    from virtnet.libvirtd.lookup import lookup
    from virtnet.network.observed import reported
    from virtnet.network.program import as_json, of_others, program

    uri, names_uri = _uri_of(options), options.uri is not None
    if options.port_forwards:
        return _import_port_forwards(uri, names_uri=names_uri, json=options.json)
    connection = Connection(uri)
    found = connection.networks() if options.all else [lookup(connection, name) for name in options.names]
    reports = [reported(one) for one in found]
    shown = as_json if options.json else program
    sys.stdout.write(shown(of_others(reports) if options.all else reports, uri, names_uri=names_uri))
    return 0


def _import_port_forwards(uri: str, *, names_uri: bool, json: bool) -> int:
    from virtnet.connect import connect
    from virtnet.errors import VirtnetError
    from virtnet.libvirtd.connection import Connections
    from virtnet.planning.findings import in_words
    from virtnet.port_forward.messages import messages
    from virtnet.port_forward.observe.survey import survey
    from virtnet.port_forward.program import as_json, program
    from virtnet.port_forward.steps import host_of

    try:
        records = survey(host_of(connect(uri, Connections()))).records
    except VirtnetError as error:
        raise in_words(messages(), error) if error.kind is not None else error from None
    sys.stdout.write((as_json if json else program)(records, uri, names_uri=names_uri))
    return 0


def _uri_of(options: argparse.Namespace) -> str:
    from virtnet.planning.engine_session import DEFAULT_URI

    return options.uri or os.environ.get("LIBVIRT_DEFAULT_URI") or DEFAULT_URI


def _add_list(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "list",
        help="list the networks of a host",
        description="List the networks that libvirt knows on a host: mode, addresses, bridge and state.",
        epilog=f"{_COMMON_EXIT_CODES}\n\nExample: virtnet list --uri qemu+ssh://root@kvm7/system",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_uri(parser)
    _add_json(parser)
    parser.set_defaults(run=_run_listing, kind="networks", names=[])


def _add_guests(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "guests",
        help="list who is attached to networks",
        description="List the running guests, and other interfaces of the host, that are attached to networks: whom a "
        "delete would disconnect.",
        epilog=f"{_COMMON_EXIT_CODES}\n\nExample: virtnet guests lab",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_names(parser)
    parser.set_defaults(run=_run_listing, kind="guests")


def _add_leases(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "leases",
        help="list the DHCP leases of networks",
        description="List the addresses that the DHCP servers of networks gave to clients, and until when.",
        epilog=f"{_COMMON_EXIT_CODES}\n\nExample: virtnet leases lab --json",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_names(parser)
    parser.set_defaults(run=_run_listing, kind="leases")


def _add_names(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "names", metavar="NAME", nargs="*", default=[], help="a network's name; all of them without one"
    )
    _add_uri(parser)
    _add_json(parser)


def _run_listing(options: argparse.Namespace) -> int:
    from virtnet.commands.listing import ask
    from virtnet.commands.listing.output import as_json, table
    from virtnet.connect import Hosts
    from virtnet.functions.answers import Asked

    uri, hosts = _uri_of(options), Hosts()
    asked = Asked(hosts.connections.to, hosts)
    entries = {
        "networks": lambda: ask.networks(asked, uri),
        "guests": lambda: ask.guests(asked, uri, options.names),
        "leases": lambda: ask.leases(asked, uri, options.names),
    }[options.kind]()
    if options.json:
        sys.stdout.write(as_json(options.kind, entries, uri))
    else:
        sys.stdout.write(escape_controls(table(options.kind, entries, uri)))
    return 0


def _add_doctor(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "doctor",
        help="check a host: libvirt, firewall, IP forwarding, networks and leftovers",
        description="Look at a host and print what is wrong with it, each with its fix. Changes nothing.",
        epilog="Exit codes: 0 when no problem was found, 1 when there is one, 2 when virtnet was called wrongly.\n\n"
        "Example: virtnet doctor --uri qemu+ssh://root@kvm7/system",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_uri(parser)
    _add_json(parser)
    parser.set_defaults(run=_run_doctor)


def _run_doctor(options: argparse.Namespace) -> int:
    import shutil

    from virtnet.commands.doctor.diagnose import diagnose
    from virtnet.commands.doctor.finding import Level
    from virtnet.commands.doctor.output import as_json, table
    from virtnet.connect import connect
    from virtnet.libvirtd.connection import Connections

    uri = _uri_of(options)
    findings = diagnose(connect(uri, Connections()))
    width = shutil.get_terminal_size((100, 24)).columns
    sys.stdout.write(as_json(findings, uri) if options.json else escape_controls(table(findings, uri, width)))
    return 1 if any(finding.level is Level.PROBLEM for finding in findings) else 0


_REVIEW_DESCRIPTION = """\
Print what a preview comes to as one comment in Markdown, for a pull request or a merge request: a line for each
network, IP forwarding and port forward, who notices and for how long, what opens to whom, and what to ask before it is
approved. Asks no host. The preview runs with VIRTNET_REVIEW=1 in its environment, so that it tells virtnet's plans as
values:

    VIRTNET_REVIEW=1 pulumi preview --refresh --json > preview.json"""

_REVIEW_EPILOG = """\
Exit codes: 0 when the check passes; 1 when the file can't be read, or is no preview; 2 when virtnet was called wrongly;
3 when something costs more than --at-most allows, or its cost is not known; 4 when something would be refused, or the
preview failed. The comment, or the JSON, is printed with 0, 3 and 4.

Example: virtnet review preview.json --at-most live --commit "$(git rev-parse --short HEAD)" > comment.md"""


def _add_review(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "review",
        help="print what pulumi preview --json found as a comment for a pull request",
        description=_REVIEW_DESCRIPTION,
        epilog=_REVIEW_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "file", metavar="FILE", nargs="?", default="-", help="what Pulumi printed; standard input without it"
    )
    classes = ("recorded", "live", "restart", "replace", "delete")
    parser.add_argument(
        "--at-most",
        metavar="CLASS",
        choices=classes,
        help=f"fail where a change costs more than this: {', '.join(classes)}, in this order. New is live",
    )
    parser.add_argument("--commit", metavar="TEXT", default="", help="the commit, for the heading")
    printed = parser.add_mutually_exclusive_group()
    _add_json(printed, "a comment, of which nothing is left out")
    printed.add_argument(
        "--limit",
        metavar="CHARACTERS",
        type=int,
        default=None,
        help="how long the comment may be: 65000 without it, as GitHub takes 65536; 0 for no limit",
    )
    parser.set_defaults(run=_run_review, parser=parser)


def _run_review(options: argparse.Namespace) -> int:
    from virtnet.commands.review.comment import SHORTEST
    from virtnet.commands.review.run import run

    if options.limit is not None and options.limit != 0 and options.limit < SHORTEST:
        options.parser.error(f"--limit is {SHORTEST} at least, or 0 for none")
    printed, code = run(
        options.file, at_most=options.at_most, commit=options.commit, limit=options.limit, json=options.json
    )
    sys.stdout.write(printed)
    return code


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
