"""Stacks whose programs are written as Python, and the real `pulumi`, whose plugins are forks of a warm process."""

import codecs
import json
import os
import platform
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from tests.hosts.sandboxed import REPOSITORY
from tests.preloaded.server import ADDRESS, OF_KEYS

PRELOADED = REPOSITORY / "tests" / "preloaded"
BIN = Path(__file__).with_name("bin")
#: Seconds that no command takes.
LONGEST = 90
#: Form and how the program names the SDK.
FORMS = {"dynamic": "import pulumi_virtnet as virtnet", "native": "import pulumi_virtnet.native as virtnet"}
TYPES = {
    "dynamic": "pulumi-python:dynamic/virtnet:{}",
    "native": "virtnet:index:{}",
}
RAISES = """\
if not pulumi.runtime.is_dry_run():
    raise RuntimeError("the program gives up")"""
#: The program of an `up` waits where the preview is over and nothing has begun, until it is told to go on.
WAITS = """\
if not pulumi.runtime.is_dry_run():
    open({waits!r}, "w").write("x")
    open({goes_on!r}).read(1)"""
#: With the plugin's place in the project, Pulumi does not warn that it took it from PATH.
PROJECT = """\
name: {name}
runtime: {{name: python}}
plugins:
  providers:
    - name: virtnet
      path: {plugins}
"""
KINDS = ("LibvirtNetwork", "HostForwarding", "PortForward")
DESTRUCTIVE = frozenset({"delete", "replace", "delete-replaced", "create-replacement", "discard-replaced"})


@dataclass
class Declared:
    """A resource of a program."""

    kind: str
    name: str
    args: dict[str, Any]
    component: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    aliases: list[str] = field(default_factory=list)
    """As Python has them."""

    @property
    def on_host(self) -> str:
        """The name of its network on the host; "" of another kind."""
        return str(self.args.get("name", self.name)) if self.kind == "LibvirtNetwork" else ""

    @property
    def ports(self) -> Mapping[int, int]:
        """The ports that it forwards, with those that they lead to."""
        items = self.args["ports"] if self.kind == "PortForward" else []
        return dict(pair for item in items for pair in _pairs(item["listen_port"], item.get("target_port")))

    def written(self, variables: Mapping[str, str]) -> str:
        """The statement that declares it; by names of networks, the variables that have them."""
        options = {name: repr(value) for name, value in sorted(self.options.items())}
        if self.component:
            options["parent"] = self.component
        if self.aliases:
            options["aliases"] = f"[{', '.join(self.aliases)}]"
        given = [repr(self.name), *(f"{name}={value!r}" for name, value in self.args.items())]
        if self.kind == "PortForward" and (network := variables.get(self.args["network"])):
            given = [repr(self.name), *(f"{name}={value!r}" for name, value in self.args.items() if name != "network")]
            given.append(f"network={network}.name")
        if options:
            told = ", ".join(f"{name}={value}" for name, value in options.items())
            given.append(f"opts=pulumi.ResourceOptions({told})")
        variable = variables.get(self.on_host)
        return f"{f'{variable} = ' if variable else ''}virtnet.{self.kind}({', '.join(given)})"


def _pairs(listened: str, leads_to: str | None) -> Iterator[tuple[int, int]]:
    """Each port of a range, with where it leads to."""
    first, _, last = listened.partition("-")
    moved_by = int((leads_to or listened).partition("-")[0]) - int(first)
    yield from ((port, port + moved_by) for port in range(int(first), int(last or first) + 1))


