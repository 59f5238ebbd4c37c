"""What nobody modelled, anywhere in a network's XML, survives an edit of anything else."""

from typing import Any

from lxml import etree
from tests.rng_instances import Schema

from virtnet.network.xml import read as network_xml
from virtnet.network.xml import write as network_edit
from virtnet.network.xml.definition import definition
from virtnet.spec.part import without

#: Elements whose whole text is one value of the spec's, so that there is nothing unknown in them.
WHOLE = ("metadata",)


def sprinkled(xml: str) -> str:
    """The XML with an attribute and an element that no spec knows in every element."""
    root = etree.fromstring(xml)
    for element in list(root.iter(etree.Element)):
        if element.tag not in WHOLE and not any(one.tag in WHOLE for one in element.iterancestors()):
            element.set("news", "of tomorrow")
            etree.SubElement(element, "tomorrow", news="of tomorrow").text = "text"
    return etree.tostring(root, encoding="unicode")


def news(xml: str, *, outside: str = "") -> list[str]:
    """Where unknown attributes and elements are, but for one element below the root and all in it."""
    root = etree.fromstring(xml)
    for element in root.findall(outside) if outside else []:
        root.remove(element)
    return sorted(root.getroottree().getelementpath(element) for element in root.xpath("//*[@news]"))


def test_an_edit_of_another_property_keeps_all_that_is_unknown() -> None:
    lost: dict[str, Any] = {}
    for instance in Schema().instances():
        xml = sprinkled(instance.xml)
        tree = definition(xml).tree

        edited = network_edit.edit(
            definition(xml), {**tree, "trust_guest_rx_filters": not tree.get("trust_guest_rx_filters")}
        )

        if news(edited) != news(xml):
            lost[instance.target] = edited

    assert lost == {}


def test_what_is_unknown_means_nothing_to_the_tree() -> None:
    differing = [
        instance.target
        for instance in Schema().instances()
        if definition(sprinkled(instance.xml)).tree != definition(instance.xml).tree
    ]

    assert differing == []


def test_removing_a_property_takes_nothing_unknown_from_elsewhere() -> None:
    lost: dict[str, Any] = {}
    for instance in Schema().instances():
        xml = sprinkled(instance.xml)
        tree = definition(xml).tree
        for name in tree.keys() - {"name", "metadata"}:
            element = ELEMENTS.get(name, name)

            edited = network_edit.edit(definition(xml), without(tree, {name}))

            if news(edited, outside=element) != news(xml, outside=element):
                lost[f"{instance.target} without {name}"] = edited

    assert lost == {}


def test_metadata_of_others_in_a_namespace_that_is_no_uri_is_read_and_kept() -> None:
    xml = "<network><name>lab</name><metadata><n xmlns='notes' b='1'>a</n></metadata></network>"

    tree = definition(xml).tree

    assert tree["metadata"] == {"notes": '<n xmlns="notes" b="1">a</n>'}
    assert definition(network_edit.edit(definition(xml), {**tree, "mtu": 1400})).tree["metadata"] == tree["metadata"]


#: The elements of properties that are called otherwise.
ELEMENTS = {
    "dnsmasq_options": f"{{{network_xml.DNSMASQ_NAMESPACE}}}options",
    "ips": "ip",
    "port_groups": "portgroup",
    "port_isolated": "port",
    "routes": "route",
    "virtual_port": "virtualport",
}
