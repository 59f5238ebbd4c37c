"""What came of the tests on hosts, and the tables of docs/hosts.md that are made of it. Pure."""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element

from tests.campaigns.hosts.subjects import HOSTS, SUBJECTS, Subject

BEGIN, END = "<!-- hosts -->", "<!-- end of hosts -->"
TOOLS = ("libvirt", "dnsmasq", "nft", "iptables", "QEMU", "kernel")

#: What pytest ends with: INTERRUPTED where somebody breaks it off, or a file can't be imported.
PASSED, FAILED, INTERRUPTED = 0, 1, 2

Explained = Mapping[str, Mapping[str, str]]
"""In what a host differs, so that something fails there: by its title, and by the test or the file of a network."""


class Outcome(NamedTuple):
    """What came of one test."""

    file: str
    test: str
    became: str
    """passed, failed or skipped."""
    said: str = ""
    """Why it failed or was skipped, the first line."""

    @property
    def name(self) -> str:
        """The file and the test."""
        return f"{self.file}::{self.test}"


def outcomes_in(report: Element, code: int, files: Collection[str]) -> list[Outcome]:
    """What came of the tests of these files, by pytest's report in JUnit's form and the code that it ended with.

    Raises ValueError where that is no report of them: pytest failed itself, or there is nothing of a file.
    """
    if code not in (PASSED, FAILED, INTERRUPTED):
        raise ValueError(f"pytest ended with {code}")
    found = [outcome for case in report.iter("testcase") if (outcome := _outcome(case)) is not None]
    untold = {*files} - {outcome.file for outcome in found}
    if untold and code != INTERRUPTED:
        raise ValueError(f"pytest says nothing of {', '.join(sorted(untold))}")
    return found


def _outcome(case: Element) -> Outcome | None:
    """None of what is no test: of a run that is broken off, pytest reports that itself as a case."""
    place, name = case.get("classname", ""), case.get("name", "")
    if place == "pytest":
        return None
    # A file that can't be imported is a case without a class, named as its module.
    of_file = re.fullmatch(r"tests\.integration\.(\w+)", place or name)
    if of_file is None:
        raise ValueError(f"pytest reports a case of no file: {place} {name}")
    for became in ("failure", "error", "skipped"):
        if (element := case.find(became)) is not None:
            said = (element.get("message") or "").splitlines()
            verdict = "skipped" if became == "skipped" else "failed"
            return Outcome(of_file[1], name if place else "(import)", verdict, said[0] if said else "")
    return Outcome(of_file[1], name, "passed")


def networks_in(printed: str, code: int) -> dict[str, object]:
    """What came of the networks, by what tests.campaigns.network_files printed and the code that it ended with.

    Raises ValueError where it did not come to its end, or tried none.
    """
    lines = printed.splitlines()
    last = json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {}
    if code not in (0, 1) or "left_out" not in last or not last.get("defined"):
        raise ValueError(f"the networks were not tried to the end, or none was: {code}, {lines[-1:]}")
    found = [json.loads(line) for line in lines[:-1] if line.startswith("{")]
    return {**{name: last.get(name, 0) for name in ("defined", "refused", "wrong")}, "found": found}