class Step(NamedTuple):
    """One step of the engine's plan."""

    op: str
    urn: str
    kind: str
    networks: frozenset[str]
    """Of the network that is recorded, and of the one that is to be."""
    disconnects: bool
    recorded: Mapping[str, Any]
    """The outputs of what is recorded."""
    wanted: Mapping[str, Any]
    """The inputs of what is to be."""

    @property
    def name(self) -> str:
        """The resource's, as the program has it."""
        return self.urn.rpartition("::")[2]

    @property
    def ports(self) -> frozenset[int]:
        """Those of a port forward that is recorded."""
        return self._ports_of(self.recorded)

    @property
    def wanted_ports(self) -> frozenset[int]:
        """Those of a port forward that is to be."""
        return self._ports_of(self.wanted)

    def _ports_of(self, values: Mapping[str, Any]) -> frozenset[int]:
        items = values.get("ports", []) if self.kind == "PortForward" else []
        return frozenset(port for item in items for port, _ in _pairs(item["listenPort"], item.get("targetPort")))


@dataclass(frozen=True)
class Done:
    """What came of a command."""

    command: str
    code: int
    text: str

    @cached_property
    def _told(self) -> Mapping[str, Any]:
        try:
            told, _ = json.JSONDecoder().raw_decode(self.text, self.text.index("{\n"))
        except ValueError:
            return {}
        return dict(told)

    @cached_property
    def steps(self) -> Sequence[Step]:
        """Of a preview in JSON: what is not the same."""
        return [
            found
            for found in map(_step, self._told.get("steps", []))
            if found.op not in ("same", "read", "refresh") and found.kind
        ]

    @cached_property
    def lines(self) -> Sequence[str]:
        """Of a preview in JSON: what a reviewer reads below the plan."""
        told = self._told.get("diagnostics", [])
        texts = [line for entry in told for line in entry["message"].splitlines()]
        return [text for text in texts if text.strip() and "using pulumi-" not in text]

    @property
    def shown(self) -> str:
        """For people."""
        if self._told:
            steps = [f"{step.op} {step.urn}" for step in self.steps]
            return "\n".join([*steps, *self.lines])
        return "\n".join(line for line in self.text.splitlines() if "using pulumi-" not in line and line.strip())


class Up(NamedTuple):
    """What came of `pulumi up`."""

    preview: Done
    update: Done | None
    """None where it ended with the preview."""


def _up(command: str, code: int, text: str, *, began: bool) -> Up:
    """What `pulumi up --json` printed, told apart: a preview is one object, and each event after it a line."""
    if not began:
        return Up(Done(command, code, text), None)
    try:
        _, end = json.JSONDecoder().raw_decode(text, text.index("{\n"))
    except ValueError:
        end = 0
    update = "\n".join(filter(None, map(_said, text[end:].splitlines())))
    return Up(Done(command, 0, text[:end]), Done(command, code, update))


def _said(line: str) -> str:
    """What a person reads of a line of `pulumi up --json`."""
    if not line.startswith('{"sequence"'):
        return line
    event = json.loads(line)
    if "diagnosticEvent" in event:
        told = event["diagnosticEvent"]
        return "" if told["severity"] == "debug" else f"{told.get('prefix', '')}{told['message']}".rstrip()
    if "stdoutEvent" in event:
        return str(event["stdoutEvent"]["message"]).rstrip()
    if "resourcePreEvent" in event and event["resourcePreEvent"]["metadata"]["op"] not in ("same", "read"):
        return "{op} {urn}".format(**event["resourcePreEvent"]["metadata"])
    return ""


def _step(told: Mapping[str, Any]) -> Step:
    kind = told["urn"].split("::")[2].rpartition("$")[2].rpartition(":")[2]
    names: set[str] = set()
    disconnects = False
    for state in (told.get("oldState") or {}, told.get("newState") or {}):
        for values in (state.get("inputs") or {}, state.get("outputs") or {}):
            names.update(filter(None, [values.get("name")]))
            disconnects |= values.get("onDelete") == "disconnect"
    return Step(
        told["op"],
        told["urn"],
        kind if kind in KINDS else "",
        frozenset(names) if kind == "LibvirtNetwork" else frozenset(),
        disconnects,
        (told.get("oldState") or {}).get("outputs") or {},
        (told.get("newState") or {}).get("inputs") or {},
    )


