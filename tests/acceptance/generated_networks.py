"""Networks in which every property has its turn: what check accepts, libvirt takes and gives back as it was meant.

Run inside a sandbox: `virtnet sandbox -- python -m tests.acceptance.generated_networks NUMBER`. Prints what is wrong,
one JSON object a line, and at the end how many networks were defined.
"""

import json
import sys
from collections.abc import Mapping
from typing import Any

import libvirt
from hypothesis import HealthCheck, Phase, given, settings
from tests.acceptance.schema_walk import lend_virtual_functions
from tests.unit.strategies import whole_networks

from virtnet import network_edit, network_xml
from virtnet.network import NETWORK
from virtnet.network_create import new_tree
from virtnet.network_preflight import needs_newer_libvirt
from virtnet.ownership import differences, merge
from virtnet.spec_network import NetworkSpec

UUID = "6f1c2a3e-0000-4000-8000-00000012ab34"


def too_new(tree: Mapping[str, Any], version: int) -> bool:
    """Whether the network has what this libvirt is known not to take, or to drop."""
    forward = tree.get("forward", {})
    tags = "vlan" in tree or any("vlan" in group for group in tree.get("port_groups", []))
    return bool(
        needs_newer_libvirt(tree, version)
        # Both are refused with their reason when the network is defined.
        or (tags and forward.get("mode") == "bridge" and version < 11_000_000)
        or (forward.get("driver", {}).get("name") == "xen" and version < 10_000_000)
    )


def wrong(connection: libvirt.virConnect, inputs: dict[str, Any]) -> list[str]:
    """What is wrong with a network between check and dump."""
    canonical, failures = NETWORK.check(inputs, {})
    if failures:
        return [f"{failure.path}: {failure.reason}" for failure in failures]
    addresses = canonical.get("forward", {}).get("addresses", [])
    lend_virtual_functions(
        frozenset(f"{a.get('domain', 0):04x}:{a['bus']:02x}:{a['slot']:02x}.{a['function']:x}" for a in addresses)
    )
    target = new_tree(canonical, inputs.get("uuid", UUID))
    try:
        network = connection.networkDefineXML(network_edit.render(target))
    except libvirt.libvirtError as error:
        return [str(error)]
    try:
        found = network_xml.parse(network.XMLDesc(libvirt.VIR_NETWORK_XML_INACTIVE))
    finally:
        network.undefine()
    lost = differences(NetworkSpec, merge(NetworkSpec, target, {}, found), found)
    return [f"{change.path} is lost: {change.detail}" for change in lost]


def main() -> int:
    """Define as many networks as the command line says."""
    connection = libvirt.open("qemu:///system")
    version = connection.getLibVersion()
    libvirt.registerErrorHandler(lambda context, error: None, None)
    defined = 0

    @settings(
        max_examples=int(sys.argv[1]),
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(whole_networks())
    def define(inputs: dict[str, Any]) -> None:
        nonlocal defined
        if too_new(inputs, version):
            return
        defined += 1
        if found := wrong(connection, inputs):
            print(json.dumps({"wrong": found, "inputs": inputs}))

    define()
    print(defined)
    return 0


if __name__ == "__main__":
    sys.exit(main())
