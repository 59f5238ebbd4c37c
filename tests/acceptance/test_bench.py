"""The benchmark runs from end to end on a small size, and leaves its host as it was."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from tests.acceptance.stack import PYTHON_PRELOADED, WITHOUT_GARBAGE
from tests.hosts.sandboxed import REPOSITORY, Host

pytestmark = pytest.mark.acceptance


@pytest.mark.campaign
@pytest.mark.timeout(600)
def test_two_networks_are_measured_from_create_to_destroy(host: Host, tmp_path: Path) -> None:
    before, target = host.trace(), tmp_path / "figures.json"
    options = ("--networks", "2", "--rounds", "1", "--repeats", "1", "--no-peers", "--only", "comparison")

    # Some fifteen commands of Pulumi.
    subprocess.run(
        host.command("python", "-m", "bench", *options, "--json", str(target)),
        env={
            **os.environ,
            **PYTHON_PRELOADED,
            **WITHOUT_GARBAGE,
            "PYTHONPATH": str(REPOSITORY),
            "VIRTNET_SANDBOX": "1",
        },
        check=True,
        timeout=540,
    )

    rows = {row["what"]: row for row in json.loads(target.read_text())["comparison"]}
    assert list(rows) == [
        "create",
        "no-op preview",
        "no-op up",
        "refresh",
        "live edit of one",
        "restart of one",
        "live edit of each",
        "destroy",
    ]
    assert all(row["virtnet, s"] > 0 and row["engine's floor, s"] > 0 for row in rows.values())
    assert {rows[what]["virtnet, lost"] for what in ("no-op up", "live edit of one", "live edit of each")} == {"0"}
    assert "disconnected" not in rows["restart of one"]["virtnet, lost"]
    assert host.trace() == before
    assert target.with_suffix(".svg").read_text().startswith("<svg")


SILENCED = """
import subprocess, sys, time
from bench.guest import attached_guest

def ip(*arguments): subprocess.run(("ip", *arguments), check=True)

ip("link", "add", "bridge0", "type", "bridge")
ip("address", "add", "10.100.0.1/24", "dev", "bridge0")
ip("link", "set", "bridge0", "up")
for silenced in (False, True):
    with attached_guest("bridge0", "10.100.0.1", "10.100.0.9/24") as lost:
        if silenced:
            ip("address", "flush", "dev", "bridge0")
        time.sleep(1)
    print(lost.packets, lost.attached)
"""


def test_a_guest_whose_gateway_is_silent_for_good_has_lost_what_it_sent_since(host: Host) -> None:
    done = subprocess.run(
        host.command("python", "-c", SILENCED),
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )

    well, silenced = (line.split() for line in done.stdout.splitlines())
    assert well == ["0", "True"]
    # A second, and two more in which an answer was waited for, at fifty pings a second.
    assert 100 <= int(silenced[0]) <= 400
    assert silenced[1] == "True"
