"""The firewall rules of networks as data, from texts that the programs printed on real hosts."""

from pathlib import Path

from virtnet.functions.firewall_rules import FirewallRule, NetworkMatch, rules_of_networks

DATA = Path(__file__).parents[1] / "data" / "firewall"
NETWORKS = (NetworkMatch("nat", "vbn1", ("10.9.1.0/24",)), NetworkMatch("isolated", "vbi1", ()))


def told(**printed: str | None) -> list[FirewallRule]:
    return list(rules_of_networks({name.replace("_", "-"): text for name, text in printed.items()}, NETWORKS))


def test_iptables_rules_come_in_order_with_the_network_that_they_are_about() -> None:
    text = (DATA / "iptables-save.txt").read_text()

    rules = told(iptables_save=text, ip6tables_save=None, nft=None)

    assert [rule.rule for rule in rules] == [
        line.split(" ", 2)[2] for line in text.splitlines() if line.startswith("-A ")
    ]
    assert FirewallRule("iptables", "filter", "INPUT", "", "-j LIBVIRT_INP") in rules
    reject = "-o vbi1 -j REJECT --reject-with icmp-port-unreachable"
    assert FirewallRule("iptables", "filter", "LIBVIRT_FWI", "isolated", reject) in rules
    masquerade = next(rule for rule in rules if rule.table == "nat" and rule.rule.endswith("-j MASQUERADE"))
    assert (masquerade.chain, masquerade.network) == ("LIBVIRT_PRT", "nat")


def test_rules_of_others_are_told_only_where_they_name_a_bridge() -> None:
    text = (
        "*filter\n-A FORWARD -o eth0 -j DROP\n-A FORWARD -s 10.9.1.0/24 -j LOG\n"
        "-A FORWARD -i vbn1 -j ACCEPT\n-A FORWARD -i vbn10 -j ACCEPT\nCOMMIT\n"
    )

    assert told(iptables_save=text) == [FirewallRule("iptables", "filter", "FORWARD", "nat", "-i vbn1 -j ACCEPT")]


def test_nftables_rules_are_those_of_libvirts_tables_without_what_was_counted() -> None:
    text = (DATA / "nft.txt").read_text()

    rules = told(nft=text + 'table ip filter {\n\tchain LIBVIRT_INP {\n\t\tiifname "vbn1" accept\n\t}\n}\n')

    assert {rule.table for rule in rules} == {"ip libvirt_network", "ip6 libvirt_network"}
    assert FirewallRule("nft", "ip libvirt_network", "forward", "", "counter jump guest_cross") in rules
    assert FirewallRule("nft", "ip libvirt_network", "guest_output", "isolated", 'iif "vbi1" counter reject') in rules
    assert sum(rule.network == "nat" for rule in rules) == sum(
        "vbn1" in line or "10.9.1.0/24" in line for line in text.splitlines()
    )
    assert not [rule for rule in rules if "packets" in rule.rule or rule.rule.startswith("type ")]
