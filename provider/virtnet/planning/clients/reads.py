"""What an observation reads of a host, declared by the resource: so what belongs together takes one round trip. Pure.

A declaration changes no answer. What is declared beyond need is only read, and what is not declared costs a round trip
more, so a test of each resource holds the two together.
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
    """Requests of which each is read with all others of its group; the first group that has a request counts."""
    grouped_with: Callable[[Request], Iterable[Request]] = _nothing
    """A request -> what else is read with it, which depends on a name in it. Pure."""
    likely_next: Callable[[Request, str], Iterable[Request]] = _nothing
    """A request and the text of its answer -> what is read next because of that. Pure."""


def combined(*reads: Reads) -> Reads:
    """What several resources read, for one observation of all of them."""
    return Reads(
        groups=tuple(group for one in reads for group in one.groups),
        grouped_with=lambda request: [other for one in reads for other in one.grouped_with(request)],
        likely_next=lambda request, text: [other for one in reads for other in one.likely_next(request, text)],
    )
