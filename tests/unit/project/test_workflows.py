"""The workflows run the project's own targets, so that what is red there is red on a developer's machine."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # Pulumi's own dependency, which brings no types

REPOSITORY = Path(__file__).parents[3]
WORKFLOWS = sorted((REPOSITORY / ".github" / "workflows").glob("*.yml"))
TARGETS = frozenset(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
#: What publishes can be no target: the programs of the places where it goes.
PUBLISHING = ("gh release create ", "git tag ", "mkdir python && cp ", "npm publish ")


def jobs(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text())["jobs"]
    return found


def commands(path: Path) -> list[str]:
    """What the jobs run, once for each target of a matrix."""
    found = []
    for job in jobs(path).values():
        targets = job.get("strategy", {}).get("matrix", {}).get("target", [""])
        runs = [step["run"] for step in job["steps"] if "run" in step]
        found += [run.replace("${{ matrix.target }}", target) for target in targets for run in runs]
    return found


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_runs_targets_that_there_are(path: Path) -> None:
    ours = [run for run in commands(path) if not run.startswith(PUBLISHING)]

    assert ours != []
    assert {run.split()[0] for run in ours} == {"make"}
    assert {run.split()[1] for run in ours} <= TARGETS


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_job_has_a_limit_and_no_more_rights_than_it_needs(path: Path) -> None:
    assert yaml.safe_load(path.read_text())["permissions"] == {"contents": "read"}
    assert [name for name, job in jobs(path).items() if "timeout-minutes" not in job] == []
    assert [name for name, job in jobs(path).items() if "permissions" in job] in ([], ["publish"])


def test_units_are_tested_on_each_supported_python() -> None:
    supported = re.findall(r'"Programming Language :: Python :: (3\.\d+)"', (REPOSITORY / "pyproject.toml").read_text())

    tested = jobs(REPOSITORY / ".github/workflows/pull-request.yml")["check"]["strategy"]["matrix"]["python"]

    assert tested == supported == [f"3.{minor}" for minor in range(10, 10 + len(supported))]
