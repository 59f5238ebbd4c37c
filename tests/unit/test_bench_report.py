"""The benchmark's tables and picture, and that the documents show the figures that were measured."""

import json
from pathlib import Path
from typing import Any

import pytest
from bench import report
from bench.__main__ import FIGURES, PICTURE, REPOSITORY, published
from bench.picture import PICTURED, picture
from lxml import etree

MEASURED: dict[str, Any] = {
    "machine": "2 cores",
    "comparison": [
        {
            "networks": 100,
            "what": what,
            "runs": 3,
            "libvirt's floor, s": None if what == "no-op up" else 10.5,
            "engine's floor, s": 2.0,
            "virtnet, s": 13.1,
            "of the floors": 1.05,
            "OpenTofu, s": 0.5,
            "OpenTofu replaces": what == "restart of one",
            "virtnet, MiB": "82 / 150",
            "OpenTofu, MiB": "23 / 100",
            "virtnet, lost": "0",
            "OpenTofu, lost": "81, stays cut off",
        }
        for what in PICTURED
    ],
}


def test_a_replacement_is_told_beside_its_seconds_and_figures_keep_their_digits() -> None:
    lines = report.comparison(MEASURED["comparison"], style="github").splitlines()

    replacing = next(line for line in lines if "restart of one" in line)
    no_op = next(line for line in lines if "no-op up" in line)
    assert "0.50 (replaces)" in replacing
    assert "81, stays cut off" in replacing
    assert [cell.strip() for cell in no_op.split("|")[4:7]] == ["-", "2.00", "13.10"]


def test_the_picture_is_svg_without_scripts_and_names_what_it_shows() -> None:
    root = etree.fromstring(picture(MEASURED["comparison"], 100).encode())

    texts = set(root.itertext())
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert not root.findall(".//{http://www.w3.org/2000/svg}script")
    assert {"virtnet", "OpenTofu", *PICTURED} <= texts


def test_the_same_figures_draw_the_same_picture() -> None:
    assert picture(MEASURED["comparison"], 100) == picture(MEASURED["comparison"], 100)


def test_a_document_keeps_all_but_what_stands_between_its_markers() -> None:
    old = "before\n<!-- x -->\nold\n<!-- end of x -->\nafter\n"

    assert report.between_markers(old, "x", "new\n") == "before\n<!-- x -->\nnew\n<!-- end of x -->\nafter\n"


def test_a_document_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="<!-- x -->"):
        report.between_markers("nothing\n", "x", "new")


@pytest.mark.parametrize("path", [REPOSITORY / "README.md", REPOSITORY / "docs/performance.md", PICTURE], ids=str)
def test_the_documents_show_the_figures_of_the_last_run(path: Path) -> None:
    written = published(json.loads(FIGURES.read_text()))

    assert path.read_text() == written[path]
