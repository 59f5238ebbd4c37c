"""What other distributions call the packages that the set-up and the sandbox ask for."""

from pathlib import Path

import pytest

from virtnet.commands.sandbox import packages, refusals
from virtnet.commands.sandbox.packages import Manager, managers, names_in

APT, DNF, ZYPPER, PACMAN = managers()
REPOSITORY = Path(__file__).parents[4]


@pytest.mark.parametrize(
    ("manager", "names"),
    [
        (APT, ("dnsmasq-base", "iproute2", "udhcpc")),
        (DNF, ("busybox", "dnsmasq", "iproute")),
        (ZYPPER, ("busybox", "dnsmasq", "iproute2")),
        (PACMAN, ("busybox", "dnsmasq", "iproute2")),
    ],
)
def test_a_package_has_its_name_with_each_manager_or_none(manager: Manager, names: tuple[str, ...]) -> None:
    assert names_in(manager, ["udhcpc", "iproute2", "dnsmasq-base", "iproute2"]) == names


def test_packages_of_one_name_are_named_once() -> None:
    assert names_in(PACMAN, ["libvirt-daemon", "libvirt-clients"]) == ("libvirt",)


def test_all_that_is_asked_for_has_names() -> None:
    lines = (REPOSITORY / "tools/setup.d/system-packages.txt").read_text().splitlines()
    of_set_up = {line.split()[0] for line in lines if line and not line.startswith("#")}
    of_sandbox = {*refusals._PROGRAMS.values(), *refusals._ROOTLESS_PROGRAMS.values(), *refusals._FILES.values()}

    for manager in managers():
        names_in(manager, of_set_up | of_sandbox | {"libvirt-daemon"})


def test_each_line_has_a_name_a_manager() -> None:
    lines = Path(packages.__file__).with_suffix(".txt").read_text().splitlines()
    rows = [line.split() for line in lines if line and not line.startswith(("#", "="))]

    assert [manager.program for manager in managers()] == ["apt-get", "dnf", "zypper", "pacman"]
    assert {len(row) for row in rows} == {len(managers())}
    assert len({row[0] for row in rows}) == len(rows) > 20
