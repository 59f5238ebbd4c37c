"""What a release publishes depends on what is in it alone, and is refused where it is not ready."""

import subprocess
import zipfile
from pathlib import Path

import pytest
from tools.release.archives import checksums, tarball, zipped
from tools.release.notes import notes, tagged

CHANGELOG = "# Changelog\n\n## 1.1.0 (2026-02-01)\n\nAdded:\n\n- Two.\n\n## 1.0.0 (2026-01-01)\n\n- One.\n"


def folder(place: Path) -> Path:
    (place / "bin").mkdir(parents=True)
    (place / "bin" / "program").write_text("#!/bin/sh\n")
    (place / "bin" / "program").chmod(0o700)
    (place / "a").write_text("a\n")
    (place / "link").symlink_to("a")
    return place


def test_an_archive_of_the_same_content_is_the_same(tmp_path: Path) -> None:
    one = tarball(folder(tmp_path / "one"), tmp_path / "one.tar.gz", 1_700_000_000)
    two = tarball(folder(tmp_path / "two"), tmp_path / "two.tar.gz", 1_700_000_000)

    assert one.read_bytes() == two.read_bytes()


def test_an_archive_gives_back_what_was_packed(tmp_path: Path) -> None:
    archive = tarball(folder(tmp_path / "one"), tmp_path / "one.tar.gz", 1_700_000_000)
    (tmp_path / "out").mkdir()

    subprocess.run(["tar", "-xzf", archive, "-C", tmp_path / "out"], check=True)

    program = tmp_path / "out" / "bin" / "program"
    assert (program.read_text(), program.stat().st_mode & 0o777) == ("#!/bin/sh\n", 0o755)
    assert (tmp_path / "out" / "link").readlink() == Path("a")
    assert int((tmp_path / "out" / "a").stat().st_mtime) == 1_700_000_000


def test_a_jar_of_the_same_content_is_the_same_and_begins_with_its_manifest(tmp_path: Path) -> None:
    jars = []
    for name in ("one", "two"):
        content = folder(tmp_path / name)
        (content / "META-INF").mkdir()
        (content / "META-INF" / "MANIFEST.MF").write_text("Manifest-Version: 1.0\n")
        jars.append(zipped(content, tmp_path / f"{name}.jar", 1_700_000_000))

    assert jars[0].read_bytes() == jars[1].read_bytes()
    packed = zipfile.ZipFile(jars[0])
    assert packed.namelist() == ["META-INF/MANIFEST.MF", "a", "bin/program", "link"]
    assert packed.read("a") == b"a\n"
    assert {each.date_time for each in packed.infolist()} == {(2023, 11, 14, 22, 13, 20)}


def test_checksums_are_those_that_sha256sum_checks(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / name).write_text(name)

    (tmp_path / "SHA256SUMS").write_text(checksums([tmp_path / "b", tmp_path / "a"]))

    done = subprocess.run(
        ["sha256sum", "--check", "SHA256SUMS"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "a: OK\nb: OK\n"


def test_a_release_says_what_its_section_of_the_changelog_says() -> None:
    assert notes(CHANGELOG, "1.1.0") == "Added:\n\n- Two.\n"
    assert notes(CHANGELOG, "1.0.0") == "- One.\n"


def test_a_version_whose_changelog_is_not_gathered_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^CHANGELOG\.md has no section of 1\.2\.0\. Run: make changelog$"):
        notes(CHANGELOG, "1.2.0")


def test_a_tag_of_another_version_is_refused() -> None:
    tagged("v1.1.0", "1.1.0")
    with pytest.raises(
        ValueError, match=r"the tag is v1\.2\.0, and pyproject\.toml has version 1\.1\.0\. Tag v1\.1\.0"
    ):
        tagged("v1.2.0", "1.1.0")
