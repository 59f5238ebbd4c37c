"""Runs the subjects' tests on this host, and prints what came of it as one JSON object, in the last line.

Called by `make test-hosts`, in each of its hosts. `--networks` tries the networks of libvirt's own tests too.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from xml.etree import ElementTree

from tests.campaigns.hosts.outcomes import Outcome, ran
from tests.campaigns.hosts.subjects import paths

#: Debian's release whose source of libvirt has the networks: the newest that the archives serve one of.
NETWORKS_OF = "trixie"
#: What pytest ends with where somebody breaks it off.
INTERRUPTED = 2
VERSIONS = {
    "libvirt": ("libvirtd", "--version"),
    "dnsmasq": ("dnsmasq", "--version"),
    "nft": ("nft", "--version"),
    "iptables": ("iptables", "--version"),
    "QEMU": ("qemu-system-x86_64", "--version"),
    "kernel": ("uname", "-r"),
    "Python": (sys.executable, "--version"),
}


def main(arguments: Sequence[str]) -> int:
    """Run them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", action="store_true")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as place:
        outcomes, broken_off = _tests(Path(place))
        networks = _networks(Path(place)) if options.networks else None
    versions = {name: _version(command) for name, command in VERSIONS.items()}
    day = f"{datetime.now(timezone.utc):%Y-%m-%d}"
    run = ran(day, versions, outcomes, networks, broken_off=broken_off)
    print(json.dumps(run.as_data()), flush=True)
    return 0


def _tests(place: Path) -> tuple[list[Outcome], bool]:
    """What came of them, and whether they were broken off."""
    report = place / "report.xml"
    workers = str(2 * (os.cpu_count() or 1))
    command = ["pytest", "-p", "no:cacheprovider", "-q", "--numprocesses", workers, "--dist=loadscope"]
    done = subprocess.run([*command, f"--junitxml={report}", *paths()], check=False, stdout=sys.stderr)
    cases = ElementTree.parse(report).iter("testcase")  # noqa: S314 - pytest's own
    # Of a run that is broken off, pytest reports that itself as a case.
    files = [(case, re.fullmatch(r"tests\.integration\.(\w+)", case.get("classname", ""))) for case in cases]
    outcomes = [
        Outcome(file=file[1], test=case.get("name", ""), **_became(case)) for case, file in files if file is not None
    ]
    return outcomes, done.returncode == INTERRUPTED


def _became(case: ElementTree.Element) -> dict[str, str]:
    for became in ("failure", "error", "skipped"):
        if (element := case.find(became)) is not None:
            said = (element.get("message") or "").splitlines()
            return {"became": "skipped" if became == "skipped" else "failed", "said": said[0] if said else ""}
    return {"became": "passed", "said": ""}


def _networks(place: Path) -> dict[str, object]:
    """What tests.campaigns.network_files says at its end."""
    source = place / "libvirt"
    subprocess.run(
        ["tools/debian-source", NETWORKS_OF, "libvirt", str(source), "*/tests/networkxml2*"],
        check=True,
        stdout=sys.stderr,
    )
    directories = [str(source / "tests" / name) for name in ("networkxml2xmlin", "networkxml2confdata")]
    done = subprocess.run(
        ["virtnet", "sandbox", "--", "python", "-m", "tests.campaigns.network_files", *directories],
        check=False,
        stdout=subprocess.PIPE,
        text=True,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {**{name: lines[-1].get(name, 0) for name in ("defined", "refused", "wrong")}, "found": lines[:-1]}


def _version(command: Sequence[str]) -> str:
    """What a program calls its version; "none" where there is no such program."""
    try:
        said = subprocess.run(command, check=False, capture_output=True, text=True).stdout
    except FileNotFoundError:
        return "none"
    found = re.search(r"\d+(\.\d+)+[^\s)]*", said)
    return found.group() if found else said.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
