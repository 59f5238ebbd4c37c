"""What the soak judges by: it sees what grows, and what is left, and nothing else."""

import pytest
from tests.acceptance.soak import Sample, growth, left_over, slope


def sampled(
    *, memory: int = 0, descriptors: int = 0, threads: int = 0, daemon: int = 0, guests: int = 0
) -> list[Sample]:
    """A hundred samples, five actions apart, of which each has so much more than the one before."""
    return [
        Sample(
            memory=50_000_000 + number * memory,
            descriptors=8 + number * descriptors // 10,
            threads=1 + number * threads // 10,
            daemon_memory=30_000_000,
            daemon_descriptors=25 + number * daemon // 10 + 2 * (number % 3) * guests,
            daemon_threads=18,
            guests=(number % 3) * guests,
        )
        for number in range(100)
    ]


def test_a_slope_is_by_how_much_each_is_more_than_the_one_before() -> None:
    assert slope([3, 5, 7, 9]) == pytest.approx(2)


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        (sampled(memory=20_000), ["the process's memory grows by 4000 bytes an action"]),
        (sampled(descriptors=1), ["descriptors grew from 13 at most to 15 at least"]),
        (sampled(threads=1), ["threads grew from 6 at most to 8 at least"]),
        (sampled(daemon=1), ["daemon_descriptors grew from 30 at most to 32 at least"]),
        (sampled(), []),
        (sampled(memory=5_000), []),
        (sampled(guests=1), []),
    ],
)
def test_what_goes_on_growing_is_seen(samples: list[Sample], words: list[str]) -> None:
    assert growth(samples, 5) == words


def test_a_short_run_whose_caches_are_filled_is_no_leak() -> None:
    assert growth(sampled(memory=60_000)[:6], 5) == []


def test_what_is_left_and_what_is_gone_is_named() -> None:
    before = {"links": ["lo", "eth0"], "files": ["/run/libvirt/network/driver.pid"]}
    after = {"links": ["lo", "vn-lab"], "files": [*before["files"], "/run/libvirt/network/lab/ports"]}

    assert left_over(before, after) == ["links: left over: vn-lab", "links: gone: eth0"]
