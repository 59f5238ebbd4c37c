"""What virtnet costs beside its floors, in one run on one machine: `make bench`.

A floor is what nobody can go below. The engine's floor is a Pulumi program of the same size whose dynamic resources do
nothing; libvirt's floor is the same calls made by one process that does nothing else. Runs of virtnet and of its floors
take turns, and each figure is the median of them. Runs inside a sandbox; nothing of the machine's own is touched.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from tabulate import tabulate

from bench.outage import outages
from bench.raw import RawNetworks

NETWORKS_PROGRAM = """\
import json
from pathlib import Path
import pulumi_virtnet as virtnet

given = json.loads(Path(__file__).with_name("given.json").read_text())
for number in range(given["count"]):
    subnet = f"10.{100 + number // 250}.{number % 250}"
    hosts = [{"mac": f"52:54:00:00:00:{n:02x}", "ip": f"{subnet}.{n + 10}"} for n in range(given["reservations"])]
    virtnet.LibvirtNetwork(
        f"bench{number}",
        forward={"mode": "nat"},
        bridge={"stp": False},
        ips=[
            {
                "address": f"{subnet}.1/24",
                "dhcp": {"ranges": [{"start": f"{subnet}.100", "end": f"{subnet}.200"}], "hosts": hosts},
            }
        ],
    )
"""
NOTHING_PROGRAM = """\
import json
from pathlib import Path
import pulumi
from nothing import Nothing

given = json.loads(Path(__file__).with_name("given.json").read_text())
for number in range(given["count"]):
    Nothing(f"bench{number}", {"value": given["reservations"]})
"""
NOTHING_MODULE = '''\
from pulumi import dynamic


class NothingProvider(dynamic.ResourceProvider):
    """Does nothing, as fast as Pulumi lets it."""

    def create(self, inputs):
        return dynamic.CreateResult("nothing", inputs)

    def diff(self, id_, olds, news):
        return dynamic.DiffResult(changes=olds != news)

    def update(self, id_, olds, news):
        return dynamic.UpdateResult(news)

    # By reference, as virtnet's own provider is.
    def __reduce__(self):
        return (NothingProvider, ())


class Nothing(dynamic.Resource):
    def __init__(self, name, props):
        super().__init__(NothingProvider(), name, props)
'''


class Project:
    """A Pulumi project with a state of its own, whose program reads how much it is to declare."""

    def __init__(self, directory: Path, program: str, modules: dict[str, str]) -> None:
        self.directory = directory
        (directory / "state").mkdir(parents=True)
        (directory / "Pulumi.yaml").write_text(f"name: {directory.name}\nruntime: {{name: python}}\n")
        (directory / "__main__.py").write_text(program)
        for name, text in modules.items():
            (directory / name).write_text(text)
        self.environment = {
            **os.environ,
            "PULUMI_BACKEND_URL": f"file://{directory}/state",
            "PULUMI_HOME": str(directory / "home"),
            "PULUMI_CONFIG_PASSPHRASE": "bench",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
            "PULUMI_PYTHON_CMD": sys.executable,
        }
        self.give(count=0, reservations=0)
        self.pulumi("stack", "init", "bench")

    def give(self, **given: int) -> None:
        (self.directory / "given.json").write_text(json.dumps(given))

    def pulumi(self, *arguments: str) -> None:
        command = ["pulumi", *arguments, "--non-interactive", "--color=never"]
        done = subprocess.run(
            command, cwd=self.directory, env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")

    def up(self) -> None:
        self.pulumi("up", "--yes", "--skip-preview", "--suppress-outputs")

    def destroy(self) -> None:
        self.pulumi("destroy", "--yes", "--skip-preview")


def seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def live_edits(count: int, rounds: int, directory: Path) -> list[dict[str, object]]:
    """Make `count` networks, then compare with their floors: nothing to do, and one more reservation on each."""
    ours = Project(directory / "ours", NETWORKS_PROGRAM, {})
    nothing = Project(directory / "nothing", NOTHING_PROGRAM, {"nothing.py": NOTHING_MODULE})
    for project in (ours, nothing):
        project.give(count=count, reservations=0)
    raw = RawNetworks(count)
    raw_seconds = [seconds(raw.create), seconds(raw.destroy)]
    created = [seconds(nothing.up), seconds(ours.up)]
    figures: dict[str, list[float]] = {name: [] for name in ("nothing", "virtnet", "e-live", "l-live", "live")}
    for turn in range(1, rounds + 1):
        print(f"    round {turn} of {rounds}", flush=True)
        figures["nothing"].append(seconds(nothing.up))
        figures["virtnet"].append(seconds(ours.up))
        figures["l-live"].append(seconds(raw.add_reservations))
        raw.remove_reservations()
        for project in (nothing, ours):
            project.give(count=count, reservations=turn)
        figures["e-live"].append(seconds(nothing.up))
        figures["live"].append(seconds(ours.up))
    destroyed = [seconds(nothing.destroy), seconds(ours.destroy)]
    median = {name: statistics.median(values) for name, values in figures.items()}
    return [
        row("create", count, created[1], engine=created[0], libvirt=raw_seconds[0]),
        row("no-op up", count, median["virtnet"], engine=median["nothing"]),
        row("one live edit each", count, median["live"], engine=median["e-live"], libvirt=median["l-live"]),
        row("destroy", count, destroyed[1], engine=destroyed[0], libvirt=raw_seconds[1]),
    ]


def row(what: str, count: int, ours: float, *, engine: float, libvirt: float | None = None) -> dict[str, object]:
    """One line of the table; the ratio is to the sum of the floors that were measured."""
    return {
        "what": what,
        "networks": count,
        "virtnet, s": round(ours, 2),
        "engine's floor, s": round(engine, 2),
        "libvirt's floor, s": None if libvirt is None else round(libvirt, 2),
        "ratio": round(ours / (engine + (libvirt or 0)), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__.partition("\n")[0])
    parser.add_argument("--networks", type=int, nargs="*", default=[1, 10, 100])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    given = parser.parse_args()
    if os.environ.get("VIRTNET_SANDBOX") != "1":
        sys.exit("this makes networks; run it in a sandbox, with: make bench")
    table: list[dict[str, object]] = []
    for count in given.networks:
        print(f"{count} networks", flush=True)
        with TemporaryDirectory(prefix="virtnet-bench.") as directory:
            table += live_edits(count, given.rounds, Path(directory))
    print("outages", flush=True)
    cut_off = outages(given.rounds)
    print(f"\n{tabulate(table, headers='keys', missingval='-')}\n\n{tabulate(cut_off, headers='keys')}")
    if given.json:
        given.json.write_text(json.dumps({"seconds": table, "outages": cut_off}, indent=2) + "\n")


if __name__ == "__main__":
    main()
