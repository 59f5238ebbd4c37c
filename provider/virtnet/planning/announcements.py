"""What resources of one run are going to be on their hosts, for the others whose plans are made of that.

A diff asks no host, and in a preview nothing is done yet: so what another resource of the run changes is known from
what it said itself, when it was checked and compared. A resource that stands as recorded says so too, for those that an
earlier run left behind. Nothing is known of resources that come later, of other programs, and of one host by two
spellings of its URI that don't obviously mean the same.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from virtnet.transport.spellings import Spellings

if TYPE_CHECKING:
    from virtnet.planning.resource import Resource
    from virtnet.spec.part import Values


Offers = Mapping[tuple[str, str], frozenset[str]]
"""What others may go by of a resource, by a kind of thing and its name: ("targetName", "web") -> its addresses."""


class Place(NamedTuple):
    """By what others find a resource."""

    host: str
    """The host's connection URI."""
    kind: str
    """The kind of resource: "LibvirtNetwork"."""
    name: str
    """What others call it: its name, or its UUID."""


class Announced(NamedTuple):
    """What a resource is recorded as, and what this run makes of it."""

    resource: "Resource[Any]"
    recorded: "Values"
    """Empty where nothing is."""
    desired: "Values"
    """Canonical inputs, with unknowns in a preview."""
    is_replaced: bool = False
    """Whether it is deleted to be created again, or may be: the engine tells of `--replace` as of a create."""
    has_outputs: bool = False
    """Whether `recorded` are outputs. A diff is told them, and a check inputs alone."""
    stands: bool = False
    """Whether this run changes nothing of it, so that what goes by it may have been left behind before."""


class Listener(NamedTuple):
    """A resource that was compared when nothing was announced of what it builds on."""

    resource: "Resource[Any]"
    recorded: "Values"
    desired: "Values"


class Standing(NamedTuple):
    """A resource that stands as it is recorded, and is compared without its record and what that imports."""

    offers: Callable[[], Offers]
    """What others go by; made when one asks, and kept by whoever gives it."""
    listener: Callable[[], Listener]


class Announcements:
    """What a run makes of its resources, and which of them stand as recorded. Calls may come from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._announced: dict[Place, Announced] = {}
        self._places: dict[str, tuple[Place, ...]] = {}
        self._early: dict[Place, dict[str, Callable[[], Listener]]] = {}
        self._building: dict[str, tuple[Place, ...]] = {}
        self._standing: dict[Place, Standing] = {}
        self._hosts = Spellings()

    def announce(self, key: str, places: Iterable[Place], announced: Announced) -> None:
        """Note what becomes of a resource, instead of what it said before. `key` tells it from others.

        What is checked with nothing recorded is created or replaced. Where it was checked with a record before, it is
        replaced, whoever asked for that: the diff, or an option that no provider is told of.
        """
        with self._lock:
            places = self._spelled(places)
            there = self._places.get(key, ())
            before = next((self._announced[place] for place in there if place in self._announced), None)
            if not announced.recorded:
                announced = announced._replace(is_replaced=True)
                if before is not None and before.recorded:
                    announced, places = before._replace(desired=announced.desired, is_replaced=True), (*there, *places)
            self._withdraw(key)
            self._places[key] = tuple(dict.fromkeys(places))
            self._announced.update(dict.fromkeys(self._places[key], announced))

    def builds(self, key: str, places: Iterable[Place]) -> None:
        """Note that a resource of the program builds on what is at these places."""
        with self._lock:
            self._building[key] = self._spelled(places)

    def building(self, places: Iterable[Place]) -> list[str]:
        """The keys of the resources of the program that build on what is at one of these places."""
        with self._lock:
            there = frozenset(self._spelled(places))
            return [key for key, needed in self._building.items() if not there.isdisjoint(needed)]

    def gone(self, key: str) -> None:
        """Note that a resource is deleted. What takes its place is checked once more."""
        self.no_longer_replaced(key)
        with self._lock:
            self._building.pop(key, None)

    def no_longer_replaced(self, key: str) -> None:
        """Note that what was to be replaced is deleted, so that only the new one is to come, or that it is created."""
        with self._lock:
            for place in self._places.get(key, ()):
                if place in self._announced:
                    self._announced[place] = self._announced[place]._replace(
                        is_replaced=False, recorded={}, has_outputs=False
                    )

    def withdraw(self, key: str, places: Iterable[Place] = (), standing: Standing | None = None) -> None:
        """Note that a resource stays as it is recorded, and what that is at these places."""
        with self._lock:
            self._withdraw(key)
            if standing is not None:
                self._standing.update(dict.fromkeys(self._spelled(places), standing))

    def standing(self, places: Iterable[Place]) -> Standing | None:
        """What stands at the first of these places of which that is known; None where nothing is, or some changes."""
        with self._lock:
            return next(
                (
                    self._standing[place]
                    for place in self._spelled(places)
                    if place in self._standing and place not in self._announced
                ),
                None,
            )

    def at(self, places: Iterable[Place]) -> Announced | None:
        """What was announced at the first of these places of which anything was; None where nothing was."""
        with self._lock:
            return next((self._announced[place] for place in self._spelled(places) if place in self._announced), None)

    def heard(self, key: str, places: Iterable[Place], listener: Callable[[], Listener]) -> Announced | None:
        """As `at`, for a resource that is compared now. Where nothing was announced yet, it is noted: see `too_early`.

        `listener` gives the resource. Both are one: nothing is announced between the look and the note.
        """
        with self._lock:
            places = self._building[key] = self._spelled(places)
            found = next((self._announced[place] for place in places if place in self._announced), None)
            if found is None:
                for place in places:
                    self._early.setdefault(place, {})[key] = listener
        return found

    def too_early(self, announced: Announced, places: Iterable[Place]) -> list[str]:
        """The keys of those that would have been compared otherwise, had this been announced there by then."""
        with self._lock:
            early = {key: one for place in self._spelled(places) for key, one in self._early.get(place, {}).items()}
        return [key for key, listener in early.items() if _goes_by(listener(), announced)]

    def _spelled(self, places: Iterable[Place]) -> tuple[Place, ...]:
        """The same with one spelling of each host."""
        return tuple(place._replace(host=self._hosts.first(place.host)) for place in places)

    def _withdraw(self, key: str) -> None:
        for place in self._places.pop(key, ()):
            self._announced.pop(place, None)


def _goes_by(listener: Listener, announced: Announced) -> bool:
    builds_on = listener.resource.builds_on
    recorded = listener.recorded
    return builds_on is not None and builds_on.foretold(listener.desired, recorded, announced) != recorded
