"""What becomes of a network in this run, for those whose plans are made of it (`planning.announcements`). Pure."""

from collections.abc import Iterator

from virtnet.network.diff import recorded_inputs
from virtnet.network.observed import ReportedNetwork
from virtnet.network.tree import network_tree
from virtnet.network.xml.definition import Definition, definition
from virtnet.planning.announcements import Announced, Place
from virtnet.spec.part import Values, only, walk_unknown

#: Of a network that nobody has made yet.
NO_UUID = "00000000-0000-4000-8000-000000000000"

_LEADS = ("name", "uuid", "mac", "ips", "forward", "bridge", "routes", "adopt")
"""What others go by; the rest may be unknown."""


def places(values: Values) -> Iterator[Place]:
    """Where others find a network, by its inputs or outputs, as far as it is known."""
    host = values.get("uri")
    for name in ("name", "uuid"):
        value = values.get(name)
        if isinstance(host, str) and isinstance(value, str):
            yield Place(host, "LibvirtNetwork", value)


def is_known(announced: Announced) -> bool:
    """Whether all that others go by is known before it is applied."""
    return not any(True for _ in walk_unknown(only(announced.desired, _LEADS)))


def once_there(found: ReportedNetwork | None, announced: Announced) -> ReportedNetwork | None:
    """The network that there is once this run is done with it; None for one that is not there, and known in parts."""
    if not is_known(announced):
        return found
    # Most runs look at no network that changes.
    from virtnet.network.plan.new import new_tree
    from virtnet.network.plan.targets import target_of
    from virtnet.network.xml import write

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

    def changed(there: Definition | None) -> Definition | None:
        return None if there is None else definition(write.render(target_of(desired, before, there.tree)))

    return found._replace(live=changed(found.live), config=changed(found.config))
