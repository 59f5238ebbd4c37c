"""Networks in which every property has its turn: what check accepts, libvirt takes and gives back as it was meant.

Run inside a sandbox: `virtnet sandbox -- python -m tests.acceptance.generated_networks --networks 300 --seed 1`. Prints
what is wrong, one JSON object a line with the seed and the inputs, and at the end how many networks were defined; ends
with 1 when something was. With --starts some are started too, and looked at while they run. The same seed makes the
same networks as long as the code is the same: Hypothesis also tries words that it finds there.
"""

import argparse
import copy
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import libvirt
from hypothesis import HealthCheck, Phase, given, seed, settings
from tests.acceptance.schema_walk import lend_virtual_functions
from tests.unit.strategies import whole_networks

from virtnet import network_edit, network_xml
from virtnet.network import NETWORK
from virtnet.network_create import new_tree
from virtnet.network_preflight import LIBVIRT_OF_PROPERTY, OF_PROPERTY, needs_newer_libvirt
from virtnet.ownership import differences, merge
from virtnet.spec_network import NetworkSpec

UUID = "6f1c2a3e-0000-4000-8000-00000012ab34"


def without_what_is_too_new(tree: Mapping[str, Any], version: int) -> dict[str, Any]:
    """The tree less what we refuse on a libvirt of this version, so that it gets to see all the rest."""
    fitting = copy.deepcopy(dict(tree))
    for path in LIBVIRT_OF_PROPERTY:
        if not any(said.startswith(OF_PROPERTY.get(path, path)) for said in needs_newer_libvirt(fitting, version)):
            continue
        *_, name = path.split(".")
        holders = [fitting]
        if path == "vlan":
            holders += fitting.get("port_groups", [])
        elif path == "dns.forwarders":
            name, holders = "port", fitting["dns"]["forwarders"]
        else:
            for part in path.split(".")[:-1]:
                holders = [holder[part] for holder in holders]
        for holder in holders:
            holder.pop(name, None)
    return fitting


def what_libvirt_makes_of(connection: libvirt.virConnect, tree: Mapping[str, Any]) -> list[str]:
    """Its words against a network, or what its dump has lost of it; nothing of the network is left."""
    try:
        network = connection.networkDefineXML(network_edit.render(tree))
    except libvirt.libvirtError as error:
        return [str(error)]
    try:
        found = network_xml.parse(network.XMLDesc(libvirt.VIR_NETWORK_XML_INACTIVE))
    finally:
        network.undefine()
    lost = differences(NetworkSpec, merge(NetworkSpec, tree, {}, found), found)
    return [f"{change.path} is lost: {change.detail}" for change in lost]


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
    version = connection.getLibVersion()
    found = []
    if (too_new := needs_newer_libvirt(target, version)) and not what_libvirt_makes_of(connection, target):
        found.append(f"is taken as it is, and was refused: {too_new}")
    return found + what_libvirt_makes_of(connection, without_what_is_too_new(target, version))


def startable(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs less what a start asks of more than libvirt.

    That is firewalld, systemd-resolved, raw options, and what not every kernel has: the queueing discipline sfq, and
    bridges that filter VLANs.
    """
    fitting = copy.deepcopy(dict(inputs))
    for name in ("zone", "mac_table_manager"):
        fitting.get("bridge", {}).pop(name, None)
    fitting.get("domain", {}).pop("register", None)
    fitting.pop("dnsmasq_options", None)
    fitting.pop("bandwidth", None)
    for ip in fitting.get("ips", []):
        if "tftp_root" in ip:
            Path(ip["tftp_root"]).mkdir(parents=True, exist_ok=True)
    return fitting


def wrong_at_start(connection: libvirt.virConnect, inputs: Mapping[str, Any]) -> list[str]:
    """Libvirt's words when the network does not start, or does not run as it was meant; nothing of it is left."""
    canonical, failures = NETWORK.check(startable(inputs), {})
    assert not failures, failures
    target = without_what_is_too_new(new_tree(canonical, inputs.get("uuid", UUID)), connection.getLibVersion())
    network = connection.networkDefineXML(network_edit.render(target))
    try:
        network.create()
        try:
            found = network_xml.parse(network.XMLDesc(0))
        finally:
            network.destroy()
    except libvirt.libvirtError as error:
        return [f"does not start: {error}"]
    finally:
        network.undefine()
    lost = differences(NetworkSpec, merge(NetworkSpec, target, {}, found), found)
    return [f"{change.path} is lost while it runs: {change.detail}" for change in lost]


def main() -> int:
    """Define as many networks as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--starts", type=int, default=0, help="how many of those with a bridge of their own to start")
    arguments = parser.parse_args()
    connection = libvirt.open("qemu:///system")
    libvirt.registerErrorHandler(lambda context, error: None, None)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/srv"], check=True)
    defined = failed = started = 0

    # Not derandomized, which Hypothesis is by itself where a variable CI is set: it goes by the seed given.
    @seed(arguments.seed)
    @settings(
        max_examples=arguments.networks,
        derandomize=False,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(whole_networks())
    def define(inputs: dict[str, Any]) -> None:
        nonlocal defined, failed, started
        found = wrong(connection, inputs)
        if not found and started < arguments.starts and inputs.get("ips"):
            started += 1
            found = wrong_at_start(connection, inputs)
        if found:
            print(json.dumps({"seed": arguments.seed, "wrong": found, "inputs": inputs}), flush=True)
            failed += 1
        defined += 1

    define()
    print(defined)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
