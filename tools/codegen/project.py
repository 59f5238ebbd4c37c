"""What pyproject.toml says of the project, in which its version and its repository's address stand."""

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Project:
    """What all that is published carries."""

    version: str
    repository: str
    """The address that people open: https://github.com/OWNER/NAME."""

    @property
    def go_module(self) -> str:
        """The Go SDK's module path: where Go finds its folder in the repository."""
        return f"{self.repository.removeprefix('https://')}/sdk/go"

    @property
    def plugin_download_url(self) -> str:
        """Where Pulumi's engine looks for the plugin's archives: among the releases of the repository."""
        owner, name = self.repository.split("/")[-2:]
        return f"github://api.github.com/{owner}/{name}"

    def file(self, path: str) -> str:
        """The address of a file of the repository as it is."""
        return f"{self.repository.replace('github.com', 'raw.githubusercontent.com')}/main/{path}"


def read(repository: Path) -> Project:
    """The project as its pyproject.toml has it, whatever is installed. Raises ValueError if something is missing."""
    text = (repository / "pyproject.toml").read_text(encoding="utf-8")
    return Project(_value(text, "version"), _value(text, "Repository"))


def _value(text: str, name: str) -> str:
    # Not tomllib, which Python 3.10 lacks.
    found = re.search(rf'^{name} = "(.+)"$', text, re.MULTILINE)
    if found is None:
        raise ValueError(f"pyproject.toml names no {name}")
    return found[1]
