"""The documentation's site: `make docs` builds it without a warning, and each of its links leads somewhere."""

import subprocess
from pathlib import Path

import pytest
from tests.hosts.sandboxed import REPOSITORY

# The first build installs Sphinx.
pytestmark = [pytest.mark.acceptance, pytest.mark.campaign, pytest.mark.timeout(900)]


def test_the_site_is_built_without_a_warning_and_finds_its_words(tmp_path: Path) -> None:
    done = subprocess.run(
        [str(REPOSITORY / "tools" / "build-docs"), "--site", str(tmp_path)], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
    (version,) = [path for path in tmp_path.iterdir() if path.is_dir()]
    assert "How to read it" in (version / "docs" / "performance.html").read_text()
    assert "reattach" in (version / "searchindex.js").read_text()
