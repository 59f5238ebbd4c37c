"""What a forward opens to whom, and what it closes, for a reviewer. Pure."""

import ipaddress
from collections.abc import Iterator, Sequence

from virtnet.planning.findings import Note
from virtnet.port_forward.check import version_of
from virtnet.port_forward.forward import Forward, PortRange, shared_ports
from virtnet.port_forward.kinds import NoteKind
from virtnet.port_forward.observed import PortForwardReport
from virtnet.port_forward.plan.preflight import ssh_within
from virtnet.port_forward.ports import Span, less, range_of
from virtnet.port_forward.rules.table import Network, sources_of
from virtnet.port_forward.target import Target
from virtnet.spec.failures import Detail
from virtnet.spec.part import Values, as_group, as_list

#: Those below are for what the host itself serves (ip(7), net.ipv4.ip_unprivileged_port_start).
FIRST_UNPRIVILEGED = 1024


def announced(desired: Values) -> Iterator[Note]:
    """What the inputs alone say will be opened, if the network or the guest doesn't exist yet."""
    address, sources = desired.get("listen_address") or "", as_list(desired.get("sources") or [])
    target, guest = (
        str(desired.get(name) or desired.get(other) or "")
        for name, other in (("target_address", "target_address"), ("target_name", "target_mac"))
    )
    for ports in sorted(range_of(as_group(item)) for item in as_list(desired["ports"])):
        whence: dict[str, Detail] = {"address": str(address), "version": version_of(desired)}
        places: dict[str, Detail] = {"target_first": ports.target, "target_last": ports.target_last}
        told = {**_range(ports), **whence, "sources": sorted(map(str, sources)), "guest": guest, "target": target}
        yield Note(NoteKind.OPENS, {**told, **places})


def opened(before: Forward | None, after: Forward) -> tuple[PortRange, ...]:
    """The ranges with a port that was not forwarded on the same address before."""
    if before is None or not _covers(before, after):
        return after.ports
    return tuple(ports for ports in after.ports if list(_beyond(ports, before.ports)))


def _covers(one: Forward, other: Forward) -> bool:
    """Whether the one listens on the addresses of the other."""
    return one.version == other.version and one.listen_address in ("", other.listen_address)


def _beyond(ports: PortRange, others: Sequence[PortRange]) -> Iterator[Span]:
    spans = [Span(one.listen, one.last) for one in others if one.protocol == ports.protocol]
    return less(ports.listen, ports.last, spans)


def exposure(
    before: Forward | None, after: Forward, target: Target, observed: PortForwardReport, *, again: bool
) -> Iterator[Note]:
    """A line for each range that is new or leads elsewhere, and for each that closes; one if more or fewer may connect.

    `again`: others changed the rules, so they no longer do what `before` says.
    """
    fresh = set(opened(before, after))
    for ports in after.ports:
        if before is None or again or ports in fresh or ports not in before.ports or before.target != after.target:
            yield Note(NoteKind.OPENS, {**_range(ports), **_whence(after), **_whither(ports, after, target)})
    if before is not None:
        yield from _to_others(before, after)
    is_new = before is None or before.listen_address != after.listen_address
    if is_new and after.listen_address and ipaddress.ip_address(after.listen_address).is_global:
        yield Note(NoteKind.OPENS_TO_PUBLIC, {"address": after.listen_address})
    for ports in after.ports:
        if ports in fresh:
            yield from _marked(ports, after, observed)
    if before is not None:
        stays = after.ports if _covers(before, after) or _covers(after, before) else ()
        for ports in before.ports:
            for span in _beyond(ports, stays):
                gone = {"protocol": ports.protocol, "first": span.first, "last": span.last}
                yield Note(NoteKind.CLOSES, {**gone, **_whence(before)})


def closed(before: Forward) -> Iterator[Note]:
    """A line a range, where all of a forward goes."""
    for ports in before.ports:
        yield Note(NoteKind.CLOSES, {**_range(ports), **_whence(before)})


def _to_others(before: Forward, after: Forward) -> Iterator[Note]:
    """What becomes of ports that stay open; those of the other version of IP were not."""
    if before.version != after.version:
        if any(list(_beyond(ports, before.ports)) != [Span(ports.listen, ports.last)] for ports in after.ports):
            versions: dict[str, Detail] = {"address_before": before.listen_address, "version_before": before.version}
            yield Note(NoteKind.OPENS_WIDER, {**_whence(after), **versions})
        return
    if not shared_ports(before, after):
        return
    from_before, from_now = sources_of(before.sources), sources_of(after.sources)
    sources, addresses = from_before != from_now, before.listen_address != after.listen_address
    details: dict[str, Detail] = _whence(after)
    details |= {"sources_before": list(before.sources)} if sources else {}
    details |= {"address_before": before.listen_address} if addresses else {}
    wider = (sources and not _all_within(from_now, from_before)) or (addresses and not after.listen_address)
    if sources or addresses:
        yield Note(NoteKind.OPENS_WIDER if wider else NoteKind.OPENS_LESS, details)


def _marked(ports: PortRange, after: Forward, observed: PortForwardReport) -> Iterator[Note]:
    if ports.listen < FIRST_UNPRIVILEGED:
        last = min(ports.last, FIRST_UNPRIVILEGED - 1)
        yield Note(NoteKind.OPENS_PRIVILEGED, {"protocol": ports.protocol, "first": ports.listen, "last": last})
    for port in ssh_within(ports, observed):
        yield Note(NoteKind.SSH_GOES_TO_GUEST, {"port": port, "address": after.listen_address, "host": observed.host})


def _range(ports: PortRange) -> dict[str, Detail]:
    return {"protocol": ports.protocol, "first": ports.listen, "last": ports.last}


def _whence(forward: Forward) -> dict[str, Detail]:
    return {"address": forward.listen_address, "version": forward.version, "sources": list(forward.sources)}


def _whither(ports: PortRange, forward: Forward, target: Target) -> dict[str, Detail]:
    places = {"target_first": ports.target, "target_last": ports.target_last}
    return {"guest": target.guest, "target": forward.target, **places}


def _all_within(sources: Sequence[Network], others: Sequence[Network]) -> bool:
    """Whether all these subnets are within the others. Both are collapsed; an empty list means anybody."""
    if not sources or not others:
        return not others
    return all(any(inner[0] in one and inner[-1] in one for one in others) for inner in sources)
