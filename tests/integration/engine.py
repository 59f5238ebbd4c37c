"""What a Pulumi engine asks of the dynamic provider when a command runs, in this very process and without an engine.

The provider's classes are those that users' stacks name. They get their properties as the engine sends them: as JSON,
with floats for numbers, in the SDK's spelling, with its words about owner and run; and what they answer is recorded so.
"""

import contextlib
import io
import json
import sys
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from pulumi import dynamic
from pulumi.dynamic.config import Config

import pulumi_virtnet
from pulumi_virtnet import HostForwarding, LibvirtNetwork, PortForward
from pulumi_virtnet._resource import Resource, to_properties
from virtnet.dynamic import HostForwardingProvider, LibvirtNetworkProvider, PortForwardProvider
from virtnet.errors import VirtnetError

PROJECT = "project"
PROVIDERS: Mapping[str, type[dynamic.ResourceProvider]] = {
    "LibvirtNetwork": LibvirtNetworkProvider,
    "HostForwarding": HostForwardingProvider,
    "PortForward": PortForwardProvider,
}
CLASSES: Mapping[str, type[Resource]] = {
    "LibvirtNetwork": LibvirtNetwork,
    "HostForwarding": HostForwarding,
    "PortForward": PortForward,
}
#: As many as the engine's dynamic provider has.
WORKERS = 4

Properties = dict[str, Any]
Declaration = Mapping[str, Any]
"""What a program declares: type, name, args and depends_on."""
Recorded = dict[str, Any]
"""What the state keeps of a resource: type, id, inputs, outputs and depends_on, behind its name."""


@dataclass
class Outcome:
    """What became of a command."""

    state: dict[str, Recorded]
    lines: list[str] = field(default_factory=list)
    failed: bool = False
    changes: list[str] = field(default_factory=list)
    """What there was to change, or found changed: the resources' names."""


@dataclass(frozen=True)
class Command:
    """One command on one stack: "preview", "up", "refresh" or "destroy"."""

    verb: str
    stack: str
    program: Sequence[Declaration]
    state: Mapping[str, Recorded]
    config: Mapping[str, str]


def run(command: Command) -> tuple[Outcome, str]:
    """Run it in this process; gives the outcome and all that was printed meanwhile."""
    outcome = Outcome(dict(command.state))
    engine = _Engine(command, outcome)
    with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.redirect_stderr(printed):
        getattr(engine, command.verb)()
    return outcome, printed.getvalue() + "".join(f"{line}\n" for line in outcome.lines)


def declarations(program: str) -> list[Declaration]:
    """What a program declares, run in this process with classes that only note what they are called with."""
    found: list[Declaration] = []

    def noting(kind: str, cls: type[Resource]) -> Callable[..., types.SimpleNamespace]:
        def noted(name: str, **args: Any) -> types.SimpleNamespace:
            found.append({"type": kind, "name": name, "args": to_properties(args, cls.ARGS)})
            return types.SimpleNamespace(name=args.get("name", name))

        return noted

    noted = types.SimpleNamespace(**vars(pulumi_virtnet) | {kind: noting(kind, cls) for kind, cls in CLASSES.items()})
    sys.modules["pulumi_virtnet"] = noted  # type: ignore[assignment] # for the rest of this short process
    exec(compile(program, "__main__.py", "exec"), {})  # noqa: S102
    return found


