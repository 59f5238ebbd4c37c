"""Every alternative of libvirt's network schema, through a real define, dump, parse, check, render and define again.

Run inside a sandbox: `virtnet sandbox -- python -m tests.campaigns.schema_walk`. Prints what became of each, one JSON
object a line, and how far it is on standard error.
"""

import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import libvirt
from lxml import etree
from tests.rng_instances import Instance, Schema

from virtnet.network.resource import NETWORK
from virtnet.network.tree import network_tree
from virtnet.network.xml import read as network_xml
from virtnet.network.xml import write as network_edit
from virtnet.network.xml.definition import definition


@dataclass
class Outcome:
    """What became of one instance."""

    alternative: str
    xml: str
    code: int = 0
    """libvirt's error code when it refused the instance; 0 when it took it."""
    message: str = ""
    dropped: bool = False
    """Whether the dump no longer has what the instance is made for."""
    unreadable: bool = False
    """Whether the dump is no XML."""
    refused: list[str] = field(default_factory=list)
    """What virtnet's check says against the network as a program would write it: "path: reason"."""
    lost: list[str] = field(default_factory=list)
    """Lines of the dump that differ when the network is defined again from its tree."""
    tree_differs: bool = False
    disturbed: list[str] = field(default_factory=list)
    """Lines that differ after an edit of something else, told as those of `lost`."""


def walk(connection: libvirt.virConnect, instance: Instance) -> Outcome:
    """Send one instance all the way round, and leave nothing of it."""
    outcome = Outcome(instance.target, instance.xml)
    try:
        network = connection.networkDefineXML(instance.xml)
    except libvirt.libvirtError as error:
        outcome.code, outcome.message = error.get_error_code(), str(error)
        return outcome
    try:
        dump = network.XMLDesc(libvirt.VIR_NETWORK_XML_INACTIVE)
        outcome.unreadable = not _is_xml(dump)
        tree = definition(instance.xml if outcome.unreadable else dump).tree
        canonical, failures = NETWORK.check(tree, {})
        outcome.refused = [f"{failure.path}: {NETWORK.messages().failure(failure)}" for failure in failures]
        if outcome.unreadable:
            return outcome
        outcome.dropped = not _holds(dump, instance)
        again = connection.networkDefineXML(network_edit.render(tree if failures else network_tree(canonical)))
        other = again.XMLDesc(libvirt.VIR_NETWORK_XML_INACTIVE)
        outcome.tree_differs = definition(other).tree != tree
        outcome.lost = _unlike(dump, other)
        edited = network_edit.edit(
            definition(dump), {**tree, "trust_guest_rx_filters": not tree.get("trust_guest_rx_filters")}
        )
        last = connection.networkDefineXML(edited).XMLDesc(libvirt.VIR_NETWORK_XML_INACTIVE)
        # The first line is <network>, which has the attribute that was edited.
        outcome.disturbed = _unlike(dump.partition("\n")[2], last.partition("\n")[2])
    except libvirt.libvirtError as error:
        outcome.lost = [f"refused when defined again: {error}"]
        outcome.tree_differs = True
    finally:
        network.undefine()
    return outcome


def _unlike(one: str, other: str) -> list[str]:
    before, after = one.splitlines(), other.splitlines()
    if before == after:
        return []
    return [f"-{line}" for line in before if line not in after] + [f"+{line}" for line in after if line not in before]


def _is_xml(text: str) -> bool:
    try:
        etree.fromstring(text.encode())
    except etree.XMLSyntaxError:
        return False
    return True


def _holds(dump: str, instance: Instance) -> bool:
    """Whether a dump still has the element or attribute, with the value, that an instance is made for."""
    if not instance.path:
        return True
    names = {"dnsmasq": network_xml.DNSMASQ_NAMESPACE}
    place = instance.path.replace("options", "dnsmasq:options").replace("/option", "/dnsmasq:option")
    place = place.replace("@*", "@remark")
    found = etree.fromstring(dump.encode()).xpath(place, namespaces=names)
    _, fixed, value = instance.target.partition("=")
    values = [one.text or "" if isinstance(one, etree._Element) else str(one) for one in found]
    return bool(found and (not fixed or value == "usual" or _number(value) in map(_number, values)))


def _number(value: str) -> int | str:
    """A value as a number where it is one, so that 0x0b is 11; else in small letters."""
    try:
        return int(value, 0)
    except ValueError:
        return value.lower()


def lend_virtual_functions(addresses: frozenset[str]) -> None:
    """Show libvirtd PCI devices that are SR-IOV virtual functions, at these addresses; only this sandbox sees them."""
    devices = Path("/sys/bus/pci/devices")
    if addresses and not devices.is_mount():
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(devices)], check=True)
    for address in addresses:
        (devices / address / "physfn").mkdir(parents=True, exist_ok=True)


def pci_addresses(instance: Instance) -> frozenset[str]:
    """The PCI addresses in an instance as the kernel spells them; what is left out counts as 0."""

    def number(element: etree._Element, name: str) -> int:
        return int(element.get(name, "0"), 0)

    return frozenset(
        f"{number(one, 'domain'):04x}:{number(one, 'bus'):02x}:{number(one, 'slot'):02x}.{number(one, 'function'):x}"
        for one in etree.fromstring(instance.xml).findall("forward/address")
    )


def main() -> int:
    """Walk the whole schema."""
    started = time.monotonic()
    schema = Schema()
    instances = list(schema.instances())
    lend_virtual_functions(frozenset().union(*map(pci_addresses, instances)))
    connection = libvirt.open("qemu:///system")
    libvirt.registerErrorHandler(lambda context, error: None, None)
    print(json.dumps({"libvirt": connection.getLibVersion()}))
    for number, instance in enumerate(instances, 1):
        print(json.dumps(asdict(walk(connection, instance))))
        if number % 100 == 0 or number == len(instances):
            print(f"{number} of {len(instances)} in {time.monotonic() - started:.1f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
