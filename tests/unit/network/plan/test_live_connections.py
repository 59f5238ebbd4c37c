"""Live updates keep connections tracked while libvirt rebuilds rules: which do, broken and killed at every step."""

from typing import Any

import pytest
from tests.builders import checked, connect_to, network_host
from tests.fakes.firewall import filter_rules
from tests.fakes.host import FakeHost
from tests.fakes.libvirt import FakeLibvirt
from tests.fakes.links import FakeLink

from virtnet.errors import VirtnetError
from virtnet.network.names import holding_name
from virtnet.network.resource import NETWORK
from virtnet.planning import lifecycle
from virtnet.planning.clients.clients import Clients

WEB = {"mac": "52:54:00:00:00:01", "ip": "10.9.0.2"}
#: A live update for which libvirt rebuilds rules, and one for which it doesn't.
RESERVED = {
    "ips": [{"address": "10.9.0.1/24", "dhcp": {"hosts": [WEB]}}],
    "dns": {"txts": [{"name": "a", "value": "b"}]},
}
#: What libvirt adds to the rules of an isolated network.
NAT_RULES = (
    "*filter\n-A LIBVIRT_FWI -d 10.9.0.0/24 -o vn-lab -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
    "-A LIBVIRT_FWO -s 10.9.0.0/24 -i vn-lab -j ACCEPT\nCOMMIT\n"
    "*nat\n-A POSTROUTING -j LIBVIRT_PRT\n-A LIBVIRT_PRT -s 10.9.0.0/24 ! -d 10.9.0.0/24 -j MASQUERADE\nCOMMIT\n"
)
TRACKED = ["track connections", "stop tracking"]


def nat(**args: Any) -> dict[str, Any]:
    named = {"name": "lab", "uri": "qemu:///system", "forward": {}, "__owner": "project/stack/lab"}
    return checked({**named, "ips": [{"address": "10.9.0.1/24"}]}, **args)


class Lab:
    """A host with one NAT network, and maybe a container on its bridge."""

    def __init__(self, *, attached: bool = True, rules: str = "", **args: Any) -> None:
        self.host: FakeHost = network_host()
        listing = filter_rules("vn-lab") + NAT_RULES + rules
        self.host.firewall.listings.update({"iptables-save": listing, "ip6tables-save": filter_rules("vn-lab")})
        self.libvirt = FakeLibvirt(links=self.host.net, daemon_version=9_000_000)
        self.connect = connect_to(self.libvirt, self.host)
        self.recorded: dict[str, Any] = lifecycle.create(NETWORK, nat(**args), self.connect, lambda line: None)
        if attached:
            self.host.net.by_name["veth1"] = FakeLink(mac="02:00:00:00:00:01")
            self.host.set_master("veth1", "vn-lab")
        self.host.effects.log.clear()
        self.libvirt.effects.log.clear()

    @property
    def clients(self) -> Clients:
        return Clients(libvirt=self.libvirt, host=self.host)

    def update(self, **args: Any) -> dict[str, Any]:
        return lifecycle.update(NETWORK, self.recorded, nat(**args), self.connect, lambda line: None)

    @property
    def tracking_calls(self) -> list[str]:
        return [effect for effect in self.host.effects.log if effect in TRACKED]


@pytest.mark.parametrize(
    ("there", "edit", "calls"),
    [
        pytest.param({}, RESERVED, TRACKED, id="a reservation"),
        pytest.param({}, {"dns": {"hosts": [{"ip": "10.9.0.3", "hostnames": ["a"]}]}}, [], id="no rebuild"),
        pytest.param({"attached": False}, RESERVED, [], id="nobody is attached"),
        pytest.param({"rules": "-A INPUT -m conntrack --ctstate NEW\n"}, RESERVED, [], id="others track"),
        pytest.param({"forward": {"mode": "route"}}, {"forward": {"mode": "route"}, **RESERVED}, [], id="routed"),
    ],
)
def test_connections_are_tracked_by_virtnet_where_nothing_else_does(
    there: dict[str, Any], edit: dict[str, Any], calls: list[str]
) -> None:
    lab = Lab(**there)

    lab.update(**edit)

    assert lab.tracking_calls == calls
    assert lab.host.firewall.tracking == set()


@pytest.mark.parametrize("broken", range(3))
def test_an_update_that_breaks_leaves_no_rule(broken: int) -> None:
    lab = Lab()
    lab.libvirt.effects.fail_at = broken

    with pytest.raises(VirtnetError):
        lab.update(**RESERVED)

    assert lab.host.firewall.tracking == set()


@pytest.mark.parametrize("killed_after", range(1, 6))
def test_a_killed_update_leaves_a_rule_that_a_refresh_shows_and_the_next_update_removes(killed_after: int) -> None:
    lab = Lab()
    desired = nat(**RESERVED)
    plan = NETWORK.plan(desired, lab.recorded, NETWORK.observe(lab.clients, desired, lab.recorded))
    for step in plan.steps[:killed_after]:
        step.execute(lab.clients)
    left = bool(lab.host.firewall.tracking)

    found: Any = NETWORK.outputs({}, lab.recorded, NETWORK.observe(lab.clients, {}, lab.recorded))
    lab.update(**RESERVED)

    # The first step records what is about to change.
    assert left is (1 < killed_after < len(plan.steps))
    assert found is not None
    problem = {"kind": "tracking-left", "details": {"rule": holding_name(str(lab.recorded["uuid"]))}}
    assert (problem in found["problems"]) is left
    assert lab.host.firewall.tracking == set()


def test_a_rule_of_before_an_upgrade_of_libvirt_is_removed_by_the_program_that_added_it() -> None:
    lab = Lab()
    lab.host.track_connections(holding_name(str(lab.recorded["uuid"])), (4,), "iptables")
    lab.host.firewall.listings["nft-json"] = '{"nftables": []}'
    lab.libvirt.net.daemon_version = 11_003_000

    lab.update(title="upgraded")

    assert lab.host.firewall.tracking == set()


def test_a_delete_removes_what_a_killed_update_left() -> None:
    lab = Lab(attached=False)
    lab.host.track_connections(holding_name(str(lab.recorded["uuid"])), (4,), "iptables")

    lifecycle.delete(NETWORK, lab.recorded, lab.connect, lambda line: None)

    assert lab.host.firewall.tracking == set()
