"""The Python programs of the examples and the documents, for the tests that run each of them."""

import re
from collections.abc import Mapping
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
IMPORT = re.compile(r"^import pulumi_virtnet(\.native)? as virtnet$", re.MULTILINE)
#: The import line of each form of the provider.
FORMS = {"dynamic": "import pulumi_virtnet as virtnet", "native": "import pulumi_virtnet.native as virtnet"}
#: Of a program that asks a host something.
ASKS = re.compile(r"\bvirtnet\.get_")
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _programs() -> dict[str, str]:
    files = [
        *REPOSITORY.glob("examples/*/*.py"),
        *REPOSITORY.glob("docs/modes/*.py"),
        *REPOSITORY.glob("docs/native/*.py"),
    ]
    found = {str(path.relative_to(REPOSITORY)): path.read_text() for path in files}
    for path in (REPOSITORY / "README.md", *REPOSITORY.glob("docs/*.md"), *REPOSITORY.glob("examples/*/*.md")):
        for number, block in enumerate(BLOCK.findall(path.read_text()), start=1):
            found[f"{path.relative_to(REPOSITORY)}-{number}"] = block
    return {place: text for place, text in sorted(found.items()) if IMPORT.search(text)}


PROGRAMS: Mapping[str, str] = _programs()
"""Each whole program, by where it stands: a file, or a document and the number of its block of Python."""
