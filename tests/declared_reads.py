"""Whether what a resource declares to read is what its observation asks."""

from collections.abc import Callable

from tests.fakes.machine import FakeMachine

from virtnet.host.client import Host
from virtnet.planning.clients.reads import Reads, Request


def read_at_once(machine: FakeMachine, reads: Reads, observe: Callable[[Host], object]) -> list[set[Request]]:
    """What one observation reads, by round trips."""
    machine.trips.clear()
    host = Host(machine)
    with host.cached_reads(reads):
        observe(host)
    return [set(trip) for trip in machine.trips]


def unneeded(machine: FakeMachine, reads: Reads, observe: Callable[[Host], object]) -> set[Request]:
    """What the declaration has read beyond what the observation asks."""
    asked = set[Request]().union(*read_at_once(machine, Reads(), observe))
    read = set[Request]().union(*read_at_once(machine, reads, observe))
    assert asked <= read
    return read - asked
