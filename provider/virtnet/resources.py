"""The list of the kinds of resources. A new kind is one package and one entry here.

Imports nothing of the kinds: a run imports those that it has, and of a kind only what it needs.
"""

from collections.abc import Callable, Iterable, Mapping
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from virtnet.planning.announcements import Offers, Place
    from virtnet.planning.resource import Resource


class Unchanged(Protocol):
    """The fast path of a kind: what is just as recorded, told from what travels, without the record and its imports.

    What it does not tell is no change yet: it is left to the record's own check and plan, to which it must agree.
    """

    def checks_as_recorded(
        self, recorded: Mapping[str, Any], given: Mapping[str, Any], uri: str, as_sent: Callable[[Any], Any] = ...
    ) -> bool:
        """Whether check would answer with just the inputs that are recorded. `uri` is that of those that name none.

        `as_sent` gives plain data as it travels.
        """

    def stands_as_recorded(
        self,
        recorded: Mapping[str, Any],
        desired: Mapping[str, Any],
        as_sent: Callable[[Any], Any] = ...,
        as_read: Callable[[Any], Any] = ...,
    ) -> bool:
        """Whether diff would find no change between recorded outputs and checked inputs. `as_read` undoes `as_sent`.

        What others of the run change that it builds on is not looked at: see `builds_on`.
        """

    def builds_on(self, desired: Mapping[str, Any], as_read: Callable[[Any], Any] = ...) -> "Iterable[Place]":
        """The places of `Resource.builds_on`, of inputs as they travel; none where it builds on no other."""

    def places(self, recorded: Mapping[str, Any], as_read: Callable[[Any], Any] = ...) -> "Iterable[Place]":
        """The places of `Resource.announces`, of outputs as they travel."""

    def offers(self, desired: Mapping[str, Any], as_read: Callable[[Any], Any] = ...) -> "Offers":
        """What others that build on it go by, of inputs as they travel."""

    def goes_by(self, recorded: Mapping[str, Any], offered: "Offers", as_read: Callable[[Any], Any] = ...) -> bool:
        """Whether outputs as they travel go by what another, which stands as recorded, offers."""


class Kind(NamedTuple):
    """Where a kind of resource is, as dotted places that are imported when they are needed."""

    record: str
    """Its `Resource`: "package.module:NAME"."""
    unchanged: str | None = None
    """The module that is its `Unchanged`; None if every check and diff is the record's."""


class Catalogue:
    """Kinds of resources by their names, as the engine knows them. One is itself only, so that it can be a key."""

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        self._kinds = kinds

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """Where each kind is, by its name."""
        return self._kinds

    def resource(self, name: str) -> "Resource[Any]":
        """The record of a kind. Raises KeyError if there is no such kind."""
        found: Resource[Any] = resolve_name(self.kinds[name].record)
        return found

    def unchanged(self, name: str) -> Unchanged | None:
        """The fast path of a kind. Raises KeyError if there is no such kind."""
        place = self.kinds[name].unchanged
        if place is None:
            return None
        found: Unchanged = resolve_name(place)
        return found


CATALOGUE = Catalogue(
    {
        "LibvirtNetwork": Kind("virtnet.network.resource:NETWORK", "virtnet.network.unchanged"),
        "HostForwarding": Kind("virtnet.forwarding.resource:HOST_FORWARDING"),
        "PortForward": Kind("virtnet.port_forward.resource:PORT_FORWARD", "virtnet.port_forward.unchanged"),
    }
)
"""What virtnet has."""
