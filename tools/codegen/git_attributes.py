"""The root's .gitattributes, by which reviews fold generated files away."""

from collections.abc import Iterable
from pathlib import PurePosixPath

from tools.codegen.python.source import MARK


def text(folders: Iterable[PurePosixPath], files: Iterable[PurePosixPath]) -> str:
    """The file that marks these as generated: all below the folders, and the single files."""
    patterns = [*(f"/{folder}/**" for folder in sorted(folders)), *(f"/{file}" for file in sorted(files))]
    return "\n".join([MARK, *(f"{pattern} linguist-generated=true" for pattern in patterns), ""])
