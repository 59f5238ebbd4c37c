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
            "OpenTofu, lost": "stays disconnected",
        }
        for what in PICTURED
    ],
}


def test_a_replacement_is_told_beside_its_seconds_and_figures_keep_their_digits() -> None:
    lines = report.comparison(MEASURED["comparison"], style="github").splitlines()

    replacing = next(line for line in lines if "restart of one" in line)
    no_op = next(line for line in lines if "no-op up" in line)
    assert "0.50 (replaces)" in replacing
    assert "stays disconnected" in replacing
    assert [cell.strip() for cell in no_op.split("|")[4:7]] == ["-", "2.00", "13.10"]


def _rows(what: str, **seconds_by_size: tuple[float, float, float]) -> list[dict[str, Any]]:
    """Rows of one operation: libvirt's floor, the engine's, and virtnet, by the number of networks."""
    return [
        {
            "networks": int(size.removeprefix("of")),
            "what": what,
            "libvirt's floor, s": libvirt,
            "engine's floor, s": engine,
            "virtnet, s": ours,
            "of the floors": round(ours / (libvirt + engine), 2),
        }
        for size, (libvirt, engine, ours) in seconds_by_size.items()
    ]


def test_a_target_that_is_missed_is_bold_and_one_that_is_just_met_is_not() -> None:
    rows = _rows("create", of10=(1.0, 1.0, 2.2), of100=(5.0, 5.0, 11.1)) + _rows("restart of one", of10=(1.0, 1.0, 9.0))

    create, *others = report.targets(rows)

    assert create == {"what": "create", "at most": 1.1, "10": "1.10", "100": "**1.11**"}
    assert not [row for row in others if {"10", "100"} & row.keys()]


def test_a_fleet_is_measured_by_local_networks_and_by_what_libvirt_takes() -> None:
    fleet = [
        {"what": "create", "networks": 100, "virtnet, s": 6.1, "libvirt side by side, s": 5.0},
        {"what": "no-op up", "networks": 100, "virtnet, s": 1.0, "libvirt side by side, s": None},
        {"what": "refresh", "networks": 100, "virtnet, s": 4.0, "libvirt side by side, s": 0.1},
    ]

    create, refresh = report.fleet_targets(fleet, _rows("refresh", of100=(0.1, 0.9, 2.0), of10=(0.1, 0.9, 1.0)))

    assert create == {"what": "create", "beside": "libvirt side by side", "at most": 1.2, "measured": "**1.22**"}
    assert refresh == {
        "what": "refresh",
        "beside": "refresh of 100 local networks",
        "at most": 2.0,
        "measured": "2.00",
    }
    assert [row["what"] for row in report.fleet_targets(fleet, [])] == ["create"]


def test_only_restarts_that_keep_the_gateway_have_to_be_silent() -> None:
    outages = [
        {"what": what, "STP": "on", "gateway: longest, s": 0.04, "outside: longest, s": 0.06}
        for what in ("restart", "restart, from NAT to route")
    ]

    assert report.silence_targets(outages) == [
        {"STP": "on", "at most, s": 0.05, "gateway: longest, s": "0.04", "outside: longest, s": "**0.06**"}
    ]


@pytest.mark.parametrize(
    ("ours", "lines"),
    [
        (2.2, []),
        (2.4, ["networks 10, what create: 1.20 of the floors, 1.05 as published"]),
        (1.0, []),
    ],
    ids=["within a tenth", "slower", "faster"],
)
def test_what_got_slower_than_a_tenth_is_named_with_its_ratios(ours: float, lines: list[str]) -> None:
    published = {"comparison": _rows("create", of10=(1.0, 1.0, 2.1))}
    measured = {"comparison": _rows("create", of10=(1.0, 1.0, ours), of100=(1.0, 1.0, 9.0)), "fleet": []}

    assert report.slower(measured, published) == lines


def test_what_a_network_costs_is_told_from_ten_on_and_not_of_edits_of_one() -> None:
    rows = (
        _rows("create", of1=(1.0, 1.0, 3.0), of10=(1.0, 1.0, 2.5), of100=(5.0, 5.0, 9.0))
        + _rows("live edit of one", of10=(1.0, 1.0, 2.5))
        + _rows("live edit of each", of10=(1.0, 1.0, 2.1))
    )

    shown = report.above_the_floors(rows)

    assert shown == [
        {"ms": "create", "10": "50.0", "100": "-10.0"},
        {"ms": "live edit of each", "10": "10.0"},
    ]


def test_the_picture_is_svg_without_scripts_and_names_what_it_shows() -> None:
    root = etree.fromstring(picture(MEASURED["comparison"], 100).encode())

    texts = set(root.itertext())
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert not root.findall(".//{http://www.w3.org/2000/svg}script")
    assert {"virtnet", "OpenTofu", "libvirt's floor", "the engine's floor", *PICTURED} <= texts


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
