"""How a map reads: a golden file."""

from pathlib import Path

from tests.golden import assert_golden
from tests.unit.commands.map.maps import ASLEEP, BRIDGE, CONTAINER, EVERYTHING, FLEET, LAB, UPLINK, WEB, forward, named

from virtnet.commands.map import messages
from virtnet.commands.map.model import Host, Ports


def test_every_sentence_is_as_it_is_to_be() -> None:
    far = forward(target="fd00::2", sources=("203.0.113.0/24", "198.51.100.0/24", "192.0.2.0/24"), listen_address="::1")

    said = [
        ("title", messages.title(FLEET)),
        ("title of a state", messages.title(named("project/stack"))),
        ("summary", messages.summary(FLEET)),
        ("summary of a state", messages.summary(named("project/stack"))),
        *(("host", line) for line in messages.host_lines(EVERYTHING)),
        *(("host of a state", line) for line in messages.host_lines(Host(uri="", host_seen=False, recorded=True))),
        *(("host by libvirt alone", line) for line in messages.host_lines(Host(uri="", host_seen=False))),
        *(("host unreached", line) for line in messages.host_lines(FLEET.hosts[1])),
        ("not reached", messages.NOT_REACHED),
        ("no networks", messages.NO_NETWORKS),
        ("network", messages.state(LAB)),
        ("network inactive", messages.state(ASLEEP)),
        ("bridge", messages.on_bridge(LAB.bridge, LAB.zone)),
        ("DHCP", messages.dhcp(LAB.ranges[0])),
        ("route", messages.route(LAB.routes[0])),
        ("managed", messages.managed(LAB)),
        ("reserved", messages.reserved(1)),
        ("leases", messages.not_attached(2)),
        *(("bridge of the host", line) for line in messages.bridge_lines(BRIDGE)),
        *(("uplink", line) for line in messages.bridge_lines(UPLINK)),
        ("default route", messages.default_route("192.0.2.1")),
        ("default route without a gateway", messages.default_route("")),
        ("tap", messages.interface(WEB)),
        ("container", messages.interface(CONTAINER)),
        ("ports", messages.ports(Ports(protocol="udp", listen="5000-5010", target="5000-5010"))),
        ("port forward", messages.forward_title(far)),
        *(("port forward", line) for line in messages.forward_lines(far)),
        ("port forward in a list", messages.forward_in_list(far)),
        ("more problems", messages.more_troubles(2)),
        ("reservation", messages.reservation("db", "10.9.1.3", "52:54:00:00:00:03")),
        ("lease", messages.lease(LAB.leases[0])),
        ("attached", messages.attached(WEB)),
        ("host route", messages.host_route("default", "192.0.2.1", "eth0")),
        ("label", messages.label(messages.NETWORK, "lab", 2)),
        ("no layout", messages.no_layout("quickjs")),
        ("not read", messages.file_not_read("state.json", "No such file or directory")),
        ("not written", messages.file_not_written("/map.svg", "Permission denied")),
        ("not a state", messages.not_a_state("version: Field required")),
        ("terminal", messages.ON_A_TERMINAL),
        ("unreached", messages.not_reached("qemu+ssh://far/system", "ssh: no route to host")),
    ]

    assert_golden(Path(__file__).parent / "messages.txt", said)
