"""The SDK's enumerations, with the names that Pulumi gives them in the programs that `pulumi import` writes."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tools.codegen.python.source import MARK


def module(types: Mapping[str, Any]) -> Iterator[str]:
    """The lines of the module of enumerations. `types` are the schema's."""
    found = {token.rpartition(":")[2]: kind for token, kind in types.items() if "enum" in kind}
    yield MARK
    yield '"""The values that a property may have, by the names that programs of `pulumi import` use.'
    yield ""
    yield "A program may also use the values themselves, as texts."
    yield '"""'
    yield from ("", "from enum import Enum", "", f"__all__ = {sorted(found)!r}", "")
    for name, kind in sorted(found.items()):
        yield f"class {name}(str, Enum):"
        yield f'    """The values of the type `{name}` in the schema."""'
        yield ""
        for entry in kind["enum"]:
            yield f'    {member(name, entry["value"])} = "{entry["value"]}"'
        yield ""


def member(name: str, value: str) -> str:
    """A value's name as Pulumi's code generator spells it: behind the type's where it begins with a digit."""
    if value[0].isalpha():
        return value.upper()
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", f"{name}_{value.replace('.', '_')}")
    return words.upper()
