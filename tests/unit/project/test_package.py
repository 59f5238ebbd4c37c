"""What `pip install` brings to a user's machine: both packages, what they read, their commands, and nothing else."""

import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Mapping
from configparser import ConfigParser
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
DAGRES_LICENCE = "provider/virtnet/commands/map/picture/dagre/LICENSE.txt"
PACKAGES = {
    "virtnet": REPOSITORY / "provider/virtnet",
    "pulumi_virtnet": REPOSITORY / "sdk/pulumi_virtnet",
    "pulumi_virtnet_native": REPOSITORY / "sdk/pulumi_virtnet_native",
}


def build(project: Path, kind: str, into: Path) -> Path:
    """An archive of the project, made by the build backend that pyproject.toml names."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", str(into)]
    subprocess.run(command, cwd=project, check=True, capture_output=True)
    (made,) = into.glob("*.whl" if kind == "wheel" else "*.tar.gz")
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    return zipfile.ZipFile(build(REPOSITORY, "wheel", tmp_path_factory.mktemp("wheel")))


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> tarfile.TarFile:
    return tarfile.open(build(REPOSITORY, "sdist", tmp_path_factory.mktemp("sdist")))


def meant(*places: Path) -> set[Path]:
    """The files of these places that belong to the project: those that git tracks, or where there is no git, all."""
    if (REPOSITORY / ".git").exists():
        # Whoever checked it out: git minds whose the directory is.
        command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--", *map(str, places)]
        listed = subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout
        return {REPOSITORY / name for name in listed.split("\0") if name}
    found = [*places, *(path for place in places for path in place.rglob("*"))]
    return {path for path in found if path.is_file() and "__pycache__" not in path.parts}


def sources() -> Mapping[str, bytes]:
    """The files of both packages as they lie here, by their names in a wheel."""
    return {
        f"{package}/{path.relative_to(directory)}": path.read_bytes()
        for package, directory in PACKAGES.items()
        for path in meant(directory)
    }


def information(wheel: zipfile.ZipFile) -> dict[str, bytes]:
    """The files of the wheel's .dist-info, by their names in it."""
    found = [name for name in wheel.namelist() if ".dist-info/" in name]
    return {name.partition(".dist-info/")[2]: wheel.read(name) for name in found}


def test_the_wheel_holds_both_packages_as_they_are_here_and_what_describes_it(wheel: zipfile.ZipFile) -> None:
    held = {name: wheel.read(name) for name in wheel.namelist() if ".dist-info/" not in name}

    assert held == sources()
    assert set(information(wheel)) == {
        "METADATA",
        "RECORD",
        "WHEEL",
        "entry_points.txt",
        "licenses/LICENSE",
        f"licenses/{DAGRES_LICENCE}",
    }
    for needed in (
        "virtnet/py.typed",
        "virtnet/plugin/schema.json",
        "pulumi_virtnet/py.typed",
        "pulumi_virtnet/pulumi-plugin.json",
    ):
        assert needed in held


def test_nothing_in_the_wheel_is_anything_but_code_and_the_data_it_reads(wheel: zipfile.ZipFile) -> None:
    names = [name for name in wheel.namelist() if ".dist-info/" not in name]

    assert {Path(name).suffix for name in names} == {".py", ".json", ".txt", ".typed", ".sh", ".service", ".css", ".js"}
    assert not [name for name in names if "test" in name or "tools" in name or "bench" in name]
    # Readable for everybody, writable for their owner, run by nobody.
    assert {wheel.getinfo(name).external_attr >> 16 & 0o777 for name in names} == {0o644}


def test_the_wheel_brings_its_commands_and_its_licence(wheel: zipfile.ZipFile) -> None:
    held = information(wheel)
    commands = ConfigParser()
    commands.read_string(held["entry_points.txt"].decode())

    assert {section: dict(commands[section]) for section in commands.sections()} == {
        "console_scripts": {"virtnet": "virtnet.cli:main", "pulumi-resource-virtnet": "virtnet.plugin.main:main"}
    }
    assert held["licenses/LICENSE"] == (REPOSITORY / "LICENSE").read_bytes()
    assert held[f"licenses/{DAGRES_LICENCE}"] == (REPOSITORY / DAGRES_LICENCE).read_bytes()
    told = held["METADATA"].decode().splitlines()
    assert "License-Expression: Apache-2.0 AND MIT" in told
    assert [line for line in told if line.startswith("Provides-Extra")] == ["Provides-Extra: map"]


def test_the_source_archive_holds_what_the_project_says_and_nothing_else(sdist: tarfile.TarFile) -> None:
    names = [name.partition("/")[2] for name in sdist.getnames()]

    parts = ("provider", "sdk", "tests", "examples", "docs")
    files = ("CHANGELOG.md", "LICENSE", "README.md", "pyproject.toml", ".gitignore")
    those = {str(path.relative_to(REPOSITORY)) for path in meant(*(REPOSITORY / name for name in (*parts, *files)))}
    assert set(names) == {*those, "PKG-INFO"}
    assert {name.partition("/")[0] for name in names} == {*parts, *files, "PKG-INFO"}
    assert not [name for name in names if "__pycache__" in name or name.endswith((".pyc", ".log", ".key", ".pem"))]
    assert not [member.name for member in sdist if not (member.isfile() or member.isdir())], "links lead elsewhere"


def test_the_wheel_made_of_the_source_archive_is_the_same(
    wheel: zipfile.ZipFile, sdist: tarfile.TarFile, tmp_path: Path
) -> None:
    subprocess.run(["tar", "-xzf", sdist.name or "", "-C", tmp_path], check=True)
    (project,) = tmp_path.iterdir()

    made = zipfile.ZipFile(build(project, "wheel", tmp_path / "wheel"))

    assert {name: made.read(name) for name in made.namelist()} == {name: wheel.read(name) for name in wheel.namelist()}
