"""`virtnet map` of real hosts, beside what virsh and ip say."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from tests.hosts.daemons import firewall_backend, socket_path, stop_libvirtd
from tests.hosts.fleet import hosts_over_ssh
from tests.hosts.guests import linux_guest
from tests.hosts.sandboxed import Host
from tests.integration.stack import Stack
from tests.integration.test_doctor import FLUSH_NAT

pytestmark = pytest.mark.integration

MAC = "52:54:00:00:91:07"
LAB = {
    "type": "LibvirtNetwork",
    "name": "lab",
    "args": {
        "forward": {"mode": "nat"},
        "ips": [
            {
                "address": "10.91.0.1/24",
                "dhcp": {
                    "ranges": [{"start": "10.91.0.50", "end": "10.91.0.99"}],
                    "hosts": [{"mac": MAC, "name": "web", "ip": "10.91.0.7"}],
                },
            }
        ],
        "routes": [{"address": "10.92.0.0/24", "gateway": "10.91.0.2"}],
    },
}
BACK = {"type": "LibvirtNetwork", "name": "back", "args": {"ips": [{"address": "10.93.0.1/24"}]}}
WEB = {
    "type": "PortForward",
    "name": "web",
    "depends_on": ["lab"],
    "args": {
        "network": "lab",
        "target_name": "web",
        "ports": [{"protocol": "tcp", "listen_port": "8080", "target_port": "80"}],
    },
}


def drawn(host: Host, *arguments: str, code: int = 0) -> dict[str, Any]:
    """The map as JSON."""
    done = host.run("virtnet", "map", "--json", *arguments, check=False)
    assert done.returncode == code, done.stderr
    whole: dict[str, Any] = json.loads(done.stdout)
    return whole


def of(whole: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = [one for host in whole["hosts"] for one in host["networks"] if one["name"] == name]
    return dict(found)


def test_a_host_is_drawn_as_virsh_and_ip_have_it(host: Host, stack: Stack) -> None:
    stack.declare(LAB, BACK, WEB)
    stack.up()
    before = host.trace()

    with linux_guest(host, "web", network="lab", mac=MAC) as guest, host.guest("box", "vn-back"):
        assert guest.address == "10.91.0.7"
        whole = drawn(host)
        svg = host.run("virtnet", "map").stdout
        tap, links = guest.tap, host.sh("ip -brief link show master vn-back")

    lab, back = of(whole, "lab"), of(whole, "back")
    assert [(one["guest"], one["interface"], one["mac"], one["link"], one["addresses"]) for one in lab["attached"]] == [
        ("web", tap, MAC, "tun", ["10.91.0.7"])
    ]
    assert [(one["guest"], one["interface"], one["link"]) for one in back["attached"]] == [("", "box", "veth")]
    assert links.startswith("box@")
    assert (lab["mode"], lab["bridge"], lab["active"], lab["owner"]) == ("nat", "vn-lab", True, "project/test/lab")
    assert (lab["addresses"], lab["routes"]) == (["10.91.0.1/24"], ["10.92.0.0/24 via 10.91.0.2"])
    assert back["mode"] == "isolated"
    (only,) = whole["hosts"]
    assert only["ipv4_forwarding"] is True
    (forward,) = only["port_forwards"]
    assert (forward["target"], forward["ports"]) == (
        "10.91.0.7",
        [{"protocol": "tcp", "listen": "8080", "target": "80"}],
    )
    assert whole["problems"] == 0
    root = etree.fromstring(svg.encode())
    assert {"lab", "back", "web", "box", MAC, "tcp 8080 → 80"} <= set(root.itertext())
    assert "has-problem" not in {name for group in root.iter() for name in (group.get("class") or "").split()}
    assert host.trace() == before


@pytest.mark.each_libvirt
def test_flushed_rules_are_red_at_their_network(host: Host, stack: Stack) -> None:
    stack.declare(LAB, BACK)
    stack.up()
    host.sh(FLUSH_NAT[firewall_backend(host)])

    whole = drawn(host)
    svg = host.run("virtnet", "map").stdout
    mermaid = host.run("virtnet", "map", "--format", "mermaid").stdout

    assert (whole["problems"], of(whole, "back")["troubles"]) == (1, [])
    (trouble,) = of(whole, "lab")["troubles"]
    assert "lost firewall rules (NAT of 10.91.0.0/24" in trouble["said"]
    assert trouble["fix"]
    red = [group for group in etree.fromstring(svg.encode()).iter() if "has-problem" in (group.get("class") or "")]
    assert [group[0].text for group in red] == ["network lab, 1 problem"]
    assert re.findall(r"<b>(\w+)</b>.*:::problem$", mermaid, re.MULTILINE) == ["lab"]


@pytest.mark.further
def test_two_hosts_are_one_map_and_a_third_that_is_not_there_is_told(host: Host, stack: Stack, tmp_path: Path) -> None:
    stack.declare(LAB)
    stack.up()

    with hosts_over_ssh(host, tmp_path / "beta") as fleet:
        fleet.hosts["beta"].virsh("net-start", "default")
        uris = [*fleet.uris.values(), "qemu+ssh://root@nowhere.invalid/system"]
        arguments = [word for uri in uris for word in ("--uri", uri)]
        done = fleet.desk.run("virtnet", "map", "--json", *arguments, check=False)

    whole = json.loads(done.stdout)
    assert [one["uri"] for one in whole["hosts"]] == uris
    active = [[one["name"] for one in told["networks"] if one["active"]] for told in whole["hosts"]]
    assert active == [["lab"], ["default"], []]
    assert done.returncode == 1
    assert done.stderr.startswith(f"virtnet: {uris[2]} is drawn without its networks: ")


def test_a_host_that_is_not_there_is_drawn_and_told(host: Host) -> None:
    stop_libvirtd(host)

    done = host.run("virtnet", "map", "--json", check=False)

    (told,) = json.loads(done.stdout)["hosts"]
    assert done.returncode == 1
    assert told["networks"] == []
    assert len(told["troubles"]) == 1
    assert done.stderr == f"virtnet: qemu:///system is drawn without its networks: {told['unreachable']}\n"


@pytest.mark.further
def test_with_libvirt_alone_its_networks_are_drawn(host: Host, stack: Stack) -> None:
    stack.declare(LAB)
    stack.up()

    whole = drawn(host, "--uri", f"qemu+unix:///system?socket={socket_path(host)}")

    assert of(whole, "lab")["addresses"] == ["10.91.0.1/24"]
    assert whole["hosts"][0]["host_seen"] is False
