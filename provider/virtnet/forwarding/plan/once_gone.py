"""What would be observed for a HostForwarding once another one is gone, whose place it takes. Pure."""

from virtnet.forwarding.observed import ForwardingReport, setting
from virtnet.forwarding.plan.files import own_records, removed
from virtnet.forwarding.plan.owners import held_by_record, taken_from
from virtnet.forwarding.plan.parameters import SimulatedWrites, restore
from virtnet.forwarding.plan.previous import remembered
from virtnet.planning.reports import other_host
from virtnet.spec.part import Values


def once_gone(observed: ForwardingReport, recorded: Values) -> ForwardingReport:
    """What a new resource observes once the recorded one is deleted: its values are restored, and its files are gone.

    What another resource has taken over stays, and so does everything if the host isn't the recorded one.
    """
    held = held_by_record(recorded, observed)
    if taken_from(recorded, held, observed) or other_host(recorded.get("host_uuid"), observed.host_uuid):
        return observed
    values, gone = observed.values, own_records(held)
    if setting(recorded, "on_delete", default="restore") != "keep":
        before, gone = remembered(held, recorded), set(held.own)
        values = restore(SimulatedWrites(values), before, observed, own=held.own, targets={}).writes.values
    left = removed(gone, {**observed.files, **observed.runtime_records}, held, observed.host).files
    return observed._replace(
        values=values,
        files={path: text for path, text in observed.files.items() if path in left},
        runtime_records={path: text for path, text in observed.runtime_records.items() if path in left},
    )
