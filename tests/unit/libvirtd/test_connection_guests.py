"""One listing of a host's guests serves all who ask within some seconds, and nobody who asks for what is now."""

from collections.abc import Iterator

import libvirt
import pytest

from virtnet.libvirtd.connection import Connection

GUEST = """\
<domain type='test'><name>web</name><memory>1024</memory><os><type>hvm</type></os><devices>
<interface type='network'><mac address='52:54:00:00:00:01'/><source network='lab'/></interface>
<interface type='bridge'><mac address='52:54:00:00:00:02'/><source bridge='br0'/></interface>
</devices></domain>"""


@pytest.fixture
def started_since() -> Iterator[tuple[Connection, int]]:
    """A connection that has listed guests before another one was started, and how many there were."""
    connection, others = Connection("test:///default"), libvirt.open("test:///default")
    before = len(connection.interfaces_of_guests())
    guest = others.createXML(GUEST)
    yield connection, before
    guest.destroy()
    others.close()


def test_a_listing_stands_for_as_long_as_the_asker_says(started_since: tuple[Connection, int]) -> None:
    connection, before = started_since

    old = connection.interfaces_of_guests(seconds_old=60)
    now = connection.interfaces_of_guests()
    old_again = connection.interfaces_of_guests(seconds_old=60)

    assert len(old) == before
    assert len(now) == before + 2
    assert old_again == now


def test_each_interface_tells_where_its_definition_has_it(started_since: tuple[Connection, int]) -> None:
    connection, _ = started_since

    found = [entry for entry in connection.interfaces_of_guests() if entry.guest == "web"]

    assert [(entry.mac, entry.network, entry.bridge) for entry in found] == [
        ("52:54:00:00:00:01", "lab", ""),
        ("52:54:00:00:00:02", "", "br0"),
    ]
    assert [entry.mac for entry in connection.guest_interfaces("lab")] == ["52:54:00:00:00:01"]
