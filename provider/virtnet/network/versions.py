"""What on the host speaks against starting a network. Pure: findings in, sentences out.

libvirt itself sees an address conflict only when a subnet equals a route exactly, and never one of IPv6; it starts
a network in mode bridge without the bridge, and on some versions deletes a link that has its bridge's name.
"""

from virtnet.network.tree import mode_of
from virtnet.spec.part import Tree

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


def needs_newer_libvirt(tree: Tree, version: int) -> tuple[str, ...]:
    """What the tree names and a libvirt of this version would drop from a definition, or refuse."""
    driver = tree.get("forward", {}).get("driver", {})
    named = {
        "title": "title" in tree,
        "description": "description" in tree,
        "forward.driver.model": "model" in driver,
        "forward.driver.name": driver.get("name") == "xen",
        "domain.register": tree.get("domain", {}).get("register") is True,
        "vlan": mode_of(tree) == "bridge" and _tags_without_open_vswitch(tree),
        "dns.forwarders": any("port" in forwarder for forwarder in tree.get("dns", {}).get("forwarders", [])),
    }
    return tuple(
        f"{OF_PROPERTY.get(path, path)} needs libvirt {version_text(needed)}, here is {version_text(version)}; "
        "leave it out or upgrade"
        for path, needed in LIBVIRT_OF_PROPERTY.items()
        if named[path] and version < needed
    )


def _tags_without_open_vswitch(tree: Tree) -> bool:
    """Whether ports would have VLAN tags and no Open vSwitch; a group without a port, or a VLAN, has the network's."""
    groups = tree.get("port_groups", [])
    tagged = [group for group in groups if "vlan" in tree or "vlan" in group]
    switches = [group.get("virtual_port", tree.get("virtual_port", {})) for group in tagged]
    if "vlan" in tree:
        switches.append(tree.get("virtual_port", {}))
    return any(switch.get("type") != "openvswitch" for switch in switches)
