"""The SDKs of other languages, as Pulumi's own code generators write them of the schema (tools/pulumi/generate-sdk)."""

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from tools.codegen.files import Generated

#: The repository has one, at its root.
_ATTRIBUTES = ".gitattributes"


def sdks(program: str, schema: str, folders: Mapping[str, PurePosixPath]) -> Generated:
    """The SDKs in their folders, by the language's name. Raises CalledProcessError if Pulumi doubts the schema."""
    files: dict[PurePosixPath, str] = {}
    with tempfile.TemporaryDirectory() as directory:
        described = Path(directory) / "schema.json"
        described.write_text(schema, encoding="utf-8")
        for language, folder in folders.items():
            made = Path(directory) / language
            subprocess.run([program, language, described, made], check=True)
            files |= {
                folder / path.relative_to(made): path.read_text(encoding="utf-8")
                for path in made.rglob("*")
                if path.is_file() and path.name != _ATTRIBUTES
            }
    return Generated(files, frozenset(folders.values()))