class Record(NamedTuple):
    """A resource in a stack's state."""

    stack: str
    urn: str
    kind: str
    name: str
    network: str
    token: str
    pending_delete: bool
    protect: bool


class Stack:
    """A stack of a project of its own."""

    def __init__(self, place: Path, name: str, form: str, environment: Mapping[str, str]) -> None:
        self.name, self.form = name, form
        self.directory = place / name
        self.directory.mkdir()
        self.stack = "dev"
        self._states = place / "state/.pulumi/stacks" / name
        self._waits, self._goes_on = self.directory / "waits", self.directory / "goes-on"
        os.mkfifo(self._waits)
        os.mkfifo(self._goes_on)
        self._environment = {**os.environ, **environment}
        self.program: list[Declared] = []
        self.raises = False
        (self.directory / "Pulumi.yaml").write_text(PROJECT.format(name=name, plugins=PRELOADED / "bin"))

    @property
    def full_name(self) -> str:
        """For commands on two stacks."""
        return f"organization/{self.name}/{self.stack}"

    def text(self, *, waits: bool = False) -> str:
        """The program."""
        components = dict.fromkeys(one.component for one in self.program if one.component)
        # A forward says which resource its network is, where that is of the same program.
        in_order = sorted(self.program, key=lambda one: one.kind == "PortForward")
        led_to = {one.args["network"] for one in in_order if one.kind == "PortForward"}
        variables = {one.on_host: one.on_host for one in in_order if one.on_host in led_to}
        return "\n".join(
            [
                "import pulumi",
                FORMS[self.form],
                "",
                *([WAITS.format(waits=str(self._waits), goes_on=str(self._goes_on))] if waits else []),
                *(f'{name} = pulumi.ComponentResource("test:index:Component", "{name}")' for name in components),
                *(one.written(variables) for one in in_order),
                *([RAISES] if self.raises else []),
                "",
            ]
        )

    def find(self, name: str) -> Declared | None:
        """A resource of the program."""
        return next((one for one in self.program if one.name == name), None)

    def pulumi(self, *arguments: str, environment: Mapping[str, str] | None = None) -> Done:
        """Run a command."""
        (self.directory / "__main__.py").write_text(self.text())
        told = " ".join(["pulumi", *arguments])
        with self._started(arguments, environment) as process:
            text = "".join(_read(process, told, {}))
        return Done(told, process.returncode, text)

    def up(self, *options: str, reviewed: Callable[[Done], None], environment: Mapping[str, str] | None = None) -> Up:
        """Run `pulumi up`; `reviewed` is called with its preview, when that is over and nothing has begun."""
        (self.directory / "__main__.py").write_text(self.text(waits=True))
        arguments = ["up", "--yes", "--json", *options]
        told = " ".join(["pulumi", *arguments])
        printed: list[str] = []
        began = False

        def waits() -> None:
            nonlocal began
            began = True
            os.read(waiting, 1)
            reviewed(_up(told, 0, "".join(printed), began=True).preview)
            os.write(going_on, b"x")

        with (
            _pipe(self._waits) as waiting,
            _pipe(self._goes_on) as going_on,
            self._started(arguments, environment) as process,
        ):
            for part in _read(process, told, {waiting: waits}):
                printed.append(part)
        return _up(told, process.returncode, "".join(printed), began=began)

    def _started(self, arguments: Sequence[str], environment: Mapping[str, str] | None) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            ["pulumi", *arguments, "--non-interactive", "--color=never"],
            cwd=self.directory,
            env={**self._environment, "PULUMI_STACK": self.stack, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def records(self) -> Sequence[Record]:
        """What the state has of our kinds."""
        latest = json.loads((self._states / f"{self.stack}.json").read_text())["checkpoint"]["latest"] or {}
        found = []
        for entry in latest.get("resources") or []:
            kind = entry["type"].rpartition(":")[2]
            if kind in KINDS and entry.get("custom"):
                outputs = entry.get("outputs") or {}
                found.append(
                    Record(
                        self.name,
                        entry["urn"],
                        kind,
                        entry["urn"].rpartition("::")[2],
                        str(outputs.get("name", "")) if kind == "LibvirtNetwork" else "",
                        str(outputs.get("__token", "")),
                        bool(entry.get("delete")),
                        bool(entry.get("protect")),
                    )
                )
        return found

    def recorded(self) -> Sequence[Any]:
        """All that the state has of each resource but when it was written."""
        latest = json.loads((self._states / f"{self.stack}.json").read_text())["checkpoint"]["latest"] or {}
        return [
            {name: value for name, value in entry.items() if name not in ("created", "modified")}
            for entry in latest.get("resources") or []
        ]

    def reset(self, template: Mapping[Path, bytes]) -> None:
        """Begin anew, with nothing recorded."""
        self.program, self.raises, self.stack = [], False, "dev"
        for path, content in template.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


@contextmanager
def _pipe(path: Path) -> Iterator[int]:
    """A named pipe, open at both ends, so that neither end waits for the other and none ends it."""
    descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    try:
        with suppress(BlockingIOError):
            os.read(descriptor, 4096)
        yield descriptor
    finally:
        os.close(descriptor)


def _read(process: "subprocess.Popen[bytes]", told: str, when: Mapping[int, Callable[[], None]]) -> Iterator[str]:
    """What a command prints until it ends, whoever keeps its output open; `when` a descriptor is readable, do that."""
    assert process.stdout is not None
    output, ended, late = process.stdout.fileno(), os.pidfd_open(process.pid), time.monotonic() + LONGEST
    os.set_blocking(output, False)
    poll = select.poll()
    for descriptor in (output, ended, *when):
        poll.register(descriptor, select.POLLIN)
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    try:
        while True:
            readable = {descriptor for descriptor, _ in poll.poll(max(0.0, late - time.monotonic()) * 1000)}
            if not readable:
                raise AssertionError(f"{told} goes on after {LONGEST} s")
            # What was printed first: whoever waits has printed all that it was to print.
            while part := _available(output):
                yield decoder.decode(part)
            if ended in readable:
                return
            for descriptor in readable & {*when}:
                when[descriptor]()
            if output in readable and part == b"":
                poll.unregister(output)
    finally:
        os.close(ended)
        if process.poll() is None:
            process.kill()


def _available(descriptor: int) -> bytes | None:
    """What can be read at once: nothing at the end, None where there is nothing yet."""
    try:
        return os.read(descriptor, 1 << 16)
    except BlockingIOError:
        return None


class Place:
    """Where the stacks of walks are, with the environment of their commands. To be made within `preloaded`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        (directory / "state").mkdir()
        self.environment_of_host = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
        """With what stands for systemd's systemctl."""
        self.environment = {
            "PULUMI_BACKEND_URL": f"file://{directory}/state",
            "PULUMI_HOME": str(directory / "home"),
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
            "PULUMI_PYTHON_CMD": str(PRELOADED / "python"),
            "PATH": self.environment_of_host["PATH"],
            "VAULT_SERVER_URL": f"unix://{os.environ[ADDRESS]}{OF_KEYS}",
            "VIRTNET_PYTHON": sys.executable,
            "VIRTNET_PYTHON_VERSION": platform.python_version(),
            # No command lives long enough to need its garbage collected.
            "GOGC": "off",
            "GOMEMLIMIT": "512MiB",
            "HOME": str(directory),
        }


def end_plugins(seconds: float) -> None:
    """End all of this host that are left: one whose engine was killed finishes what it does, and waits then."""
    time.sleep(seconds)
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if re.search(rb"pulumi[.]dynamic|pulumi-resource-virtnet", (place / "cmdline").read_bytes()):
                os.kill(int(place.name), signal.SIGKILL)