class _Engine:
    def __init__(self, command: Command, outcome: Outcome) -> None:
        self._command = command
        self._outcome = outcome
        self._providers = {kind: provider() for kind, provider in PROVIDERS.items()}
        for provider in self._providers.values():
            provider.configure(
                dynamic.ConfigureRequest(config=Config(raw_config=dict(command.config), project_name=PROJECT))
            )

    def preview(self) -> None:
        self._each(self._command.program, lambda declared: self._declared(declared, preview=True))
        self._outcome.changes += self._no_longer_declared()

    def up(self) -> None:
        self._each(self._command.program, lambda declared: self._declared(declared, preview=False))
        if not self._outcome.failed:
            self._remove(self._no_longer_declared())

    def refresh(self) -> None:
        self._each([{"name": name} for name in self._outcome.state], lambda named: self._refreshed(named["name"]))

    def destroy(self) -> None:
        self._remove(list(self._outcome.state))

    def _each(self, several: Iterable[Declaration], do: Callable[[Declaration], None]) -> None:
        """Side by side, where none waits for another; what fails holds up itself and those that wait for it."""
        several = list(several)
        waiting = any(one.get("depends_on") for one in several)
        lost: set[str] = set()

        def attempt(one: Declaration) -> None:
            if lost.intersection(one.get("depends_on") or ()):
                lost.add(one["name"])
                return
            try:
                do(one)
            except VirtnetError as error:
                self._fail(one["name"], f"{type(error).__module__}.{type(error).__qualname__}: {error}")
            except CheckError as error:
                for failure in error.failures:
                    self._fail(one["name"], f"has a problem: {failure.reason}")
            else:
                return
            lost.add(one["name"])

        with ThreadPoolExecutor(1 if waiting else WORKERS) as pool:
            for done in [pool.submit(attempt, one) for one in several]:
                done.result()

    def _fail(self, name: str, text: str) -> None:
        self._outcome.failed = True
        self._outcome.lines.append(f"error: resource '{name}': {text}")

    def _no_longer_declared(self) -> list[str]:
        declared = {one["name"] for one in self._command.program}
        return [name for name in self._outcome.state if name not in declared]

    def _remove(self, names: Sequence[str]) -> None:
        """In the reverse order of their dependencies."""
        before = {
            name: [other for other in names if name in self._outcome.state[other]["depends_on"]] for name in names
        }
        self._each([{"name": name, "depends_on": before[name]} for name in reversed(names)], self._deleted)

    def _deleted(self, named: Declaration) -> None:
        recorded = self._outcome.state[named["name"]]
        self._outcome.changes.append(named["name"])
        self._providers[recorded["type"]].delete(recorded["id"], _sent(recorded["outputs"]))
        del self._outcome.state[named["name"]]

    def _declared(self, declared: Declaration, *, preview: bool) -> None:
        name, kind = declared["name"], declared["type"]
        provider, recorded = self._providers[kind], self._outcome.state.get(name)
        named = _sent(
            to_properties(declared["args"], CLASSES[kind].ARGS)
            | {"__owner": f"{PROJECT}/{self._command.stack}/{name}", "__run": {"name": name, "preview": preview}}
        )
        inputs = self._checked(provider, {} if recorded is None else recorded["inputs"], named)
        if recorded is None:
            self._created(declared, inputs, preview=preview)
            return
        before = _sent(recorded["outputs"])
        found = provider.diff(recorded["id"], before, inputs)
        if not _differs(found, recorded["inputs"], inputs):
            if not preview:
                self._outcome.state[name] = {**recorded, "inputs": inputs}
            return
        if found.replaces:
            assert found.delete_before_replace
            inputs = self._checked(provider, {}, named)
            if not preview:
                self._deleted({"name": name})
            self._created(declared, inputs, preview=preview)
            return
        self._outcome.changes.append(name)
        if not preview:
            outputs = _sent(provider.update(recorded["id"], before, inputs).outs or {})
            self._outcome.state[name] = {**_entry(declared), "id": recorded["id"], "inputs": inputs, "outputs": outputs}

    def _created(self, declared: Declaration, inputs: Properties, *, preview: bool) -> None:
        self._outcome.changes.append(declared["name"])
        if not preview:
            made = self._providers[declared["type"]].create(inputs)
            outputs = _sent(made.outs or {})
            self._outcome.state[declared["name"]] = {
                **_entry(declared), "id": made.id, "inputs": inputs, "outputs": outputs,
            }  # fmt: skip

    def _checked(self, provider: dynamic.ResourceProvider, recorded: Properties, named: Properties) -> Properties:
        result = provider.check(_sent(recorded), named)
        if result.failures:
            raise CheckError(result.failures)
        return _sent(result.inputs)

    def _refreshed(self, name: str) -> None:
        """A refresh compares what is there with the inputs as they were, and takes over what is there."""
        recorded = self._outcome.state[name]
        provider, before = self._providers[recorded["type"]], _sent(recorded["outputs"])
        result = provider.read(recorded["id"], before)
        if not result.id:
            self._outcome.changes.append(name)
            self._outcome.lines.append(f"{name} is gone")
            del self._outcome.state[name]
            return
        outputs, inputs = _sent(result.outs or {}), _sent(result.inputs or recorded["inputs"])
        if _differs(provider.diff(recorded["id"], outputs, recorded["inputs"]), inputs, recorded["inputs"]):
            self._outcome.changes.append(name)
        for key in sorted({*before, *outputs}):
            if before.get(key) != outputs.get(key):
                self._outcome.lines.append(f"{name}: {key}: {before.get(key)!r} => {outputs.get(key)!r}")
        self._outcome.state[name] = {**recorded, "id": result.id, "inputs": inputs, "outputs": outputs}


def _differs(found: dynamic.DiffResult, before: Properties, after: Properties) -> bool:
    """Whether there are changes; without a verdict of the provider the engine compares the inputs."""
    return before != after if found.changes is None else found.changes


class CheckError(Exception):
    """Inputs that check refused."""

    def __init__(self, failures: Sequence[dynamic.CheckFailure]) -> None:
        super().__init__()
        self.failures = failures


def _entry(declared: Declaration) -> Recorded:
    return {"type": declared["type"], "depends_on": list(declared.get("depends_on") or [])}


def _sent(properties: Mapping[str, Any]) -> Properties:
    """Properties as they arrive: without nothings, and every number a float."""
    arrived: Properties = json.loads(json.dumps(properties), parse_int=float)
    return {name: value for name, value in arrived.items() if value is not None}
