"""What the doctor finds of libvirt, of this user's rights, and of programs on the host."""

from typing import Any

import pytest
from tests.unit.commands.doctor.reports import HOST, beside_ok, network, report

from virtnet.commands.doctor.finding import Level
from virtnet.commands.doctor.kinds import FindingKind
from virtnet.commands.doctor.libvirt import libvirt
from virtnet.network.observe.firewall.libvirt_rules import Backend

PROBLEM, NOTE = Level.PROBLEM, Level.NOTE


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (
            {"unreachable": "it cannot be reached", "host": None},
            [(PROBLEM, FindingKind.LIBVIRT_UNREACHABLE)],
        ),
        (
            {"unreachable": "not let in", "denied": True, "host": None},
            [(PROBLEM, FindingKind.LIBVIRT_DENIED)],
        ),
        ({"libvirt_version": 9_000_000}, [(NOTE, FindingKind.PROPERTIES_UNKNOWN)]),
        ({"has_host": False, "host": None}, [(NOTE, FindingKind.HOST_NOT_REACHED)]),
        (
            {"has_host": False, "host": None, "interface_driver": False},
            [(PROBLEM, FindingKind.INTERFACE_DRIVER_MISSING), (NOTE, FindingKind.HOST_NOT_REACHED)],
        ),
        ({"host": HOST._replace(may_change_links=False)}, [(NOTE, FindingKind.NOT_ROOT)]),
        ({"host": HOST._replace(missing_programs=("dnsmasq",))}, [(PROBLEM, FindingKind.DNSMASQ_MISSING)]),
        (
            {"host": HOST._replace(missing_programs=("iptables", "nft"))},
            [(PROBLEM, FindingKind.FIREWALL_PROGRAMS_MISSING)],
        ),
        ({"host": HOST._replace(missing_programs=("nft",))}, []),
        (
            {"host": HOST._replace(missing_programs=("nft",)), "firewall_backend": Backend.NFTABLES},
            [(PROBLEM, FindingKind.BACKENDS_PROGRAM_MISSING)],
        ),
        (
            {"host": HOST._replace(missing_programs=("iptables",)), "firewall_backend": Backend.IPTABLES},
            [(PROBLEM, FindingKind.BACKENDS_PROGRAM_MISSING)],
        ),
        ({"host": HOST._replace(missing_programs=("nft",)), "firewall_backend": Backend.IPTABLES}, []),
        (  # It reads no network.conf.
            {
                "host": HOST._replace(missing_programs=("nft",)),
                "firewall_backend": Backend.NFTABLES,
                "libvirt_version": 9_000_000,
            },
            [(NOTE, FindingKind.PROPERTIES_UNKNOWN)],
        ),
        (  # It does not start, which is why it is not reached.
            {
                "host": HOST._replace(missing_programs=("nft",)),
                "firewall_backend": Backend.NFTABLES,
                "libvirt_version": 0,
                "unreachable": "it cannot be reached",
            },
            [(PROBLEM, FindingKind.LIBVIRT_UNREACHABLE), (PROBLEM, FindingKind.BACKENDS_PROGRAM_MISSING)],
        ),
        (
            {"networks": (network(autostart=True),), "starts_at_boot": False},
            [(PROBLEM, FindingKind.NETWORKS_WAIT_AT_BOOT)],
        ),
        ({"networks": (network(autostart=True),), "starts_at_boot": True}, []),
        ({"networks": (network(autostart=True),), "starts_at_boot": None}, []),
        ({"networks": (network(autostart=False),), "starts_at_boot": False}, []),
        (
            {"uri": "qemu:///session", "unprivileged": True},
            [(NOTE, FindingKind.USERS_OWN_LIBVIRT)],
        ),
        ({"uri": "qemu:///session"}, []),
        ({"leftover_dnsmasqs": (("old", 42),)}, [(PROBLEM, FindingKind.DNSMASQ_OUTLIVED_NETWORK)]),
        ({"host_unreachable": "ssh: no route", "host": None}, [(PROBLEM, FindingKind.HOST_UNREACHABLE)]),
        ({"unseen": ("this host hides it",)}, [(NOTE, FindingKind.NOT_CHECKED)]),
        ({}, []),
    ],
)
def test_finds(found: dict[str, Any], expected: list[tuple[Level, FindingKind]]) -> None:
    assert beside_ok(libvirt(report(**found))) == expected


@pytest.mark.parametrize(
    "found",
    [
        {"unreachable": "its own words", "host": None},
        {"unreachable": "its own words", "denied": True, "host": None},
        {"host_unreachable": "its own words", "host": None},
        {"unseen": ("its own words",)},
    ],
)
def test_passes_on_the_words_of_an_error(found: dict[str, Any]) -> None:
    (finding,) = [finding for finding in libvirt(report(**found)) if finding.level is not Level.OK]

    assert finding.details == {"reason": "its own words"}


def test_names_the_properties_that_an_old_libvirt_does_not_know_and_the_version_that_does() -> None:
    (finding,) = [one for one in libvirt(report(libvirt_version=10_001_000)) if one.level is Level.NOTE]

    assert finding.data == {"properties": ["bridge.zone", "dns.forwarders", "ips", "vlan"]}
    assert finding.details == {"newest": 12_000_000}


def test_names_the_process_of_a_dnsmasq_that_outlived_its_network() -> None:
    (finding,) = [one for one in libvirt(report(leftover_dnsmasqs=(("old", 42),))) if one.level is Level.PROBLEM]

    assert finding.data == {"network": "old", "pid": 42}
