"""What virtnet costs beside its floors and its peer, in one run on one machine: `make bench`.

A floor is what nobody can go below. The engine's floor is a Pulumi program of the same size whose dynamic resources do
nothing; libvirt's floor is the same calls made by one process that does nothing else. The peer is the Terraform
provider for libvirt under OpenTofu. All take turns, and each figure is the median of its runs. Runs inside a sandbox;
nothing of the machine's own is touched. docs/performance.md says how it is measured.
"""

import argparse
import compileall
import json
import os
import platform
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

from tests.hosts.sandboxed import PREPARE_FIREWALL, Host

from bench import fleet, forwards, plugin, report, scale
from bench.compare import compare
from bench.outage import outages
from bench.picture import picture

REPOSITORY = Path(__file__).resolve().parents[1]
FIGURES, PICTURE = REPOSITORY / "docs" / "performance.json", REPOSITORY / "docs" / "performance.svg"
#: Where figures and picture go that are not published.
UNPUBLISHED = REPOSITORY / "build" / "performance.json"
#: Of the table in the README, and of the picture.
SHOWN = 100
ROUNDS = 3
PARTS = ("comparison", "outages", "plugin", "fleet", "port forwards", "scale")
IN_THE_README = (
    "networks",
    "what",
    "libvirt's floor, s",
    "engine's floor, s",
    "virtnet, s",
    "of the floors",
    "OpenTofu, s",
    "OpenTofu replaces",
    "virtnet, lost",
    "OpenTofu, lost",
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__.partition("\n")[0])
    parser.add_argument("--networks", type=int, nargs="*", help="sizes (1 10 100; with --full 1 10 100 500)")
    parser.add_argument("--forwards", type=int, nargs="*", help="numbers of port forwards (1 100 1000)")
    parser.add_argument("--hosts", type=int, nargs="*", help="numbers of simulated hosts (10 100 1000)")
    parser.add_argument("--rounds", type=int, help="whole lives of the networks of one size (3; 1 of more than 100)")
    parser.add_argument("--repeats", type=int, default=3, help="no-ops and edits in each of them")
    parser.add_argument("--full", action="store_true", help="500 networks too: half an hour more")
    parser.add_argument("--no-peers", action="store_true", help="leave OpenTofu out")
    parser.add_argument(
        "--only",
        nargs="*",
        choices=PARTS,
        help="these parts; none: what was measured before",
    )
    parser.add_argument(
        "--json",
        type=Path,
        help="write the figures here, and the picture beside them; those of other sizes there stay "
        "(build/performance.json; with --publish docs/performance.json)",
    )
    parser.add_argument("--publish", action="store_true", help="write figures, tables and picture into docs and README")
    given = parser.parse_args()
    if os.environ.get("VIRTNET_SANDBOX") != "1":
        sys.exit("this makes networks; run it in a sandbox, with: make bench")
    Host(0, REPOSITORY).sh(PREPARE_FIREWALL)
    target: Path = given.json or (FIGURES if given.publish else UNPUBLISHED)
    measured: dict[str, Any] = json.loads(target.read_text()) if target.exists() else {}
    # As an installation does it. Where writing bytecode is switched off, each start would compile everything anew.
    for package in ("provider", "sdk"):
        compileall.compile_dir(REPOSITORY / package, quiet=1)
    published_before: dict[str, Any] = json.loads(FIGURES.read_text())
    for part in _parts(given):
        print(part, flush=True)
        _measure(part, given, measured, target)
    print(f"\n{report.everything(measured, style='simple')}\n\nIn {target} and {target.with_suffix('.svg')}.")
    slower = report.slower(measured, published_before)
    print(
        "\nMore than a tenth slower than as published:" if slower else "\nNothing is a tenth slower than as published."
    )
    print("".join(f"  {line}\n" for line in slower), end="")
    if given.publish:
        for path, text in published(measured).items():
            path.write_text(text)


def _parts(given: argparse.Namespace) -> list[str]:
    return [*PARTS] if given.only is None else given.only


