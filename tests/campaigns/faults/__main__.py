"""Run the faults and write what became of each into docs/reliability.md: `make faults`, `make faults-modular`.

`--only TEXT` runs those whose fault or moment holds the text, and `--missing` those that the table has not; the other
rows stay as they are. Each row is written when it is known, so that a run that is broken off can be gone on with. Ends
with 1 where something was lost or left, or not finished by the next `pulumi up`.
"""

import argparse
import contextlib
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path

from tests.acceptance.stack import Stack
from tests.campaigns.faults import table
from tests.campaigns.faults.at_steps import Bench, Row, pairs
from tests.campaigns.faults.on_the_host import host_faults
from tests.campaigns.faults.pairs import Pair
from tests.hosts.sandboxed import Host, sandboxed_host
from tests.preloaded.server import preloaded

Name = tuple[str, str]


class Document:
    """The table while it is written: rows in the order of the cases, as far as those are known."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._order: dict[int, Sequence[Name]] = {}
        self._began = time.monotonic()
        self._measured_on = ""
        self.rows: list[Row] = []

    def names(self, place: int, names: Sequence[Name]) -> None:
        """Take in the cases of the part of the table at that place."""
        with self._lock:
            self._order[place] = names

    def measured_on(self, host: Host) -> None:
        """Take in what this run is measured on: the same in each of its sandboxes."""
        libvirt = host.virsh("version", "--daemon").rpartition("daemon: ")[2].strip()
        quiet = {"PULUMI_SKIP_UPDATE_CHECK": "true"}
        pulumi = host.run("pulumi", "version", environment=quiet).stdout.strip().removeprefix("v")
        self._measured_on = f"libvirt {libvirt} and Pulumi {pulumi}, {datetime.now(timezone.utc):%Y-%m-%d}"

    def add(self, row: Row) -> None:
        """Write one more row."""
        wrong = "".join(f"\n  WRONG: {text}" for text in row.wrong)
        with self._lock:
            print(f"{row.fault}, {row.when}: {row.lost}; {row.after}; {row.next_up}{wrong}", flush=True)
            self.rows.append(row)
            self._write(drop_others=False)

    def finish(self) -> None:
        """Write it once more, less the rows of cases that are no more."""
        self._write(drop_others=True)

    def _write(self, *, drop_others: bool) -> None:
        text = self._path.read_text()
        begin = table.begin()
        there = table.read(text, begin)
        order = [name for place in sorted(self._order) for name in self._order[place]]
        others = [] if drop_others else [(row.fault, row.when) for row in there]
        merged = table.merged(there, self.rows, list(dict.fromkeys([*order, *others])))
        whole = {(row.fault, row.when) for row in merged} == {(row.fault, row.when) for row in self.rows}
        minutes = round((time.monotonic() - self._began) / 60) if whole else None
        measured = table.measured_on(text, self._measured_on if self.rows else "", minutes=minutes, begin=begin)
        self._path.write_text(table.written(text, merged, measured, begin))


def main(arguments: Sequence[str]) -> int:
    """Run what is asked for, several sandboxes at a time."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--only", default="", help="a part of a fault or a moment")
    parser.add_argument("--missing", action="store_true", help="only what the table has not")
    parser.add_argument("--document", type=Path, default=table.DOCUMENT, help="where the table is")
    parser.add_argument("--jobs", type=int, default=2, help="how many sandboxes at a time")
    given = parser.parse_args(arguments)
    there = set(table.named(given.document)) if given.missing else set()

    def wanted(name: Name) -> bool:
        return given.only in " ".join(name) and name not in there

    document = Document(given.document)
    jobs = [job for place, pair in enumerate(pairs()) for job in _at_steps(place, pair, document, wanted)]
    document.names(len(pairs()), list(host_faults()))
    jobs += [_on_the_host(fault, document) for name, fault in host_faults().items() if wanted(name)]
    with preloaded(), ThreadPoolExecutor(given.jobs) as pool:
        for done in [pool.submit(job) for job in jobs]:
            done.result()
    document.finish()
    wrong = [row for row in document.rows if row.wrong]
    print(f"{len(document.rows)} faults, {len(wrong)} of them lost or left something")
    return 1 if wrong else 0


def _at_steps(
    place: int, pair: Pair, document: Document, wanted: Callable[[Name], bool]
) -> Iterator[Callable[[], None]]:
    for part in range(pair.hosts):

        def job(part: int = part) -> None:
            done: set[Name] = set()
            while not _on_one_host(place, pair, part, document, lambda name: wanted(name) and name not in done, done):
                pass

        yield job


def _on_one_host(
    place: int, pair: Pair, part: int, document: Document, wanted: Callable[[Name], bool], done: set[Name]
) -> bool:
    """Run what is wanted; False where something went wrong, after which a host tells nothing about the next case."""
    with _bench(pair) as bench:
        document.measured_on(bench.host)
        there, back = bench.cases()
        document.names(place, [case.name for case in (*there, *back)])
        # Of each list every so-many-th, so that cases of both kinds go on in turn.
        mine = {case.name for cases in (there, back) for case in cases[part :: pair.hosts]}
        for row in bench.run(lambda case: case.name in mine and wanted(case.name)):
            document.add(row)
            done.add((row.fault, row.when))
            if row.wrong:
                return False
    return True


@contextlib.contextmanager
def _bench(pair: Pair) -> Iterator[Bench]:
    with tempfile.TemporaryDirectory() as directory, sandboxed_host(Path(directory)) as host:
        yield Bench(host, Stack(host), pair)


def _on_the_host(fault: Callable[[Host, Stack], Row], document: Document) -> Callable[[], None]:
    def job() -> None:
        with tempfile.TemporaryDirectory() as directory, sandboxed_host(Path(directory)) as host:
            document.measured_on(host)
            document.add(fault(host, Stack(host)))

    return job


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
