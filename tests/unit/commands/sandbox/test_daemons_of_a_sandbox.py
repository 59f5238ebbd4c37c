"""Which of libvirt's daemons a sandbox runs: those that are named, else those that are there."""

from pathlib import Path

import pytest

from virtnet.commands.sandbox import refusals
from virtnet.commands.sandbox.layout import VARIABLE, Layout, layout
from virtnet.errors import Refused


@pytest.mark.parametrize(
    ("named", "there", "found"),
    [
        ("", ["libvirtd"], Layout.MONOLITHIC),
        ("", ["libvirtd", "virtnetworkd", "virtqemud"], Layout.MONOLITHIC),
        ("", ["virtnetworkd", "virtqemud"], Layout.MODULAR),
        ("", [], Layout.MONOLITHIC),  # and said to be missing
        ("modular", ["libvirtd"], Layout.MODULAR),
        ("modular-virtproxyd", [], Layout.MODULAR_WITH_PROXY),
        ("libvirtd", ["virtnetworkd"], Layout.MONOLITHIC),
    ],
)
def test_the_daemons_are_those_named_or_those_there(
    tmp_path: Path, named: str, there: list[str], found: Layout
) -> None:
    for name in there:
        (tmp_path / name).touch(mode=0o755)

    assert layout({VARIABLE: named}, str(tmp_path)) is found


def test_daemons_that_there_are_none_of_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "virtbingd")

    with pytest.raises(
        Refused, match=r"is 'virtbingd'\. Set it to one of libvirtd, modular, modular-virtproxyd, or unset it"
    ):
        refusals.check_programs(rootless=False)
