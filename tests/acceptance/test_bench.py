"""The benchmark runs from end to end on a small size, and leaves its host as it was."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from tests.acceptance.sandboxed import REPOSITORY, Host

pytestmark = pytest.mark.acceptance


@pytest.mark.timeout(600)
def test_two_networks_are_measured_from_create_to_destroy(host: Host, tmp_path: Path) -> None:
    before, target = host.trace(), tmp_path / "figures.json"
    options = ("--networks", "2", "--rounds", "1", "--repeats", "1", "--no-peers", "--only", "comparison")

    # Some fifteen commands of Pulumi, of a second or two each.
    subprocess.run(
        host.command("python", "-m", "bench", *options, "--json", str(target)),
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "VIRTNET_SANDBOX": "1"},
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
    assert "cut off" not in rows["restart of one"]["virtnet, lost"]
    assert host.trace() == before
