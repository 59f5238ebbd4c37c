"""Ports as programs write them, "8080" or "5000-5010", and what several ranges have in common. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from virtnet.port_forward.forward import LAST_PORT, PortRange, Protocol
from virtnet.port_forward.kinds import PortForwardFailure
from virtnet.spec.failures import Invalid
from virtnet.spec.part import Values

Item = TypeVar("Item")


class Span(NamedTuple):
    """Ports in a row, both ends included."""

    first: int
    last: int

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"

    def meets(self, other: "Span") -> bool:
        """Whether both have a port in common."""
        return self.first <= other.last and other.first <= self.last


def ports(value: str) -> str:
    """A port, or the first and the last of a range, in one spelling."""
    return str(span(value))


def span(value: str) -> Span:
    """The same as numbers. Raises Invalid for anything else."""
    found = re.fullmatch(r"\s*([0-9]{1,6})\s*(?:[-:]\s*([0-9]{1,6})\s*)?", value, re.ASCII)
    if found is None:
        raise Invalid(PortForwardFailure.NO_PORT)
    first, last = int(found[1]), int(found[2] or found[1])
    if 0 in (first, last):
        raise Invalid(PortForwardFailure.PORT_ZERO)
    if max(first, last) > LAST_PORT:
        raise Invalid(PortForwardFailure.PORT_RANGE, {"largest": LAST_PORT})
    if last < first:
        raise Invalid(PortForwardFailure.EMPTY_RANGE, suggestion=str(Span(last, first)))
    if value != str(Span(first, last)) and not re.fullmatch(r"[0-9]+(-[0-9]+)?", value, re.ASCII):
        raise Invalid(PortForwardFailure.NO_PORT, suggestion=str(Span(first, last)))
    return Span(first, last)


def target_of(listen: Span, target: str | None) -> Span:
    """Where a range leads to: the range itself, or one of the same length that begins where the target does."""
    if target is None:
        return listen
    begins = span(target)
    return begins if begins.first != begins.last else Span(begins.first, begins.first + listen.last - listen.first)


def range_of(item: Values) -> PortRange:
    """One item of canonical `ports`, all of it known."""
    protocol: Protocol = "udp" if item["protocol"] == "udp" else "tcp"
    listen = span(str(item["listen_port"]))
    target = item.get("target_port")
    leads_to = target_of(listen, None if target is None else str(target))
    return PortRange(protocol, listen.first, listen.last, leads_to.first)


def first_meeting(spans: Iterable[tuple[Item, Span]]) -> Iterator[tuple[Item, Item, Span]]:
    """Each item whose span meets that of an earlier one, with the earlier one and what they have in common."""
    seen: list[tuple[Item, Span]] = []
    for item, own in spans:
        for other, there in seen:
            if own.meets(there):
                yield item, other, Span(max(own.first, there.first), min(own.last, there.last))
                break
        seen.append((item, own))


def less(first: int, last: int, others: Sequence[Span]) -> Iterator[Span]:
    """What is left of a range without others."""
    begin = first
    for other in sorted(others):
        if other.last < begin or other.first > last:
            continue
        if other.first > begin:
            yield Span(begin, other.first - 1)
        begin = max(begin, other.last + 1)
    if begin <= last:
        yield Span(begin, last)
