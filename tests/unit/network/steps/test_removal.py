"""What removes a bridge that killed daemons left, and which throw-away networks are tried: decided, and not done."""

from virtnet.network.names import holding_bridge
from virtnet.network.observe.firewall.left import Rule
from virtnet.network.steps.actions import DeleteLink, DeleteRule, SetLinkUp, SetMaster
from virtnet.network.steps.leftovers import put_to_wait, removal
from virtnet.network.steps.probe import probes

UUID = "6f1c2a3e-0000-4000-8000-00000012ab34"
LINKS = ("lo", "vn-lab", "vn-other")
RULES = """\
*filter
:LIBVIRT_FWI - [0:0]
-A LIBVIRT_FWI -o vn-lab -j REJECT --reject-with icmp-port-unreachable
-A LIBVIRT_FWI -o vn-other -j REJECT --reject-with icmp-port-unreachable
COMMIT
"""


def test_a_bridge_goes_down_then_its_rules_go_and_then_itself() -> None:
    rule = Rule("filter", ("LIBVIRT_FWI", "-o", "vn-lab", "-j", "REJECT", "--reject-with", "icmp-port-unreachable"))

    assert list(removal("vn-lab", {"iptables-save": RULES, "ip6tables-save": RULES}, LINKS)) == [
        SetLinkUp(link="vn-lab", up=False),
        DeleteRule(bridge="vn-lab", program="iptables", rule=rule),
        DeleteRule(bridge="vn-lab", program="ip6tables", rule=rule),
        DeleteLink(link="vn-lab"),
    ]


def test_without_rules_the_bridge_goes_all_the_same() -> None:
    assert list(removal("vn-lab", {"iptables-save": ""}, LINKS)) == [
        SetLinkUp(link="vn-lab", up=False),
        DeleteLink(link="vn-lab"),
    ]


def test_what_is_on_the_bridge_waits_with_the_others() -> None:
    holding = holding_bridge(UUID)

    assert list(put_to_wait(UUID, ["tap0", "veth1"])) == [
        SetMaster(link="tap0", bridge=holding),
        SetMaster(link="veth1", bridge=holding),
    ]


def test_a_second_probe_has_another_subnet() -> None:
    first, second = probes(UUID, "<network><forward mode='nat'/></network>")

    assert first != second
    assert first.count("192.0.2.") == second.count("192.0.2.") == 1


def test_without_an_address_both_probes_are_alike() -> None:
    first, second = probes(UUID, "<network><bridge/></network>")

    assert first == second
