import pytest

from virtnet.errors import VirtnetError
from virtnet.network.tree import own_bridge, serves
from virtnet.network.xml.definition import Definition, definition
from virtnet.network.xml.read import RESTART_ITEM
from virtnet.network.xml.write import for_definition

NAT = (
    "<network><name>lab</name><forward mode='nat'/><bridge name='vn-lab'/><mac address='52:54:00:00:00:01'/>"
    "<ip address='192.168.123.1' netmask='255.255.255.0'/><ip family='ipv6' address='fd00::1' prefix='64'/></network>"
)

ON_HOST_BRIDGE = "<network><name>lan</name><forward mode='bridge'/><bridge name='br0'/></network>"

ISOLATED = "<network><name>alone</name><bridge name='vn-alone'/></network>"


@pytest.mark.parametrize(
    ("xml", "mode", "bridge", "bridge_name", "subnets"),
    [
        (NAT, "nat", "vn-lab", "vn-lab", ["192.168.123.0/24", "fd00::/64"]),
        (NAT.replace(" mode='nat'", ""), "nat", "vn-lab", "vn-lab", ["192.168.123.0/24", "fd00::/64"]),
        (ON_HOST_BRIDGE, "bridge", "", "br0", []),
        (ISOLATED, "", "vn-alone", "vn-alone", []),
        ("<network><name>none</name></network>", "", "", "", []),
        ("<network><ip address='10.0.0.1' prefix='x'/></network>", "", "", "", []),
    ],
)
def test_says_where_a_network_is(xml: str, mode: str, bridge: str, bridge_name: str, subnets: list[str]) -> None:
    found = Definition(xml)

    assert (found.mode, found.bridge, found.bridge_name) == (mode, bridge, bridge_name)
    assert [str(subnet) for subnet in found.subnets] == subnets


@pytest.mark.parametrize("xml", [NAT, ON_HOST_BRIDGE, ISOLATED])
def test_says_the_same_as_its_tree(xml: str) -> None:
    found = Definition(xml)

    assert found.bridge == own_bridge(found.tree)
    assert found.serves == serves(found.tree)
    assert found.mac == found.tree.get("mac", "")


def test_of_one_text_there_is_one() -> None:
    again = NAT.encode().decode()

    assert definition(NAT) is definition(again)
    assert definition(NAT) == Definition(NAT)
    assert definition(NAT) != definition(ISOLATED)


def test_a_copy_of_its_element_is_the_callers_to_change() -> None:
    found = Definition(NAT)
    bridge = found.copy().find("bridge")
    assert bridge is not None
    bridge.set("name", "other")

    assert found.bridge_name == "vn-lab"


def test_the_record_of_a_restart_is_told_and_no_part_of_the_tree() -> None:
    found = Definition(NAT.replace("</network>", f"<dns>{RESTART_ITEM}</dns></network>"))

    assert found.restart_record_left
    assert not Definition(NAT).restart_record_left
    assert found.tree == Definition(NAT).tree


def test_what_is_no_xml_is_told_when_it_is_read() -> None:
    broken = definition("<network><name>a</name><bridge name='&'/></network>")

    with pytest.raises(VirtnetError):
        _ = broken.bridge


def test_nothing_is_read_before_it_is_asked() -> None:
    assert "tree" not in vars(Definition(NAT))
    found = Definition(NAT)
    assert found.bridge == "vn-lab"
    assert "tree" not in vars(found)


@pytest.mark.parametrize(
    ("nat", "stays", "with_ports"),
    [
        ("<nat><port start='1024' end='65535'/></nat>", False, False),
        ("<nat><port start='1024' end='2047'/></nat>", True, True),
        ("<nat ipv6='yes'><port start='1024' end='65535'/></nat>", True, False),
        ("<nat><address start='192.0.2.1' end='192.0.2.2'/><port start='1024' end='65535'/></nat>", True, False),
    ],
    ids=["libvirt's own", "other ports", "of IPv6 too", "addresses beside"],
)
def test_the_ports_that_libvirt_puts_in_are_no_part_of_a_definition(nat: str, *, stays: bool, with_ports: bool) -> None:
    live = Definition(f"<network><name>lab</name><forward mode='nat'>{nat}</forward></network>")

    left = for_definition(live)

    assert ("<nat" in left) is stays
    assert ("<port" in left) is with_ports
