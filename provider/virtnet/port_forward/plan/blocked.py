"""What others drop of the packets of a forward, by the host's whole firewall. Pure.

A forwarded packet leaves by virtnet's own link, of which no rule of libvirt's tells. In iptables' FORWARD a rule of
virtnet's, the first there, lets it pass before whatever drops. An accept in one table of nftables ends that table
alone, so what drops in another one has the last word. What cannot be judged is not called a drop.
"""

import ipaddress
from collections.abc import Iterator

from virtnet.host.firewall.ruleset import Hook
from virtnet.host.firewall.verdicts import Fate, Packet, Place, judged
from virtnet.port_forward.forward import Forward, PortRange
from virtnet.port_forward.observed import PortForwardReport
from virtnet.port_forward.rules.names import link_names
from virtnet.spec.failures import Details


def blocked(forward: Forward, observed: PortForwardReport) -> Place | None:
    """Where packets from the outside, or the answers to them, are surely dropped; None where nothing is known to."""
    if observed.firewall is None:
        return None
    for ports in forward.ports:
        for stage in _stages(forward, ports, observed.uplinks.get(forward.version)):
            found = judged(observed.firewall, [stage])
            if found.fate is Fate.DROPPED and not _let_pass(found.places[0]):
                return found.places[0]
    return None


def as_details(place: Place) -> Details:
    """As plain data."""
    return {**place._asdict(), "action": place.action.value}


def _let_pass(place: Place) -> bool:
    """Whether virtnet's own rule comes before it."""
    return place.family in ("iptables", "ip6tables") and (place.table, place.base) == ("filter", "FORWARD")


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
