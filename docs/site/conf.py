"""The configuration of the documentation's site, which `make docs` builds with Sphinx.

The root of the repository is the source folder, so that a link is spelled alike for readers of the repository and of
the site.
"""

import os
import re
from pathlib import Path

import tomllib
from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

REPOSITORY = Path(__file__).parents[2]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]

project = "virtnet"
author = "the virtnet authors"
version = release = os.environ.get("VIRTNET_DOCS_VERSION") or PROJECT["version"]
language = "en"

extensions = ["myst_parser", "sphinx_copybutton", "sphinx_external_toc"]
external_toc_path = "docs/site/toc.yml"
include_patterns = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/*.md", "docs/ci/*.md"]
# The pages of Pulumi's registry, which are Hugo's.
exclude_patterns = ["docs/_index.md", "docs/installation-configuration.md"]

# As readers of the repository see Markdown: links and anchors are GitHub's.
myst_enable_extensions = ["tasklist"]
myst_heading_anchors = 4
nitpicky = True

# A block without a language is what a program printed.
highlight_language = "none"

html_theme = "pydata_sphinx_theme"
html_title = f"virtnet {release}"
html_static_path = ["static"]
html_css_files = ["site.css"]
templates_path = ["templates"]
# The landing page of a version leads to README, which is the first page of the contents.
html_additional_pages = {"index": "start.html"}
# All pages, on each page: the theme's own shows those below the page's section alone.
html_sidebars = {"**": ["all-pages.html"]}
html_copy_source = False
html_use_index = False
html_show_sourcelink = False
html_show_sphinx = False
html_theme_options = {
    "logo": {"text": "virtnet"},
    "navbar_start": ["navbar-logo"],
    "navbar_center": [],
    "navbar_end": ["version-switcher", "theme-switcher"],
    "primary_sidebar_end": [],
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    # The file of versions lies beside the folders of the versions, where tools/site writes it.
    "switcher": {"json_url": "../versions.json", "version_match": release},
    "check_switcher": False,
}
copyright = "the virtnet authors, Apache-2.0"  # noqa: A001 - Sphinx's name
# Commands are copied without their prompts and without what they print.
copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True

# `make docs ARGS=--outside` follows the links that lead out.
linkcheck_timeout = 20
linkcheck_ignore = [r"https://github\.com/.*#.*"]

# docs/ci/review-example.md is a comment of a pull request, which has no heading of the first level.
suppress_warnings = ["myst.header"]


def setup(app: Sphinx) -> None:
    """Show the text of a diagram as text, as GitHub's renderer would have to come from elsewhere."""
    app.add_lexer("mermaid", TextLexer)


assert re.fullmatch(r"[\w.+-]+", release), "a version is the name of a folder"  # noqa: S101
