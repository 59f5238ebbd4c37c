"""The reads of an observation, declared by the resource, so that reads that belong together take one round trip. Pure.

A declaration changes no answer. A superfluous declaration costs a read, and a missing one costs a round trip. A test of
each resource compares declarations and reads.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeAlias

Request: TypeAlias = tuple[str, ...]
"""One read of a host as virtnet.host.requests spells it, the kind first: ("read", path)."""


def _nothing(*_: object) -> tuple[Request, ...]:
    return ()


class Reads(NamedTuple):
    """What a resource's observation reads of a host together. The default declares nothing."""

    groups: tuple[frozenset[Request], ...] = ()
    """Groups of requests that are read together. If a request is in several groups, the first group counts."""
    grouped_with: Callable[[Request], Iterable[Request]] = _nothing
    """A request -> other requests to read with it, if they depend on a name in it. Pure."""
    likely_next: Callable[[Request, str], Iterable[Request]] = _nothing
    """A request and its answer -> the reads that usually follow. Pure."""
    of_host: frozenset[Request] = frozenset()
    """Files and directories that describe the whole host. What one resource reads of them serves others for a while."""


def combined(*reads: Reads) -> Reads:
    """The reads of several resources, for one observation of all of them."""
    return Reads(
        groups=tuple(group for one in reads for group in one.groups),
        grouped_with=lambda request: [other for one in reads for other in one.grouped_with(request)],
        likely_next=lambda request, text: [other for one in reads for other in one.likely_next(request, text)],
        of_host=frozenset[Request]().union(*(one.of_host for one in reads)),
    )
