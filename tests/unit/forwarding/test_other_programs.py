"""What undoes a HostForwarding while the host runs, and what a preview says of it."""

from typing import Any

import pytest
from tests.builders import checked_forwarding as desired
from tests.builders import clients, forwarding_host
from tests.fakes.kernel import FakeKernel
from tests.unit.forwarding.test_forwarding import applied, planned

from virtnet.forwarding.boot_files.other_programs import configuration, overriding_settings
from virtnet.forwarding.kinds import NoteKind, Occasion, RefusalKind, SystemdVersions
from virtnet.forwarding.observe import observe
from virtnet.planning.findings import Note, Refusal

NETWORKD = {"/run/systemd/netif/state": "OPER_STATE=routable\n"}
IPV4, IPV6 = "net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"
ETH0 = "net/ipv4/conf/eth0/forwarding"


def network_file(*lines: str, match: str = "eth0") -> str:
    return "\n".join(["[Match]", f"Name={match}", "[Network]", *lines, ""])


CONF, NETWORK = "/etc/systemd/networkd.conf", "/etc/systemd/network/a.network"
CONNECTION = "/etc/NetworkManager/system-connections/a.nmconnection"
UFW = "/etc/ufw/sysctl.conf"


@pytest.mark.parametrize(
    ("path", "text", "targets", "found"),
    [
        (CONF, "[Network]\nIPv4Forwarding=no\n", {IPV4: "1"}, ("IPv4Forwarding=no", IPV4, False)),
        (CONF, "[Network]\nIPv4Forwarding=no\n", {IPV4: "0"}, None),
        (CONF, "[Network]\nIPv6Forwarding=yes\n", {IPV6: "0"}, ("IPv6Forwarding=yes", IPV6, True)),
        (CONF, "[Network]\n#IPv4Forwarding=no\n", {IPV4: "1"}, None),
        (CONF, "no section\nIPv4Forwarding=no\n", {IPV4: "1"}, None),
        (f"{CONF}.d/a.conf", "[Network]\nIPv4Forwarding=0\n", {IPV4: "1"}, ("IPv4Forwarding=0", IPV4, False)),
        (NETWORK, network_file("IPForward=ipv4"), {IPV4: "0"}, ("IPForward=ipv4", IPV4, True)),
        (NETWORK, network_file("IPForward=ipv6"), {IPV4: "0"}, None),
        (NETWORK, network_file("IPForward=no"), {IPV4: "1"}, None),
        (NETWORK, network_file("IPMasquerade=both"), {IPV6: "0"}, ("IPMasquerade=both", IPV6, True)),
        (NETWORK, network_file("IPMasquerade=both", match="ve-*"), {IPV6: "0"}, None),
        (NETWORK, network_file("IPForward=yes", match="!lo"), {IPV6: "0"}, ("IPForward=yes", IPV6, True)),
        (NETWORK, network_file("IPForward=yes", match="!eth0 lo"), {IPV6: "0"}, None),
        (NETWORK, network_file("IPv4Forwarding=no"), {ETH0: "1"}, ("IPv4Forwarding=no", ETH0, False)),
        (NETWORK, network_file("IPv4Forwarding=no"), {IPV4: "1"}, ("IPv4Forwarding=no", ETH0, False)),
        (NETWORK, network_file("IPv4Forwarding=no", match="e*"), {ETH0: "1"}, ("IPv4Forwarding=no", ETH0, False)),
        (NETWORK, network_file("IPv4Forwarding=no", match="wl*"), {ETH0: "1"}, None),
        (CONNECTION, "[ipv4]\nmethod=shared\n", {IPV4: "0"}, ("method=shared", IPV4, True)),
        (CONNECTION, "[ipv4]\nmethod=auto\n", {IPV4: "0"}, None),
        (UFW, "net/ipv4/ip_forward=0\n", {IPV4: "1"}, ("net/ipv4/ip_forward=0", IPV4, False)),
        (UFW, "net/ipv4/conf/all/forwarding=0\n", {IPV4: "1"}, ("net/ipv4/conf/all/forwarding=0", IPV4, False)),
    ],
)
def test_a_line_that_undoes_a_target_is_named(
    path: str, text: str, targets: dict[str, str], found: tuple[str, str, bool] | None
) -> None:
    overriding = list(overriding_settings({path: text}, targets, ["eth0", "lo"]))

    ((target, wanted),) = targets.items()
    lines = [
        (one.path, one.target, one.wanted, one.setting.line, one.setting.key, one.setting.value) for one in overriding
    ]
    assert lines == ([] if found is None else [(path, target, wanted, *found)])


