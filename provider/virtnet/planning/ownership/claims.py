"""Which resources of one run have or want which objects on hosts, so that none takes another's."""

import threading
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import NamedTuple

from virtnet.transport.spellings import Spellings


def key_of(values: Mapping[str, object]) -> str:
    """The key of a resource in a run: its URN, or project/stack/resource if the URN is unknown.

    `values` are inputs or outputs, also in wire form.
    """
    return str(values.get("__urn") or values.get("__owner") or "")


class Want(NamedTuple):
    """Something on a host that a resource's inputs ask for, and that only one resource can have."""

    host: str
    """The host's connection URI."""
    path: str
    """The property that asks for it, in Python spelling."""
    kind: Enum
    """The kind of the failure if another resource has it, and so of the thing itself."""
    value: str
    """Its value."""
    span: tuple[int, int, int] | None = None
    """For a range, such as a subnet: its family, first and last. Two wants conflict if their ranges overlap."""
    within: str = ""
    """For a port, which each address of a host has: the address. "" means all addresses."""


class Met(NamedTuple):
    """A want that conflicts with one of another resource of the run."""

    want: Want
    other: Want
    holder: str
    """The key of the other resource."""


class GivenUp(NamedTuple):
    """A want of a resource that another one of the run has according to its record, and no longer wants."""

    want: Want
    holder: str
    """The key of the other resource."""
    swaps: bool
    """Whether the other one wants what this one has."""


class _Entry(NamedTuple):
    want: Want
    key: str
    recorded: bool


class _Change(NamedTuple):
    wants: tuple[Want, ...]
    recorded: tuple[Want, ...]

    @property
    def gives_up(self) -> tuple[Want, ...]:
        return tuple(one for one in self.recorded if not want_the_same([one], self.wants))


class Claims:
    """What this run's resources have, by the tokens in owner marks, and what they want. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys: dict[str, str] = {}
        self._wanted: dict[tuple[object, ...], list[_Entry]] = {}
        self._places: dict[str, list[tuple[object, ...]]] = {}
        self._changes: dict[str, _Change] = {}
        self._hosts = Spellings()

    def claim(self, token: object, key: str) -> None:
        """Record that the resource of that key has the object with this token. A resource without a token has none."""
        if isinstance(token, str) and token:
            with self._lock:
                self._keys[token] = key

    def holder(self, tokens: Iterable[str], key: str) -> str | None:
        """The key of another resource that has one of these objects; None if there is none."""
        with self._lock:
            found = [self._keys.get(token, key) for token in tokens]
        return next((one for one in found if one != key), None)

    def want(self, key: str, wants: Iterable[Want], recorded: Iterable[Want] = ()) -> list[Met]:
        """Record all wants of a resource, and return those that conflict, one for each other resource.

        A conflict between two records isn't returned: the hosts may be like that, and it must not stop a run.
        """
        with self._lock:
            recorded, wants = self._spelled(recorded), self._spelled(wants)
        before = {(want.host, want.kind, want.value) for want in recorded}
        entries = [_Entry(want, key, (want.host, want.kind, want.value) in before) for want in wants]
        with self._lock:
            # A replaced resource is checked a second time, without a record.
            known = recorded or self._changes.get(key, _Change((), ())).recorded
            self._changes[key] = _Change(wants, known)
            for place in self._places.pop(key, ()):
                self._wanted[place] = [entry for entry in self._wanted[place] if entry.key != key]
            met: dict[str, Met] = {}
            for entry in entries:
                for found in self._meeting(entry):
                    met.setdefault(found.holder, found)
            if not met:
                self._places[key] = [_place(entry.want) for entry in entries]
                for entry in entries:
                    self._wanted.setdefault(_place(entry.want), []).append(entry)
        return list(met.values())

    def given_up(self, key: str) -> list[GivenUp]:
        """What other resources have and no longer want, and this one wants; one for each of them."""
        with self._lock:
            changes = dict(self._changes)
        own = changes.pop(key, _Change((), ()))
        found: list[GivenUp] = []
        for holder, other in changes.items():
            wanted = next((want for want in own.wants if want_the_same([want], other.gives_up)), None)
            if wanted is not None:
                found.append(GivenUp(wanted, holder, want_the_same(own.gives_up, other.wants)))
        return found

    def wanting(self, wants: Iterable[Want]) -> list[str]:
        """The keys of the resources that want any of these, too."""
        with self._lock:
            entries = [_Entry(want, "", recorded=False) for want in self._spelled(wants)]
            return list(dict.fromkeys(met.holder for entry in entries for met in self._meeting(entry)))

    def _spelled(self, wants: Iterable[Want]) -> tuple[Want, ...]:
        """The same wants, with one spelling of each host."""
        return tuple(want._replace(host=self._hosts.first(want.host)) for want in wants)

    def _meeting(self, entry: _Entry) -> Iterator[Met]:
        for other in self._wanted.get(_place(entry.want), ()):
            if not (entry.recorded and other.recorded) and _meet(entry.want, other.want):
                yield Met(entry.want, other.want, other.key)


def want_the_same(some: Iterable[Want], others: Iterable[Want]) -> bool:
    """Whether two resources want something that only one can have."""
    others = [*others]
    return any(_place(one) == _place(other) and _meet(one, other) for one in some for other in others)


def _place(want: Want) -> tuple[object, ...]:
    """The key under which conflicting wants are found."""
    return want.host, want.kind, want.value if want.span is None else want.span[0]


def _meet(one: Want, other: Want) -> bool:
    if one.within != other.within and "" not in (one.within, other.within):
        return False
    return one.span is None or other.span is None or (one.span[1] <= other.span[2] and other.span[1] <= one.span[2])
