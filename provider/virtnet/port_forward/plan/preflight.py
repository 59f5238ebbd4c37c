"""The reasons on a host, as it is now, against opening ports. Pure."""

from collections.abc import Iterator, Sequence

from virtnet.host.firewall.redirections import Redirection, redirections
from virtnet.host.firewall.ruleset import Range
from virtnet.planning.findings import Note, Refusal
from virtnet.port_forward.forward import Forward, PortRange
from virtnet.port_forward.kinds import NoteKind, RefusalKind
from virtnet.port_forward.observed import PortForwardReport
from virtnet.port_forward.plan.blocked import as_details, blocked
from virtnet.port_forward.rules.names import TABLE
from virtnet.port_forward.target import Target
from virtnet.spec.part import Values

#: Addresses by which `ss` says that a socket is bound to all of them.
_WILDCARDS = {4: ("0.0.0.0", "*", "::"), 6: ("*", "::")}  # noqa: S104 - compared, never bound

_SYSCTLS = {4: "net.ipv4.ip_forward", 6: "net.ipv6.conf.all.forwarding"}


def refusals(
    forward: Forward, opened: Sequence[PortRange], desired: Values, observed: PortForwardReport
) -> Iterator[Refusal]:
    """Why virtnet refuses a forward: reasons against all of it, and against the ports that are `opened` now.

    A change that only closes or fixes isn't refused because the host lets nothing through.
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
    if (
        network is not None
        and network.active
        and not observed.starts
        and observed.forwards.get(forward.version) is False
    ):
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
    for other in () if observed.firewall is None else redirections(observed.firewall, but=TABLE):
        met = _met(forward, ports, other)
        if met is not None:
            details = {"protocol": other.protocol, "first": met[0], "last": met[1], **_shown(other)}
            yield Refusal(RefusalKind.PORT_FORWARDED_BY_OTHERS, {**details, "host": observed.host})
            break


def stays_wrong(forward: Forward, observed: PortForwardReport) -> bool:
    """Whether the host may have something against a forward that no step of its plan puts right."""
    listens = forward.listen_address
    is_away = bool(listens) and listens not in observed.addresses
    return is_away or observed.firewall is None or blocked(forward, observed) is not None


def _met(forward: Forward, ports: PortRange, other: Redirection) -> Range | None:
    """The ports that a range shares with another's rule, for packets that both match."""
    same_address = not other.address or not forward.listen_address or other.address == forward.listen_address
    if other.protocol != ports.protocol or not same_address:
        return None
    if forward.version not in other.versions:
        return None
    return next((one for one in other.ports if one[0] <= ports.last and ports.listen <= one[1]), None)


def _shown(other: Redirection) -> dict[str, str]:
    """By which program a rule is listed, and in which words."""
    if other.family in ("iptables", "ip6tables"):
        return {"program": f"{other.family}-save", "rule": f"-A {other.chain} {other.rule}"}
    return {"program": "nft", "rule": f"{other.family} {other.table}: {other.rule}"}


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
