"""The record by which the lifecycle knows a kind of resource: names, a spec and functions. No behaviour of its own.

A new kind of resource is one file that makes such a record, and one entry in resources.RESOURCES.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from virtnet.planning.clients import Clients
from virtnet.planning.findings import Messages
from virtnet.planning.plan import Plan
from virtnet.spec.failures import Failure
from virtnet.spec.part import Part, Values

Observed = TypeVar("Observed")


@dataclass(frozen=True, kw_only=True)
class Resource(Generic[Observed]):
    """What a kind of resource is to the verbs: its names, its spec and its functions."""

    name: str
    """As users know it: "LibvirtNetwork"."""
    subject: str
    """As a sentence names one: "network"."""
    spec: type[Part]
    computed: frozenset[str]
    """Names of outputs that are made, not named by the program."""
    check: Callable[[Mapping[str, Any], Mapping[str, Any]], tuple[dict[str, object], list[Failure]]]
    """(inputs, recorded inputs) -> canonical inputs, or failures. Pure."""
    observe: Callable[[Clients, Values | None, Values], Observed]
    """(doors, desired, recorded or {}) -> what libvirt and the kernel report now. No effect.

    Desired is {} when only reading, and None before a delete.
    """
    plan: Callable[[Values | None, Values | None, Observed | None], Plan]
    """(desired, recorded, observed) -> plan. None as observed means: just as recorded. Pure."""
    outputs: Callable[[Values, Values, Observed], dict[str, object] | None]
    """(inputs, recorded outputs or a plan's details, observed) -> outputs; None when it is gone. Pure."""
    recorded_inputs: Callable[[Values], Values]
    """Recorded outputs -> what the program had named. Pure."""
    identity: Callable[[Values], str]
    """Outputs -> Pulumi's id. Pure."""
    messages: Callable[[], Messages]
    """How its values read; called when something is to be said, so that sentences are imported then."""
    unknown_after_create: Values = field(default_factory=dict)
    """Outputs that are recorded where a create failed and its host was lost: the next update is to look at it all."""
    prefetch: Callable[[Clients, Values], None] | None = None
    """(doors, desired): ask, while another resource has the turn, what observe would take long to ask before a create.

    No effect. Raises what observe would raise."""
