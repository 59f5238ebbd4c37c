"""Builds what a release publishes into a folder, the same files for the same commit and tools.

    python -m tools.release [--into dist] [--tag v1.2.3]
    python -m tools.release --checksums [--into dist]

It builds the wheel and the source archive, the plugin's archive for this machine's processor, the packages of npm and
Maven, CycloneDX bills of materials, and SHA256SUMS of all. With a tag it writes NOTES.md too, and refuses a tag of
another version, or without a section in the changelog. Go's module is the folder sdk/go of the repository, at the tag
sdk/go/vX. `--checksums` writes SHA256SUMS again, where archives for other processors came in beside these.
`make release-artifacts` calls it, whose set-up brings all that it needs.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.codegen import project
from tools.release import java, node, notes, plugin, python, sbom
from tools.release.archives import checksums
from tools.release.project import DISTRIBUTION

REPOSITORY = Path(__file__).resolve().parents[2]
NOTES = "NOTES.md"


def main(arguments: Sequence[str]) -> int:
    """Build everything; the folder is emptied first."""
    parser = argparse.ArgumentParser(prog="python -m tools.release", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--into", type=Path, default=REPOSITORY / "dist", help="the folder, emptied first")
    parser.add_argument("--tag", help="the tag that is released")
    parser.add_argument("--checksums", action="store_true", help="write nothing but SHA256SUMS, of what the folder has")
    given = parser.parse_args(arguments)
    into = given.into
    if given.checksums:
        _write_checksums(into)
        return 0
    said = _notes(given.tag) if given.tag else ""
    languages, java_tools, uv = os.environ.get("VIRTNET_LANGUAGES"), os.environ.get("VIRTNET_JAVA"), shutil.which("uv")
    if languages is None or java_tools is None or uv is None:
        print("Pulumi's other languages or uv are missing; run: make setup-release", file=sys.stderr)
        return 1
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    for made in build(into, Path(languages), Path(java_tools), uv, _commit_time()):
        print(f"{made.stat().st_size:>12,} {made.name}")
    if said:
        (into / NOTES).write_text(said)
    return 0


def _notes(tag: str) -> str:
    version = project.read(REPOSITORY).version
    notes.tagged(tag, version)
    return notes.notes((REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8"), version)


def build(into: Path, languages: Path, java_tools: Path, uv: str, epoch: int) -> list[Path]:
    """All files of a release. `epoch` is the time that they carry, in seconds."""
    made = packages(into, languages, java_tools, uv, epoch)
    (wheel,) = (path for path in made if path.suffix == ".whl")
    archive = plugin.archive(REPOSITORY, wheel, project.read(REPOSITORY).version, into, epoch)
    return [*made, archive, _write_checksums(into)]


def packages(into: Path, languages: Path, java_tools: Path, uv: str, epoch: int) -> list[Path]:
    """All but the plugin's archive, which takes a minute, and the checksums."""
    bill = into / f"{DISTRIBUTION}-{project.read(REPOSITORY).version}.cdx.json"
    bill.write_text(sbom.bill_of_materials(REPOSITORY, uv, epoch))
    return [
        *python.distributions(REPOSITORY, into, epoch),
        node.package(REPOSITORY, languages / "node_modules", into),
        *java.package(REPOSITORY, java_tools, into, epoch),
        bill,
    ]


def _write_checksums(into: Path) -> Path:
    sums = into / "SHA256SUMS"
    sums.write_text(checksums(path for path in into.iterdir() if path.name not in (sums.name, NOTES)))
    return sums


def _commit_time() -> int:
    command = ["git", "-c", "safe.directory=*", "log", "-1", "--format=%ct"]
    return int(subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
