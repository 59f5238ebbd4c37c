"""A forward goes by what the same `pulumi up` makes of its network; packets are the witnesses."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from tests.hosts.peers import HOST, OTHER, OUTSIDE, WEB, Site, site
from tests.hosts.sandboxed import Host
from tests.integration.stack import Stack

pytestmark = pytest.mark.integration

MAC = "52:54:00:00:00:50"


def network(reserved: Mapping[str, str], name: str = "lab", **named: Any) -> dict[str, Any]:
    """With these reservations: addresses by names."""
    hosts = [
        {"mac": MAC[:-2] + ip.rpartition(".")[2].zfill(2), "name": name, "ip": ip} for name, ip in reserved.items()
    ]
    args = {
        "name": name,
        "forward": {"mode": "nat"},
        "bridge": {"name": "virbr7"},
        "ips": [{"address": "192.168.123.1/24", "dhcp": {"hosts": hosts}}],
        **named,
    }
    return {"type": "LibvirtNetwork", "name": "net", "args": {key: value for key, value in args.items() if value}}


def forward(first: str = "net", **args: Any) -> dict[str, Any]:
    ports = [{"protocol": "tcp", "listen_port": "8080", "target_port": "80"}]
    named = {"network": "lab", "target_name": "web", "ports": ports, **args}
    return {"type": "PortForward", "name": "web", "args": named, "depends_on": [first] if first else []}


@pytest.fixture
def lab(host: Host) -> Iterator[Site]:
    """Two guests that serve, and somebody outside; the tests make the network."""
    with site(host) as made:
        for name in ("web", "other"):
            made.peers[name].serve(name, "tcp", 80)
        yield made


def opened(lab: Site, stack: Stack, *, at: str = WEB[4]) -> None:
    """A network and a forward to the guest that has this address."""
    stack.declare(network({"web": at}), forward())
    stack.up()
    lab.plug_in()


def destroyed(lab: Site, stack: Stack) -> None:
    lab.host.sh("for link in web other; do ip link set dev $link nomaster; done")
    stack.destroy()


def from_outside(lab: Site) -> str:
    return lab.peers["outside"].connect("tcp", HOST[4], 8080)


def test_one_run_moves_a_reservation_and_the_forward_that_names_it(lab: Site, stack: Stack) -> None:
    opened(lab, stack)
    assert from_outside(lab) == f"web 80 {OUTSIDE[4]}"
    stack.declare(network({"web": OTHER[4]}), forward())

    previewed = stack.preview()
    assert from_outside(lab) == f"web 80 {OUTSIDE[4]}"
    stack.up()

    assert (
        "port forward 'web' on qemu:///system: target changes (this run gives the reservation of web on network 'lab' "
        f"the address {OTHER[4]} instead of {WEB[4]}) [live]"
    ) in previewed
    assert f"opens tcp 8080 of every IPv4 address of the host to guest web ({OTHER[4]}:80), from anywhere" in previewed
    assert from_outside(lab) == f"other 80 {OUTSIDE[4]}"
    assert (stack.outputs("web")["target"], stack.outputs("web")["problems"]) == (OTHER[4], [])
    assert stack.unchanged()
    destroyed(lab, stack)


@pytest.mark.further
def test_a_reservation_that_goes_and_takes_the_guest_along_is_refused_in_the_preview(lab: Site, stack: Stack) -> None:
    opened(lab, stack)
    stack.declare(network({"db": WEB[4]}), forward())

    previewed = stack.preview(check=False)
    applied = stack.up(check=False)

    reason = "network 'lab' has no DHCP reservation of web with an address"
    assert f"pulumi up would refuse this on the host as it is now: {reason}" in previewed
    assert reason in applied
    assert stack.failed
    assert from_outside(lab) == f"web 80 {OUTSIDE[4]}"
    stack.declare(network({"db": WEB[4]}), forward(target_name="db"))
    stack.up()
    assert stack.unchanged()
    destroyed(lab, stack)


def test_a_network_that_becomes_isolated_under_a_forward_is_refused_in_the_preview(lab: Site, stack: Stack) -> None:
    opened(lab, stack)
    lab.host.sh("for link in web other; do ip link set dev $link nomaster; done")
    stack.declare(network({"web": WEB[4]}, forward=None), forward())

    previewed = stack.preview(check=False)
    applied = stack.up(check=False)

    reason = "network 'lab' is isolated: its guests' answers can't leave the host"
    assert f"pulumi up would refuse this on the host as it is now: {reason}" in previewed
    assert reason in applied
    stack.destroy()


@pytest.mark.parametrize(
    ("first", "args", "said"),
    [
        ("net", {"target_name": "wbe"}, "network 'lab' has no DHCP reservation of wbe with an address. Did you mean"),
        ("net", {"network": "lap"}, "libvirt has no network 'lap'"),
        ("", {"network": "lap"}, "libvirt has no network 'lap'"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("lab")
def test_what_nothing_in_the_run_makes_is_refused_by_the_first_preview(
    stack: Stack, first: str, args: dict[str, Any], said: str
) -> None:
    stack.declare(network({"web": WEB[4]}), forward(first, **args))

    previewed = stack.preview(check=False)

    assert f"pulumi up would refuse this on the host as it is now: {said}" in previewed


@pytest.mark.further
def test_what_the_run_makes_is_previewed_as_it_will_be(lab: Site, stack: Stack) -> None:
    stack.declare(network({"web": WEB[4]}), forward())

    previewed = stack.preview()

    assert f"opens tcp 8080 of every IPv4 address of the host to guest web ({WEB[4]}:80), from anywhere" in previewed
    assert "note: network 'lab' doesn't exist yet. pulumi up plans the port forward again" in previewed
    opened(lab, stack)
    assert from_outside(lab) == f"web 80 {OUTSIDE[4]}"
    destroyed(lab, stack)


def test_a_forward_that_uses_the_old_name_of_its_network_is_named_by_the_preview(lab: Site, stack: Stack) -> None:
    opened(lab, stack)
    lab.host.sh("for link in web other; do ip link set dev $link nomaster; done")
    stack.declare(network({"web": WEB[4]}, name="lap"), forward())

    previewed = stack.preview(check=False)

    assert (
        "port forward 'web' on qemu:///system: pulumi up would refuse this on the host as it is now: this run gives "
        "network 'lab' the name 'lap', so network 'lab' doesn't exist afterwards. Set network to the name output of "
        "that network (network=network.name)"
    ) in previewed
    stack.declare(network({"web": WEB[4]}, name="lap"), forward(network="lap"))
    stack.up()
    lab.plug_in()
    assert from_outside(lab) == f"web 80 {OUTSIDE[4]}"
    destroyed(lab, stack)


def test_a_reservation_that_is_moved_by_hand_is_drift(lab: Site, stack: Stack) -> None:
    opened(lab, stack)
    mac = "52:54:00:00:00:50"
    update = "virsh -q net-update lab {} ip-dhcp-host \"<host mac='{}' name='web' ip='{}'/>\" --live --config"
    lab.host.sh(update.format("delete", mac, WEB[4]))
    lab.host.sh(update.format("add", mac, OTHER[4]))

    stack.refresh()
    (problem,) = stack.outputs("web")["problems"]
    previewed = stack.preview()
    stack.up()

    assert (problem["kind"], problem["details"]) == ("target-moved", {"before": WEB[4], "after": OTHER[4]})
    assert "ips[192.168.123.1/24].dhcp.hosts" in previewed, "the network goes back to what the program says"
    assert from_outside(lab) == f"web 80 {OUTSIDE[4]}"
    assert stack.unchanged()
    destroyed(lab, stack)
