"""The promises of the project's own files: the wheel's contents and the Makefile's help."""

import re
from importlib.metadata import entry_points, version
from pathlib import Path

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
