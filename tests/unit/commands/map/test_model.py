"""What a map is sorted by."""

import pytest

from virtnet.commands.map.model import natural

ORDERS = [
    ["", "1", "2", "10", "100"],
    ["web", "web1", "web2", "web2a", "web2b", "web10"],
    ["vnet0", "vnet00001", "vnet2"],
    ["9" * 5000, "1" + "0" * 5000],
]


@pytest.mark.parametrize("names", ORDERS)
def test_numbers_in_names_count_as_numbers(names: list[str]) -> None:
    assert sorted(names, key=natural) == names
