"""What the plugin's verbs answer with, and how they read what they are asked: between Pulumi's messages and trees.

What is only needed for a resource is imported late.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import grpc
from google.protobuf import any_pb2, struct_pb2
from pulumi.runtime.proto import provider_pb2, status_pb2

if TYPE_CHECKING:
    from virtnet.planning.resource import Resource
    from virtnet.plugin.struct import Received
    from virtnet.spec.failures import Failure
    from virtnet.spec.part import Values

#: Configuration keys that the engine adds by itself.
ENGINES_KEYS = ("version", "pluginDownloadURL")


class Name(NamedTuple):
    """What a URN says of a resource (urn:pulumi:STACK::PROJECT::TYPES::NAME)."""

    stack: str
    project: str
    kind: str
    name: str

    @property
    def owner(self) -> str:
        """The owner mark: the same as the dynamic provider's."""
        return f"{self.project}/{self.stack}/{self.name}"


def parse_urn(urn: str) -> Name:
    """The parts of a URN; a resource's name may hold anything, `::` too."""
    head, project, types, name = urn.split("::", 3)
    return Name(head.removeprefix("urn:pulumi:"), project, types.rpartition("$")[2], name)


class _Status(NamedTuple):
    """A gRPC status with details; what grpc.Status is to the server."""

    code: grpc.StatusCode
    details: str
    trailing_metadata: tuple[tuple[str, bytes], ...]


class PartialFailure(Exception):
    """A failure that left something: the engine records that, with the reasons, and goes on from there."""

    def __init__(self, sentence: str, identity: str, properties: struct_pb2.Struct, inputs: struct_pb2.Struct) -> None:
        super().__init__(sentence)
        details = any_pb2.Any()
        details.Pack(
            provider_pb2.ErrorResourceInitFailed(id=identity, properties=properties, reasons=[sentence], inputs=inputs)
        )
        unknown: int = grpc.StatusCode.UNKNOWN.value[0]
        status = status_pb2.Status(code=unknown, message=sentence, details=[details])
        self.status = _Status(
            grpc.StatusCode.UNKNOWN, sentence, (("grpc-status-details-bin", status.SerializeToString()),)
        )


def tree_of(resource: "Resource[Any]", taken: "Received") -> "dict[str, object]":
    """Properties as the core has them. `__provider` is in the state of a resource that a dynamic provider made."""
    tree = resource.from_properties(taken.values)
    tree.pop("__provider", None)
    return {name: value for name, value in tree.items() if value is not None}


def added_by_check(resource: "Resource[Any]", uri: str) -> "dict[str, object]":
    """The inputs that every check adds where the program leaves them out."""
    return {"uri": uri, **resource.left_out}


def as_named(resource: "Resource[Any]", inputs: "Values", before: "Received | None" = None) -> "dict[str, object]":
    """Inputs for the engine to record, without those that check adds by itself and that were not recorded before.

    An import records none of them, so that the program that Pulumi writes of it leaves them out as well.
    """
    named = {} if before is None else before.values
    added = added_by_check(resource, str(inputs.get("uri")))
    return {name: value for name, value in inputs.items() if name in named or name not in added or value != added[name]}


def message_of(
    resource: "Resource[Any]", tree: "Values", *taken: "Received", repeating_others: Iterable[str] = ()
) -> struct_pb2.Struct:
    """Inputs or outputs as a Struct, secret in the places where those that came in were, and in what repeats them.

    `repeating_others` are the names of those that repeat secrets of other resources.
    """
    from virtnet.plugin.struct import sendable
    from virtnet.spec.part import shapes
    from virtnet.spec.secrets import repeating

    values = resource.to_properties(tree)
    given = {place for one in taken for place in one.secret}
    outputs = resource.outputs_spec
    always = [name for name, shape in shapes(outputs).items() if shape.secret and tree.get(name) is not None]
    own = repeating(outputs, resource.from_properties({place[0]: None for place in given}))
    secret = {*given, *((name,) for name in resource.to_properties(dict.fromkeys([*always, *own, *repeating_others])))}
    return sendable(values, [place for place in secret if place[0] in values])


def otherwise_hidden(outputs: "Received", inputs: "Received", news: "Received") -> list[str]:
    """The properties whose secrets the state does not keep as they are to be: in plain text, or secret for no reason."""
    clear = [place for place in news.secret if not any(place[: len(one)] == one for one in outputs.secret)]
    changed = {place[0] for place in (*clear, *(inputs.secret - news.secret))}
    return sorted(changed & outputs.values.keys() & news.values.keys())


def diff_response(
    kinds: Mapping[str, Any], *, replaces: Iterable[str] = (), on_inputs: bool = False
) -> provider_pb2.DiffResponse:
    """A detailed diff: `kinds` by property path, `replaces` the properties that make it a replacement."""
    from virtnet.planning.property_paths import top

    replaced = sorted(set(replaces))
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME if kinds else provider_pb2.DiffResponse.DIFF_NONE,
        replaces=replaced,
        # A host has one network of a name and one file of a name.
        deleteBeforeReplace=bool(replaced),
        diffs=sorted({top(path) for path in kinds}),
        hasDetailedDiff=True,
        detailedDiff={
            path: provider_pb2.PropertyDiff(kind=provider_pb2.PropertyDiff.Kind.Value(kind), inputDiff=on_inputs)
            for path, kind in kinds.items()
        },
    )


def proposed_name(request: provider_pb2.CheckRequest) -> str:
    """The name that the stack's pulumi:autonaming wants; "" where it says nothing."""
    return request.autonaming.proposed_name if request.HasField("autonaming") else ""


def configuration_failures(given: "Values") -> "list[Failure]":
    """Every reason against the provider's own settings."""
    from virtnet.spec.part import from_inputs
    from virtnet.spec.settings import ProviderSettings

    settings = {name: value for name, value in given.items() if name not in ENGINES_KEYS}
    return from_inputs(ProviderSettings, settings)[1]


#: How a component's refusals read.


def no_such_input(component: str, name: str, inputs: Iterable[str]) -> str:
    """The program gives a component an input that it doesn't have."""
    return f"{component} has no input '{name}'. Its inputs: {', '.join(inputs)}"


def names_not_known(component: str, path: str) -> str:
    """What a component makes depends on a value that only the update will know."""
    return f"{path} of a {component} isn't known before the update. Only the values inside may be outputs of others"


def not_inputs(component: str, path: str) -> str:
    """Something else stands where a component takes a group of inputs."""
    return f"{path} of a {component} must be a group of inputs by their names"


def member_failed(component: str, kind: str, name: str, said: str) -> str:
    """A resource inside a component could not be registered."""
    return f"{kind} '{name}' of the {component} was not made ({said})"
