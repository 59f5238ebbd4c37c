"""What this run makes of its resources, for other resources whose plans depend on them.

A diff reads no host, and a preview changes nothing. So what another resource of the run changes is known only from what
that resource announced when it was checked and compared. A resource that this run doesn't change announces that too,
for resources that an earlier run didn't update. Nothing is known of later resources, of other programs, and of one host
under two URIs that don't obviously mean the same.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from virtnet.transport.spellings import Spellings

if TYPE_CHECKING:
    from virtnet.planning.resource import Resource
    from virtnet.spec.part import Values


Offers = Mapping[tuple[str, str], frozenset[str]]
"""What other resources may use of a resource, by kind and name: ("targetName", "web") -> its addresses."""


class Place(NamedTuple):
    """Where other resources look for a resource."""

    host: str
    """The host's connection URI."""
    kind: str
    """The kind of resource: "LibvirtNetwork"."""
    name: str
    """Its name or its UUID."""


class Announced(NamedTuple):
    """A resource as it is recorded, and as this run makes it."""

    resource: "Resource[Any]"
    recorded: "Values"
    """Empty if nothing is recorded."""
    desired: "Values"
    """Canonical inputs, with unknowns in a preview."""
    is_replaced: bool = False
    """Whether the run replaces it, or may: for a provider, `--replace` looks like a create."""
    has_outputs: bool = False
    """Whether `recorded` are outputs. A diff gets outputs, a check only inputs."""
    stands: bool = False
    """Whether this run doesn't change it, so that an earlier run may have left resources that use it outdated."""


class Listener(NamedTuple):
    """A resource that was compared before the resource that it builds on was announced."""

    resource: "Resource[Any]"
    recorded: "Values"
    desired: "Values"


class Standing(NamedTuple):
    """A resource that this run doesn't change, compared without parsing its record."""

    offers: Callable[[], Offers]
    """What other resources use; computed and cached on the first call."""
    listener: Callable[[], Listener]


class Announcements:
    """What a run makes of its resources, and which of them it doesn't change. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._announced: dict[Place, Announced] = {}
        self._places: dict[str, tuple[Place, ...]] = {}
        self._early: dict[Place, dict[str, Callable[[], Listener]]] = {}
        self._building: dict[str, tuple[Place, ...]] = {}
        self._standing: dict[Place, Standing] = {}
        self._hosts = Spellings()

    def announce(self, key: str, places: Iterable[Place], announced: Announced) -> None:
        """Record what becomes of a resource, and drop its earlier announcement. `key` identifies the resource.

        A resource that is checked without a record is created or replaced. If it was checked with a record before, it
        is replaced, because of the diff or of an option that providers don't get.
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
        """Record that a replacement has deleted or created its object, so that it no longer counts as one."""
        with self._lock:
            for place in self._places.get(key, ()):
                if place in self._announced:
                    self._announced[place] = self._announced[place]._replace(
                        is_replaced=False, recorded={}, has_outputs=False
                    )

    def withdraw(self, key: str, places: Iterable[Place] = (), standing: Standing | None = None) -> None:
        """Record that this run doesn't change a resource, and what others find at these places."""
        with self._lock:
            self._withdraw(key)
            if standing is not None:
                self._standing.update(dict.fromkeys(self._spelled(places), standing))

    def standing(self, places: Iterable[Place]) -> Standing | None:
        """The unchanged resource at the first of these places that has one; None if there is none, or one changes."""
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
        """The first announcement at one of these places; None if there is none."""
        with self._lock:
            return next((self._announced[place] for place in self._spelled(places) if place in self._announced), None)

    def heard(self, key: str, places: Iterable[Place], listener: Callable[[], Listener]) -> Announced | None:
        """As `at`, for a resource that is compared now. If nothing was announced yet, see `too_early`.

        `listener` returns the resource. Atomic: nothing is announced between the two.
        """
        with self._lock:
            places = self._building[key] = self._spelled(places)
            found = next((self._announced[place] for place in places if place in self._announced), None)
            if found is None:
                for place in places:
                    self._early.setdefault(place, {})[key] = listener
        return found

    def too_early(self, announced: Announced, places: Iterable[Place]) -> list[str]:
        """The keys of resources that would have been compared differently if this had been announced before."""
        with self._lock:
            early = {key: one for place in self._spelled(places) for key, one in self._early.get(place, {}).items()}
        return [key for key, listener in early.items() if _goes_by(listener(), announced)]

    def _spelled(self, places: Iterable[Place]) -> tuple[Place, ...]:
        """The same places, with one spelling of each host."""
        return tuple(place._replace(host=self._hosts.first(place.host)) for place in places)

    def _withdraw(self, key: str) -> None:
        for place in self._places.pop(key, ()):
            self._announced.pop(place, None)


def _goes_by(listener: Listener, announced: Announced) -> bool:
    builds_on = listener.resource.builds_on
    recorded = listener.recorded
    return builds_on is not None and builds_on.foretold(listener.desired, recorded, announced) != recorded
