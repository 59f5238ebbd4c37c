"""A further kind of resource, added from outside: a file with a text. It is all that such a kind needs to be.

Its host is the process's own file system, so that it needs neither libvirt nor a fake.
"""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from virtnet.errors import HostFailure, Refused
from virtnet.planning.clients.clients import Clients
from virtnet.planning.findings import Advice, Fault, Messages, Note, Problem, Refusal, Summary
from virtnet.planning.merge import differences
from virtnet.planning.plan import Plan
from virtnet.planning.resource import Existing, Resource
from virtnet.spec.failures import Failure
from virtnet.spec.messages import reason
from virtnet.spec.part import UNKNOWN, Part, Values, from_inputs, optional, required, tree
from virtnet.spec.values import AbsolutePath, Integer, SomeText, Uri


class ToyFileSpec(Part):
    """The inputs of a ToyFile."""

    uri: Uri | None = optional("Connection URI of the host.", "replace")
    path: AbsolutePath = required("Where the file is.", "replace")
    text: SomeText | None = optional("What is in it.", "live", default="hello")


class ToyFileOutputs(Part):
    """What a ToyFile has besides."""

    size_in_bytes: Integer = required("How long the file is.")


class Kind(Enum):
    """Everything that a ToyFile may say."""

    WRITE = "write {size} bytes to {path}"
    REMOVE = "remove {path}"
    EXISTS = "{path} exists already"
    NOT_WRITTEN = "{path} cannot be written"
    DRIFTED = "{path} was edited by others"


@dataclass(frozen=True)
class WriteFile:
    """The text of a file, or with None that there is none."""

    path: str
    text: str | None
    before: str | None

    def describe(self) -> Summary:
        if self.text is None:
            return Summary(Kind.REMOVE, {"path": self.path})
        return Summary(Kind.WRITE, {"path": self.path, "size": len(self.text.encode())})

    def execute(self, clients: Clients) -> None:
        try:
            if self.text is None:
                Path(self.path).unlink(missing_ok=True)
            else:
                Path(self.path).write_text(self.text)
        except OSError:
            raise HostFailure(kind=Kind.NOT_WRITTEN, details={"path": self.path}) from None

    def undo(self) -> "WriteFile":
        return WriteFile(self.path, self.before, self.text)


@dataclass(frozen=True)
class Found:
    """The text in the file; None where there is none."""

    text: str | None


def check(inputs: Values, _recorded: Values) -> tuple[dict[str, object], list[Failure]]:
    spec, failures = from_inputs(
        ToyFileSpec, {name: value for name, value in inputs.items() if not name.startswith("__")}
    )
    return ({}, failures) if spec is None else ({"text": "hello", **tree(spec)}, [])


def observe(_clients: Clients, desired: Values | None, recorded: Values) -> Found:
    path = Path(str({**recorded, **(desired or {})}["path"]))
    return Found(path.read_text() if path.exists() else None)


def plan(desired: Values | None, recorded: Values | None, observed: Found | None) -> Plan:
    there = None if observed is None else observed.text
    if desired is None:
        assert recorded is not None
        gone = WriteFile(str(recorded["path"]), None, there)
        return Plan(steps=() if there is None else (gone,))
    before = {} if recorded is None else recorded_inputs(recorded)
    changes = differences(ToyFileSpec, desired, before)
    if observed is None:
        return Plan(changes=changes)
    path = str(desired["path"])
    refusals = (Refusal(Kind.EXISTS, {"path": path}),) if recorded is None and there is not None else ()
    drifted = recorded is not None and there != recorded["text"]
    notes = (Note(Kind.DRIFTED, {"path": path}),) if drifted else ()
    steps = () if desired["text"] == there else (WriteFile(path, str(desired["text"]), there),)
    return Plan(steps, changes, refusals, notes)


def outputs(inputs: Values, _recorded: Values, observed: Found) -> dict[str, object] | None:
    if observed.text is None:
        return None
    return {**inputs, "text": observed.text, "size_in_bytes": len(observed.text.encode())}


def predict(_recorded: Values | None, desired: Values) -> dict[str, object]:
    text = desired["text"]
    return {"size_in_bytes": UNKNOWN if text is UNKNOWN else len(str(text).encode())}


def recorded_inputs(recorded: Values) -> dict[str, object]:
    return {name: value for name, value in recorded.items() if name in ToyFileSpec.model_fields}


def import_file(_clients: Clients, wanted: str) -> Existing:
    if not Path(wanted).is_file():
        raise Refused(f"there is no file {wanted}")
    return Existing(inputs={"path": wanted, "text": Path(wanted).read_text()}, identity={"path": wanted})


def sentence(said: Problem | Note | Summary | Fault) -> str:
    return str(said.kind.value).format(**said.details)


TOY_FILE: Resource[Found] = Resource(
    name="ToyFile",
    subject="file",
    description="A file with a text.",
    spec=ToyFileSpec,
    outputs_spec=ToyFileOutputs,
    settled=frozenset({"uri", "path", "text"}),
    left_out={"text": "hello"},
    check=check,
    observe=observe,
    plan=plan,
    outputs=outputs,
    predict=predict,
    recorded_inputs=recorded_inputs,
    identity=lambda shown: str(shown["path"]),
    messages=lambda: Messages(
        sentence=sentence,
        advice=lambda refusal: Advice(str(refusal.kind.value).format(**refusal.details)),
        failure=reason,
        replacement="is removed and written anew",
    ),
    import_existing=import_file,
)
