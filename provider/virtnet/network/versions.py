"""Which version of libvirt brought which property of a network."""

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

OF_PROPERTY = {
    "forward.driver.name": "forward.driver.name xen",
    "vlan": "vlan on a bridge without Open vSwitch",
    "dns.forwarders": "dns.forwarders with a port",
}
"""What of a property needs that version, where it is not the whole."""


def version_text(version: int) -> str:
    """9000000 as "9.0.0"."""
    return f"{version // 1000000}.{version // 1000 % 1000}.{version % 1000}"
