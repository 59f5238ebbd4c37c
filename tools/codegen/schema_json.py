"""The schema of the native plugin, with the examples of docs/native and the distribution's version.

JSON has no comments, and Pulumi's schema no field for a remark to its readers, so that .gitattributes alone says that
it is generated.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from virtnet.planning.resource import Resource
from virtnet.plugin.functions import Function
from virtnet.plugin.schema import Json, schema

_LANGUAGES = {"typescript": ".ts", "python": ".py", "go": ".go", "yaml": ".yaml"}


def described(resources: Sequence[Resource[Any]], functions: Sequence[Function], repository: Path) -> Json:
    """The schema as data."""
    examples: dict[str, dict[str, str]] = {}
    for language, suffix in _LANGUAGES.items():
        for path in sorted((repository / "docs" / "native").glob(f"*{suffix}")):
            examples.setdefault(path.stem, {})[language] = path.read_text(encoding="utf-8")
    return schema(resources, functions, examples, version(repository))


def text(schema: Json) -> str:
    """The schema as its file has it."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def version(repository: Path) -> str:
    """The distribution's version as pyproject.toml has it, whatever is installed."""
    found = re.search(r'^version = "(.+)"$', (repository / "pyproject.toml").read_text(), re.MULTILINE)
    if found is None:
        raise ValueError("pyproject.toml names no version")
    return found[1]
