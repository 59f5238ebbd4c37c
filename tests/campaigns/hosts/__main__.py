"""Runs the subjects' tests on each host, and writes docs/hosts.json and the tables of docs/hosts.md: `make test-hosts`.

`--only TEXT` runs on the host of that title, or on those whose titles hold the text; what was written of the others
stays. `--subject TITLE` runs the tests of that subject alone where the others were run before; other hosts are left
out. Needs root on a Debian machine, and an hour on two cores once the trees are made. Ends with 1 where something
failed that tests/campaigns/data/hosts.json does not explain, or where that explains what does not fail.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.campaigns.hosts.outcomes import Ran, again, from_data, reds, stale, written
from tests.campaigns.hosts.subjects import SUBJECTS, Host, chosen, files, never_run

REPOSITORY = Path(__file__).parents[3]
DOCUMENT = REPOSITORY / "docs" / "hosts.md"
RUNS = DOCUMENT.with_suffix(".json")
EXPLAINED = REPOSITORY / "tests" / "campaigns" / "data" / "hosts.json"


def main(arguments: Sequence[str]) -> int:
    """Run on each host in turn: two at once would slow each other down."""
    parser = argparse.ArgumentParser(prog="make test-hosts", description=__doc__)
    parser.add_argument("--only", default="", help="a host's title, or a part of it")
    parser.add_argument("--subject", action="append", default=[], choices=[subject.title for subject in SUBJECTS])
    options = parser.parse_args(arguments)
    runs: dict[str, Ran] = {}
    hosts = chosen(options.only)
    left_out = never_run(hosts, options.subject, _kept())
    for host in left_out:
        print(f"==> {host.title}: left out, as {RUNS.name} has no run of it. Run all subjects there first", flush=True)
    for host in (host for host in hosts if host not in left_out):
        runs[host.title] = _run(host, options.subject)
        _keep(runs)
    explained = json.loads(EXPLAINED.read_text())
    unexplained = [f"{red.host}: {red.name}: {red.said}" for red in reds(runs, explained) if not red.why]
    wrong = [*unexplained, *(f"{name} is explained, and does not fail" for name in stale(runs, explained))]
    print("\n".join(wrong))
    passed = sum(sum(run.passed.values()) for run in runs.values())
    others = sum(len(run.others) for run in runs.values())
    print(f"hosts: {passed} passed, {len(wrong)} failed, {others - len(unexplained)} skipped")
    return 1 if wrong or not runs else 0


def _run(host: Host, titles: Sequence[str]) -> Ran:
    """The last line that the run prints tells all."""
    print(f"==> {host.title}", flush=True)
    tried = [f"--subject={title}" for title in titles or host.subjects]
    options = [*(["--networks"] if host.networks and not titles else []), *tried]
    # Of this very work tree, whichever the environment has installed.
    path = os.pathsep.join(map(str, (REPOSITORY, REPOSITORY / "provider", REPOSITORY / "sdk")))
    command = ["env", f"PYTHONPATH={path}", "python", "-m", "tests.campaigns.hosts.here", *options]
    tree = ["tools/other-libvirt", *host.tree, "--run"] if host.tree else []
    done = subprocess.run([*tree, *command], cwd=REPOSITORY, check=True, stdout=subprocess.PIPE, text=True)
    run = from_data(json.loads(done.stdout.splitlines()[-1]))
    return again(_kept()[host.title], run, files(titles)) if titles else run


def _kept() -> dict[str, Ran]:
    return {title: from_data(data) for title, data in json.loads(RUNS.read_text()).items()}


def _keep(runs: dict[str, Ran]) -> None:
    """Write what is known by now, beside what is known of other hosts."""
    there = _kept() | runs
    RUNS.write_text(json.dumps({title: run.as_data() for title, run in there.items()}, indent=1) + "\n")
    DOCUMENT.write_text(written(DOCUMENT.read_text(), there, json.loads(EXPLAINED.read_text())))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
