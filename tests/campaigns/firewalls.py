"""Firewalls of others beside networks of each mode: what virtnet says of the packets, and what becomes of them.

Real packets of a guest are the witness: a TCP connection to the outside, from there and from a neighbour, a question to
DNS, a lease. What virtnet says is judged by them, and once more after the commands that it names were run.

    virtnet sandbox -- python -m tests.campaigns.firewalls FIREWALL    one firewall; prints its cells as JSON
    python -m tests.campaigns.firewalls --all >FILE                    all of them, each in a sandbox
    python -m tests.campaigns.firewalls --table FILE…                  the table of docs/firewalls.md, of such files

Ends with 1 where virtnet and the packets disagree.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.hosts.daemons import WRITES_NFTABLES, daemon_version
from tests.hosts.firewalled import FIREWALLS, make_uplink, network_for, witness
from tests.hosts.sandboxed import LIST_NFT, STAND_IN_FOR_TC, Host

from virtnet.connect import connect
from virtnet.host.firewall.verdicts import Fate
from virtnet.libvirtd.connection import Connections
from virtnet.network.messages.firewall import allowing
from virtnet.network.observe.firewall.paths import FoundPath, dropped_by_others, dropped_details, paths
from virtnet.network.observe.firewall.whole import surroundings, whole_firewall, zones
from virtnet.network.plan.kinds import NoteKind
from virtnet.network.resource import NETWORK
from virtnet.network.xml.definition import definition
from virtnet.planning import lifecycle
from virtnet.planning.clients.clients import Clients
from virtnet.planning.clients.host import HostReader
from virtnet.planning.findings import Note

MODES = ("nat", "route", "open", "none")
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "firewalls.md"
BEGIN, END = "<!-- cells -->\n", "<!-- end of cells -->\n"
#: What the packets of a path are called in the table.
WAYS = {"outside": "out", "inside": "in", "between": "neighbors", "dns": "DNS", "dhcp": "DHCP"}


def quiet(_: str) -> None:
    """Shows nothing."""


def found_paths(host: HostReader, xml: str) -> tuple[FoundPath, ...]:
    """What virtnet says of the network that runs."""
    return paths(definition(xml), whole_firewall(host), surroundings(host))


def commands(host: HostReader, xml: str, found: Sequence[FoundPath]) -> list[str]:
    """Those that virtnet names for what others drop."""
    told: Any = dropped_details(definition(xml), found, zones(host, found))
    by_program: dict[Any, list[Any]] = {}
    for path, one in zip(found, told["dropped"], strict=True):
        by_program.setdefault(path.programs[0], []).append(one)
    return [
        command
        for program, ways in by_program.items()
        for command in allowing(program, told["bridge"], told["zone"], ways)
    ]


def cells(firewall: str, host: Host, clients: Clients) -> Iterator[dict[str, Any]]:
    """A cell for each mode beside one firewall."""
    connect_all: lifecycle.Connect = lambda _: clients  # noqa: E731 - the type is the point
    reader = clients.host
    assert reader is not None
    version = ".".join(map(str, daemon_version(host)))
    for number, mode in enumerate(MODES, 1):
        named = {"name": f"w{number}", "uri": "qemu:///system", "__owner": "p/s/w", **network_for(mode, number)}
        desired, failures = NETWORK.check(named, {})
        assert not failures, failures
        preview = lifecycle.preview(NETWORK, None, desired, connect_all)
        recorded = lifecycle.create(NETWORK, desired, connect_all, quiet)
        xml = clients.libvirt.networks()
        live = next(one.live_xml for one in xml if one.name == f"w{number}") or ""
        bridge = f"vn-w{number}"
        with witness(host, f"g{number}", bridge, number) as guest:
            found = found_paths(reader, live)
            passed = {way(path): guest.passes(path.path.value, path.version) for path in found}
            told = commands(reader, live, dropped_by_others(found)) if dropped_by_others(found) else []
            for command in told:
                host.sh(command)
            after = found_paths(reader, live) if told else found
            then = {way(path): guest.passes(path.path.value, path.version) for path in after} if told else passed
        lifecycle.delete(NETWORK, recorded, connect_all, quiet)
        yield {
            "libvirt": version,
            "backend": backend(host),
            "firewall": firewall,
            "mode": "isolated" if mode == "none" else mode,
            "foreseen": foreseen(preview.notes),
            "said": {way(path): path.fate.name for path in found},
            "passed": passed,
            "commands": told,
            "said then": {way(path): path.fate.name for path in after},
            "passed then": then,
        }


def foreseen(notes: Sequence[Note]) -> list[str]:
    """The ways that a preview's notes tell of."""
    problems: list[Any] = [note.details["problem"] for note in notes if note.kind is NoteKind.STANDING_PROBLEM]
    told = [one for problem in problems for one in problem["details"]["dropped"]]
    return [f"{one['path']}{'' if one['version'] == '4' else one['version']}" for one in told]


