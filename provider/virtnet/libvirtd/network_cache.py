"""All networks of a host, where those that this process knows already are not read again.

Each of 500 creates looks at all other networks; asking everything of each every time is 3000 calls a create.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from virtnet.planning.reports import NetworkReport


class NetworkCache:
    """The reports of networks, each valid while the network doesn't start or stop.

    A redefinition by others without a start or stop isn't seen. It decides nothing: before a refusal everything is
    invalidated and read again, and what is missed is told by libvirt, which takes no bridge's name twice, and by the
    addresses that the kernel has.
    """

    def __init__(self, report: Callable[[Any], NetworkReport | None]) -> None:
        """`report` reads everything about a network from libvirt's object, or returns None if it is gone."""
        self._report = report
        self._known: dict[str, NetworkReport] = {}

    def reports(self, networks: Sequence[Any], active: Collection[str]) -> list[NetworkReport]:
        """The reports of networks, by libvirt's objects for them and the UUIDs of those that run."""
        found = {}
        for network in networks:
            uuid, name = network.UUIDString(), network.name()  # known to the object: no calls
            known = self._known.get(uuid)
            same = known is not None and known.name == name and known.active == (uuid in active)
            report = known if same else self._report(network)
            if report is not None:
                found[uuid] = report
        self._known = found
        return list(found.values())

    def remember(self, report: NetworkReport) -> None:
        """Take the report of a network that was asked of by itself."""
        self._known[report.uuid] = report

    def invalidate(self, uuid: str) -> None:
        """Read this network again next time, because it is being changed."""
        self._known.pop(uuid, None)

    def invalidate_all(self) -> None:
        """Ask of every network next time."""
        self._known = {}
