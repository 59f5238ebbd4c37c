"""What would be observed for a forward once another one is gone, whose place it takes. Pure."""

from virtnet.planning.reports import other_host
from virtnet.port_forward.observed import PortForwardReport
from virtnet.port_forward.plan.owners import held_by_record
from virtnet.port_forward.restore.files import path_of
from virtnet.spec.part import Values


def once_gone(observed: PortForwardReport, recorded: Values) -> PortForwardReport:
    """What a new forward observes once the recorded one is deleted: without its record and rules.

    What another resource has taken over stays, and so does everything if the host isn't the recorded one.
    """
    held = held_by_record(recorded, observed)
    taken = held.own is None and held.id in observed.records
    if taken or other_host(recorded.get("host_uuid"), observed.host_uuid):
        return observed
    return observed._replace(
        table=observed.table.without(held.id),
        files={path: text for path, text in observed.files.items() if path != path_of(held.id)},
        records={identity: record for identity, record in observed.records.items() if identity != held.id},
        ids=tuple(identity for identity in observed.ids if identity != held.id),
    )
