"""The script and the service of restore: what they share with the rest of the program, and what check prints."""

import re

import pytest

from virtnet.port_forward.restore import files
from virtnet.port_forward.restore.check import Need, NeedKind, parse
from virtnet.port_forward.rules.names import COMMENT, LINK_PREFIX, MARK, PORT_PREFIX, TABLE, link_names
from virtnet.port_forward.rules.render import COMMON, LINK_LINE

TEXTS = files.common_files()
SCRIPT = TEXTS[files.SCRIPT_PATH]


@pytest.mark.parametrize(
    "said",
    [
        f"common={files.COMMON_PATH}\n",
        f"forwards={files.DIRECTORY}\n",
        f"name={TABLE}\n",
        f"mark={MARK:#x}/{MARK:#x}\n",
        f"--mark {MARK:#x}/{MARK:#x} ",
        f"s/^{LINK_LINE} //p",
        f"/sys/class/net/{LINK_PREFIX}????????",
        f'"{PORT_PREFIX}${{1#{LINK_PREFIX}}}"',
        f'comment "{COMMENT}"',
    ],
)
def test_the_script_names_things_as_the_rules_do(said: str) -> None:
    assert said in SCRIPT


def test_names_of_links_fit_the_script_and_the_kernel() -> None:
    link, port = link_names("b5b0a1f0-0000-4000-8000-000000000001")

    assert re.fullmatch(rf"{LINK_PREFIX}.{{8}}", link)
    assert port == link.replace(LINK_PREFIX, PORT_PREFIX, 1)
    assert len(link) <= 15


def test_the_script_prints_no_kind_that_is_not_known() -> None:
    assert set(re.findall(r"\bwrong ([a-z]+) ", SCRIPT)) == {kind.value for kind in NeedKind}


def test_what_check_prints() -> None:
    printed = "link vnpf0123abcd\nsetting vnpf0123abcd\nsetting vnpf0123abcd\nroute fd00:1::/64\naccept ip6tables\n"

    assert parse(printed) == (
        Need(NeedKind.LINK, "vnpf0123abcd"),
        Need(NeedKind.SETTING, "vnpf0123abcd"),
        Need(NeedKind.ROUTE, "fd00:1::/64"),
        Need(NeedKind.ACCEPT, "ip6tables"),
    )
    assert parse("") == ()


@pytest.mark.parametrize("printed", ["nonsense\n", "sh: 1: Syntax error\n"])
def test_what_it_does_not_print_is_no_need(printed: str) -> None:
    with pytest.raises(ValueError, match="NeedKind"):
        parse(printed)


def test_the_service_runs_the_script_at_boot_and_again_when_it_ends() -> None:
    service = TEXTS[files.SERVICE_PATH]

    assert f"ExecStart=/bin/sh {files.SCRIPT_PATH} watch\n" in service
    assert "Restart=always\n" in service
    assert "WantedBy=multi-user.target\n" in service


def test_the_common_file_holds_the_common_part_and_only_comments_before_it() -> None:
    header, common, rest = TEXTS[files.COMMON_PATH].partition(COMMON)

    assert (common, rest) == (COMMON, "")
    assert all(line.startswith("#") for line in header.splitlines())
