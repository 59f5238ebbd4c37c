"""What a look at a shared sandbox tells apart, so that no test finds what another has left."""

import re

import pytest
from tests.hosts.shared import CLEAN_AND_LOOK, OF_RULES, TITLES, look, unseen

FIRST = "-A FORWARD -j LIBVIRT_FWI"
SECOND = "-A FORWARD -j DROP"


def printed(**parts: str) -> str:
    """What the script prints, with a line in each part that is not given."""
    return "\n".join(f"== {title}\n{parts.get(title, 'something')}" for title in TITLES) + "\n"


def test_the_script_prints_each_part() -> None:
    titles = re.findall(r"(?:\bsay |== )(?!\$)([a-z0-9]+(?: and [a-z]+)?)", CLEAN_AND_LOOK)

    assert tuple(titles) == TITLES


@pytest.mark.parametrize(
    ("part", "before", "after", "same"),
    [
        ("iptables", ":INPUT ACCEPT [0:0]", ":INPUT ACCEPT [7:420]", True),
        ("iptables", ":INPUT ACCEPT [0:0]", ":INPUT DROP [0:0]", False),
        ("iptables", ":INPUT ACCEPT [0:0]", ":INPUT ACCEPT [0:0]\n:MINE - [0:0]", False),
        ("iptables", f"{FIRST}\n{SECOND}", f"{SECOND}\n{FIRST}", False),
        ("ip6tables", f"# Generated at 10:00\n{FIRST}", f"# Generated at 10:01\n{FIRST}", True),
        ("links", "1: lo: <LOOPBACK>", "2: lo: <LOOPBACK>", True),
        ("links", "1: lo: <LOOPBACK>", "1: lo: <LOOPBACK>\n2: veth0: <UP>", False),
        ("files", "/run/a\n/run/b", "/run/b\n/run/a", True),
        ("processes", "1 init\n17 libvirtd", "1 init\n44 libvirtd\n45 bash", True),
        ("processes", "1 init\n17 libvirtd", "1 init\n17 libvirtd\n45 dnsmasq", False),
    ],
)
def test_what_is_left_is_told_from_what_is_another_each_time(part: str, before: str, after: str, *, same: bool) -> None:
    assert (look(printed(**{part: before})) == look(printed(**{part: after}))) is same


def test_a_rule_of_ipv6_is_none_of_ipv4() -> None:
    assert look(printed(iptables=FIRST, ip6tables=SECOND)) != look(printed(iptables=SECOND, ip6tables=FIRST))


@pytest.mark.parametrize(
    ("part", "shown", "is_seen"),
    [
        *((part, "", part in OF_RULES) for part in TITLES),
        *((part, "FAILED: the program that lists them", False) for part in sorted(OF_RULES)),
    ],
)
def test_a_part_that_is_not_shown_is_told(part: str, shown: str, *, is_seen: bool) -> None:
    assert unseen(look(printed())) == []
    assert unseen(look(printed(**{part: shown}))) == ([] if is_seen else [part])
    assert unseen(look("")) == [*TITLES]
