"""Generated files are compared with a directory and written into it; what is left of an older generator goes."""

from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest
from tools.codegen.files import Generated, differences, write

GENERATED = Generated(
    {PurePosixPath("sdk/_generated/a.py"): "one\ntwo\n", PurePosixPath("docs/page.md"): "text\n"},
    frozenset({PurePosixPath("sdk/_generated")}),
)

#: What may happen to what was written, and the file in which it shows.
DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "edited": (lambda root: (root / "docs/page.md").write_text("other\n"), "docs/page.md"),
    "removed": (lambda root: (root / "sdk/_generated/a.py").unlink(), "sdk/_generated/a.py"),
    "left over": (lambda root: (root / "sdk/_generated/old.py").write_text("old\n"), "sdk/_generated/old.py"),
    "left over and empty": (lambda root: (root / "sdk/_generated/old.py").touch(), "sdk/_generated/old.py"),
}


def test_what_was_written_does_not_differ_and_is_not_written_again(tmp_path: Path) -> None:
    first = write(GENERATED, tmp_path)

    assert first == [PurePosixPath("docs/page.md"), PurePosixPath("sdk/_generated/a.py")]
    assert (tmp_path / "sdk/_generated/a.py").read_text() == "one\ntwo\n"
    assert list(differences(GENERATED, tmp_path)) == []
    assert write(GENERATED, tmp_path) == []


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_difference_is_shown_and_mended(tmp_path: Path, damage: str) -> None:
    done, path = DAMAGES[damage]
    write(GENERATED, tmp_path)
    done(tmp_path)

    shown = list(differences(GENERATED, tmp_path))
    written = write(GENERATED, tmp_path)

    assert path in shown[0]
    assert written == [PurePosixPath(path)]
    assert list(differences(GENERATED, tmp_path)) == []


@pytest.mark.parametrize("path", ["sdk/_generated/__pycache__/a.pyc", "sdk/_generated/node_modules/x/x.js", "sdk/b.py"])
def test_what_others_make_beside_it_is_not_touched(tmp_path: Path, path: str) -> None:
    write(GENERATED, tmp_path)
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text("theirs")

    assert list(differences(GENERATED, tmp_path)) == []
    assert write(GENERATED, tmp_path) == []
    assert (tmp_path / path).exists()
