"""What undoes a HostForwarding while the host runs, and what a preview says of it."""

from typing import Any

import pytest
from tests.unit.fake_host import FakeHost, FakeKernel, clients
from tests.unit.forwarding.test_forwarding import applied, desired, planned

from virtnet.forwarding.other_programs import configuration, overriding_settings
from virtnet.forwarding.resource import observe

NETWORKD = {"/run/systemd/netif/state": "OPER_STATE=routable\n"}
IPV4, IPV6 = "net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"
ETH0 = "net/ipv4/conf/eth0/forwarding"


def network_file(*lines: str, match: str = "eth0") -> str:
    return "\n".join(["[Match]", f"Name={match}", "[Network]", *lines, ""])


@pytest.mark.parametrize(
    ("path", "text", "targets", "said"),
    [
        ("/etc/systemd/networkd.conf", "[Network]\nIPv4Forwarding=no\n", {IPV4: "1"}, "net.ipv4.ip_forward to 0"),
        ("/etc/systemd/networkd.conf", "[Network]\nIPv4Forwarding=no\n", {IPV4: "0"}, None),
        ("/etc/systemd/networkd.conf", "[Network]\nIPv6Forwarding=yes\n", {IPV6: "0"}, "all.forwarding to 1"),
        ("/etc/systemd/networkd.conf", "[Network]\n#IPv4Forwarding=no\n", {IPV4: "1"}, None),
        ("/etc/systemd/networkd.conf", "no section\nIPv4Forwarding=no\n", {IPV4: "1"}, None),
        ("/etc/systemd/networkd.conf.d/a.conf", "[Network]\nIPv4Forwarding=0\n", {IPV4: "1"}, "IPv4Forwarding=0"),
        ("/etc/systemd/network/a.network", network_file("IPForward=ipv4"), {IPV4: "0"}, "IPForward=ipv4"),
        ("/etc/systemd/network/a.network", network_file("IPForward=ipv6"), {IPV4: "0"}, None),
        ("/etc/systemd/network/a.network", network_file("IPForward=no"), {IPV4: "1"}, None),
        ("/etc/systemd/network/a.network", network_file("IPMasquerade=both"), {IPV6: "0"}, "IPMasquerade=both"),
        ("/etc/systemd/network/a.network", network_file("IPMasquerade=both", match="ve-*"), {IPV6: "0"}, None),
        ("/etc/systemd/network/a.network", network_file("IPForward=yes", match="!lo"), {IPV6: "0"}, "IPForward=yes"),
        ("/etc/systemd/network/a.network", network_file("IPForward=yes", match="!eth0 lo"), {IPV6: "0"}, None),
        ("/etc/systemd/network/a.network", network_file("IPv4Forwarding=no"), {ETH0: "1"}, "eth0.forwarding to 0"),
        ("/etc/systemd/network/a.network", network_file("IPv4Forwarding=no"), {IPV4: "1"}, "eth0.forwarding to 0"),
        ("/etc/systemd/network/a.network", network_file("IPv4Forwarding=no", match="e*"), {ETH0: "1"}, "to 0"),
        ("/etc/systemd/network/a.network", network_file("IPv4Forwarding=no", match="wl*"), {ETH0: "1"}, None),
        ("/etc/NetworkManager/system-connections/a.nmconnection", "[ipv4]\nmethod=shared\n", {IPV4: "0"}, "of [ipv4]"),
        ("/etc/NetworkManager/system-connections/a.nmconnection", "[ipv4]\nmethod=auto\n", {IPV4: "0"}, None),
        ("/etc/ufw/sysctl.conf", "net/ipv4/ip_forward=0\n", {IPV4: "1"}, "ufw sets net.ipv4.ip_forward to 0"),
        ("/etc/ufw/sysctl.conf", "net/ipv4/conf/all/forwarding=0\n", {IPV4: "1"}, "ip_forward to 0 whenever it starts"),
    ],
)
def test_a_line_that_undoes_a_target_is_named(path: str, text: str, targets: dict[str, str], said: str | None) -> None:
    found = list(overriding_settings({path: text}, targets, ["eth0", "lo"]))

    assert (len(found) == 1 and said in found[0] and path in found[0]) if said else found == []


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
    host = FakeHost(files={**NETWORKD, "/etc/systemd/networkd.conf": "[Network]\nIPv4Forwarding=no\n"})

    (note,) = planned(host, desired(ipv4=True)).notes

    assert note == (
        "systemd-networkd sets net.ipv4.ip_forward to 0 whenever it starts from systemd 256 on (IPv4Forwarding=no in"
        " /etc/systemd/networkd.conf), which undoes net.ipv4.ip_forward = 1; take that line out or change it"
    )


@pytest.mark.parametrize(
    ("running", "policy", "inputs", "said"),
    [
        (True, "DROP", {}, "Docker has set iptables' FORWARD policy of this host to DROP"),
        (True, "ACCEPT", {}, "only when it is the one that turns forwarding on"),
        (False, "", {}, "only when it is the one that turns forwarding on"),
        (True, "DROP", {"ipv4": False}, None),
    ],
)
def test_what_it_means_for_docker_is_said(running: bool, policy: str, inputs: Any, said: str | None) -> None:
    host = FakeHost(FakeKernel(("eth0", "docker0") if running else ("eth0",)))
    host.programs = {"dockerd"}
    host.firewall = f"*nat\n:FORWARD X [0:0]\nCOMMIT\n*filter\n:INPUT ACCEPT [0:0]\n:FORWARD {policy} [0:0]\nCOMMIT\n"

    notes = planned(host, desired(**inputs)).notes

    assert (len(notes) == 1 and said in notes[0]) if said else notes == ()


def test_it_is_said_once_and_not_at_every_look() -> None:
    host = FakeHost(FakeKernel(("eth0", "docker0")))
    recorded = applied(host, desired())

    assert planned(host, desired(drop_in="90-virtnet-forwarding.conf"), recorded).notes == ()


class TestWithoutRoot:
    def test_is_refused_before_the_first_effect(self) -> None:
        host = FakeHost()
        host.is_root = False

        (refusal,) = planned(host, desired()).refusals

        assert refusal.startswith("this host does not let this user set its kernel parameters; run as root")

    def test_is_fine_where_there_is_nothing_to_do(self) -> None:
        host = FakeHost()
        recorded = applied(host, desired())
        host.is_root = False

        assert planned(host, desired(), recorded).refusals == ()
        assert observe(clients(host), {}, recorded).may_change

    def test_a_delete_is_refused_too(self) -> None:
        host = FakeHost()
        recorded = applied(host, desired())
        host.is_root = False

        assert len(planned(host, None, recorded).refusals) == 1
