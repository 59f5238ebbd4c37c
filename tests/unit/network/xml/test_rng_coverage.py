"""Every element and attribute of libvirt's schema has a place in the spec, or a reason not to."""

from collections.abc import Iterator

from tests.rng import network_paths

from virtnet.network.spec import NetworkSpec
from virtnet.network.xml import read as network_xml
from virtnet.spec.part import Part, shapes

NO_INPUT = {
    "@connections": "libvirt's own count of guests, only in running networks",
    "forward/interface/@connections": "likewise",
    "forward/address/@connections": "likewise",
    "bandwidth/@classID": "libvirt's own number of a traffic class, written to its status files",
    "portgroup/bandwidth/@classID": "likewise",
    "bandwidth/inbound/@floor": "libvirt takes it of guests' own interfaces only; the schema shares one definition",
    "bandwidth/outbound/@floor": "likewise",
    "portgroup/bandwidth/inbound/@floor": "likewise",
    "portgroup/bandwidth/outbound/@floor": "likewise",
    "forward/address/@multifunction": "of guests' devices; the schema shares one definition of PCI addresses",
    "forward/address/@type": "always pci",
    "ip/@family": "part of ips.address",
    "ip/@netmask": "part of ips.address",
    "ip/@prefix": "part of ips.address",
    "route/@family": "part of routes.address",
    "route/@netmask": "part of routes.address",
    "route/@prefix": "part of routes.address",
    "metadata/*": "metadata's values are elements of other programs",
    "metadata/*/@*": "likewise",
    "metadata/*/text()": "likewise",
}
SPECIAL = {"metadata", "options", "options/option", "options/option/@value", "ip/@address", "route/@address"}


def spec_paths(part: type[Part] = NetworkSpec, path: str = "") -> Iterator[str]:
    for name, shape in shapes(part).items():
        if part is NetworkSpec and name in (network_xml.NOT_XML | {"metadata", "dnsmasq_options"}):
            continue
        place = network_xml.place_of(part, shape)
        holder = f"{path}{place.element}/" if place.element else path
        if place.element:
            yield holder.rstrip("/")
        if place.text:
            yield f"{holder}text()"
        elif place.attribute:
            yield f"{holder}@{place.attribute}"
        if shape.part is not None:
            yield from spec_paths(shape.part, holder)


def test_no_name_of_the_schema_is_without_a_place() -> None:
    known = set(spec_paths()) | SPECIAL

    assert network_paths() - known == set(NO_INPUT)


def test_no_place_of_the_spec_is_unknown_to_every_schema() -> None:
    newer = {
        "title", "title/text()", "description", "description/text()", "domain/@register", "dns/forwarder/@port",
        "forward/driver/@model",
    }  # fmt: skip

    unknown = set(spec_paths()) - network_paths() - newer

    assert unknown == set()
