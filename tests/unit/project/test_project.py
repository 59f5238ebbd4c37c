"""The promises of the project's own files: the wheel's contents, and the Makefile's help and its choice of tests."""

import itertools
import os
import re
import shutil
import subprocess
from collections.abc import Collection
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import NamedTuple

import pytest

import pulumi_virtnet
import virtnet

REPOSITORY = Path(__file__).parents[3]


@pytest.mark.parametrize("package", [virtnet, pulumi_virtnet])
def test_packages_are_marked_as_typed(package: object) -> None:
    file = getattr(package, "__file__", None)
    assert file is not None
    assert (Path(file).parent / "py.typed").exists()


def test_version_has_one_source() -> None:
    declared = re.search(r'^version = "(.+)"$', (REPOSITORY / "pyproject.toml").read_text(), re.MULTILINE)
    assert declared is not None
    assert version("pulumi-virtnet") == declared[1]


def test_command_line_is_installed() -> None:
    (command,) = entry_points(group="console_scripts", name="virtnet")
    assert command.value == "virtnet.cli:main"


def test_help_lists_every_target() -> None:
    makefile = (REPOSITORY / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert phony is not None
    assert set(re.findall(r"^([a-z-]+):.*##", makefile, re.MULTILINE)) == set(phony[1].split())


@pytest.mark.parametrize(
    ("choice", "of_units", "with_libvirt", "ran", "succeeds"),
    [
        ("-k bridge", 0, 0, "units libvirt", True),
        ("-k bridge", 5, 0, "units libvirt", True),
        ("-k bridge", 0, 5, "units libvirt", True),
        ("-k bridge", 5, 5, "units libvirt", False),
        ("-k bridge", 1, 0, "units", False),
        ("-k bridge", 0, 1, "units libvirt", False),
        ("-k bridge", 5, 1, "units libvirt", False),
        ("tests/unit", 0, 0, "libvirt", True),
        ("tests/unit -k bridge", 0, 5, "libvirt", False),
        ("", 0, 0, "units units libvirt modular", True),
        ("", 1, 0, "units", False),
    ],
)
def test_a_choice_of_tests_is_looked_for_in_both_halves(
    tmp_path: Path, choice: str, of_units: int, with_libvirt: int, ran: str, succeeds: bool
) -> None:
    """Of pytest's codes, 5 says that nothing was selected, and 1 that something failed."""
    done = make(tmp_path, "test", choice, of_units=of_units, with_libvirt=with_libvirt)

    assert [line.split()[0] for line in done.ran] == ran.split()
    assert done.succeeds is succeeds


@pytest.mark.parametrize(
    ("choice", "leaves_out"), [("", True), ("-k bridge", True), ("tests/acceptance/test_walk.py", False)]
)
def test_campaigns_run_in_make_test_only_where_their_file_is_asked_for(
    tmp_path: Path, choice: str, *, leaves_out: bool
) -> None:
    done = make(tmp_path, "test", choice)

    (with_libvirt,) = [line for line in done.ran if line.startswith("libvirt ")]
    assert ("-m not campaign and not compiled" in with_libvirt) is leaves_out


@pytest.mark.parametrize(
    ("choice", "code", "places", "succeeds"),
    [
        ("", 0, ("tests/unit", "tests/acceptance tests/integration"), True),
        ("-k walk", 0, ("tests/unit -k walk", "tests/acceptance tests/integration -k walk"), True),
        ("tests/acceptance/test_walk.py", 0, ("tests/acceptance/test_walk.py",) * 2, True),
        ("tests/acceptance/test_walk.py", 5, ("tests/acceptance/test_walk.py",) * 2, False),
    ],
)
def test_a_choice_of_campaigns_is_looked_for_in_both_halves(
    tmp_path: Path, choice: str, code: int, places: tuple[str, str], *, succeeds: bool
) -> None:
    done = make(tmp_path, "test-campaigns", choice, with_libvirt=code)

    of_units, with_libvirt = (line for line in done.ran if line.startswith("libvirt "))
    assert "-m fuzz or hypothesis" in of_units
    assert "-m not (" in with_libvirt
    assert of_units.endswith(f" {places[0]}")
    assert with_libvirt.endswith(f" {places[1]}")
    assert done.succeeds is succeeds


#: All marks that a test can have, and the one that hypothesis gives to its own.
MARKS = ("hypothesis", *re.findall(r'^  "(\w+): ', (REPOSITORY / "pyproject.toml").read_text(), re.MULTILINE))
WITH_ANY_MARKS = [marks for count in range(len(MARKS) + 1) for marks in itertools.combinations(MARKS, count)]


@pytest.mark.parametrize(
    ("in_test", "in_campaigns"),
    [
        ("units --newest", "tests/unit"),
        ("tests/acceptance tests/integration", "tests/acceptance tests/integration"),
        ("modular", "modular"),
    ],
)
def test_what_make_test_leaves_out_campaigns_run(tmp_path: Path, in_test: str, in_campaigns: str) -> None:
    (of_test,) = [line for line in make(tmp_path / "test", "test", "").ran if in_test in line]
    (of_campaigns,) = [line for line in make(tmp_path / "all", "test-campaigns", "").ran if in_campaigns in line]

    left_out = [marks for marks in WITH_ANY_MARKS if not picks(of_test, marks) and not picks(of_campaigns, marks)]

    assert left_out == []
    assert [marks for marks in WITH_ANY_MARKS if not picks(of_test, marks)] != []


def test_campaigns_run_all_unit_tests_on_the_oldest_python_too(tmp_path: Path) -> None:
    ran = make(tmp_path, "test-campaigns", "").ran

    assert "units --oldest -m not fuzz" in ran


def test_what_make_test_runs_on_modular_daemons_it_runs_on_the_machines_own_libvirt_too(tmp_path: Path) -> None:
    ran = make(tmp_path, "test", "").ran
    (own,), (modular,) = ([line for line in ran if line.startswith(name)] for name in ("libvirt", "modular"))

    assert [marks for marks in WITH_ANY_MARKS if picks(modular, marks) and not picks(own, marks)] == []


def picks(line: str, marks: Collection[str]) -> bool:
    """Whether a call of pytest runs a test with these marks."""
    expression = re.search(r" -m (.+?)(?: --| tests/|$)", line)
    assert expression is not None, line
    picked: bool = eval(expression[1], {}, {mark: mark in marks for mark in MARKS})  # noqa: S307 - as pytest reads it
    return picked


class Made(NamedTuple):
    """How a target ended, and the programs that it ran, with their arguments."""

    ran: list[str]
    succeeds: bool


def make(directory: Path, target: str, choice: str, *, of_units: int = 0, with_libvirt: int = 0) -> Made:
    """Make a target with programs that end with these codes instead of running tests."""
    directory.mkdir(exist_ok=True)
    shutil.copy(REPOSITORY / "Makefile", directory)
    programs = {
        "tools/setup": "",
        "tools/unit-pythons": f'echo "units $*" >>ran; exit {of_units}',
        "tools/modular-tests": 'echo "modular $*" >>ran',
        "bin/pytest": f'echo "libvirt $*" >>ran; exit {with_libvirt}',
        ".venv/bin/python": "",
    }
    for name, script in programs.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
    # Of all tests the two halves are calls of make, as are lint and all that is set up.
    targets = ["test-units", "test-libvirt"] if (target, choice) == ("test", "") else [target]
    done = subprocess.run(
        ["make", *targets, "MAKE=true", f"ARGS={choice}"],
        cwd=directory,
        env={"PATH": f"{directory / 'bin'}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    return Made((directory / "ran").read_text().splitlines(), done.returncode == 0)


def test_the_image_of_the_demo_is_made_of_what_is_in_the_repository_and_sets_up_what_the_demo_does() -> None:
    ignored = {
        line.removeprefix("**/").rstrip("/")
        for name in (".gitignore", ".dockerignore")
        for line in (REPOSITORY / name).read_text().splitlines()
        if line and not line.startswith("#")
    }
    kept_out = {line.removeprefix("**/").rstrip("/") for line in (REPOSITORY / ".dockerignore").read_text().split()}
    (set_up,) = re.findall(r"^demo:.*\n\t@(.+)$", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)

    assert kept_out == ignored | {".git"}
    assert f"RUN {set_up} " in (REPOSITORY / "Containerfile").read_text()
