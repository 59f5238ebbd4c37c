"""Runs the subjects' tests on this host, and prints what came of it as one JSON object, in the last line.

Called by `make test-hosts`, in each of its hosts. `--networks` tries the networks of libvirt's own tests too, and
`--subject TITLE` runs that subject's tests alone; it may be given several times.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Collection, Sequence
from datetime import datetime, timezone
from pathlib import Path
from xml.etree import ElementTree

from tests.campaigns.hosts.outcomes import INTERRUPTED, Outcome, networks_in, outcomes_in, ran
from tests.campaigns.hosts.subjects import SUBJECTS, files, paths

#: Debian's release whose source of libvirt has the networks: the newest that the archives serve one of.
NETWORKS_OF = "trixie"
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
    parser.add_argument("--subject", action="append", default=[], choices=[subject.title for subject in SUBJECTS])
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as place:
        outcomes, broken_off = _tests(Path(place), options.subject)
        networks = _networks(Path(place)) if options.networks else None
    versions = {name: _version(command) for name, command in VERSIONS.items()}
    day = f"{datetime.now(timezone.utc):%Y-%m-%d}"
    run = ran(day, versions, outcomes, networks, broken_off=broken_off)
    print(json.dumps(run.as_data()), flush=True)
    return 0


def _tests(place: Path, titles: Collection[str]) -> tuple[list[Outcome], bool]:
    """What came of them, and whether they were broken off."""
    report = place / "report.xml"
    workers = str(2 * (os.cpu_count() or 1))
    command = ["pytest", "-p", "no:cacheprovider", "-q", "--numprocesses", workers, "--dist=loadscope"]
    done = subprocess.run([*command, f"--junitxml={report}", *paths(titles)], check=False, stdout=sys.stderr)
    # Where there is none, the code says why.
    # What is kept says nothing of where the work tree lies.
    text = report.read_text().replace(str(Path.cwd()), ".") if report.exists() else "<testsuites />"
    told = ElementTree.fromstring(text)  # noqa: S314
    return outcomes_in(told, done.returncode, files(titles)), done.returncode == INTERRUPTED


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
    return networks_in(done.stdout, done.returncode)


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
