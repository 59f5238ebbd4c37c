"""What this run makes of a network, for resources whose plans depend on it (`planning.announcements`). Pure."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from virtnet.network.diff import by_record, recorded_inputs
from virtnet.network.observed import ReportedNetwork
from virtnet.network.tree import as_defined, network_tree
from virtnet.network.xml.definition import Definition, definition
from virtnet.planning.announcements import Announced, Place
from virtnet.spec.part import Values, only, walk_unknown

if TYPE_CHECKING:
    from virtnet.network._generated.trees import NetworkTree

#: For a network that doesn't exist yet.
NO_UUID = "00000000-0000-4000-8000-000000000000"

_LEADS = ("name", "uuid", "mac", "ips", "forward", "bridge", "routes", "adopt")
"""The inputs that others depend on. The rest may be unknown."""


def places(values: Values) -> Iterator[Place]:
    """Where others look for a network, from its inputs or outputs, as far as known."""
    host = values.get("uri")
    for name in ("name", "uuid"):
        value = values.get(name)
        if isinstance(host, str) and isinstance(value, str):
            yield Place(host, "LibvirtNetwork", value)


def is_known(announced: Announced) -> bool:
    """Whether everything that others depend on is known before the update."""
    return not any(True for _ in walk_unknown(only(announced.desired, _LEADS)))


def before_and_after(announced: Announced) -> "tuple[NetworkTree, NetworkTree]":
    """A network as it is recorded, and as this run makes it; empty before a create. Reads no host."""
    desired = network_tree(only(announced.desired, _LEADS))
    if not announced.recorded:
        return network_tree({}), desired
    there, target = by_record(desired, announced.recorded)
    return there, desired if announced.is_replaced else target


def once_there(found: ReportedNetwork | None, announced: Announced) -> ReportedNetwork | None:
    """The network as it will be after this run changed it; None for a new one that isn't fully known."""
    if not is_known(announced):
        return found
    # Most runs need no network that changes.
    from virtnet.network.plan.new import new_tree
    from virtnet.network.plan.targets import target_of
    from virtnet.network.xml import write
    from virtnet.network.xml.edits import with_found_again

    desired = network_tree(only(announced.desired, _LEADS))
    if found is None:
        if announced.desired.get("adopt"):
            return None
        made = definition(write.render(new_tree(desired, NO_UUID)))
        active = announced.desired.get("active", True) is True
        return ReportedNetwork(
            uuid=NO_UUID,
            name=str(desired["name"]),
            active=active,
            persistent=True,
            autostart=True,
            live=made if active else None,
            config=made,
        )
    before = only(recorded_inputs(announced.recorded), _LEADS)
    aim = with_found_again(desired, before, announced.recorded.get("adopted_from"))
    active = _active(found, announced)

    def changed(there: Definition | None) -> Definition | None:
        if there is None:
            return None
        tree = as_defined(there.tree, found.definition.tree)
        return definition(write.render(target_of(aim, before, tree)))

    if found.active == active:
        return found._replace(live=changed(found.live), config=changed(found.config))
    config = changed(found.definition)
    return found._replace(active=active, live=config if active else None, config=config)


def _active(found: ReportedNetwork, announced: Announced) -> bool:
    """Whether the network will be active after this run. If others started or stopped it, that stays."""
    wanted, is_new = announced.desired.get("active", True), announced.is_replaced or not announced.recorded
    changes = is_new or wanted != announced.recorded.get("active", True)
    return wanted if changes and isinstance(wanted, bool) else found.active
