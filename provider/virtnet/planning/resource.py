"""The record by which everything else knows a kind of resource: names, specs and functions. No behaviour of its own.

The verbs, both adapters, the schema, the SDKs and the reference are made of it; none of them knows a kind by name. A
new kind of resource is a package that makes such a record, and one entry in `virtnet.resources`. Its package decides in
its `plan` and acts in its `steps`, and `observe` says what both start from; `planning` only calls them in order.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

from virtnet.planning.announcements import Announced, Place
from virtnet.planning.clients.clients import Clients
from virtnet.planning.clients.reads import Reads
from virtnet.planning.findings import Effect, Messages, Note
from virtnet.planning.ownership.claims import Want
from virtnet.planning.ownership.marks import Mark
from virtnet.planning.plan import Plan
from virtnet.spec import properties
from virtnet.spec.failures import Failure
from virtnet.spec.part import Part, Values
from virtnet.spec.paths import Steps

Observed = TypeVar("Observed")


class Existing(NamedTuple):
    """Something on a host that is to be imported."""

    inputs: Values
    """All it has, as the inputs of a program, but for its `uri`."""
    identity: Values
    """What tells `observe` which one it is, as recorded outputs would."""
    mark: Mark | None = None
    """What it says of its owner."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class BuildsOn(Generic[Observed]):
    """How a kind of resource goes by what others of the same run are going to be (`planning.announcements`)."""

    places: Callable[[Values], Iterable[Place]]
    """Inputs or outputs -> where those others are found. Pure."""
    foretold: Callable[[Values, Values, Announced], Values]
    """(desired, recorded outputs, what another becomes) -> the record with what is wrong with it then. Pure.

    It is given to `plan` in the place of the record, so that a diff has the change that follows, and an update may make
    it."""
    once_there: Callable[[Observed, Announced], Observed]
    """(observed, what another becomes) -> the same once that is so. Pure.

    In `up` the other may be as far already, or not yet, where nothing has it come first."""
    moved: Callable[[Values, Announced], Values]
    """(inputs, what another becomes) -> the same, calling the other by the name that it gets. Pure."""