@pytest.mark.parametrize(
    ("path", "text", "targets", "program", "occasion", "versions"),
    [
        (UFW, "net/ipv4/ip_forward=0\n", {IPV4: "1"}, "ufw", Occasion.PROGRAM_START, SystemdVersions.ALL),
        (
            CONNECTION,
            "[ipv4]\nmethod=shared\n",
            {IPV4: "0"},
            "NetworkManager",
            Occasion.CONNECTION_UP,
            SystemdVersions.ALL,
        ),
        (
            CONF,
            "[Network]\nIPv4Forwarding=no\n",
            {IPV4: "1"},
            "systemd-networkd",
            Occasion.PROGRAM_START,
            SystemdVersions.FROM_256,
        ),
        (
            NETWORK,
            network_file("IPForward=yes"),
            {IPV4: "0"},
            "systemd-networkd",
            Occasion.INTERFACE_CONFIGURED,
            SystemdVersions.BEFORE_256,
        ),
    ],
)
def test_it_is_known_which_program_does_it_and_when(
    path: str, text: str, targets: dict[str, str], program: str, occasion: Occasion, versions: SystemdVersions
) -> None:
    (one,) = overriding_settings({path: text}, targets, ["eth0", "lo"])

    assert (one.setting.program, one.setting.occasion, one.setting.versions) == (program, occasion, versions)


def test_a_file_of_the_same_name_in_an_earlier_directory_hides_it() -> None:
    files = {
        "/etc/systemd/network/a.network": network_file("IPForward=no"),
        "/usr/lib/systemd/network/a.network": network_file("IPForward=yes"),
    }

    assert list(overriding_settings(files, {IPV4: "0"}, ["eth0"])) == []


@pytest.mark.parametrize(
    ("files", "read"),
    [
        ({"/etc/systemd/networkd.conf": "x"}, []),
        ({**NETWORKD, "/etc/systemd/networkd.conf": "x"}, ["/etc/systemd/networkd.conf"]),
        ({"/etc/ufw/ufw.conf": "ENABLED=no\n", "/etc/ufw/sysctl.conf": "x"}, []),
        ({"/etc/ufw/ufw.conf": "# x\nENABLED=yes\n", "/etc/ufw/sysctl.conf": "x"}, ["/etc/ufw/sysctl.conf"]),
    ],
)
def test_only_programs_that_run_or_are_enabled_count(files: dict[str, str], read: list[str]) -> None:
    def names(directory: str) -> list[str]:
        return [path.rpartition("/")[2] for path in files if path.rpartition("/")[0] == directory]

    assert list(configuration(names, files.get)) == read


def test_a_preview_names_what_will_flip_the_value() -> None:
    host = forwarding_host(files={**NETWORKD, "/etc/systemd/networkd.conf": "[Network]\nIPv4Forwarding=no\n"})

    assert planned(host, desired(ipv4=True)).notes == (
        Note(
            NoteKind.OVERRIDDEN_AT_RUNTIME,
            {
                "program": "systemd-networkd",
                "key": IPV4,
                "value": "0",
                "occasion": Occasion.PROGRAM_START.value,
                "versions": SystemdVersions.FROM_256.value,
                "line": "IPv4Forwarding=no",
                "section": "",
                "path": "/etc/systemd/networkd.conf",
                "target": IPV4,
                "wanted": "1",
            },
        ),
    )


@pytest.mark.parametrize(
    ("running", "policy", "inputs", "kinds"),
    [
        (True, "DROP", {}, [NoteKind.DOCKER_DROPS]),
        (True, "ACCEPT", {}, [NoteKind.DOCKER_WILL_NOT_DROP]),
        (False, "", {}, [NoteKind.DOCKER_WILL_NOT_DROP]),
        (True, "DROP", {"ipv4": False}, []),
    ],
)
def test_what_it_means_for_docker_is_said(running: bool, policy: str, inputs: Any, kinds: list[NoteKind]) -> None:
    host = forwarding_host(FakeKernel(("eth0", "docker0") if running else ("eth0",)))
    host.programs = {"dockerd"}
    rules = f"*nat\n:FORWARD X [0:0]\nCOMMIT\n*filter\n:INPUT ACCEPT [0:0]\n:FORWARD {policy} [0:0]\nCOMMIT\n"
    host.firewall.listings = {"iptables-save": rules}

    notes = planned(host, desired(**inputs)).notes

    assert notes == tuple(Note(kind, {"host": "this host"}) for kind in kinds)


def test_it_is_said_once_and_not_at_every_look() -> None:
    host = forwarding_host(FakeKernel(("eth0", "docker0")))
    recorded = applied(host, desired())

    assert planned(host, desired(drop_in="90-virtnet-forwarding.conf"), recorded).notes == ()


class TestWithoutRoot:
    def test_is_refused_before_the_first_effect(self) -> None:
        host = forwarding_host()
        host.privileges.is_root = False

        assert planned(host, desired()).refusals == (Refusal(RefusalKind.NO_RIGHT, {"host": "this host"}),)

    def test_is_fine_where_there_is_nothing_to_do(self) -> None:
        host = forwarding_host()
        recorded = applied(host, desired())
        host.privileges.is_root = False

        assert planned(host, desired(), recorded).refusals == ()
        assert observe(clients(host), {}, recorded).may_change

    def test_a_delete_is_refused_too(self) -> None:
        host = forwarding_host()
        recorded = applied(host, desired())
        host.privileges.is_root = False

        assert planned(host, None, recorded).refusals == (Refusal(RefusalKind.NO_RIGHT, {"host": "this host"}),)
