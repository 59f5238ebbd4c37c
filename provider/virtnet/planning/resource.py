"""The record that describes a kind of resource: names, specs and functions. It has no behaviour of its own.

The verbs, both adapters, the schema, the SDKs and the reference use this record, and none of them knows a kind by name.
A new kind of resource is a package with such a record, and one entry in `virtnet.resources`. The package's `observe`
reads the host, its `plan` decides, and its `steps` act; `planning` only calls them in order.
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
    """An existing object that is to be imported."""

    inputs: Values
    """All its settings, as inputs of a program, except `uri`."""
    identity: Values
    """What identifies it for `observe`, as recorded outputs do."""
    mark: Mark | None = None
    """Its owner mark."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class BuildsOn(Generic[Observed]):
    """How a kind of resource follows changes of other resources in the same run (`planning.announcements`)."""

    places: Callable[[Values], Iterable[Place]]
    """Inputs or outputs -> where to find those other resources. Pure."""
    foretold: Callable[[Values, Values, Announced], Values]
    """(desired, recorded outputs, what another becomes) -> the record, with the problems that this causes. Pure.

    `plan` gets it instead of the record, so that a diff shows the change that follows, and an update may make it."""
    once_there: Callable[[Observed, Announced], Observed]
    """(observed, what another becomes) -> what will be observed after that. Pure.

    During `up`, the other change may have happened or not, unless something orders the two."""
    moved: Callable[[Values, Announced], Values]
    """(inputs, what another becomes) -> the same, calling the other by the name that it gets. Pure."""


