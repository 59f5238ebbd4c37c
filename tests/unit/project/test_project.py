"""The promises of the project's own files: the wheel's contents, and the Makefile's help and its choice of tests."""

import os
import re
import shutil
import subprocess
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
        ("", 0, 0, "units libvirt modular", True),
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

    of_units, with_libvirt = done.ran
    assert "-m fuzz or hypothesis" in of_units
    assert "-m not (" in with_libvirt
    assert of_units.endswith(f" {places[0]}")
    assert with_libvirt.endswith(f" {places[1]}")
    assert done.succeeds is succeeds


class Made(NamedTuple):
    """How a target ended, and the programs that it ran, with their arguments."""

    ran: list[str]
    succeeds: bool


def make(directory: Path, target: str, choice: str, *, of_units: int = 0, with_libvirt: int = 0) -> Made:
    """Make a target with programs that end with these codes instead of running tests."""
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
