"""The pages of Pulumi's registry: its format, and what it asks of a package's pages."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # Pulumi's own dependency, which brings no types
from tools.codegen import registry
from tools.codegen.project import Project
from tools.codegen.schema import LANGUAGES

from virtnet.spec.part import shapes
from virtnet.spec.settings import ProviderSettings

REPOSITORY = Path(__file__).parents[3]
PUBLISHED = Project("1.2.3", "https://github.com/owner/name")
INDEX = registry.index(REPOSITORY, PUBLISHED)
INSTALLATION = registry.installation(PUBLISHED)
BLOCK = re.compile(r"{{% choosable language (\w+) %}}\n\n```(\w+)\n(.*?)\n```\n\n{{% /choosable %}}", re.DOTALL)


def front_matter(page: str) -> dict[str, Any]:
    before, head, _ = page.split("---\n", 2)
    assert before == ""
    return yaml.safe_load(head)  # type: ignore[no-any-return]


@pytest.mark.parametrize(("page", "layout"), [(INDEX, "package"), (INSTALLATION, "installation")])
def test_a_page_begins_with_the_registrys_front_matter(page: str, layout: str) -> None:
    found = front_matter(page)

    assert list(found) == ["title", "meta_desc", "layout"]
    assert found["layout"] == layout


def test_each_language_has_the_program_that_the_tests_run_in_it() -> None:
    (offered,) = re.findall(r'{{< chooser language "([\w,]+)" >}}', INDEX)
    shown = {language: program for language, highlighted, program in BLOCK.findall(INDEX) if language == highlighted}

    programs = {path.suffix: path.read_text().rstrip() for path in REPOSITORY.glob("docs/native/LibvirtNetwork.*")}
    assert offered.split(",") == list(shown)
    assert {LANGUAGES[language]: program for language, program in shown.items()} == programs
    assert INDEX.count("{{< /chooser >}}") == 1


def test_each_setting_of_the_provider_is_listed() -> None:
    listed = re.findall(r"^- `virtnet:(\w+)`: \w", INSTALLATION, re.MULTILINE)

    assert listed == list(shapes(ProviderSettings))


def test_the_plugin_is_installed_from_the_releases_of_the_version() -> None:
    assert "pulumi plugin install resource virtnet v1.2.3 --server github://api.github.com/owner/name\n" in INSTALLATION
    assert "pulumi config set virtnet:uri " in INSTALLATION
    assert "export LIBVIRT_DEFAULT_URI=" in INSTALLATION


@pytest.mark.parametrize("page", [INDEX, INSTALLATION])
def test_links_lead_to_documents_that_are_there(page: str) -> None:
    documents = re.findall(r"https://github\.com/owner/name/blob/v1\.2\.3/([\w./-]+)", page)

    assert documents
    assert [name for name in documents if not (REPOSITORY / name).is_file()] == []
