"""What is kept of earlier looks may let through, and never refuses: then the host is looked at afresh."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

import pytest
from tests.fakes.libvirt import FakeLibvirt
from tests.kinds import preview_lines
from tests.unit.planning.resources import DESIRED, resource

from virtnet.errors import HostFailure, Refused
from virtnet.planning import lifecycle
from virtnet.planning.clients.clients import Clients
from virtnet.planning.findings import Refusal
from virtnet.planning.plan import Plan
from virtnet.planning.reports import NetworkReport
from virtnet.planning.resource import Resource
from virtnet.spec.part import Values


@dataclass
class Remembering:
    """Implements planning.libvirt_client.NetworkCache: tells what was true before, until it is invalidated."""

    true_reason: str
    remembered_reason: str
    forgotten: int = 0

    def cached_networks(self) -> Sequence[NetworkReport]:
        return [
            NetworkReport(
                uuid="",
                name=self.remembered_reason,
                active=True,
                persistent=False,
                autostart=False,
                live_xml="",
                config_xml=None,
            )
        ]

    def invalidate_networks(self) -> None:
        self.forgotten += 1
        self.remembered_reason = self.true_reason


class Kind(Enum):
    TAKEN = "taken"


def refusing() -> Resource[str]:
    """Refuses with what it observes, if that is anything."""

    def observe(clients: Clients, desired: Values | None, recorded: Values) -> str:
        return clients.cached_networks()[0].name

    def plan(desired: Values | None, recorded: Values | None, observed: str | None) -> Plan:
        return Plan(refusals=(Refusal(Kind.TAKEN, {"by": observed}),) if observed else ())

    return resource(observe=observe, plan=plan)


def connect_to(cache: Remembering) -> lifecycle.Connect:
    return lambda uri: Clients(libvirt=FakeLibvirt(), host=None, network_cache=cache)


def test_a_refusal_from_memory_alone_is_none() -> None:
    cache = Remembering(true_reason="", remembered_reason="the bridge name is taken")

    made = lifecycle.create(refusing(), DESIRED, connect_to(cache), lambda line: None)
    lines = preview_lines(refusing(), None, DESIRED, connect_to(cache))

    assert made == DESIRED
    assert lines == []
    assert cache.forgotten == 1


def test_a_refusal_that_is_true_stays() -> None:
    cache = Remembering(true_reason="really taken", remembered_reason="the bridge name is taken")

    with pytest.raises(Refused, match="really taken"):
        lifecycle.create(refusing(), DESIRED, connect_to(cache), lambda line: None)

    assert cache.forgotten == 1


def test_what_is_not_refused_is_looked_at_once() -> None:
    cache = Remembering(true_reason="", remembered_reason="")

    lifecycle.update(refusing(), DESIRED, DESIRED, connect_to(cache), lambda line: None)

    assert cache.forgotten == 0


def test_a_create_looks_ahead_before_it_has_the_lock_and_what_fails_then_is_no_failure() -> None:
    libvirt, locked = FakeLibvirt(), dict[str, bool]()

    def prefetch(clients: Clients, desired: Values) -> None:
        locked["prefetch"] = libvirt.locked
        raise HostFailure("could not list the addresses")

    def observe(clients: Clients, desired: Values | None, recorded: Values) -> str:
        locked.setdefault("observe", libvirt.locked)
        return ""

    kind = replace(refusing(), prefetch=prefetch, observe=observe)
    lifecycle.create(kind, DESIRED, lambda uri: Clients(libvirt=libvirt, host=None), lambda line: None)

    assert locked == {"prefetch": False, "observe": True}
