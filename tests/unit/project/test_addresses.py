"""The repository's address stands in pyproject.toml, and everything else has it from there."""

import re
import subprocess
from pathlib import Path

from tools.codegen import project

REPOSITORY = Path(__file__).parents[3]
PUBLISHED = project.read(REPOSITORY)
#: Made of pyproject.toml, and compared with it by other tests.
GENERATED = (
    "docs/_index.md",
    "docs/installation-configuration.md",
    "provider/virtnet/plugin/schema.json",
    "sdk/go/",
    "sdk/nodejs/",
    "sdk/pulumi_virtnet/_generated/",
)


def tracked() -> list[str]:
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    listed = subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout
    return [name for name in listed.split("\0") if name and not name.startswith(GENERATED)]


def test_nothing_else_has_the_address_but_programs_that_import_the_go_module() -> None:
    address = PUBLISHED.repository.removeprefix("https://")

    found = set()
    for name in tracked():
        text = (REPOSITORY / name).read_text(errors="ignore") if (REPOSITORY / name).is_file() else ""
        rest = re.sub(rf"(?<!/){re.escape(PUBLISHED.go_module)}(/virtnet)?(?![\\w/])", "", text)
        found |= {name} if address in rest else set()

    assert found == {"pyproject.toml"}


def test_an_address_of_another_owner_reaches_all_that_is_published() -> None:
    other = project.Project("1.2.3", "https://github.com/owner/name")

    assert other.go_module == "github.com/owner/name/sdk/go"
    assert other.plugin_download_url == "github://api.github.com/owner/name"
    assert other.file("docs/logo.svg") == "https://raw.githubusercontent.com/owner/name/main/docs/logo.svg"


def test_the_logo_is_where_the_schema_says() -> None:
    assert (REPOSITORY / "docs" / "logo.svg").read_text().startswith("<svg ")
