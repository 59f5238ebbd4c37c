"""Port forwards on a real host, with packets as witnesses: who gets through, what is refused, drift, owners, delete."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.hosts.firewalls import own_configuration, start_firewalld, stop_firewalld, system_bus
from tests.hosts.peers import BRIDGE, HOST, NETWORK_XML, OUTSIDE, WEB, Site, peer, site
from tests.hosts.sandboxed import Host
from tests.hosts.workstation import workstation
from tests.integration.forks import Forks
from tests.integration.stack import Stack
from tests.rows import rows

pytestmark = pytest.mark.integration

TABLE = "inet virtnet_port_forwards"


def forward(name: str = "web", /, **args: Any) -> dict[str, Any]:
    ports = [{"protocol": "tcp", "listen_port": "8080", "target_port": "80"}]
    named = {"network": "lab", "target_address": WEB[4], "ports": ports, **args}
    return {
        "type": "PortForward",
        "name": name,
        "args": {key: value for key, value in named.items() if value is not None},
    }


@pytest.fixture
def lab(host: Host) -> Iterator[Site]:
    """A network with NAT, a guest that serves, and somebody outside."""
    with site(host) as made:
        made.start_network("nat")
        made.peers["web"].serve("web", "tcp", 80, 81)
        made.peers["other"].serve("other", "tcp", 80)
        yield made
        made.remove_network()


def from_outside(lab: Site, port: int = 8080) -> str:
    return lab.peers["outside"].connect("tcp", HOST[4], port)


REACHED = f"web 80 {OUTSIDE[4]}"


def traces(host: Host) -> str:
    return host.sh(
        "find /etc/virtnet /etc/systemd/system 2>/dev/null | sort; nft list tables; ip -o link | cut -d: -f2;"
        "ip rule; ip -6 rule; iptables-save | grep -c virtnet || true"
    )


@pytest.mark.each_libvirt
def test_a_port_leads_to_a_guest_until_it_is_destroyed(lab: Site, stack: Stack) -> None:
    before = traces(lab.host)
    stack.declare(forward())

    previewed = stack.preview()
    assert from_outside(lab) != REACHED
    stack.up()

    assert f"opens tcp 8080 of every IPv4 address of the host to {WEB[4]}:80, from anywhere" in previewed
    assert from_outside(lab) == REACHED
    for name in ("other", "host", "web"):
        assert lab.peers[name].connect("tcp", HOST[4], 8080).startswith("web 80 ")
    assert stack.outputs("web")["addresses"] == [HOST[4], "192.168.123.1"]
    assert stack.outputs("web")["problems"] == []
    assert stack.unchanged()
    stack.destroy()
    assert from_outside(lab) != REACHED
    assert traces(lab.host) == before


def test_an_update_keeps_connections_of_ports_that_stay(lab: Site, stack: Stack) -> None:
    stack.declare(forward())
    stack.up()
    assert lab.peers["outside"].connect("tcp", HOST[4], 8080, held="one") == REACHED
    more = [{"protocol": "tcp", "listen_port": "8080", "target_port": "80"},
            {"protocol": "tcp", "listen_port": "8081", "target_port": "81"}]  # fmt: skip
    stack.declare(forward(ports=more, sources=[f"{OUTSIDE[4]}/32"]))

    stack.up()

    assert lab.peers["outside"].order("talk", held="one") == REACHED
    assert from_outside(lab, 8081) == f"web 81 {OUTSIDE[4]}"
    assert not lab.peers["other"].connect("tcp", HOST[4], 8081).startswith("web")
    assert stack.unchanged()
    # What is closed takes no new connections, and those that are open go on, as the preview says.
    stack.declare(forward(ports=more[1:]))
    assert "Established connections continue until they end" in stack.preview()
    stack.up()
    assert from_outside(lab) != REACHED
    assert lab.peers["outside"].order("talk", held="one") == REACHED
    stack.destroy()
    assert lab.peers["outside"].order("talk", held="one") == REACHED


DRIFT = {
    "rules-missing": f"nft delete table {TABLE}",
    "rules-altered": f"nft flush chain {TABLE} $(nft list table {TABLE} | grep -o 'forward_[0-9a-f]*' | head -n 1)",
    "record-missing": "rm /etc/virtnet/port-forwards/*.nft",
    "record-altered": "echo '# mine' >>/etc/virtnet/port-forwards/*.nft",
    "restore-missing": "rm /etc/virtnet/port-forwards.sh",
    "links-missing": "ip link delete $(ls /sys/class/net | grep vnpf)",
}


#: Without any record no link is needed.
FOLLOWS = {"record-missing": ["links-missing"]}


@pytest.mark.parametrize("kind", rows(DRIFT, {"rules-missing"}))
def test_what_others_undo_is_named_by_a_refresh_and_mended_live(lab: Site, stack: Stack, kind: str) -> None:
    stack.declare(forward())
    stack.up()

    lab.host.sh(DRIFT[kind])
    stack.refresh()

    assert [problem["kind"] for problem in stack.outputs("web")["problems"]] == [kind, *FOLLOWS.get(kind, [])]
    assert "problems changes (" in stack.preview()
    stack.up()
    assert from_outside(lab) == REACHED
    assert stack.unchanged()
    stack.destroy()


def test_refused_before_anything_is_touched(lab: Site, stack: Stack) -> None:
    before = traces(lab.host)
    lab.peers["host"].serve("host", "tcp", 9090)
    lab.host.sh("nft 'add table ip mine; add chain ip mine way { type nat hook prerouting priority -100; };"
                "add rule ip mine way tcp dport 7070 redirect to :22'")  # fmt: skip
    reasons = {
        "22": "tcp 22 is the port of this host's own ssh server",
        "9000-9100": "a process of this host already listens on tcp 9090 of",
        "7070": "another rule already redirects tcp 7070 of this host (nft: ip mine: tcp dport 7070 redirect to :22",
    }
    for port, reason in reasons.items():
        stack.declare(forward(ports=[{"protocol": "tcp", "listen_port": port}]))
        assert f"pulumi up would refuse this on the host as it is now: {reason}" in stack.preview(check=False)
        assert reason in stack.up(check=False)
        assert stack.failed
    stack.declare(forward(listen_address="198.51.100.200"))
    assert f"doesn't have the address 198.51.100.200: it has {HOST[4]}" in stack.up(check=False)
    stack.declare(forward(target_address="10.1.2.3"))
    assert "isn't in a subnet of network 'lab', which has 192.168.123.0/24" in stack.up(check=False)
    lab.host.sh("nft delete table ip mine")
    assert traces(lab.host) == before


@pytest.mark.each_libvirt
def test_a_chain_of_others_that_drops_is_named_with_what_lets_it_pass(lab: Site, stack: Stack) -> None:
    lab.host.sh(
        "nft 'add table inet mine; add chain inet mine way { type filter hook forward priority 10; policy drop; }'"
    )
    stack.declare(forward())

    refused = stack.up(check=False)
    allow = "nft insert rule inet mine way ct status dnat ct mark and 0x10000000 == 0x10000000 accept"
    assert (
        f"chain way of table inet mine drops packets to the guest, by its policy drop. To accept them: {allow}"
        in refused
    )
    lab.host.sh(allow)
    stack.up()

    assert from_outside(lab) == REACHED
    lab.host.sh("nft flush chain inet mine way")
    assert from_outside(lab) == "TimeoutError"
    stack.refresh()
    assert [problem["kind"] for problem in stack.outputs("web")["problems"]] == ["blocked"]
    lab.host.sh("nft delete table inet mine")
    stack.refresh()
    assert stack.unchanged()
    stack.destroy()


@pytest.fixture
def strict_firewalld(lab: Site) -> Iterator[None]:
    """firewalld that lets forwards of its own pass alone, which it can be told since 2.3."""
    settings = Path("/etc/firewalld/firewalld.conf")
    if not settings.exists() or "StrictForwardPorts=" not in settings.read_text():
        pytest.skip("this firewalld has no StrictForwardPorts")
    own_configuration(lab.host, "firewalld")
    lab.host.sh(f"sed -i s/^StrictForwardPorts=.*/StrictForwardPorts=yes/ {settings}")
    with system_bus(lab.host):
        start_firewalld(lab.host)
        yield
        stop_firewalld(lab.host)


@pytest.mark.further
@pytest.mark.usefixtures("strict_firewalld")
def test_firewalld_that_lets_its_own_forwards_pass_alone_gets_the_same_for_good(lab: Site, stack: Stack) -> None:
    stack.declare(forward(sources=[f"{OUTSIDE[4]}/32"]))

    found = re.search(
        r"chain filter_FORWARD_dnat .*\. To accept them: (firewall-cmd .* --reload)", stack.up(check=False)
    )
    assert found is not None
    lab.host.sh(found[1])
    stack.up()

    for _ in range(2):
        assert from_outside(lab) == REACHED
        assert not lab.peers["other"].connect("tcp", HOST[4], 8080).startswith("web"), "it is no source"
        lab.host.sh("firewall-cmd --reload")
    stack.refresh()
    assert stack.outputs("web")["problems"] == []
    stack.destroy()


@pytest.mark.further
def test_two_stacks_cannot_have_one_port(lab: Site, host: Host, forks: Forks) -> None:
    holder, comer = Stack(host, forks, "first"), Stack(host, forks, "second")
    holder.declare(forward())
    holder.up()
    before = host.sh(f"nft list table {TABLE}; ls /etc/virtnet/port-forwards")
    comer.declare(forward(target_address="192.168.123.60"))

    refused = comer.up(check=False)

    assert "PortForward 'project/first/web' already forwards tcp 8080 of this host" in refused
    assert host.sh(f"nft list table {TABLE}; ls /etc/virtnet/port-forwards") == before
    assert from_outside(lab) == REACHED
    comer.declare(forward(target_address="192.168.123.60", adopt=True))
    comer.up()
    holder.destroy()
    assert from_outside(lab).startswith("other 80 ")
    comer.destroy()
    assert from_outside(lab) == "ConnectionRefusedError"


def test_two_resources_of_one_program_are_refused_by_check(lab: Site, stack: Stack) -> None:
    stack.declare(forward("one"), forward("two", ports=[{"protocol": "tcp", "listen_port": "8000-9000"}]))

    refused = stack.preview(check=False)

    assert "tcp 8080 is also forwarded by" in refused or "tcp 8000-9000 is also forwarded by" in refused


def test_a_program_makes_the_network_and_the_way_in_at_once(lab: Site, stack: Stack) -> None:
    lab.remove_network()
    ips = [
        {"address": "192.168.123.1/24", "dhcp": {"hosts": [{"mac": "52:54:00:00:00:50", "name": "web", "ip": WEB[4]}]}}
    ]
    network = {"name": "lab", "forward": {"mode": "nat"}, "bridge": {"name": "virbr7"}, "ips": ips}
    stack.declare(
        {"type": "LibvirtNetwork", "name": "lab", "args": network},
        {**forward(target_address=None, target_name="web"), "depends_on": ["lab"]},
    )

    previewed = stack.preview()
    stack.up()

    assert "note: network 'lab' doesn't exist yet. pulumi up plans the port forward again" in previewed
    lab.plug_in()
    assert from_outside(lab) == REACHED
    assert stack.unchanged()
    lab.host.sh("ip link set dev web nomaster; ip link set dev other nomaster")
    stack.destroy()


@pytest.mark.each_libvirt
def test_a_restart_of_the_network_by_virtnet_or_by_hand_leaves_the_way_in(lab: Site, stack: Stack) -> None:
    stack.declare(forward())
    stack.up()
    lab.host.sh("virsh -q net-destroy lab; virsh -q net-start lab")
    lab.plug_in()

    stack.refresh()
    kinds = [problem["kind"] for problem in stack.outputs("web")["problems"]]
    stack.up()

    assert kinds == ["links-missing"], "no service watches in the sandbox"
    assert from_outside(lab) == REACHED
    stack.destroy()


@pytest.mark.further
def test_what_watches_over_links_goes_on_through_edits_of_each_kind(lab: Site, stack: Stack) -> None:
    stack.declare(forward(ports=[{"protocol": "tcp", "listen_port": "8080-8081", "target_port": "80-81"}]))
    stack.up()
    start = "setsid sh /etc/virtnet/port-forwards.sh watch </dev/null >/dev/null 2>&1 & echo $!; sleep 2"
    watcher = lab.host.sh(start).strip()

    # Elements of maps with intervals go at each: nft 1.0.6 dies where it is to tell of that.
    for edit in ({"listen_address": HOST[4]}, {"target_address": "192.168.123.60"}, {}):
        stack.declare(forward(**edit))
        stack.up()
    lab.host.sh("ip link delete $(ls /sys/class/net | grep ^vnpf)")

    lab.host.sh("timeout 10 sh -c 'until ls /sys/class/net | grep -q ^vnpf; do sleep 0.1; done'")
    lab.host.sh(f"kill -- -{watcher}")
    stack.destroy()


@pytest.mark.further
def test_over_ssh(host: Host, forks: Forks) -> None:
    host.run("virsh", "--quiet", "net-define", "/dev/stdin", given=NETWORK_XML.format(
        forward="<forward mode='nat'/>", bridge=BRIDGE, stp="off"
    ))  # fmt: skip
    host.virsh("net-start", "lab")
    with workstation(host) as desk, host.guest("web", BRIDGE) as guest, peer(host, "web") as web, peer(host) as there:
        guest.sh(f"ip address add {WEB[4]}/24 dev eth0; ip route add default via 192.168.123.1")
        web.serve("web", "tcp", 80)
        stack, before = Stack(desk, forks), traces(host)
        stack.declare(forward(uri="qemu+ssh://root@far/system"))

        stack.up()

        assert there.connect("tcp", "198.51.100.1", 8080).startswith("web 80 ")
        assert stack.unchanged()
        host.sh(f"nft delete table {TABLE}")
        stack.refresh()
        stack.up()
        assert there.connect("tcp", "198.51.100.1", 8080).startswith("web 80 ")
        stack.destroy()
        assert traces(host) == before