def _named(values: Values) -> str | None:
    """The input `name`."""
    name = values.get("name")
    return name if isinstance(name, str) and name else None


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Resource(Generic[Observed]):
    """What a kind of resource is to everything else. One is itself only."""

    name: str
    """As users know it: "LibvirtNetwork"."""
    subject: str
    """As a sentence names one: "network"."""
    description: str
    """For the schema and the SDKs, in Markdown."""
    spec: type[Part]
    """The inputs: how they are checked, spelled and described, and what their changes cost."""
    outputs_spec: type[Part]
    """The outputs that are made, not named by the program; some of them may be both."""
    settled: frozenset[str]
    """Inputs that always have an output, also where the program leaves them out."""
    left_out: Values = field(default_factory=dict)
    """Those among them that check gives a constant value where the program leaves them out, with that value."""
    check: Callable[[Values, Values], tuple[dict[str, object], list[Failure]]]
    """(inputs, recorded inputs) -> canonical inputs, or failures. Pure."""
    observe: Callable[[Clients, Values | None, Values], Observed]
    """(clients, desired, recorded or {}) -> what libvirt and the kernel report now. No effect.

    Desired is {} when only reading, and None before a delete.
    """
    plan: Callable[[Values | None, Values | None, Observed | None], Plan]
    """(desired, recorded, observed) -> plan. None as observed means: just as recorded. Pure."""
    outputs: Callable[[Values, Values, Observed], dict[str, object] | None]
    """(inputs, recorded outputs or a plan's details, observed) -> outputs; None when it is gone. Pure."""
    predict: Callable[[Values | None, Values], Values]
    """(recorded, desired) -> the outputs that are known before anything is done. Pure.

    Recorded is None before a create. What is not among them is UNKNOWN after a create, and as recorded after an update.
    What is promised must come true, because other resources' previews are built on it.
    """
    recorded_inputs: Callable[[Values], Values]
    """Recorded outputs -> what the program had named. Pure."""
    identity: Callable[[Values], str]
    """Outputs -> Pulumi's id. Pure."""
    messages: Callable[[], Messages]
    """How its values read; called when something is to be said, so that sentences are imported then."""
    name_of: Callable[[Values], str | None] = _named
    """Inputs or outputs -> the name of the object in sentences; None where it has none, or none that is known. Pure."""
    identified_by: tuple[str, ...] = ("uri",)
    """Inputs that say which host and which object there is meant: while one is unknown, a preview looks at none."""
    wants: Callable[[Values], Iterable[Want]] = lambda _: ()
    """Canonical inputs -> what of a host only one resource can have, as far as it is known. Pure.

    Two resources of one run that want the same are refused by check, with the want's kind and these details: `value`,
    `other`, the value of the other one, and `holder`, its URN."""
    announces: Callable[[Values], Iterable[Place]] = lambda _: ()
    """Inputs or outputs -> where resources that build on this one look for it. Pure."""
    builds_on: BuildsOn[Observed] | None = None
    """How it goes by others of the same run; None where it goes by none."""
    unnamed_stays: bool = True
    """Whether what neither the program nor the state names stays as it is on the host; else it is given back."""
    less_ignored: Callable[[Note, Values, Sequence[Steps]], Note | None] = lambda note, _desired, _ignored: note
    """(a note of a plan, desired, the paths of ignoreChanges) -> the note less what it says of those, or None. Pure."""
    effects: Callable[[Values | None, Values, Sequence[Note]], Iterable[Effect]] = lambda _before, _after, _notes: ()
    """(before, after, the notes of a preview) -> what the plan means for others. Pure.

    They are those of the plan's `transition`, where it has one, else what is recorded and what is desired. Before is
    None where there is nothing. What is desired may hold unknowns."""
    in_brief: Callable[[Values], Iterable[str]] = lambda _desired: ()
    """Desired -> a few words that say what it is, for a cell of a table; what is unknown is left out. Pure."""
    reads: Reads = field(default_factory=Reads)
    """What observe reads of the host together."""
    reads_before_delete: Reads | None = None
    """The same before a delete, where that is less."""
    looks_are_shared: bool = False
    """Whether a refresh that finds nothing new may live on what the host's programs said a moment ago to another one.

    For what is listed with all others of its kind: a thousand of them are then looked at in a few listings."""
    unknown_after_create: Values = field(default_factory=dict)
    """Outputs that are recorded where a create failed and its host was lost: the next update is to look at it all."""
    prefetch: Callable[[Clients, Values], None] | None = None
    """(clients, desired): ask, while another holds the lock, what observe would take long to ask before a create.

    No effect. Raises what observe would raise."""
    once_gone: Callable[[Observed, Values], Observed] | None = None
    """(observed for something new, recorded outputs) -> the same once what is recorded is gone. Pure.

    By it a replacement is refused before anything is deleted, and its preview tells of what takes the place. None where
    a delete that no create follows loses nothing that the next run would not make."""
    foresee: Callable[[Clients, Values], Iterable[Note]] | None = None
    """(clients, desired): what a reviewer should know of a create that it does not look at itself. No effect.

    Asked by a preview alone. Raises what observe would raise."""
    import_existing: Callable[[Clients, str], Existing] | None = None
    """(clients, what the user gave as its id) -> what is there. No effect. Raises Refused where there is none.

    None where a program that declares it takes note of what it finds, so that there is nothing to import."""

    @property
    def computed(self) -> frozenset[str]:
        """Names of outputs that are made, not named by the program."""
        return frozenset(self.outputs_spec.model_fields)

    def to_properties(self, tree: Values) -> dict[str, object]:
        """Inputs or outputs as Pulumi keeps them."""
        return properties.to_properties(self.spec, tree, self.outputs_spec)

    def from_properties(self, property_map: Values) -> dict[str, object]:
        """Inputs or outputs that came from Pulumi."""
        return properties.from_properties(self.spec, property_map, self.outputs_spec)
