"""All networks, cached: what is read again, and what is not."""

from dataclasses import dataclass
from typing import Any

import pytest

from virtnet.libvirtd.network_cache import NetworkCache
from virtnet.planning.reports import NetworkReport


@dataclass
class FakeNetwork:
    """libvirt's object for a network, and what the daemon would report of it."""

    number: int
    active: bool = True
    xml: str = "<network/>"
    gone: bool = False

    def UUIDString(self) -> str:  # noqa: N802 - libvirt's name
        return f"uuid-{self.number}"

    def name(self) -> str:
        return f"n{self.number}"


class Daemon:
    """Counts the networks it was asked of."""

    def __init__(self, *networks: FakeNetwork) -> None:
        self.networks = networks
        self.asked: list[str] = []
        self.cache = NetworkCache(self._report)

    def _report(self, network: Any) -> NetworkReport | None:
        self.asked.append(network.name())
        if network.gone:
            return None
        return NetworkReport(
            uuid=network.UUIDString(),
            name=network.name(),
            active=network.active,
            persistent=True,
            autostart=False,
            live_xml=network.xml if network.active else None,
            config_xml=network.xml,
        )

    def look(self) -> list[NetworkReport]:
        self.asked.clear()
        return self.cache.reports(self.networks, {one.UUIDString() for one in self.networks if one.active})


def test_a_second_call_asks_of_nobody() -> None:
    daemon = Daemon(FakeNetwork(1), FakeNetwork(2, active=False))
    first = daemon.look()

    second = daemon.look()

    assert (second, daemon.asked) == (first, [])


@pytest.mark.parametrize("before", [True, False])
def test_a_network_that_was_started_or_stopped_is_asked_of_again(before: bool) -> None:
    changing = FakeNetwork(1, active=before)
    daemon = Daemon(changing, FakeNetwork(2))
    daemon.look()
    changing.active = not before

    found = daemon.look()

    assert daemon.asked == ["n1"]
    assert found[0].active is not before


def test_a_network_that_this_process_changes_is_asked_of_again() -> None:
    changing = FakeNetwork(1)
    daemon = Daemon(changing, FakeNetwork(2))
    daemon.look()
    changing.xml = "<network changed='yes'/>"
    daemon.cache.invalidate("uuid-1")

    found = daemon.look()

    assert daemon.asked == ["n1"]
    assert found[0].config_xml == "<network changed='yes'/>"


def test_what_was_asked_of_a_network_by_itself_is_known() -> None:
    daemon = Daemon(FakeNetwork(1), FakeNetwork(2))
    report = daemon.look()[0]
    daemon.cache.invalidate("uuid-1")
    daemon.cache.remember(report)

    assert (daemon.look()[0], daemon.asked) == (report, [])


def test_after_forgetting_everything_every_network_is_asked_of() -> None:
    daemon = Daemon(FakeNetwork(1), FakeNetwork(2))
    daemon.look()
    daemon.cache.invalidate_all()

    daemon.look()

    assert daemon.asked == ["n1", "n2"]


def test_a_network_that_is_gone_is_left_out() -> None:
    daemon = Daemon(FakeNetwork(1), FakeNetwork(2, gone=True))

    assert [one.name for one in daemon.look()] == ["n1"]
    daemon.networks = daemon.networks[1:]
    assert daemon.look() == []
