"""What the soak judges by: it sees what grows, and what is left, and nothing else."""

from pathlib import Path

import pytest
from tests.campaigns.soak import Sample, growth, left_over, slope
from tests.hosts.sandboxed import nft_lines

NFT = (Path(__file__).parents[1] / "data" / "firewall" / "nft.txt").read_text()


def sampled(
    *, memory: int = 0, descriptors: int = 0, threads: int = 0, daemon: int = 0, workers: int = 0, guests: int = 0
) -> list[Sample]:
    """A hundred samples, five actions apart, of which each has so much more than the one before."""
    return [
        Sample(
            memory=50_000_000 + number * memory,
            descriptors=8 + number * descriptors // 10,
            threads=1 + number * threads // 10,
            daemon_memory=30_000_000,
            daemon_descriptors=25 + number * daemon // 10 + 2 * (number % 3) * guests,
            daemon_threads=18 + number * workers // 10 + (number % 3) * guests,
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
        (sampled(workers=10), ["daemon_threads grew from 70 at most to 95 at least"]),
        (sampled(workers=3), []),
        (sampled(), []),
        (sampled(memory=5_000), []),
        (sampled(guests=1), []),
    ],
)
def test_what_goes_on_growing_is_seen(samples: list[Sample], words: list[str]) -> None:
    assert growth(samples, 5) == words


def test_a_short_run_whose_caches_are_filled_is_no_leak() -> None:
    assert growth(sampled(memory=390_000)[:6], 5) == []


def test_a_short_run_that_takes_more_than_caches_do_is_a_leak() -> None:
    assert growth(sampled(memory=1_200_000)[:6], 5) == ["the process's memory grows by 240000 bytes an action"]


def test_what_is_left_and_what_is_gone_is_named() -> None:
    before = {"links": ["lo", "eth0"], "files": ["/run/libvirt/network/driver.pid"]}
    after = {"links": ["lo", "vn-lab"], "files": [*before["files"], "/run/libvirt/network/lab/ports"]}

    assert left_over(before, after) == ["links: left over: vn-lab", "links: gone: eth0"]


def test_what_only_the_first_network_leaves_is_no_leftover_of_it_and_one_of_any_later() -> None:
    before = {"rules": [":INPUT ACCEPT "], "sysctls": ["net.ipv4.ip_forward = 0"], "files": [], "nftables": []}
    after = {
        "rules": [":INPUT ACCEPT ", ":LIBVIRT_INP - ", "-A INPUT -j LIBVIRT_INP"],
        "sysctls": ["net.ipv4.ip_forward = 1"],
        "files": ["/run/netns"],
        "nftables": ["ip libvirt_network", "ip libvirt_network chain forward: counter jump guest_nat"],
    }

    assert left_over(before, after, first=True) == []
    assert len(left_over(before, after)) == 7


def test_what_a_network_wrote_for_itself_is_left_over_of_the_first_one_too() -> None:
    before: dict[str, list[str]] = {"rules": [], "sysctls": ["net.ipv4.conf.eth0.forwarding = 0"], "nftables": []}
    after = {
        "rules": ["-A LIBVIRT_FWI -o vn-lab -j REJECT", "-A INPUT -i vn-lab -j ACCEPT"],
        "sysctls": ["net.ipv4.conf.eth0.forwarding = 1"],
        "nftables": ['ip libvirt_network chain guest_input: oif "vn-lab" counter reject'],
    }

    assert len(left_over(before, after, first=True)) == 5


def test_of_nftables_all_is_seen_but_what_iptables_tells_of() -> None:
    beside = f"""\
# Warning: table ip filter is managed by iptables-nft, do not touch!
table ip filter {{
\tchain LIBVIRT_INP {{
\t\tiifname "vbn1" udp dport 53 counter packets 3 bytes 180 accept
\t}}
}}
table bridge filter {{
}}
{NFT}"""

    lines = nft_lines(beside)

    assert lines == sorted(["bridge filter", *nft_lines(NFT)])
    assert 'ip libvirt_network chain guest_output: ip saddr 10.9.1.0/24 iif "vbn1" counter accept' in lines
    assert nft_lines(NFT.replace("packets 0 bytes 0", "packets 7 bytes 420")) == nft_lines(NFT)
