"""The plugin's functions where they decide something: which subnet is free."""

import ipaddress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from virtnet.plugin.functions import _free

POOL = ipaddress.ip_network("10.0.0.0/24")


@st.composite
def subnets(draw: st.DrawFn) -> Any:
    length = draw(st.integers(23, 32))
    return ipaddress.ip_network((int(POOL.network_address) + draw(st.integers(0, 255)), length), strict=False)


@given(st.integers(24, 30), st.lists(subnets(), max_size=6), st.text())
def test_a_free_subnet_is_found_exactly_when_there_is_one(length: int, used: list[Any], name: str) -> None:
    chosen = _free(POOL, length, used, name)

    free = [one for one in POOL.subnets(new_prefix=length) if not any(one.overlaps(other) for other in used)]
    assert chosen in free if free else chosen is None


@given(st.text(), st.lists(subnets(), max_size=3))
def test_the_answer_is_the_same_each_time(name: str, used: list[Any]) -> None:
    assert _free(POOL, 28, used, name) == _free(POOL, 28, list(reversed(used)), name)


def test_a_large_pool_is_searched_past_what_is_in_the_way_and_not_one_by_one() -> None:
    pool = ipaddress.ip_network("fd00::/8")
    used = [ipaddress.ip_network("fd00::/9")]

    chosen = _free(pool, 64, used, "lab")

    assert chosen.subnet_of(pool)
    assert not chosen.overlaps(used[0])


def test_two_names_seldom_want_the_same_subnet() -> None:
    chosen = {_free(ipaddress.ip_network("10.0.0.0/8"), 24, [], f"network-{number}") for number in range(20)}

    assert len(chosen) == 20