def _measure(part: str, given: argparse.Namespace, measured: dict[str, Any], target: Path) -> None:
    """Measure one part, and write down at once what was measured: a long run may be cut short."""
    rounds = given.rounds or ROUNDS
    if part == "comparison":
        peers = None if given.no_peers else Path(os.environ["VIRTNET_BENCH_PEERS"])
        for count in given.networks or ([1, 10, 100, 500] if given.full else [1, 10, 100]):
            print(f"{count} networks", flush=True)
            rounds = given.rounds or (1 if count > SHOWN else ROUNDS)
            begun = _begun(f"{count} networks", f"{rounds} of {given.repeats} repeats")
            rows = compare(count, rounds, given.repeats, peers)
            others = [row for row in measured.get("comparison", []) if row["networks"] != count]
            measured["comparison"] = sorted([*others, *rows], key=lambda row: int(str(row["networks"])))
            _write(measured, begun, target)
        return
    if part == "port forwards":
        for count in given.forwards or forwards.SIZES:
            begun = _begun(f"{count} port forwards", str(given.repeats))
            rows = forwards.lives(count, given.repeats)
            others = [row for row in measured.get("port_forwards", []) if row["port forwards"] != count]
            measured["port_forwards"] = sorted([*others, *rows], key=lambda row: int(str(row["port forwards"])))
            _write(measured, begun, target)
        begun = _begun("forwarded traffic", str(rounds))
        measured["forwarded_traffic"] = forwards.traffic(rounds)
        _write(measured, begun, target)
        return
    if part == "scale":
        for count in given.hosts or scale.SIZES:
            begun = _begun(f"{count} simulated hosts", "1")
            others = [row for row in measured.get("scale", []) if row["hosts"] != count]
            measured["scale"] = sorted([*others, *scale.measure([count])], key=lambda row: int(str(row["hosts"])))
            _write(measured, begun, target)
        return
    begun = _begun(part, str(rounds))
    if part == "outages":
        measured["outages"] = outages(rounds)
    elif part == "plugin":
        measured["plugin_start"] = plugin.start(rounds * 5)
        measured["plugin_no_op"] = plugin.no_op(min(100, max(given.networks or [100])), rounds * 2)
    else:
        measured["fleet"] = fleet.measure(rounds)
    _write(measured, begun, target)


def _begun(what: str, rounds: str) -> dict[str, str]:
    """When something was measured, and what else the machine did just before."""
    return {
        "what": what,
        "date": date.today().isoformat(),
        "rounds": rounds,
        "load average before": f"{os.getloadavg()[0]:.1f}",
    }


def _write(measured: dict[str, Any], begun: dict[str, str], target: Path) -> None:
    measured["machine"] = _machine()
    measured["when"] = [*(row for row in measured.get("when", []) if row["what"] != begun["what"]), begun]
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(measured, indent=2) + "\n")
    if measured.get("comparison"):
        target.with_suffix(".svg").write_text(_picture(measured["comparison"]))


def _machine() -> str:
    libvirt, pulumi = (
        subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
        for command in (("virsh", "--version"), ("pulumi", "version"))
    )
    return (
        f"{os.cpu_count()} cores, Linux {platform.release().partition('-')[0]}, Python {platform.python_version()}, "
        f"libvirt {libvirt}, Pulumi {pulumi}"
    )


def _picture(rows: list[dict[str, Any]]) -> str:
    return picture(rows, _shown_size(rows))


def _shown_size(rows: list[dict[str, Any]]) -> int:
    sizes = sorted({row["networks"] for row in rows})
    return SHOWN if SHOWN in sizes else sizes[-1]


def published(measured: dict[str, Any]) -> dict[Path, str]:
    """The documents with these figures; the same figures always give the same files."""
    rows = measured["comparison"]
    size = _shown_size(rows)
    shown = [{name: row[name] for name in IN_THE_README if name in row} for row in rows if row["networks"] == size]
    readme, performance = REPOSITORY / "README.md", REPOSITORY / "docs" / "performance.md"
    where, few = f"Measured on {measured['machine']}.", report.comparison(shown, style="github")
    tables = f"{where}\n\n{report.everything(measured, style='github')}"
    return {
        PICTURE: _picture(rows),
        readme: report.between_markers(readme.read_text(), "performance", f"{where}\n\n{few}"),
        performance: report.between_markers(performance.read_text(), "performance", tables),
    }


if __name__ == "__main__":
    main()
