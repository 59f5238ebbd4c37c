"""What would be observed for a network once another one is gone, whose place it takes. Pure."""

from virtnet.network.observed import HostReport, Observed, ObservedAbsent, ObservedNetwork, ReportedNetwork
from virtnet.network.tree import own_bridge
from virtnet.network.xml.definition import definition
from virtnet.network.xml.write import without_owner_mark
from virtnet.spec.part import Values


def once_gone(observed: Observed, recorded: Values) -> Observed:
    """What was observed for something new, less the recorded network: all that a start of the new one depends on.

    A network that is given back, or kept, stays in the way, without our mark. So does what a delete of the record
    leaves alone: a network of another host, or of another owner.
    """
    if recorded.get("host_uuid") not in (None, "", observed.host_uuid):
        return observed
    uuid = str(recorded.get("uuid"))
    found = (*observed.others, *((observed.report,) if isinstance(observed, ObservedNetwork) else ()))
    gone = next((one for one in found if one.uuid == uuid), None)
    if gone is None:
        return observed
    mark = gone.definition.mark
    if mark is not None and not mark.is_of_record(recorded):
        return observed
    policy = recorded.get("on_delete")
    if policy == "keep" or (recorded.get("adopted_from") and policy in (None, "restore")):
        return _without_mark(observed, gone)
    # Of mode bridge, the bridge is the host's own and stays.
    bridges = {own_bridge(said.tree) for said in (gone.live, gone.config) if said is not None} - {""}
    names = observed.interface_names
    left = observed._replace(
        others=tuple(one for one in observed.others if one.uuid != uuid),
        host=None if observed.host is None else _less(observed.host, gone, bridges),
        interface_names=None if names is None else names - bridges,
    )
    if gone in observed.others:
        return left
    return ObservedAbsent(
        uri=left.uri,
        host_uuid=left.host_uuid,
        libvirt_version=left.libvirt_version,
        fresh_uuid=uuid,
        missing=left.missing,
        fresh_token=left.fresh_token,
        others=left.others,
        host=left.host,
        interface_names=left.interface_names,
        only_libvirt=left.only_libvirt,
        unprivileged=left.unprivileged,
    )


def _without_mark(observed: Observed, kept: ReportedNetwork) -> Observed:
    """What was observed, with a network that nobody owns any more."""
    live, config = (None if said is None else definition(without_owner_mark(said)) for said in (kept.live, kept.config))
    unmarked = kept._replace(live=live, config=config)
    if isinstance(observed, ObservedNetwork) and observed.report == kept:
        return observed._replace(report=unmarked)
    return observed._replace(others=tuple(unmarked if one == kept else one for one in observed.others))


def _less(host: HostReport, gone: ReportedNetwork, bridges: set[str]) -> HostReport:
    """The host without a network's bridges, and without its dnsmasq."""
    served = {ip["address"].partition("/")[0] for ip in gone.running.tree.get("ips", [])}
    return host._replace(
        links=tuple(link for link in host.links if link.name not in bridges),
        names=host.names - bridges,
        addresses=tuple(one for one in host.addresses if one.interface not in bridges),
        routes=tuple(one for one in host.routes if one.interface not in bridges),
        listening_sockets=tuple(one for one in host.listening_sockets if one.address not in served),
    )
