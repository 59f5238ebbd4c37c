"""A Pulumi stack on a sandboxed host: the real engine against a real libvirtd."""

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tests.hosts.sandboxed import REPOSITORY, Host
from tests.preloaded.server import ADDRESS, OF_KEYS

PRELOADED = REPOSITORY / "tests" / "preloaded"
PROGRAM = '''\
"""Declares what resources.json lists, in its order; each depends on those it names, and has Pulumi's options."""

import json
from functools import cache
from pathlib import Path

import pulumi
import pulumi_virtnet

made = {}


@cache
def component(name):
    return pulumi.ComponentResource("test:index:Component", name)


for entry in json.loads(Path(__file__).with_name("resources.json").read_text()):
    kind = getattr(pulumi_virtnet, entry["type"])
    after = [made[name] for name in entry.get("depends_on", [])]
    options = pulumi.ResourceOptions(depends_on=after, **entry.get("options", {}))
    if "component" in entry:
        options.parent = component(entry["component"])
    if entry.get("was_without_parent"):
        options.aliases = [pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)]
    made[entry["name"]] = kind(entry["name"], **entry["args"], opts=options)
    pulumi.export(entry["name"], {"id": made[entry["name"]].id, "urn": made[entry["name"]].urn})
'''


#: What has Pulumi run Python without its imports, by the fork of one that has done them.
PYTHON_PRELOADED = {
    "PULUMI_PYTHON_CMD": str(PRELOADED / "python"),
    "VIRTNET_PYTHON": sys.executable,
    "VIRTNET_PYTHON_VERSION": platform.python_version(),
}
#: The engine of a test is gone before its garbage is worth collecting; one that grows collects it after all.
WITHOUT_GARBAGE = {"GOGC": "off", "GOMEMLIMIT": "400MiB"}


