"""What docs/install.md has users type for the first network in each language: a campaign types it, for minutes."""

import re
from pathlib import Path

from tests.campaigns.first_networks import DYNAMIC, PAGE, steps
from tools.codegen import project, registry

REPOSITORY = Path(__file__).parents[3]
PUBLISHED = project.read(REPOSITORY)
STEPS = steps(PAGE.read_text())


def test_each_language_that_a_test_runs_has_steps() -> None:
    found = {each.language: each for each in STEPS}

    assert list(found) == ["Python", DYNAMIC, "TypeScript", "Go", "Java", "YAML"]
    assert [name for name, each in found.items() if not each.install] == ["YAML"]
    assert [name for name, each in found.items() if not each.plugin] == ["Python", DYNAMIC]
    assert all("192.168.123.254" in each.text for each in STEPS)
    assert {each.start[-1] for each in STEPS} == {"pulumi up"}


def test_the_files_that_are_installed_are_those_of_this_version() -> None:
    typed = "\n".join(line for each in STEPS for line in (*each.install, *each.plugin))

    assert set(re.findall(r"FILES/(\S+)", typed)) == {
        f"pulumi-resource-virtnet-v{PUBLISHED.version}-linux-amd64.tar.gz",
        f"pulumi-virtnet-{PUBLISHED.version}.tgz",
        f"pulumi_virtnet-{PUBLISHED.version}-py3-none-any.whl",
        f"pulumi_virtnet-{PUBLISHED.version}.tar.gz",
        f"virtnet-{PUBLISHED.version}.jar",
        f"virtnet-{PUBLISHED.version}.pom",
    }


def test_pulumis_registry_shows_the_same_commands() -> None:
    shown = registry.installation(PUBLISHED).partition("### From files\n")[2].partition("\n## ")[0]
    commands = [line for block in re.findall(r"```bash\n(.*?)\n```", shown, re.DOTALL) for line in block.splitlines()]

    assert len(commands) == 7
    assert set(commands) <= {line for each in STEPS for line in (*each.install, *each.plugin)}
