"""What the host and other networks have outlives a network that is refused, fails, or was broken by hand.

libvirt 9 and 11 clean up after a failed start in different ways: 11 deletes a link of the bridge's name whoever made
it, 9 leaves its own dnsmasq behind. These tests say the same of both.
"""

import pytest
from tests.acceptance.stack import Stack
from tests.hosts.sandboxed import Host

pytestmark = pytest.mark.acceptance


def make_bridge(host: Host, name: str = "br0") -> None:
    """A bridge of the host's own, with an address and something plugged in."""
    host.sh(
        f"ip link add {name} type bridge; ip address add 172.20.0.1/24 dev {name}; ip link set {name} up;"
        f"ip link add p-{name} type veth peer name q-{name}; ip link set p-{name} master {name} up"
    )


def bridge(host: Host, name: str = "br0") -> str:
    """What there is to lose of it; another link of the same name has another index."""
    return host.sh(
        f"ip -o address show dev {name} | grep -o '^[0-9]*: *[^ ]* *inet [^ ]*';"
        f"cat /sys/class/net/{name}/address; ls /sys/class/net/{name}/brif"
    )


def test_a_network_that_fails_beside_others_takes_none_of_theirs(host: Host, stack: Stack) -> None:
    make_bridge(host)
    there = bridge(host)
    links = host.links()

    def declared(*, option: str) -> None:
        stack.declare(
            *(
                {
                    "type": "LibvirtNetwork",
                    "name": f"parallel-{n}",
                    "args": {"ips": [{"address": f"10.92.{n}.1/24"}]}
                    | ({"dnsmasq_options": [option]} if n % 2 else {}),
                }
                for n in range(12)
                if option or not n % 2
            )
        )

    # dnsmasq alone knows that there is no such option.
    declared(option="no-such-option")
    failed = stack.up(check=False)

    # Pulumi stops at the first failure; what it had begun is finished, and the rest is made by the next run.
    assert "could not start the network" in failed
    made = [n for n in range(12) if host.network(f"parallel-{n}") is not None]
    assert not [n for n in made if n % 2]
    for n in made:
        assert f"10.92.{n}.1/24" in host.sh(f"ip -br address show vn-parallel-{n}")
    assert len(host.links() - links) == len(made)
    assert bridge(host) == there
    declared(option="")
    stack.up()
    assert stack.unchanged()
    assert bridge(host) == there


@pytest.mark.further
def test_of_two_networks_with_one_bridge_name_one_comes_up_whole(host: Host, stack: Stack) -> None:
    stack.declare(
        *(
            {
                "type": "LibvirtNetwork",
                "name": f"twin-{n}",
                "args": {"ips": [{"address": f"10.92.{n}.1/24"}], "bridge": {"name": "vn-twin"}},
            }
            for n in (1, 2)
        )
    )

    failed = stack.up(check=False)

    assert "vn-twin is the bridge of" in failed
    (made,) = (n for n in (1, 2) if host.network(f"twin-{n}") is not None)
    assert (host.network(f"twin-{made}") or {})["Active"] == "yes"
    assert f"10.92.{made}.1/24" in host.sh("ip -br address show vn-twin")
    assert stack.resources() == [f"twin-{made}"]
