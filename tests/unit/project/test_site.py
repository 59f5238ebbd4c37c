"""What builds the documentation's site finds wrong in pages, and how versions come to stand beside one another."""

import json
import re
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]  # Pulumi's own dependency, which brings no types
from tools import site
from tools.codegen.everything import REGISTRY_INDEX, REGISTRY_INSTALLATION

ROOT = Path(__file__).parents[3]


def page(folder: Path, name: str, body: str, head: str = "") -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"<!doctype html><html><head>{head}</head><body>{body}</body></html>")


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ('<a href="other.html">', None),
        ('<a href="other.html#there">', None),
        ('<a href="#here">', None),
        ('<a href="https://example.org/nowhere">', None),
        ('<a href="missing.html">', "missing.html leads nowhere"),
        ('<a href="other.html#gone">', "other.html#gone leads to no place on its page"),
        ('<a href="#gone">', "#gone leads to no place on its page"),
        ('<img src="missing.svg">', "missing.svg leads nowhere"),
        ('<script src="https://cdn.example.org/x.js"></script>', "https://cdn.example.org/x.js is loaded from outside"),
        ('<img src="//example.org/pixel.png">', "//example.org/pixel.png is loaded from outside"),
    ],
)
def test_what_leads_nowhere_or_comes_from_outside_is_found(tmp_path: Path, body: str, fault: str | None) -> None:
    page(tmp_path, "README.html", f'<h1 id="here">x</h1>{body}')
    page(tmp_path, "other.html", '<h1 id="there">y</h1>')

    assert list(site.faults(tmp_path)) == ([] if fault is None else [f"README.html: {fault}"])


def test_a_style_sheet_from_outside_is_found(tmp_path: Path) -> None:
    page(tmp_path, "README.html", "", '<link rel="stylesheet" href="https://fonts.example.org/css">')

    assert list(site.faults(tmp_path)) == ["README.html: https://fonts.example.org/css is loaded from outside"]


def test_versions_are_ordered_as_versions_and_the_newest_is_preferred() -> None:
    found = site.versions(["0.9.0", "0.10.0", "0.10.0rc1"])

    assert [one["version"] for one in found] == ["0.10.0", "0.10.0rc1", "0.9.0"]
    assert [one["preferred"] for one in found] == [True, False, False]
    assert found[1]["url"] == "../0.10.0rc1/README.html"


def test_a_new_version_stands_beside_the_old_ones(tmp_path: Path) -> None:
    for version in ("0.1.0", "0.2.0"):
        page(tmp_path / version, "README.html", version)

    site.write_versions(tmp_path)

    assert [one["version"] for one in json.loads((tmp_path / "versions.json").read_text())] == ["0.2.0", "0.1.0"]
    assert 'url=0.2.0/README.html"' in (tmp_path / "index.html").read_text()


def test_the_version_is_the_projects() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*", site.project_version((ROOT / "pyproject.toml").read_text()))


def test_each_document_has_its_place_in_the_contents() -> None:
    toc = yaml.safe_load((ROOT / "docs" / "site" / "toc.yml").read_text())
    elsewhere = {ROOT / REGISTRY_INDEX, ROOT / REGISTRY_INSTALLATION}
    documents = {str(path.relative_to(ROOT).with_suffix("")) for path in {*ROOT.glob("docs/**/*.md")} - elsewhere}

    assert documents <= set(listed(toc)) | {toc["root"]}


def listed(entry: object) -> list[str]:
    """Every file that an entry of the contents names, at any depth."""
    if isinstance(entry, list):
        return [name for one in entry for name in listed(one)]
    if not isinstance(entry, dict):
        return []
    below = [name for key in ("subtrees", "entries") for name in listed(entry.get(key, []))]
    return [*([entry["file"]] if "file" in entry else []), *below]
