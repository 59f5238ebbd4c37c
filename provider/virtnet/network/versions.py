"""Which version of libvirt brought which property of a network, or which use of one."""

LIBVIRT_OF_PROPERTY = {
    "title": 9_007_000,
    "description": 9_007_000,
    "forward.driver.model": 10_000_000,
    "forward.driver.name": 10_000_000,
    "domain.register": 10_001_000,
    "vlan": 11_000_000,
    "dns.forwarders": 12_000_000,
}
"""The version that brought a property, or the one use of it in OF_PROPERTY (NEWS; older ones drop or refuse it)."""

LIBVIRT_OF_USE = {
    "ips.dhcp.hosts.name": 7_001_000,
    "ips.tftp_root": 8_005_000,
    "ips": 10_008_000,
    "bridge.zone": 10_008_000,
}
"""The version that brought the use in OF_PROPERTY of a property that older ones know too: those refuse it, or take it
and do nothing (NEWS; of names 7.0 is known to refuse and 9.0 to take them, so the versions between are asked)."""

OF_PROPERTY = {
    "forward.driver.name": "forward.driver.name xen",
    "vlan": "vlan on a bridge without Open vSwitch",
    "dns.forwarders": "dns.forwarders with a port",
    "ips": "mode open without an address in ips",
    "ips.tftp_root": "ips.tftp_root without dhcp",
    "ips.dhcp.hosts.name": "a name in ips.dhcp.hosts that begins with a digit",
    "bridge.zone": "bridge.zone in mode open",
    "dns.hosts": "a second address for a name of dns.hosts, while the network runs,",
}
"""What of a property needs that version, where it is not the whole."""

SETS_BRIDGE_MTU = 8_000_000
"""The first libvirt of which it is known that a network's bridge gets its MTU (networkStartNetworkVirtual; 7.0 hands it
to DHCP clients alone)."""

ADDS_SECOND_ADDRESS = 7_001_000
"""The first libvirt that is asked to add a DNS host to a running network under a name that another address has: 7.0
refuses, 9.0 does it."""

FORWARDS_NOTHING_FOR_OPEN = 12_008_000
"""The first libvirt of which it is known that it doesn't turn on IP forwarding for mode open: 11.3 does."""


def version_text(version: int) -> str:
    """9000000 as "9.0.0"."""
    return f"{version // 1000000}.{version // 1000 % 1000}.{version % 1000}"
