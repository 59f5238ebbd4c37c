"""docs/support.md promises the versions that the package asks for, and names those that the tests run with."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from tests.campaigns.hosts.subjects import HOSTS
from tools.release import java

REPOSITORY = Path(__file__).parents[3]
PROJECT = (REPOSITORY / "pyproject.toml").read_text()
LOCKED = (REPOSITORY / "uv.lock").read_text()
RUNS = json.loads((REPOSITORY / "docs" / "hosts.json").read_text()).values()
#: The machine that runs `make test`, which is no tree of another release.
MACHINE = json.loads((REPOSITORY / "docs" / "performance.json").read_text())["machine"]


class Row(NamedTuple):
    """What the page says of one thing."""

    promised: str
    tested: str


def rows() -> dict[str, Row]:
    page = (REPOSITORY / "docs" / "support.md").read_text()
    found = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", page, re.MULTILINE)
    return {what: Row(promised, tested) for what, promised, tested in found if set(what) != {"-"}}


def only(pattern: str, text: str) -> str:
    (found,) = re.findall(pattern, text, re.MULTILINE)
    assert isinstance(found, str)
    return found


def listed(versions: Iterable[str]) -> str:
    """Versions by their first two numbers, each once, in order."""
    numbers = {tuple(map(int, version.split(".")[:2])) for version in versions}
    return ", ".join(".".join(map(str, each)) for each in sorted(numbers))


def asked_of(package: str) -> str:
    """The lowest version of a package that the project takes."""
    return only(rf'^  "{package}>=([\d.]+)', PROJECT)


def locked(package: str) -> str:
    return only(rf'^name = "{package}"\nversion = "([\d.]+)"', LOCKED)


def test_of_python() -> None:
    supported = re.findall(r'"Programming Language :: Python :: (3\.\d+)"', PROJECT)
    oldest, newest = supported[0], supported[-1]

    assert only(r'^requires-python = ">=([\d.]+)"', PROJECT) == oldest
    tested = listed([oldest, only(r"Python ([\d.]+)", MACHINE), *(run["versions"]["Python"] for run in RUNS)])
    assert rows()["Python"] == Row(f"{oldest} to {newest}", tested)
    assert tested.endswith(newest)


def test_of_pulumi() -> None:
    engine = only(
        r"^require github.com/pulumi/pulumi/pkg/v3 v([\d.]+)", (REPOSITORY / "tools/pulumi/go.mod").read_text()
    )

    assert rows()["Pulumi's engine"] == Row(f"{engine} and newer releases of Pulumi 3", engine)
    package = Row(f"{asked_of('pulumi')} and newer releases of Pulumi 3", locked("pulumi"))
    assert rows()["Pulumi's package for Python"] == package


def test_of_hosts() -> None:
    libvirts = listed([only(r"libvirt ([\d.]+)", MACHINE), *(run["versions"]["libvirt"] for run in RUNS)])
    releases = re.findall(r"^[a-z]+ +(\d+)", (REPOSITORY / "tools/debian-releases.txt").read_text(), re.MULTILINE)
    (machine,) = [host.title for host in HOSTS if not host.tree]
    debians = f"Debian {', '.join(sorted({*releases, machine.removeprefix('Debian ')}))}"

    assert rows()["libvirt on hosts"] == Row(f"{libvirts.split(', ')[0]} and newer", libvirts)
    assert rows()["distributions of hosts"] == Row(debians, debians)
    assert {re.sub(r"\D*(\d+).*", r"\1", host.title) for host in HOSTS} == set(re.findall(r"\d+", debians))


def test_of_libvirt_for_python() -> None:
    promised = f"{asked_of('libvirt-python')} and newer, with any libvirt on hosts"

    assert rows()["libvirt for Python"] == Row(promised, locked("libvirt-python"))


def test_of_other_languages() -> None:
    go = only(r"^go ([\d.]+)", (REPOSITORY / "sdk/go/go.mod").read_text())
    node = only(r"^NODE_OLDEST_MAJOR=(\d+)", (REPOSITORY / "tools/setup.d/versions.sh").read_text())

    assert rows()["Go, for programs in Go"].promised == f"{go} and newer"
    assert rows()["Node.js, for programs in TypeScript"].promised == f"{node} and newer"
    assert rows()["Java, for programs in Java"].promised == f"{java.RELEASE} and newer"
