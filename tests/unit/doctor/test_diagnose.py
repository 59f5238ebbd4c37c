"""That looking goes on where one thing cannot be asked, and that what was not seen is said."""

import pytest
from tests.builders import NETWORK_PLACES, network_host
from tests.fakes.firewall import FakeFirewall
from tests.fakes.host import FakeHost, broken, undeclared
from tests.fakes.kernel import FakeKernel, FakeSysctl
from tests.fakes.libvirt import FakeLibvirt
from tests.fakes.systemd import FakeNftTables
from tests.unit.doctor.reports import beside_ok

from virtnet.doctor.diagnose import ENABLED, SYSTEMD, examine, observe
from virtnet.doctor.finding import Level
from virtnet.doctor.kinds import FindingKind
from virtnet.errors import AccessDenied, HostFailure, Unreachable
from virtnet.forwarding.boot_files.paths import DIRECTORY
from virtnet.network.observe.reads import NETWORK_CONF
from virtnet.planning.clients.clients import Clients
from virtnet.port_forward.restore.files import DIRECTORY as PORT_FORWARDS


def hidden_host() -> FakeHost:
    """A host that shows this user nothing but its links and files."""
    host = network_host()
    host.files.places = (*NETWORK_PLACES, NETWORK_CONF, DIRECTORY, SYSTEMD, *ENABLED, PORT_FORWARDS)
    host.nft_tables = FakeNftTables(host.effects, lambda *_: None, undeclared("rules"))
    host.sysctl = FakeSysctl(host.effects, FakeKernel())
    host.routing = broken(HostFailure("could not list the IPv4 routes on this host: there is no program 'ip'"))
    host.firewall = broken(AccessDenied("this host does not let this user list the firewall rules; run as root"))
    return host


class Gone(FakeLibvirt):
    """A libvirt that cannot be reached."""

    def version(self) -> int:
        raise Unreachable("libvirt at qemu:///system cannot be reached; start libvirtd")


def test_goes_on_where_something_cannot_be_asked() -> None:
    seen = observe(Clients(libvirt=FakeLibvirt(), host=hidden_host()))

    findings = [finding for finding in examine(seen) if finding.level is not Level.OK]

    assert seen.forwarding is None
    assert seen.host is None
    assert len(seen.unseen) == 2
    assert [finding.kind for finding in findings] == [FindingKind.NOT_CHECKED] * 2
    assert [finding.details["reason"] for finding in findings] == list(seen.unseen)


def test_says_that_a_listing_cannot_be_read_and_goes_on() -> None:
    host = hidden_host()
    host.firewall = FakeFirewall(host.effects, {"iptables-save": "", "ip6tables-save": "", "nft-json": "{}"})

    seen = observe(Clients(libvirt=FakeLibvirt(), host=host))

    assert seen.rules == {}
    assert [reason for reason in seen.unseen if "lists its firewall rules in a form that can't be read" in reason]
    assert FindingKind.NOT_CHECKED in {finding.kind for finding in examine(seen)}


def test_asks_a_host_that_cannot_be_reached_only_once() -> None:
    # Nothing else is declared, so no other question is asked.
    privileges = broken(Unreachable("far cannot be reached over ssh"))

    seen = observe(Clients(libvirt=Gone(), host=FakeHost(privileges=privileges)))

    assert privileges.asked == ["may_change_links"]
    assert beside_ok(examine(seen)) == [
        (Level.PROBLEM, FindingKind.LIBVIRT_UNREACHABLE),
        (Level.PROBLEM, FindingKind.HOST_UNREACHABLE),
    ]


def test_says_what_it_can_of_the_host_where_libvirt_is_gone() -> None:
    seen = observe(Clients(libvirt=Gone(), host=None))

    findings = examine(seen)

    assert findings[0].kind is FindingKind.LIBVIRT_UNREACHABLE
    assert findings[0].details == {"reason": seen.unreachable}
    assert not [finding for finding in findings if finding.area == "subnets"]


@pytest.mark.parametrize(
    ("files", "starts"),
    [
        ({}, None),
        ({f"{SYSTEMD}/system/x": "", f"{ENABLED[0]}/ssh.service": ""}, False),
        ({f"{SYSTEMD}/system/x": "", f"{ENABLED[0]}/virtnetworkd.socket": ""}, False),
        ({f"{SYSTEMD}/system/x": "", f"{ENABLED[0]}/virtnetworkd.service": ""}, True),
        ({f"{SYSTEMD}/system/x": "", f"{ENABLED[1]}/libvirtd.service": ""}, True),
    ],
)
def test_sees_whether_a_daemon_of_networks_is_started_at_boot(files: dict[str, str], starts: bool | None) -> None:
    host = hidden_host()
    host.files.texts.update(files)

    assert observe(Clients(libvirt=FakeLibvirt(), host=host)).starts_at_boot is starts
