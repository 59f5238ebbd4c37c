"""The packets of a forward that rules of others drop, by the host's whole firewall. Pure.

A forwarded packet leaves by virtnet's own link, which no rule of libvirt mentions. In iptables' FORWARD, a rule of
virtnet accepts the packet. virtnet inserts it before all others; a rule that somebody inserts before it later applies
first. An accept in one table of nftables ends only that table, so what drops in another one has the last word. What
cannot be judged is not called a drop.
"""

import ipaddress
from collections.abc import Iterator
from typing import NamedTuple

from virtnet.host.firewall.ruleset import Hook, Ruleset
from virtnet.host.firewall.verdicts import Fate, Packet, Place, judged
from virtnet.port_forward.forward import Forward, PortRange
from virtnet.port_forward.observed import PortForwardReport
from virtnet.port_forward.rules.names import TABLE, TRANSLATES, link_names
from virtnet.spec.failures import Details


class Blocked(NamedTuple):
    """Where packets of a forward are dropped."""

    place: Place
    is_translated: bool
    """Whether that is behind the translation, where the connection has virtnet's mark."""
    forward: Forward
    ports: PortRange
    """The first of its ports whose packets are."""


def blocked(forward: Forward, observed: PortForwardReport) -> Blocked | None:
    """Where packets from the outside, or the answers to them, are surely dropped; None if nothing is known to."""
    firewall = observed.firewall
    if firewall is None:
        return None
    for ports in forward.ports:
        for hook, packet in _stages(forward, ports, observed.uplinks.get(forward.version)):
            found = judged(firewall, [(hook, packet)])
            if found.fate is Fate.DROPPED and not _will_let_pass(place := found.places[0], firewall):
                is_translated = hook is not Hook.PREROUTING or _priority(place, firewall) > TRANSLATES
                return Blocked(place, is_translated, forward, ports)
    return None


def as_details(found: Blocked) -> Details:
    """As plain data."""
    forward, ports = found.forward, found.ports
    return {
        **found.place._asdict(),
        "action": found.place.action.value,
        "translated": found.is_translated,
        "first": [ports.protocol, ports.listen, ports.last],
        "listens": forward.listen_address,
        "target": forward.target,
        "sources": list(forward.sources),
        "ports": [[one.protocol, one.listen, one.last, one.target, one.target_last] for one in forward.ports],
    }


def _priority(place: Place, firewall: Ruleset) -> int:
    table = firewall.table(place.family, place.table)
    return 0 if table is None else table.chains[place.base].priority


def _will_let_pass(place: Place, firewall: Ruleset) -> bool:
    """Whether virtnet's own rule will come before it, because that rule doesn't exist yet.

    A rule that is there already is judged with all others.
    """
    if place.family not in ("iptables", "ip6tables") or (place.table, place.base) != ("filter", "FORWARD"):
        return False
    table = firewall.table(place.family, place.table)
    return table is None or not any(f" --comment {TABLE} " in rule.text for rule in table.chains[place.base].rules)


def _stages(forward: Forward, ports: PortRange, uplink: str | None) -> Iterator[tuple[Hook, Packet]]:
    number = int(ipaddress.ip_address(forward.target))
    target, version, protocol = (number, number), forward.version, ports.protocol
    link, _ = link_names(forward.network.uuid)
    sent = Packet(version, uplink, link, None, target, protocol, None, ports.target)
    answer = Packet(version, forward.network.bridge, uplink, target, None, protocol, ports.target, state="established")
    arrives = sent._replace(output_interface="", target=None, target_type="local", target_port=ports.listen)
    yield Hook.PREROUTING, arrives
    yield Hook.FORWARD, sent._replace(status="dnat")
    yield Hook.POSTROUTING, sent._replace(status="dnat")
    yield Hook.FORWARD, answer._replace(status="dnat")
