"""What the next boot gives, case by case; the acceptance tests compare with the programs themselves."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.kernel import FakeKernel

from virtnet.forwarding.boot_files.boot import by_procps, by_systemd, fresh_kernel, normalise
from virtnet.forwarding.sysctl import IPV4_ALIAS, after_write, integer, shown

CASES = json.loads((Path(__file__).parents[1] / "data" / "boot_sysctl.json").read_text())
INTERFACES = ["eth0.100", "eth1"]


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_next_boot(case: dict[str, Any]) -> None:
    for model, verdicts in ((by_systemd, case["systemd"]), (by_procps, case.get("procps", case["systemd"]))):
        found = model(case["files"], INTERFACES)
        assert {key: [found[key].value, found[key].source] for key in verdicts} == verdicts


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("net.ipv4.ip_forward", "net/ipv4/ip_forward"),
        ("net/ipv4/ip_forward", "net/ipv4/ip_forward"),
        ("/net/ipv4/ip_forward", "net/ipv4/ip_forward"),
        ("net.ipv4.conf.eth0/100.forwarding", "net/ipv4/conf/eth0.100/forwarding"),
        ("net/ipv4/conf/eth0.100/forwarding", "net/ipv4/conf/eth0.100/forwarding"),
        ("net..ipv4.ip_forward", "net/ipv4/ip_forward"),
    ],
)
def test_separators(written: str, key: str) -> None:
    assert normalise(written) == key


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("1", 1), ("-1", -1), ("0x10", 16), ("010", 8), ("08", None), ("yes", None), ("", None), ("1 ", None)],
)
def test_numbers(text: str, number: int | None) -> None:
    assert integer(text) == number


def test_keys_are_shown_dotted_unless_a_name_holds_a_dot() -> None:
    assert shown("net/ipv4/ip_forward") == "net.ipv4.ip_forward"
    assert shown("net/ipv4/conf/eth0.100/forwarding") == "net/ipv4/conf/eth0.100/forwarding"


@given(
    st.lists(
        st.tuples(st.sampled_from([*fresh_kernel(INTERFACES), IPV4_ALIAS]), st.sampled_from(["0", "1", "2"])),
        max_size=12,
    )
)
def test_writes_have_the_effects_of_the_fake_kernel(writes: list[tuple[str, str]]) -> None:
    kernel, values = FakeKernel(INTERFACES), fresh_kernel(INTERFACES)
    for key, value in writes:
        kernel.write(key, value)
        values = after_write(values, key, value)

    assert values == {key: kernel.values()[key] for key in values}
