"""Builds the documentation's site and checks it: `make docs`, or `python -m tools.site` where Sphinx is installed.

The site is a folder of static files: a folder for each version, `versions.json`, by which every version knows the
others, and `index.html`, which leads to the newest. A build writes its own version's folder and leaves the others; so a
new version is added by building into the folder that holds the old ones. Nothing on a page is loaded from elsewhere.
"""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lxml import html
from packaging.version import Version

ROOT = Path(__file__).parents[1]
SITE = ROOT / "build" / "site"
FIRST_PAGE = "README.html"
LEADS_ON = """\
<!doctype html>
<meta charset="utf-8">
<title>virtnet</title>
<meta http-equiv="refresh" content="0; url={url}">
<a href="{url}">virtnet</a>
"""


def sphinx(builder: str, output: Path, doctrees: Path) -> Sequence[str]:
    """The command that builds, with every warning an error: a link or an anchor that leads nowhere is one."""
    options = ["--fail-on-warning", "--keep-going", "--nitpicky", "--fresh-env", "--quiet"]
    command = [sys.executable, "-m", "sphinx", "--builder", builder, *options]
    return [*command, "--conf-dir", str(ROOT / "docs" / "site"), "--doctree-dir", str(doctrees), str(ROOT), str(output)]


def project_version(pyproject: str) -> str:
    """The version in the text of pyproject.toml."""
    found = re.search(r'^version = "(.+)"$', pyproject, re.MULTILINE)
    if found is None:
        raise ValueError("pyproject.toml has no version")
    return found[1]


def versions(names: Sequence[str]) -> Sequence[Mapping[str, object]]:
    """What versions.json holds, the newest first: the theme's format."""
    ordered = sorted(names, key=Version, reverse=True)
    return [
        {
            "name": f"{name} (newest)" if name == ordered[0] else name,
            "version": name,
            "url": f"../{name}/{FIRST_PAGE}",
            "preferred": name == ordered[0],
        }
        for name in ordered
    ]


def write_versions(site: Path) -> None:
    """Write versions.json and the site's first page, by the folders that are there."""
    names = [path.parent.name for path in site.glob(f"*/{FIRST_PAGE}")]
    found = versions(names)
    (site / "versions.json").write_text(json.dumps(found, indent=2) + "\n")
    (site / "index.html").write_text(LEADS_ON.format(url=f"{found[0]['version']}/{FIRST_PAGE}"))


def faults(folder: Path) -> Iterator[str]:
    """What is wrong with the built pages of a version: links that lead nowhere, and what is loaded from outside."""
    found = [path for path in sorted(folder.glob("**/*.html")) if "_static" not in path.parts]
    pages = {path: html.parse(str(path)).getroot() for path in found}
    anchors = {path: {*root.xpath("//@id"), *root.xpath("//a/@name"), ""} for path, root in pages.items()}
    for path, root in pages.items():
        place = path.relative_to(folder)
        for loaded in root.xpath("//script/@src | //img/@src | //link[@rel!='canonical']/@href | //iframe/@src"):
            if urlsplit(loaded).scheme not in ("", "data") or loaded.startswith("//"):
                yield f"{place}: {loaded} is loaded from outside"
        for link in root.xpath("//a/@href | //img/@src | //script/@src | //link/@href"):
            yield from (f"{place}: {fault}" for fault in _fault_of(link, path, anchors))


def _fault_of(link: str, path: Path, anchors: Mapping[Path, set[str]]) -> Iterator[str]:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if not target.exists():
        yield f"{link} leads nowhere"
    elif parts.fragment and unquote(parts.fragment) not in anchors.get(target, {unquote(parts.fragment)}):
        yield f"{link} leads to no place on its page"


def main(arguments: Sequence[str] | None = None) -> int:
    """Build and check; 1 where something is wrong."""
    parser = argparse.ArgumentParser(description="Build the documentation's site.")
    parser.add_argument("--site", type=Path, default=SITE, help="the folder of all versions (default: build/site)")
    parser.add_argument("--outside", action="store_true", help="only follow the links that lead out, over the network")
    options = parser.parse_args(arguments)
    folder, doctrees = (
        options.site / project_version((ROOT / "pyproject.toml").read_text()),
        ROOT / "build" / "doctrees",
    )
    builder, output = ("linkcheck", ROOT / "build" / "links") if options.outside else ("html", folder)
    done = subprocess.run(sphinx(builder, output, doctrees), check=False)
    if done.returncode != 0 or options.outside:
        return done.returncode
    write_versions(options.site)
    found = list(faults(folder))
    for fault in found:
        print(fault, file=sys.stderr)
    print(f"{folder / FIRST_PAGE}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