def way(path: FoundPath) -> str:
    """A path's name in a cell."""
    return f"{path.path.value}{'' if path.version == 4 else path.version}"


def backend(host: Host) -> str:
    """With what libvirt writes its rules there."""
    return "nftables" if "libvirt_network" in host.sh(LIST_NFT) else "iptables"


def disagreements(cell: Mapping[str, Any]) -> list[str]:
    """Where virtnet and the packets disagree, or the commands do not help."""
    wrong = []
    for said, passed in (("said", "passed"), ("said then", "passed then")):
        for name, fate in cell[said].items():
            if fate == Fate.UNKNOWN.name or (fate == Fate.ACCEPTED.name) != cell[passed][name]:
                wrong.append(f"{name}: {said} {fate}, {passed} {cell[passed][name]}")
    dropped = [name for name, fate in cell["said"].items() if fate == Fate.DROPPED.name]
    # Before a libvirt with a choice has written any rules nothing tells with what it will, and a preview says what is
    # sure in any case. The first network of a host is the one of the first mode.
    has_choice = tuple(map(int, cell["libvirt"].split("."))) >= WRITES_NFTABLES
    expected = ([], dropped) if cell["mode"] == MODES[0] and has_choice else (dropped,)
    wrong += [] if cell["foreseen"] in expected else [f"foreseen {cell['foreseen']}, said then {dropped}"]
    wrong += [f"{name}: still dropped after {cell['commands']}" for name, ok in cell["passed then"].items() if not ok]
    return wrong


def inside(firewall: str) -> int:
    """The cells of one firewall, in this sandbox."""
    with tempfile.TemporaryDirectory() as directory:
        host = Host(0, Path(directory))
        host.sh(STAND_IN_FOR_TC)
        make_uplink(host)
        FIREWALLS[firewall](host)
        clients = connect("qemu:///system", Connections())
        for cell in cells(firewall, host, clients):
            print(json.dumps(cell), flush=True)
    return 0


def everywhere() -> int:
    """The cells of all firewalls, each in a sandbox of its own."""
    wrong = 0
    for firewall in FIREWALLS:
        command = ["virtnet", "sandbox", "--", sys.executable, "-m", "tests.campaigns.firewalls", firewall]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        print(done.stdout, end="", flush=True)
        found = [json.loads(line) for line in done.stdout.splitlines()]
        for cell in found:
            for one in disagreements(cell):
                wrong += 1
                print(f"{firewall}, {cell['mode']}: {one}", file=sys.stderr)
        if len(found) != len(MODES):
            wrong += 1
            print(f"{firewall}: {len(found)} of {len(MODES)} modes", file=sys.stderr)
    return 1 if wrong else 0


def written(found: Sequence[Mapping[str, Any]]) -> str:
    """The cells as a table."""
    lines = [
        "| firewall | mode | libvirt | dropped | commands that accept the packets |",
        "| --- | --- | --- | --- | --- |",
    ]
    for cell in found:
        dropped = [_shown(name) for name, ok in cell["passed"].items() if not ok]
        told = "; ".join(f"`{command}`" for command in cell["commands"])
        where = f"{cell['libvirt']}, {cell['backend']}"
        lines.append(f"| {cell['firewall']} | {cell['mode']} | {where} | {', '.join(dropped) or '-'} | {told or '-'} |")
    return "".join(f"{line}\n" for line in lines)


def _shown(name: str) -> str:
    plain = name.removesuffix("6")
    return f"{WAYS[plain]} (IPv6)" if name != plain else WAYS[plain]


def write_table(files: Sequence[str]) -> int:
    """The table into the document."""
    found = [json.loads(line) for file in files for line in Path(file).read_text().splitlines()]
    order = {name: place for place, name in enumerate(FIREWALLS)}
    found.sort(key=lambda cell: (order[cell["firewall"]], cell["backend"]))
    text = DOCUMENT.read_text()
    DOCUMENT.write_text(re.sub(f"{BEGIN}.*{END}", lambda _: f"{BEGIN}{written(found)}{END}", text, flags=re.DOTALL))
    wrong = [one for cell in found for one in disagreements(cell)]
    print(f"{len(found)} cells, {sum(len(cell['said']) for cell in found)} paths, {len(wrong)} disagreements")
    return 1 if wrong else 0


def main() -> int:
    """Run what is asked for."""
    if sys.argv[1] == "--all":
        return everywhere()
    return write_table(sys.argv[2:]) if sys.argv[1] == "--table" else inside(sys.argv[1])


if __name__ == "__main__":
    sys.exit(main())