class Stack:
    """A Pulumi stack with a state of its own, whose program declares a list of resources."""

    def __init__(self, host: Host, name: str = "test", *, backend: str = "", own_python: bool = False) -> None:
        """`backend` is where Pulumi keeps the state; "" means in files of this stack's own.

        With `own_python`, Pulumi starts Python and asks pip as in a user's project; else see tests/preloaded.
        """
        self.host = host
        self.name = name
        self.directory = host.directory / f"stack-{name}"
        self.directory.mkdir()
        self.environment = {
            "PULUMI_BACKEND_URL": backend or f"file://{self.directory}/state",
            "PULUMI_HOME": str(self.directory / "home"),
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "HOME": str(self.directory),
            **WITHOUT_GARBAGE,
            **({"PULUMI_PYTHON_CMD": sys.executable} if own_python else PYTHON_PRELOADED),
        }
        keys = "" if own_python else os.environ.get(ADDRESS, "")
        self._secrets_provider = _secrets_provider(keys)
        if keys:
            self.environment["VAULT_SERVER_URL"] = f"unix://{keys}{OF_KEYS}"
        (self.directory / "Pulumi.yaml").write_text("name: project\nruntime: {name: python}\n")
        (self.directory / "__main__.py").write_text(PROGRAM)
        self.declare()
        if backend:
            self.init(name)
        else:
            self.environment["PULUMI_STACK"] = name
            for path, content in _initialized(name, keys).items():
                (self.directory / path).parent.mkdir(parents=True, exist_ok=True)
                (self.directory / path).write_bytes(content)

    def pulumi(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.host.run(
            "pulumi",
            *arguments,
            "--non-interactive",
            "--color=never",
            check=check,
            directory=self.directory,
            environment=self.environment,
        )

    def init(self, name: str) -> None:
        """Have Pulumi make a further stack, of the project that is in the directory now."""
        self.pulumi("stack", "init", name, *self._secrets_provider)

    def declare(self, *resources: Mapping[str, Any]) -> None:
        """Write the program's list: dicts with type, name, args, depends_on, options, and the name of a component.

        With `was_without_parent` an alias says that a resource had no parent before.
        """
        (self.directory / "resources.json").write_text(json.dumps(resources))

    def network(self, name: str, /, **args: Any) -> None:
        """Declare one network and nothing else."""
        self.declare({"type": "LibvirtNetwork", "name": name, "args": args})

    def preview(self, *, check: bool = True) -> str:
        return _text(self.pulumi("preview", "--diff", check=check))

    def up(self, *, check: bool = True) -> str:
        return _text(self.pulumi("up", "--yes", "--skip-preview", check=check))

    def refresh(self, *, check: bool = True) -> str:
        return _text(self.pulumi("refresh", "--yes", "--skip-preview", check=check))

    def destroy(self, *, check: bool = True) -> str:
        return _text(self.pulumi("destroy", "--yes", "--skip-preview", check=check))

    def unchanged(self) -> bool:
        """Whether a refresh finds no change and a preview after it shows none, which one run of the engine does."""
        done = self.pulumi("preview", "--refresh", "--expect-no-changes", check=False)
        if done.returncode:
            print(_text(done))  # noqa: T201 - shown by pytest when the assertion fails
        return done.returncode == 0

    def unchanged_by_each(self) -> bool:
        """Whether a preview of what is recorded shows no change, and a refresh finds none, as users run the two."""
        preview = self.pulumi("preview", "--expect-no-changes", check=False)
        refresh = self.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes", check=False)
        if preview.returncode or refresh.returncode:
            print(_text(preview), _text(refresh))  # noqa: T201 - shown by pytest when the assertion fails
        return preview.returncode == 0 and refresh.returncode == 0

    def outputs(self, name: str) -> dict[str, Any]:
        """The recorded outputs of a resource."""
        state = self.recorded()
        found = [r for r in state if r["urn"].endswith(f"::{name}") and r["type"].startswith("pulumi-python:")]
        assert len(found) == 1, state
        outputs: dict[str, Any] = found[0]["outputs"]
        return outputs

    def resources(self) -> Sequence[str]:
        """The names of the stack's own resources in the state."""
        return [r["urn"].rpartition("::")[2] for r in self.recorded() if r["type"].startswith("pulumi-python:")]

    def exports(self) -> dict[str, Any]:
        """What the program exports, as it is recorded: of a secret its ciphertext."""
        (stack,) = (entry for entry in self.recorded() if entry["type"] == "pulumi:pulumi:Stack")
        exported: dict[str, Any] = stack.get("outputs", {})
        return exported

    def recorded(self) -> list[dict[str, Any]]:
        """What `pulumi stack export` prints of the resources, without the half of a second that it takes.

        Of a stack whose state is in files.
        """
        place = Path(self.environment["PULUMI_BACKEND_URL"].removeprefix("file://"))
        (file,) = place.glob(f".pulumi/stacks/*/{self.environment.get('PULUMI_STACK', self.name)}.json")
        latest = json.loads(file.read_text())["checkpoint"]["latest"] or {}
        recorded: list[dict[str, Any]] = latest.get("resources", [])
        return recorded


def _secrets_provider(keys: str) -> Sequence[str]:
    """What has `pulumi stack init` take a key keeper for the stack's secrets (tests/preloaded), and no passphrase."""
    return ("--secrets-provider", "hashivault://tests") if keys else ()


@cache
def _initialized(name: str, keys: str) -> Mapping[str, bytes]:
    """The files that `pulumi stack init` makes for a stack of this name, from one call for all of them."""
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place)
        (directory / "state").mkdir()
        (directory / "Pulumi.yaml").write_text("name: project\nruntime: {name: python}\n")
        environment = {
            "PULUMI_BACKEND_URL": f"file://{directory}/state",
            "PULUMI_HOME": str(directory / "home"),
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }
        if keys:
            environment["VAULT_SERVER_URL"] = f"unix://{keys}{OF_KEYS}"
        subprocess.run(
            ["pulumi", "stack", "init", name, "--non-interactive", *_secrets_provider(keys)],
            env={**os.environ, **environment},
            cwd=directory,
            check=True,
            capture_output=True,
        )
        made = [*directory.glob("Pulumi.*.yaml"), *(directory / "state").rglob("*")]
        return {str(path.relative_to(directory)): path.read_bytes() for path in made if path.is_file()}


def _text(done: subprocess.CompletedProcess[str]) -> str:
    return done.stdout + done.stderr
