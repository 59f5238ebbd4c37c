"""That looking goes on where one thing cannot be asked, and that what was not seen is said."""

from collections.abc import Collection
from typing import Any, cast

from tests.fakes.host import FakeBridges
from tests.fakes.libvirt import FakeLibvirt
from tests.unit.doctor.reports import beside_ok

from virtnet.doctor.diagnose import examine, observe
from virtnet.doctor.finding import Level
from virtnet.doctor.kinds import FindingKind
from virtnet.errors import AccessDenied, HostFailure, Unreachable
from virtnet.planning.clients import Clients
from virtnet.planning.host_client import HostClient


class Hidden(FakeBridges):
    """A host that shows this user nothing but its links."""

    def routes(self, versions: Collection[int] = (4, 6)) -> Any:
        raise HostFailure("could not list the IPv4 routes on this host: there is no program 'ip'")

    def firewall_rules(self, program: str, *, seconds_old: float = 0.0) -> str | None:
        raise AccessDenied("this host does not let this user list the firewall rules; run as root")


class Gone(FakeLibvirt):
    """A libvirt that cannot be reached."""

    def version(self) -> int:
        raise Unreachable("libvirt at qemu:///system cannot be reached; start libvirtd")


def test_goes_on_where_something_cannot_be_asked() -> None:
    seen = observe(Clients(libvirt=FakeLibvirt(), host=cast(HostClient, Hidden())))

    findings = [finding for finding in examine(seen) if finding.level is not Level.OK]

    assert seen.forwarding is None
    assert seen.host is None
    assert len(seen.unseen) == 2
    assert [finding.kind for finding in findings] == [FindingKind.NOT_CHECKED] * 2
    assert [finding.details["reason"] for finding in findings] == list(seen.unseen)


def test_asks_a_host_that_cannot_be_reached_only_once() -> None:
    knocks = []

    class Off(FakeBridges):
        def may_change_links(self) -> bool:
            knocks.append("may change links")
            raise Unreachable("far cannot be reached over ssh")

        def __getattribute__(self, name: str) -> Any:
            assert name in ("may_change_links", "name", "__class__"), name
            return super().__getattribute__(name)

    seen = observe(Clients(libvirt=Gone(), host=cast(HostClient, Off())))

    assert knocks == ["may change links"]
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
