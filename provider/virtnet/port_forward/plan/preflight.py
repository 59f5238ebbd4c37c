"""What a host has against ports that are to be opened, as it is now. Pure."""

from collections.abc import Iterator, Sequence

from virtnet.planning.findings import Note, Refusal
from virtnet.port_forward.forward import Forward, PortRange
from virtnet.port_forward.kinds import NoteKind, RefusalKind
from virtnet.port_forward.observed import PortForwardReport
from virtnet.port_forward.plan.blocked import as_details, blocked
from virtnet.port_forward.target import Target
from virtnet.spec.part import Values

#: Addresses by which `ss` says that a socket is bound to all of them.
_WILDCARDS = {4: ("0.0.0.0", "*", "::"), 6: ("*", "::")}  # noqa: S104 - compared, never bound

_SYSCTLS = {4: "net.ipv4.ip_forward", 6: "net.ipv6.conf.all.forwarding"}


def refusals(
    forward: Forward, opened: Sequence[PortRange], desired: Values, observed: PortForwardReport
) -> Iterator[Refusal]:
    """Why a forward must not be made: what is against all of it, and against the ports that are `opened` now.

    What only closes, or mends, is not kept from it by a host that lets nothing through.
    """
    host = {"host": observed.host}
    if not observed.has_nft:
        yield Refusal(RefusalKind.NO_NFT, host)
    if not opened:
        return
    listens = forward.listen_address
    if listens and listens not in observed.addresses:
        of_version = [address for address in observed.addresses if (":" in address) == (":" in listens)]
        yield Refusal(RefusalKind.ADDRESS_NOT_ON_HOST, {**host, "address": listens, "addresses": of_version})
    network = observed.network
    if network is not None and network.active and observed.forwards.get(forward.version) is False:
        details = {"key": _SYSCTLS[forward.version], "family": f"ipv{forward.version}"}
        yield Refusal(RefusalKind.FORWARDING_OFF, {**host, **details})
    for ports in opened:
        yield from _of_ports(forward, ports, desired, observed)
    if place := blocked(forward._replace(ports=tuple(opened)), observed):
        yield Refusal(RefusalKind.BLOCKED, {**as_details(place), **host})


def _of_ports(forward: Forward, ports: PortRange, desired: Values, observed: PortForwardReport) -> Iterator[Refusal]:
    allowed = set(observed.ssh_ports) if desired.get("allow_ssh") is True else set()
    own_ssh = [port for port in ssh_within(ports, observed) if port not in allowed]
    for port in own_ssh:
        yield Refusal(RefusalKind.SSH_PORT, {"port": port, "host": observed.host})
    listening = sorted(
        {
            (socket.port, socket.address)
            for socket in observed.sockets
            if socket.protocol == ports.protocol
            and ports.listen <= socket.port <= ports.last
            and socket.port not in {*allowed, *own_ssh}
            and _answers(socket.address, forward)
        }
    )
    for port, address in listening[:1]:
        details = {"protocol": ports.protocol, "port": port, "bound": address, "more": len(listening) - 1}
        yield Refusal(RefusalKind.PORT_IN_USE, {**details, "host": observed.host})
    for rule in observed.foreign:
        same_address = not rule.address or not forward.listen_address or rule.address == forward.listen_address
        same_version = not rule.address or (":" in rule.address) == (forward.version == 6)
        meets = rule.protocol == ports.protocol and rule.first <= ports.last and ports.listen <= rule.last
        other_program = rule.program == ("iptables-save" if forward.version == 6 else "ip6tables-save")
        if meets and same_address and same_version and not other_program:
            details = {"protocol": rule.protocol, "first": rule.first, "last": rule.last, "rule": rule.rule}
            yield Refusal(
                RefusalKind.PORT_FORWARDED_BY_OTHERS, {**details, "program": rule.program, "host": observed.host}
            )
            break


def ssh_within(ports: PortRange, observed: PortForwardReport) -> list[int]:
    """Those of the host's own ssh ports that a range has."""
    return [port for port in observed.ssh_ports if ports.protocol == "tcp" and ports.listen <= port <= ports.last]


def _answers(bound: str, forward: Forward) -> bool:
    """Whether a socket bound to an address gets what is sent to an address that the forward listens on."""
    if bound in _WILDCARDS[forward.version]:
        return True
    if (":" in bound) != (forward.version == 6) or bound.startswith("127.") or bound in ("::1", "*"):
        return False
    return not forward.listen_address or bound == forward.listen_address


def notes(target: Target, observed: PortForwardReport, *, is_new: bool) -> Iterator[Note]:
    """What may keep a forward from leading where it is meant to lead."""
    network = observed.network
    if target.may_move:
        yield Note(NoteKind.TARGET_MAY_MOVE, {"target": target.address, "network": target.network.name})
    if network is not None and not network.active:
        yield Note(NoteKind.NETWORK_INACTIVE, {"network": network.name})
    if is_new and observed.service is None:
        yield Note(NoteKind.NOT_RESTORED_AT_BOOT, {"host": observed.host})
