"""What is kept of earlier looks may let through, and never refuses: then the host is looked at afresh."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from virtnet.errors import HostFailure, Refused
from virtnet.planning import lifecycle
from virtnet.planning.clients import Clients, LibvirtClient
from virtnet.planning.findings import PLAIN
from virtnet.planning.plan import Plan
from virtnet.planning.resource import Resource
from virtnet.spec.part import Part, Values

DESIRED = {"name": "lab", "uri": "test:///"}


@dataclass
class RememberingLibvirt:
    """Tells what was true before, until it is invalidated."""

    true_reason: str
    remembered_reason: str
    forgotten: int = 0
    happened: list[str] = field(default_factory=list)

    @contextlib.contextmanager
    def lock(self, prefetch: Callable[[], None]) -> Iterator[None]:
        prefetch()
        self.happened.append("lock")
        yield

    def invalidate_networks(self) -> None:
        self.forgotten += 1
        self.remembered_reason = self.true_reason


def resource() -> Resource[str]:
    """Refuses with what it observes, if that is anything."""

    def observe(clients: Clients, desired: Values | None, recorded: Values) -> str:
        return cast(RememberingLibvirt, clients.libvirt).remembered_reason

    def plan(desired: Values | None, recorded: Values | None, observed: str | None) -> Plan:
        return Plan(refusals=(observed,) if observed else ())

    return Resource(
        messages=lambda: PLAIN,
        name="Kind",
        subject="kind",
        spec=Part,
        computed=frozenset(),
        check=lambda inputs, recorded: (dict(inputs), []),
        observe=observe,
        plan=plan,
        outputs=lambda inputs, recorded, observed: dict(inputs),
        recorded_inputs=dict,
        identity=lambda outputs: "id",
    )


def doors_to(libvirt: RememberingLibvirt) -> Any:
    return lambda uri: Clients(libvirt=cast(LibvirtClient, libvirt), host=None)


def test_a_refusal_from_memory_alone_is_none() -> None:
    libvirt = RememberingLibvirt(true_reason="", remembered_reason="the bridge name is taken")

    made = lifecycle.create(resource(), DESIRED, doors_to(libvirt), lambda line: None)
    lines = lifecycle.preview(resource(), None, DESIRED, doors_to(libvirt))

    assert made == DESIRED
    assert lines == []
    assert libvirt.forgotten == 1


def test_a_refusal_that_is_true_stays() -> None:
    libvirt = RememberingLibvirt(true_reason="really taken", remembered_reason="the bridge name is taken")

    with pytest.raises(Refused, match="really taken"):
        lifecycle.create(resource(), DESIRED, doors_to(libvirt), lambda line: None)

    assert libvirt.forgotten == 1


def test_what_is_not_refused_is_looked_at_once() -> None:
    libvirt = RememberingLibvirt(true_reason="", remembered_reason="")

    lifecycle.update(resource(), DESIRED, DESIRED, doors_to(libvirt), lambda line: None)

    assert libvirt.forgotten == 0


def test_a_create_looks_ahead_before_it_has_the_lock_and_what_fails_then_is_no_failure() -> None:
    libvirt = RememberingLibvirt(true_reason="", remembered_reason="")

    def prefetch(clients: Clients, desired: Values) -> None:
        libvirt.happened.append("ahead")
        raise HostFailure("could not list the addresses")

    lifecycle.create(replace(resource(), prefetch=prefetch), DESIRED, doors_to(libvirt), lambda line: None)

    assert libvirt.happened == ["ahead", "lock"]
