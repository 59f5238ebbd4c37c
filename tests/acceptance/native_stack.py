"""A stack whose resources are served by the native plugin."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.stack import PRELOADED, PROGRAM, PYTHON_PRELOADED, Stack
from tests.hosts.sandboxed import Host

NATIVE_PROGRAM = PROGRAM.replace("import pulumi_virtnet\n", "import pulumi_virtnet.native as pulumi_virtnet\n")
#: With the plugin's place in the project, Pulumi does not warn that it took it from PATH.
PROJECT = """\
name: project
runtime: {{name: python}}
plugins:
  providers:
    - name: virtnet
      path: {plugin}
"""


class NativeStack(Stack):
    """A stack whose program declares its resources with pulumi_virtnet.native."""

    def __init__(self, host: Host, name: str = "test", *, backend: str = "", own_python: bool = False) -> None:
        super().__init__(host, name, backend=backend, own_python=own_python)
        self._find_plugin(Path(sys.executable).parent if own_python else PRELOADED / "bin")
        self.write(NATIVE_PROGRAM)

    def go_on_preloaded(self) -> None:
        """Have Pulumi start no Python any more, where the first commands have shown that it can (`own_python`)."""
        self.environment |= PYTHON_PRELOADED
        self._find_plugin(PRELOADED / "bin")

    def _find_plugin(self, directory: Path) -> None:
        (self.directory / "Pulumi.yaml").write_text(PROJECT.format(plugin=directory))

    def write(self, program: str) -> None:
        (self.directory / "__main__.py").write_text(program)

    def state_text(self) -> str:
        """All that is recorded, with its secrets encrypted."""
        return self.pulumi("stack", "export").stdout

    def state(self, name: str) -> dict[str, Any]:
        """A resource as it is recorded."""
        exported = json.loads(self.pulumi("stack", "export", "--show-secrets").stdout)
        found: list[dict[str, Any]] = [
            resource
            for resource in exported["deployment"].get("resources", [])
            if resource["urn"].endswith(f"::{name}") and "virtnet:" in resource["type"]
        ]
        assert len(found) == 1, found
        return found[0]


#: Both forms of a stack, for what one core does in either. What is the native form's own is in test_plugin.py.
FORMS = [Stack, pytest.param(NativeStack, marks=pytest.mark.second_form)]
