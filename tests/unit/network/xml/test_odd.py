"""Whatever a libvirt prints for a network's XML: it is read, or refused in our words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from tests.fakes.libvirt import FakeLibvirt
from tests.unit.hostile import TEXTS
from tests.unit.strategies import whole_networks

from virtnet.errors import VirtnetError
from virtnet.network.plan.new import new_tree
from virtnet.network.resource import NETWORK
from virtnet.network.tree import network_tree
from virtnet.network.xml import read as network_xml
from virtnet.network.xml import write as network_edit
from virtnet.network.xml.definition import definition
from virtnet.planning import lifecycle
from virtnet.planning.clients.clients import Clients
from virtnet.planning.reports import NetworkReport

pytestmark = pytest.mark.fuzz

UUID = "6f1c2a3e-0000-4000-8000-00000012ab34"
#: Values that an attribute or a text can have in XML.
VALUES = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff")),
    st.sampled_from(
        ["", "0", "-1", "0x1f", "010", "1e3", "9" * 5000, "yes", "10.9.0.1", "10.9.0.1/24", "::", "::1/129"]
    ),
)
#: Names of elements and attributes: those of networks, and others.
NAMES = st.sampled_from(
    "network name uuid forward mode nat bridge ip address prefix netmask dhcp range host dns txt route portgroup"
    " metadata mac id news {urn:x}note"
    f" {{{network_xml.DNSMASQ_NAMESPACE}}}options {{{network_xml.OWNER_NAMESPACE}}}owner".split()
)


@st.composite
def printed(draw: st.DrawFn) -> str:
    """A network's XML, as libvirt could print it."""
    canonical, failures = NETWORK.check({"__owner": "project/stack/lab", **draw(whole_networks())}, {})
    assert failures == []
    xml = network_edit.render(new_tree(network_tree(canonical), UUID))
    mark = network_xml.OwnerMark("project/stack/lab")
    return network_edit.with_owner_mark(definition(xml), mark) if draw(st.booleans()) else xml


@st.composite
def odd(draw: st.DrawFn) -> str:
    """The same with one to five elements cut out, doubled, renamed, moved, or with other attributes and texts."""
    root = etree.fromstring(draw(printed()).encode())
    for _ in range(draw(st.integers(1, 5))):
        elements = [element for element in root.iter(etree.Element) if element is not root] or [root]
        element = draw(st.sampled_from(elements))
        parent = element.getparent()
        kind = draw(st.sampled_from(["cut", "double", "rename", "move", "attribute", "bare", "text", "beside"]))
        if kind == "cut" and parent is not None:
            parent.remove(element)
        elif kind == "double" and parent is not None:
            parent.append(etree.fromstring(etree.tostring(element, with_tail=False)))
        elif kind == "rename":
            element.tag = draw(NAMES)
        elif kind == "move":
            root.append(etree.fromstring(etree.tostring(element, with_tail=False)))
        elif kind == "attribute":
            element.set(draw(NAMES), draw(VALUES))
        elif kind == "bare":
            element.attrib.clear()
        elif kind == "text":
            element.text = draw(VALUES)
        else:
            element.append(draw(st.sampled_from([etree.Comment(" a "), etree.ProcessingInstruction("a", "b")])))
    return etree.tostring(root, encoding="unicode")


def read(xml: str) -> None:
    """All that is read of a network's XML on its own."""
    found = definition(xml)
    _ = found.tree, found.mark, found.subnets, found.bridge, found.restart_record_left
    for section in network_xml.SECTIONS:
        network_xml.has_section_item(found.element, section, 0, f"<{network_xml.SECTIONS[section][1]}/>")


def refusal(xml: str) -> str:
    """Why it cannot be read, in our words; "" when it can."""
    try:
        read(xml)
    except VirtnetError as error:
        return str(error)
    return ""


@given(odd())
def test_well_formed_xml_is_read_however_odd_it_is(xml: str) -> None:
    assert refusal(xml) == ""


@given(st.one_of(st.text(), st.sampled_from(sorted(TEXTS.values()))))
def test_a_text_that_is_no_xml_is_refused_in_our_words(text: str) -> None:
    said = refusal(text)

    assert "is no XML" in said
    assert said.isprintable()


@given(printed(), st.data())
def test_xml_that_was_cut_or_mixed_up_is_read_or_refused_in_our_words(xml: str, data: st.DataObject) -> None:
    start, end = sorted(data.draw(st.lists(st.integers(0, len(xml)), min_size=2, max_size=2)))
    spoilt = xml[:start] + data.draw(st.sampled_from(["", "<", "&", "'", '"', ">", "<a>", "</ip>", "\0"])) + xml[end:]

    assert refusal(spoilt).isprintable()


def test_a_network_of_others_that_libvirt_prints_as_no_xml_is_named_with_the_remedy() -> None:
    """As libvirt 9.0 and 11.3 print a reservation that is named a'b: they escape nothing there."""
    libvirt = FakeLibvirt()
    xml = (
        f"<network><name>theirs</name><uuid>{UUID}</uuid><bridge name='br9'/><ip address='10.9.9.1' prefix='24'><dhcp>"
    )
    xml += "<host mac='52:54:00:00:00:09' name='a'b' ip='10.9.9.9'/></dhcp></ip></network>"
    libvirt.reports[UUID] = NetworkReport(
        uuid=UUID, name="theirs", active=True, persistent=True, autostart=False, live_xml=xml, config_xml=xml
    )
    desired, _ = NETWORK.check({"name": "lab", "uri": libvirt.uri, "ips": [{"address": "10.77.0.1/24"}]}, {})

    with pytest.raises(VirtnetError) as caught:
        lifecycle.create(NETWORK, desired, lambda uri: Clients(libvirt=libvirt, host=None), lambda line: None)

    assert "the network 'theirs'" in str(caught.value)
    assert str(caught.value).endswith("correct it with virsh net-edit theirs")
    assert list(libvirt.reports) == [UUID]