class Ran(NamedTuple):
    """What came of a run on one host."""

    on: str
    """The day."""
    versions: Mapping[str, str]
    passed: Mapping[str, int]
    """How many tests of each file."""
    others: tuple[Outcome, ...]
    """The tests that did not pass."""
    networks: Mapping[str, Any] | None = None
    """What came of the networks of libvirt's own tests: how many were defined, refused and wrong, and what is wrong."""
    broken_off: bool = False
    """Whether somebody ended the tests before all were over."""

    def as_data(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {**self._asdict(), "others": [list(outcome) for outcome in self.others]}


def ran(
    on: str,
    versions: Mapping[str, str],
    outcomes: Sequence[Outcome],
    networks: Mapping[str, Any] | None = None,
    *,
    broken_off: bool = False,
) -> Ran:
    """A run of these tests."""
    return Ran(
        on=on,
        versions=versions,
        passed=dict(sorted(Counter(one.file for one in outcomes if one.became == "passed").items())),
        others=tuple(one for one in outcomes if one.became != "passed"),
        networks=networks,
        broken_off=broken_off,
    )


def from_data(data: Mapping[str, Any]) -> Ran:
    """What `as_data` gave."""
    return Ran(**{**data, "others": tuple(Outcome(*outcome) for outcome in data["others"])})


def again(before: Ran, now: Ran, files: Collection[str]) -> Ran:
    """A run on the same host once these files were run again. Raises ValueError where it is another host by now."""
    if before.versions != now.versions:
        raise ValueError(f"the rest was run with {before.versions}, and this with {now.versions}: run all of it")
    passed = {file: count for file, count in before.passed.items() if file not in files} | {**now.passed}
    return now._replace(
        passed=dict(sorted(passed.items())),
        others=(*(one for one in before.others if one.file not in files), *now.others),
        networks=before.networks,
        broken_off=before.broken_off or now.broken_off,
    )


class Red(NamedTuple):
    """What failed on a host, with its explanation; "" where there is none."""

    host: str
    name: str
    said: str
    why: str


def reds(runs: Mapping[str, Ran], explained: Explained) -> Iterator[Red]:
    """All that failed, by the hosts' titles."""
    for title, run in runs.items():
        known = explained.get(title, {})
        for outcome in run.others:
            if outcome.became == "failed":
                yield Red(title, outcome.name, outcome.said, known.get(outcome.name, ""))
        for found in (run.networks or {}).get("found", ()):
            yield Red(title, found["file"], found["wrong"], known.get(found["file"], ""))


def stale(runs: Mapping[str, Ran], explained: Explained) -> list[str]:
    """What is explained of a host that was tried to the end, and does not fail there."""
    red = {(one.host, one.name) for one in reds(runs, explained)}
    return [
        f"{title}: {name}"
        for title, known in explained.items()
        for name in known
        if title in runs and not runs[title].broken_off and (title, name) not in red
    ]


def written(text: str, runs: Mapping[str, Ran], explained: Explained) -> str:
    """The document with the tables of these runs between its marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    in_order = {host.title: runs[host.title] for host in HOSTS if host.title in runs}
    missing = [host.title for host in HOSTS if host.title not in runs]
    parts = [_tables(in_order or runs, explained)] if runs else []
    parts += [f"Not run yet: {'; '.join(missing)}."] if missing else []
    return "\n".join((f"{before}{BEGIN}", "\n\n".join(parts), f"{END}{after}"))


def _tables(runs: Mapping[str, Ran], explained: Explained) -> str:
    hosts = _table(
        ["host", *TOOLS, "run on"],
        [[title, *(run.versions.get(tool, "") for tool in TOOLS), _day(run)] for title, run in runs.items()],
    )
    # A subject a row: there are more of them than of hosts.
    cells = _table(
        ["tests", *runs],
        [
            *([subject.title, *(_cell(run, subject) for run in runs.values())] for subject in SUBJECTS),
            ["libvirt's own networks", *map(_networks, runs.values())],
        ],
    )
    failed = [f"- {red.host}: `{red.name}`. {red.why or f'Not explained: {red.said}'}" for red in reds(runs, explained)]
    skipped = [f"- {title}: {why}" for title, run in runs.items() for why in _skipped(run)]
    parts = [hosts, cells]
    parts += ["Failed tests, and why:", "\n".join(failed)] if failed else ["No test failed."]
    parts += ["Skipped tests, and why:", "\n".join(skipped)] if skipped else []
    return "\n\n".join(parts)


def _day(run: Ran) -> str:
    return f"{run.on}, broken off" if run.broken_off else run.on


def _cell(run: Ran, subject: Subject) -> str:
    of_subject = [outcome.became for outcome in run.others if outcome.file in subject.files]
    counts = {
        "passed": sum(run.passed.get(file, 0) for file in subject.files),
        "failed": of_subject.count("failed"),
        "skipped": of_subject.count("skipped"),
    }
    said = {"passed": "{} passed", "failed": "**{} failed**", "skipped": "{} skipped"}
    return ", ".join(said[became].format(count) for became, count in counts.items() if count) or "-"


def _networks(run: Ran) -> str:
    if run.networks is None:
        return "-"
    wrong = run.networks.get("wrong", 0)
    said = f"{run.networks.get('defined', 0)} kept, {run.networks.get('refused', 0)} refused by libvirt"
    return f"{said}, **{wrong} wrong**" if wrong else said


def _skipped(run: Ran) -> Iterator[str]:
    for outcome in run.others:
        if outcome.became == "skipped":
            yield f"`{outcome.name}`, {outcome.said.removeprefix('Skipped: ')}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
