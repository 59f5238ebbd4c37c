"""Generated files, compared with a directory and written into it."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

#: What Python, npm and tsc make beside sources. It is nobody's to compare.
_BYPRODUCTS = frozenset({"__pycache__", "bin", "node_modules", "package-lock.json"})


@dataclass(frozen=True)
class Generated:
    """Files with their content, and the folders that hold nothing else."""

    files: Mapping[PurePosixPath, str]
    """By their paths in the repository."""
    folders: frozenset[PurePosixPath]
    """Those where any other file is a leftover of an earlier generator."""

    def __or__(self, other: "Generated") -> "Generated":
        return Generated({**self.files, **other.files}, self.folders | other.folders)


def differences(generated: Generated, directory: Path) -> Iterator[str]:
    """The lines of a unified diff from what the directory holds to what is generated; none where both are the same."""
    for path, wanted in sorted(generated.files.items()):
        yield from _difference(path, _content(directory / path), wanted)
    for path in _leftovers(generated, directory):
        yield from _difference(path, _content(directory / path), None)


def write(generated: Generated, directory: Path) -> list[PurePosixPath]:
    """Write what differs and remove leftovers; the paths of both."""
    done = []
    for path, wanted in sorted(generated.files.items()):
        if _content(directory / path) != wanted:
            (directory / path).parent.mkdir(parents=True, exist_ok=True)
            (directory / path).write_text(wanted, encoding="utf-8")
            done.append(path)
    for path in _leftovers(generated, directory):
        (directory / path).unlink()
        done.append(path)
    return done


def _content(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def _leftovers(generated: Generated, directory: Path) -> list[PurePosixPath]:
    found = {
        PurePosixPath(path.relative_to(directory))
        for folder in generated.folders
        for path in (directory / folder).rglob("*")
        if path.is_file() and _BYPRODUCTS.isdisjoint(path.relative_to(directory).parts)
    }
    return sorted(found - generated.files.keys())


def _difference(path: PurePosixPath, committed: str | None, wanted: str | None) -> Iterator[str]:
    if committed == wanted:
        return
    old, new = (committed or "").splitlines(keepends=True), (wanted or "").splitlines(keepends=True)
    lines = list(difflib.unified_diff(old, new, f"{path} as it is", f"{path} as generated"))
    # An empty file has no lines to show, whether it is to be made or removed.
    yield from lines or [f"--- {path}: an empty file\n"]
