"""What is generated is up to date, and marked so that neither people nor tools edit it."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest
from tools.codegen.__main__ import main
from tools.codegen.everything import ATTRIBUTES, LANGUAGES, SCHEMA, from_specs
from tools.codegen.files import Generated
from tools.codegen.python.source import MARK

REPOSITORY = Path(__file__).parents[3]
#: Where the repository has code.
FOLDERS = ("provider", "sdk", "tests", "tools", "bench", "docs", "examples")


@pytest.fixture(scope="module")
def generated() -> Generated:
    return from_specs(REPOSITORY)


def files(suffix: str) -> Iterator[Path]:
    """The repository's files whose names end so, but for what npm brought."""
    for folder in FOLDERS:
        for path in (REPOSITORY / folder).rglob(f"*{suffix}"):
            if "node_modules" not in path.parts:
                yield path


def test_generated_files_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    """But for the SDKs of other languages, which an acceptance test compares."""
    status = main(["--check"])

    assert status == 0, capsys.readouterr().out


def test_check_tells_a_directory_in_which_nothing_was_generated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], generated: Generated
) -> None:
    status = main(["--check"], tmp_path)

    assert status == 1
    shown = capsys.readouterr().out
    assert [str(path) for path in generated.files if f"--- {path}" not in shown] == []
    assert list(tmp_path.iterdir()) == []


def test_generated_python_and_no_other_begins_with_the_mark(generated: Generated) -> None:
    marked = {path for path in files(".py") if path.read_text().partition("\n")[0] == MARK}

    assert marked == {REPOSITORY / path for path in generated.files if path.suffix == ".py"}


def test_generated_python_is_in_folders_of_its_own(generated: Generated) -> None:
    assert {path.parent for path in generated.files if path.suffix == ".py"} == generated.folders
    assert {folder.name for folder in generated.folders} == {"_generated"}


def test_one_file_of_attributes_names_all_that_is_generated_and_nothing_else(generated: Generated) -> None:
    lines = generated.files[ATTRIBUTES].splitlines()[1:]
    patterns = {pattern for pattern, attribute in map(str.split, lines) if attribute == "linguist-generated=true"}

    folders = {*generated.folders, *LANGUAGES.values()}
    single = {path for path in generated.files if generated.folders.isdisjoint(path.parents)}
    assert len(lines) == len(patterns)
    assert patterns == {*(f"/{folder}/**" for folder in folders), *(f"/{path}" for path in single)}
    assert list(files(".gitattributes")) == []


def test_what_cannot_hold_a_comment_is_the_schema_alone(generated: Generated) -> None:
    text = MARK.removeprefix("# ")
    # A page with front matter has it in there: before, there may be nothing.
    heads = {path: content.removeprefix("---\n").partition("\n")[0] for path, content in generated.files.items()}
    assert {path for path, head in heads.items() if text not in head} == {SCHEMA}
    assert isinstance(SCHEMA, PurePosixPath)
