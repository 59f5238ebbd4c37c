"""Checks how the documents and the program's sentences read: `python -m tools.prose`, or `make prose`.

The words come from the table in docs/style.md; proselint finds them, and checks what it knows of English itself. Code
in documents isn't prose: real output is checked where the program makes it, in the strings of its modules. Of a module
that people read, docstrings are checked too.
"""

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from proselint.checks import __register__ as english_checks
from proselint.registry import CheckRegistry
from proselint.registry.checks import Check, CheckFlags, types
from proselint.tools import LintFile

ROOT = Path(__file__).parents[1]
STYLE = ROOT / "docs" / "style.md"
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "docs/*.md", "changelog.d/*.md")
#: Whose strings people read: messages, what a program or `--help` says, and what the reference and editors show.
MODULES = (
    "provider/virtnet/**/messages.py",
    "provider/virtnet/**/messages/*.py",
    "provider/virtnet/cli.py",
    "provider/virtnet/commands/**/command.py",
    "provider/virtnet/**/program.py",
    "provider/virtnet/**/refusals.py",
    "provider/virtnet/**/resource.py",
    "provider/virtnet/**/spec.py",
    "provider/virtnet/functions/*.py",
    "sdk/pulumi_virtnet/*.py",
)
#: What proselint checks beside the words of docs/style.md. Its other checks are about literature and typography.
CHECKS = {"virtnet": True, "cliches": True, "hedging": True, "needless_variants": True, "redundancy": True}

_ROW = re.compile(r"^\| (?P<said>[^|]+?) \| (?P<better>[^|]+?) \|$", re.MULTILINE)
_WORDS = re.compile(r"^## Words\n(.*?)^Words with one meaning", re.MULTILINE | re.DOTALL)
#: A fenced block, a comment, or a piece of code in a line.
_NO_PROSE = re.compile(r"^ *(```|~~~).*?^ *\1|<!--.*?-->|`[^`\n]+`", re.MULTILINE | re.DOTALL)


class Found(NamedTuple):
    """Words in a file that read badly."""

    path: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.reason}"


def words(style: str) -> Mapping[str, str]:
    """The first table of docs/style.md's words: what is said, and what to say instead."""
    (table,) = _WORDS.findall(style)
    rows = [match.groupdict() for match in _ROW.finditer(table)][2:]
    return {said.strip(): row["better"] for row in rows for said in row["said"].split(",")}


def prose_of_markdown(text: str) -> str:
    """Markdown without code: blanks take its place, so that lines keep their numbers."""
    return _NO_PROSE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def prose_of_python(text: str) -> str:
    """The strings of a module, each in its own line, among empty ones."""
    lines = [""] * (text.count("\n") + 1)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            lines[node.lineno - 1] += f" {' '.join(node.value.split())} ;"
    return "\n".join(lines)


def check(path: str, prose: str) -> Iterator[Found]:
    """What reads badly in a file."""
    for result in LintFile(path, prose).lint({"max_errors": 1000, "checks": CHECKS}):
        yield Found(path, result.pos[0], result.check_result.message)


def files() -> Iterator[tuple[str, str]]:
    """Every file that is checked, by its path from the root, with its prose."""
    for patterns, prose_of in ((DOCUMENTS, prose_of_markdown), (MODULES, prose_of_python)):
        for path in sorted({path for pattern in patterns for path in ROOT.glob(pattern)}):
            name, text = str(path.relative_to(ROOT)), path.read_text()
            yield name, prose_of(_WORDS.sub("", text) if path == STYLE else text)


def register(said: Mapping[str, str]) -> None:
    """Have proselint check the words, wherever a line ends between them."""
    items = {re.escape(one).replace(r"\ ", r"\s+"): better for one, better in said.items()}
    words_of_style = Check(
        types.PreferredForms(items), path="virtnet", message="{1!r}: say {0}", flags=CheckFlags(allow_quotes=True)
    )
    CheckRegistry().register_many((*english_checks, words_of_style))


def main() -> int:
    """Print what reads badly; 1 where something does."""
    register(words(STYLE.read_text()))
    found = [one for name, prose in files() for one in check(name, prose)]
    for one in found:
        print(one)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
