"""docs/install.md, typed: a package installed from the clone, a first project in an empty folder, an upgrade, settings.

What installs a distribution's packages isn't typed: the machine has them.
"""

import re
import shlex
import sys
import sysconfig
from pathlib import Path

import pytest
from tests.acceptance.stack import WITHOUT_GARBAGE
from tests.hosts.sandboxed import REPOSITORY, Host

#: Python's imports at each command, and two builds of the package.
pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(600)]

PAGE = (REPOSITORY / "docs" / "install.md").read_text()
README = (REPOSITORY / "README.md").read_text()


def section(title: str) -> str:
    found = PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    assert found, f"docs/install.md has no section {title}"
    return found


def blocks(language: str, text: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def commands(title: str) -> list[str]:
    """The lines of a section that begin with a prompt, without prompt and comment."""
    (typed,) = blocks("console", section(title))
    return [shlex.join(shlex.split(line[2:], comments=True)) for line in typed.splitlines() if line.startswith("$ ")]


def quoted(command: str) -> str:
    """A command that the page's text quotes, by its beginning."""
    (found,) = set(re.findall(rf"`({command}[^`]*)`", PAGE))
    assert isinstance(found, str)
    return found


class Terminal:
    """A terminal of a user in an empty folder, with a virtual environment activated."""

    def __init__(self, host: Host, folder: Path) -> None:
        self._host = host
        self.project = folder / "project"
        self.project.mkdir()
        self._environment = folder / "environment"
        self._state = folder / "state"
        self._state.mkdir()
        self._host.run(sys.executable, "-m", "venv", str(self._environment))
        # What pip would get from an index and build: the packages that the clone depends on.
        place = sysconfig.get_path("purelib", vars={"base": str(self._environment), "platbase": str(self._environment)})
        (Path(place) / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
        self._settings = {
            **WITHOUT_GARBAGE,
            "HOME": str(folder),
            "PULUMI_HOME": str(folder / "pulumi"),
            "PULUMI_CONFIG_PASSPHRASE": "what the stack asks for",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PIP_NO_INDEX": "1",
            "PIP_NO_BUILD_ISOLATION": "0",  # pip's spelling of: without isolation
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PYTHONPATH": "",
        }

    def type(self, line: str) -> str:
        """What a line prints. Questions are answered with yes."""
        line = line.replace("/path/to/this/clone", str(REPOSITORY))
        # Pulumi takes the account's own home for it, whatever HOME says.
        line = line.replace("pulumi login --local", f"pulumi login file://{self._state}")
        line += " --yes" if line in ("pulumi up", "pulumi destroy") else ""
        return self._host.run(
            "bash",
            "-ec",
            f". {self._environment}/bin/activate\n{line}",
            directory=self.project,
            environment=self._settings,
        ).stdout


def test_what_the_page_says_is_typed_in_an_empty_folder(host: Host, tmp_path: Path) -> None:
    before = host.trace()
    terminal = Terminal(host, tmp_path)
    apt, pip = commands("From this repository")
    login, init, preview, up = commands("A first project")
    upgrade, preview_after = commands("Upgrade")
    (settings,) = blocks("yaml", section("A first project"))
    program, *_ = blocks("python", README)
    assert apt.startswith("sudo apt install ")

    installed = terminal.type(pip)
    (terminal.project / "Pulumi.yaml").write_text(settings)
    (terminal.project / "__main__.py").write_text(program)
    terminal.type(login)
    terminal.type(init)
    previewed = terminal.type(preview)
    assert host.trace() == before
    terminal.type(up)

    assert "Successfully installed pulumi-virtnet-" in installed
    assert "will define a nat network with 192.168.123.1/24 on bridge vn-management" in previewed
    assert (host.network("management") or {})["Bridge"] == "vn-management"

    upgraded = terminal.type(upgrade)
    unchanged = terminal.type(preview_after)
    for command in ("pulumi config set virtnet:unreachable", "pulumi config set virtnet:refusals"):
        terminal.type(quoted(command))
    terminal.type("pulumi config set virtnet:uri qemu:///system")
    still_unchanged = terminal.type(preview)
    completion = terminal.type(quoted("virtnet completion bash"))

    assert "Successfully installed pulumi-virtnet-" in upgraded
    assert "3 unchanged" in unchanged
    assert "3 unchanged" in still_unchanged
    assert "complete " in completion
    terminal.type("pulumi destroy")
    assert host.trace() == before
