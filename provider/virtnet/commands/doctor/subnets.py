"""`virtnet doctor` on addresses: which subnets the host uses, for what, and a few that are free. Pure.

That two of them overlap is said of the networks themselves, by networks.
"""

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from virtnet.commands.doctor.finding import DoctorReport, Finding, Level
from virtnet.commands.doctor.kinds import FindingKind, SubnetUserKind
from virtnet.host.default_route import routes_to_networks
from virtnet.network.xml.definition import Subnet
from virtnet.port_forward.rules.names import is_own_link

#: Private blocks (RFC 1918, RFC 4193) to look for free subnets in, the one people expect first.
BLOCKS = ("192.168.0.0/16", "10.0.0.0/8", "172.16.0.0/12")

FREE = 3
"""How many are named."""


@dataclass(frozen=True)
class SubnetUser:
    """Who uses a subnet."""

    kind: SubnetUserKind
    name: str = ""
    """See SubnetUserKind; "" if there is none."""

    def as_details(self) -> dict[str, str]:
        """As plain data, for a finding."""
        return {"kind": self.kind.value, "name": self.name}


def subnets(report: DoctorReport) -> Iterator[Finding]:
    """One line for those in use, one for some that are free."""
    used = in_use(report)
    yield Finding(
        area="subnets",
        level=Level.OK,
        kind=FindingKind.SUBNETS_IN_USE,
        data={"in_use": {str(subnet): [user.as_details() for user in users] for subnet, users in used.items()}},
    )
    ipv4, ipv6 = [str(subnet) for subnet in free(used)], str(free_ipv6(used))
    yield Finding(
        area="subnets",
        level=Level.OK,
        kind=FindingKind.SUBNETS_FREE_IN_LIBVIRT if report.host is None else FindingKind.SUBNETS_FREE,
        data={"free": [*ipv4, ipv6]},
    )


def in_use(report: DoctorReport) -> dict[Subnet, list[SubnetUser]]:
    """Every subnet with those who use it: networks, active or not, then the host's interfaces and routes.

    The links of port forwards use none, because nobody uses their address.
    """
    found: dict[Subnet, list[SubnetUser]] = {}
    bridges: set[str] = set()
    for network in report.networks:
        for defined in filter(None, (network.report.live, network.report.config)):
            bridges.add(defined.bridge if network.report.active else "")
            for ip in defined.tree.get("ips", []):
                _add(found, ip["address"], SubnetUser(SubnetUserKind.NETWORK, network.report.name))
    if report.host is not None:
        for address in report.host.addresses:
            if address.interface not in bridges and not is_own_link(address.interface):
                _add(found, address.address, SubnetUser(SubnetUserKind.INTERFACE, address.interface))
        for route in routes_to_networks(report.host.routes):
            if route.interface not in bridges and not is_own_link(route.interface):
                through_gateway = SubnetUser(SubnetUserKind.ROUTE, route.interface)
                _add(found, route.destination, through_gateway if route.gateway else None)
    return dict(sorted(found.items(), key=lambda item: (item[0].version, item[0])))


def _add(found: dict[Subnet, list[SubnetUser]], address: str, user: SubnetUser | None) -> None:
    """`user` is None for a route to a subnet that the host is connected to, which an address mostly tells of."""
    try:
        subnet = ipaddress.ip_interface(address).network
    except ValueError:  # others' networks may hold what libvirt accepts and ipaddress does not
        return
    if subnet.is_loopback or subnet.is_link_local or subnet.is_multicast:
        return
    users = found.setdefault(subnet, [])
    if user is None and not users:
        users.append(SubnetUser(SubnetUserKind.CONNECTED_ROUTE))
    elif user is not None and user not in users:
        users.append(user)


def free(used: Iterable[Subnet]) -> Iterator[ipaddress.IPv4Network]:
    """The first /24s that overlap nothing in use: past the ones that home routers and libvirt's default have."""
    taken = [subnet for subnet in used if subnet.version == 4]
    found = 0
    for block in BLOCKS:
        for candidate in ipaddress.IPv4Network(block).subnets(new_prefix=24):
            if candidate.network_address.packed[2] < 100:
                continue
            if not any(candidate.overlaps(subnet) for subnet in taken):
                yield candidate
                found += 1
                if found == FREE:
                    return


def free_ipv6(used: Iterable[Subnet]) -> ipaddress.IPv6Network:
    """The first /64 of fd00::/8 that overlaps nothing in use."""
    taken = [subnet for subnet in used if subnet.version == 6]
    number = 1
    while True:
        candidate = ipaddress.IPv6Network(((0xFD00 << 112) | (number << 64), 64))
        if not any(candidate.overlaps(subnet) for subnet in taken):
            return candidate
        number += 1