def _named(values: Values) -> str | None:
    """The input `name`."""
    name = values.get("name")
    return name if isinstance(name, str) and name else None


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Resource(Generic[Observed]):
    """A kind of resource. Instances compare by identity."""

    name: str
    """The name that users know: "LibvirtNetwork"."""
    subject: str
    """The noun in sentences: "network"."""
    description: str
    """For the schema and the SDKs, in Markdown."""
    spec: type[Part]
    """The inputs: how they are checked, spelled and described, and what their changes cost."""
    outputs_spec: type[Part]
    """The outputs that virtnet computes. A program may set some of them, too."""
    settled: frozenset[str]
    """Inputs that always have an output, even if the program doesn't set them."""
    left_out: Values = field(default_factory=dict)
    """Settled inputs that check sets to a constant value if the program doesn't set them, with that value."""
    check: Callable[[Values, Values], tuple[dict[str, object], list[Failure]]]
    """(inputs, recorded inputs) -> canonical inputs, or failures. Pure."""
    observe: Callable[[Clients, Values | None, Values], Observed]
    """(clients, desired, recorded or {}) -> what libvirt and the kernel report now. No effect.

    Desired is {} when only reading, and None before a delete.
    """
    plan: Callable[[Values | None, Values | None, Observed | None], Plan]
    """(desired, recorded, observed) -> plan. None as observed means: just as recorded. Pure."""
    outputs: Callable[[Values, Values, Observed], dict[str, object] | None]
    """(inputs, recorded outputs or a plan's details, observed) -> outputs; None if it no longer exists. Pure."""
    outputs_after: Callable[[Values, Values, Observed], dict[str, object]] | None = None
    """(inputs, recorded outputs with a plan's details, what it was planned for) -> outputs of a plan that settles, once
    all its steps are done. Pure. None if the host is looked at once more."""
    predict: Callable[[Values | None, Values], Values]
    """(recorded, desired) -> the outputs that are known before anything is done. Pure.

    Recorded is None before a create. Other outputs are UNKNOWN for a create, and as recorded for an update. A promise
    must come true, because other resources' previews depend on it.
    """
    recorded_inputs: Callable[[Values], Values]
    """Recorded outputs -> what the program had set. Pure."""
    identity: Callable[[Values], str]
    """Outputs -> Pulumi's id. Pure."""
    messages: Callable[[], Messages]
    """Its sentences. Called only if there is something to print, so that sentences are imported then."""
    name_of: Callable[[Values], str | None] = _named
    """Inputs or outputs -> the object's name in sentences; None if it has none, or if it is unknown. Pure."""
    identified_by: tuple[str, ...] = ("uri",)
    """Inputs that identify the host and the object: if one is unknown, a preview reads no host."""
    wants: Callable[[Values], Iterable[Want]] = lambda _: ()
    """Canonical inputs -> things of a host that only one resource can have, as far as known. Pure.

    check refuses two resources of one run that want the same, with the want's kind and these details: `value`; `other`,
    the value of the other one; and `holder`, its URN."""
    announces: Callable[[Values], Iterable[Place]] = lambda _: ()
    """Inputs or outputs -> where other resources that build on this one look for it. Pure."""
    builds_on: BuildsOn[Observed] | None = None
    """How it follows other resources of the same run; None if it follows none."""
    unnamed_stays: bool = True
    """Whether settings that neither the program nor the state has stay as they are; otherwise they are restored."""
    less_ignored: Callable[[Note, Values, Sequence[Steps]], Note | None] = lambda note, _desired, _ignored: note
    """(a note of a plan, desired, the paths of ignoreChanges) -> the note without those paths, or None. Pure."""
    effects: Callable[[Values | None, Values, Sequence[Note]], Iterable[Effect]] = lambda _before, _after, _notes: ()
    """(before, after, the notes of a preview) -> the plan's effects on others. Pure.

    Before and after are those of the plan's `transition`, or else the recorded and the desired inputs. Before is None
    if there is nothing. The desired inputs may contain unknowns."""
    in_brief: Callable[[Values], Iterable[str]] = lambda _desired: ()
    """Desired -> a few words that describe it, for a cell of a table, without unknowns. Pure."""
    reads: Reads = field(default_factory=Reads)
    """What observe reads of the host together."""
    reads_before_delete: Reads | None = None
    """What observe reads before a delete, if that is less."""
    looks_are_shared: bool = False
    """Whether a refresh that finds nothing new may use what another recent refresh read.

    That is output of the host's programs, files that describe the whole host, and libvirt's list of networks."""
    lists_rules_again: bool = False
    """Whether observe itself lists firewall rules again before it reports a problem with them.

    For other kinds, a refresh that finds anything new has them listed again."""
    unknown_after_create: Values = field(default_factory=dict)
    """Outputs to record if a create failed and its host was lost. They make the next update check everything."""
    prefetch: Callable[[Clients, Values], None] | None = None
    """(clients, desired): while another thread holds the lock, read what takes observe long before a create.

    No effect. Raises what observe would raise."""
    once_gone: Callable[[Observed, Values], Observed] | None = None
    """(observed for something new, recorded outputs) -> the same after the recorded object is deleted. Pure.

    With it, a replacement is refused before anything is deleted, and its preview describes the new object. None if a
    delete without its create loses nothing that the next run wouldn't create."""
    foresee: Callable[[Clients, Values], Iterable[Note]] | None = None
    """(clients, desired) -> notes about a create that the create itself doesn't read. No effect.

    Only previews call it. Raises what observe would raise."""
    import_existing: Callable[[Clients, str], Existing] | None = None
    """(clients, the id that the user gave) -> the existing object. No effect. Raises Refused if there is none.

    None if declaring the resource records the current values, so that there is nothing to import."""

    @property
    def computed(self) -> frozenset[str]:
        """Names of outputs that virtnet computes."""
        return frozenset(self.outputs_spec.model_fields)

    def to_properties(self, tree: Values) -> dict[str, object]:
        """Inputs or outputs as Pulumi records them."""
        return properties.to_properties(self.spec, tree, self.outputs_spec)

    def from_properties(self, property_map: Values) -> dict[str, object]:
        """Inputs or outputs that came from Pulumi."""
        return properties.from_properties(self.spec, property_map, self.outputs_spec)
