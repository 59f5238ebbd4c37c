"""The simulated hosts of the benchmark: as many as are asked for are down, slow or hanging, each time the same."""

from collections import Counter
from pathlib import Path

import pytest
from bench import scale


@pytest.mark.parametrize(
    ("count", "kinds"),
    [
        (10, {"well": 7, "down": 1, "slow": 1, "hanging": 1}),
        (1000, {"well": 979, "down": 10, "slow": 10, "hanging": 1}),
    ],
)
def test_one_host_in_a_hundred_is_down_and_another_slow(tmp_path: Path, count: int, kinds: dict[str, int]) -> None:
    (tmp_path / "hosts").mkdir()

    names = scale.hosts(tmp_path, count, [0.1, 0.2])
    first = {name: (tmp_path / "hosts" / name).read_text() for name in names}
    scale.hosts(tmp_path, count, [0.1, 0.2])

    assert Counter(text.split()[0] for text in first.values()) == kinds
    assert {name: (tmp_path / "hosts" / name).read_text() for name in names} == first
