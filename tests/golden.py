"""Golden files: every sentence of a package, one a line, read as prose. VIRTNET_WRITE_GOLDEN=1 writes them anew."""

import os
from collections.abc import Iterable
from pathlib import Path


def assert_golden(path: Path, sentences: Iterable[tuple[str, str]]) -> None:
    """Fail where a file does not hold just these sentences, each behind its kind: "NOT_IN_MODE: cannot be had …"."""
    assert_golden_text(path, "".join(f"{kind}: {sentence}\n" for kind, sentence in sentences))


def assert_golden_text(path: Path, text: str) -> None:
    """Fail where a file does not hold just this text."""
    if os.environ.get("VIRTNET_WRITE_GOLDEN") == "1":
        path.write_text(text)
    assert text == path.read_text(), f"to write {path.name} anew: VIRTNET_WRITE_GOLDEN=1 pytest {path.parent}"
