"""Figures that stand in sentences of the documents: those that were measured, and those that the code has."""

import json
import re
from collections.abc import Mapping, Sequence
from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from typing import Any

import pytest

from virtnet.host import client as host
from virtnet.host import machine as host_machine
from virtnet.host import shell as host_shell
from virtnet.libvirtd import session as libvirt_session
from virtnet.transport import ssh as host_ssh

DOCUMENTS = Path(__file__).parents[3]
MEASURED: Mapping[str, Any] = json.loads((DOCUMENTS / "docs/performance.json").read_text(), parse_float=Decimal)
SECURITY = (DOCUMENTS / "docs/security.md").read_text()


def rows(document: str, title: str) -> list[list[str]]:
    """The cells of the first table below a title, less its head."""
    table = document.partition(f"\n## {title}\n")[2].partition("\n| --- ")[2].partition("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[1:]]


def in_tenths(seconds: Decimal) -> Decimal:
    """Rounded upwards, so that a document never promises more than was measured."""
    return seconds.quantize(Decimal("0.1"), rounding=ROUND_CEILING)


OUTAGES: Sequence[Mapping[str, Any]] = MEASURED["outages"]


@pytest.mark.parametrize("name", ["README.md", "docs/design.md"])
def test_the_longest_silence_in_a_restart_that_guests_do_not_notice_is_the_one_that_was_measured(name: str) -> None:
    longest = max(row["gateway: longest, s"] for row in OUTAGES if row["what"] == "restart")
    text = " ".join((DOCUMENTS / name).read_text().split())

    quoted = re.findall(r"a guest heard nothing of its gateway for at most ([\d.]+) s", text)

    assert quoted == [str(longest)]


def test_the_longest_silence_in_a_restart_that_disconnects_guests_is_the_one_that_was_measured() -> None:
    of_modes = [row for row in OUTAGES if row["what"].startswith("restart, ")]
    medians = [row["gateway: median, s"] for row in of_modes]
    text = " ".join((DOCUMENTS / "docs/design.md").read_text().split())

    quoted = re.findall(r"the gateway was silent for at most ([\d.]+) s. The median was ([\d.]+) to ([\d.]+) s", text)

    longest = max(row["gateway: longest, s"] for row in of_modes)
    assert quoted == [(str(in_tenths(longest)), str(min(medians)), str(max(medians)))]


def test_what_is_waited_for_is_waited_for_as_long_as_security_says() -> None:
    said = [int(cell.removesuffix(" s")) for _, cell in rows(SECURITY, "How long virtnet waits")]

    assert said == [
        host_ssh.SECONDS_TO_CONNECT,
        libvirt_session.SECONDS_TO_CONNECT,
        libvirt_session.SECONDS_TO_CONNECT_HERE,
        host_ssh.SECONDS_TO_CONNECT + host_shell.SECONDS_TO_LOG_IN,
        host_machine.SECONDS_FOR_A_PROGRAM,
        # ssh's ServerAliveCountMax is 2: one sign of life is waited for after those.
        3 * host_ssh.SECONDS_BETWEEN_SIGNS_OF_LIFE,
        (libvirt_session.SIGNS_OF_LIFE + 1) * libvirt_session.SECONDS_BETWEEN_SIGNS_OF_LIFE,
        host.SECONDS_FOR_AN_END,
        host.SECONDS_FOR_THE_LOCK,
    ]


def test_security_names_every_program_that_is_run_on_a_host() -> None:
    table = SECURITY.partition("| what root does | when |")[2].partition("\n\n")[0]

    named = {word for code in re.findall(r"`([^`]+)`", table) for word in code.split()[:1]}

    assert set(host._PACKAGES) <= named
