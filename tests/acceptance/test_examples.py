"""Every example as a user runs it: up, nothing more to do, nothing drifted, destroyed without a trace."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from tests.acceptance.postgresql import Database, database
from tests.acceptance.stack import PYTHON_PRELOADED, WITHOUT_GARBAGE, Stack
from tests.acceptance.test_languages import FOLDERS
from tests.hosts.fleet import Fleet, hosts_over_ssh
from tests.hosts.peers import peer
from tests.hosts.sandboxed import REPOSITORY, Host

pytestmark = pytest.mark.acceptance

EXAMPLES = REPOSITORY / "examples"
STACKS = "select count(*) from pulumi_state where key like '%/stacks/fleet-stacks/%.json'"


@pytest.fixture
def example(request: pytest.FixtureRequest, stack: Stack) -> Stack:
    """A stack of the example that the test names, with the example's own project file."""
    for name in ("Pulumi.yaml", "__main__.py"):
        shutil.copy(EXAMPLES / request.param / name, stack.directory / name)
    # Of the example's own project, so it is not the stack that is there already.
    stack.environment["PULUMI_STACK"] = "example"
    stack.init("example")
    return stack


def test_every_example_is_tested() -> None:
    here = Path(__file__).read_text()
    of_languages = {EXAMPLES / name for name in FOLDERS.values()}  # test_languages.py runs them
    assert of_languages < set(EXAMPLES.iterdir())
    for path in set(EXAMPLES.iterdir()) - of_languages:
        assert f'["{path.name}"]' in here, f"examples/{path.name} has no test in this file"
        assert {"Pulumi.yaml", "__main__.py", "README.md"} <= {file.name for file in path.iterdir()}


@pytest.mark.parametrize("example", ["tutorial"], indirect=True)
def test_tutorial(host: Host, example: Stack) -> None:
    before = host.trace()
    default_before = host.virsh("net-dumpxml", "default", "--inactive")
    assert host.sh("cat /proc/sys/net/ipv4/ip_forward") == "0\n"

    example.up()

    made = example.exports()
    for name, bridge in (("default", "virbr0"), ("management", made["management_bridge"])):
        info = host.network(name) or {}
        assert (info["Active"], info["Autostart"], info["Persistent"]) == ("yes", "yes", "yes")
        assert (info["Bridge"], info["UUID"]) == (bridge, made[f"{name}_uuid"])
    assert made["default_bridge"] == "virbr0"
    assert f"192.168.123.0/24 dev {made['management_bridge']}" in host.sh("ip route")
    assert "<range start='192.168.123.2' end='192.168.123.254'/>" in host.virsh("net-dumpxml", "management")
    nat = host.sh("(iptables-save; nft list ruleset) | grep -i masquerade")
    assert "192.168.122.0/24" in nat
    assert "192.168.123.0/24" in nat
    assert host.sh("cat /proc/sys/net/ipv4/ip_forward") == "1\n"
    assert "\nnet/ipv4/ip_forward = 1\n" in host.sh("cat /etc/sysctl.d/90-virtnet-forwarding.conf")
    assert example.unchanged_by_each()

    example.destroy()

    assert host.trace() == before
    assert host.virsh("net-dumpxml", "default", "--inactive") == default_before
    assert host.sh("cat /proc/sys/net/ipv4/ip_forward") == "0\n"
    assert example.resources() == []


@pytest.mark.parametrize("example", ["bridged"], indirect=True)
def test_bridged(host: Host, example: Stack) -> None:
    host.sh("ip link add br0 type bridge && ip link set br0 up && ip address add 10.5.0.1/24 dev br0")
    address = host.sh("cat /sys/class/net/br0/address")
    before = host.trace()

    example.up()

    info = host.network("lan") or {}
    assert (info["Active"], info["Autostart"], info["Bridge"]) == ("yes", "yes", "br0")
    assert example.exports() == {"bridge": "br0", "uuid": info["UUID"]}
    assert "<forward mode='bridge'/>" in host.virsh("net-dumpxml", "lan")
    assert host.links() == set(before["links"].split())
    assert example.unchanged_by_each()

    example.destroy()

    assert host.trace() == before
    assert host.sh("cat /sys/class/net/br0/address") == address
    assert "10.5.0.1/24" in host.sh("ip -brief address show br0")


@pytest.mark.parametrize("example", ["isolated"], indirect=True)
def test_isolated(host: Host, example: Stack) -> None:
    before = host.trace()

    example.up()

    bridge = example.exports()["bridge"]
    assert f"10.77.0.0/24 dev {bridge}" in host.sh("ip route")
    for flags in ([], ["--inactive"]):
        xml = host.virsh("net-dumpxml", "lab", *flags)
        assert "<forward" not in xml
        assert "<host mac='52:54:00:aa:bb:01' name='database' ip='10.77.0.10'/>" in xml
        assert "<hostname>db.lab.example</hostname>" in xml
    assert "10.77.0" not in host.sh("iptables -t nat -S")
    assert host.sh("cat /proc/sys/net/ipv4/ip_forward") == "0\n"
    with host.guest("g1", bridge) as guest:
        guest.sh("ip address add 10.77.0.20/24 dev eth0; for i in $(seq 60); do ping -c1 -W1 10.77.0.1 && break; done")
    assert example.unchanged_by_each()

    example.destroy()

    assert host.trace() == before
    assert example.resources() == []


@pytest.mark.parametrize("example", ["published"], indirect=True)
def test_published(host: Host, example: Stack) -> None:
    before = host.trace()

    example.up()

    bridge = example.exports()["bridge"]
    table = host.sh("nft list table inet virtnet_port_forwards")
    assert "tcp dport 8080" in table
    assert "ip saddr 203.0.113.0/24 tcp dport 2202" in table
    with host.guest("web", bridge) as guest, peer(host, "web") as web, peer(host) as there:
        guest.sh("ip address add 192.168.130.11/24 dev eth0; ip route add default via 192.168.130.1")
        guest.sh("for i in $(seq 60); do ping -c1 -W1 192.168.130.1 && break; done")
        web.serve("web", "tcp", 80, 22)
        assert there.connect("tcp", "192.168.130.1", 8080).startswith("web 80 ")
        assert there.connect("tcp", "192.168.130.1", 2201) == "ConnectionRefusedError", "it is not in the office"
    assert example.unchanged_by_each()

    example.destroy()

    assert host.trace() == before
    assert host.sh("nft list tables | grep virtnet || true") == ""


@pytest.fixture
def fleet(host: Host, tmp_path: Path) -> Iterator[Fleet]:
    with hosts_over_ssh(host, tmp_path / "beta") as made:
        yield made


@pytest.mark.long_wait
@pytest.mark.parametrize("example", ["fleet"])
def test_fleet(fleet: Fleet, example: str) -> None:
    stack = Stack(fleet.desk)
    for name in ("Pulumi.yaml", "__main__.py"):
        shutil.copy(EXAMPLES / example / name, stack.directory / name)
    # Of the example's own project, so it is not the stack that is there already.
    stack.environment["PULUMI_STACK"] = "example"
    stack.init("example")
    for name, number in (("alpha", 64), ("beta", 65)):
        stack.pulumi("config", "set", "--path", f"hosts.{name}.uri", fleet.uris[name])
        stack.pulumi("config", "set", "--path", f"hosts.{name}.number", str(number))
    before = {name: host.trace() for name, host in fleet.hosts.items()}

    stack.up()

    for (name, host), number in zip(fleet.hosts.items(), (64, 65), strict=True):
        assert stack.exports()[name] == {"management": "vn-management", "storage": "vn-storage"}
        assert f"10.{number}.1.0/24 dev vn-management" in host.sh("ip route")
        assert f"10.{number}.2.0/24 dev vn-storage" in host.sh("ip route")
        assert host.sh("cat /proc/sys/net/ipv4/ip_forward /sys/class/net/vn-storage/mtu") == "1\n9000\n"
        assert f"fleet/example/{name}-forwarding" in host.sh("cat /etc/sysctl.d/90-virtnet-forwarding.conf"), (
            "the drop-in names its owner"
        )
    assert fleet.desk.links() == {"lo", "eth0", "eth1"}
    assert stack.unchanged_by_each()

    stack.pulumi("config", "rm", "--path", "hosts.beta")
    stack.up()

    assert fleet.hosts["beta"].trace() == before["beta"]
    assert fleet.hosts["beta"].sh("cat /proc/sys/net/ipv4/ip_forward") == "0\n"
    assert sorted(stack.resources()) == ["alpha-forwarding", "alpha-management", "alpha-storage"]
    assert stack.unchanged_by_each()

    stack.destroy()

    assert {name: host.trace() for name, host in fleet.hosts.items()} == before
    assert fleet.hosts["alpha"].sh("cat /proc/sys/net/ipv4/ip_forward") == "0\n"


@pytest.fixture
def state(host: Host, fleet: Fleet) -> Iterator[Database]:
    """A PostgreSQL server on alpha, which the workstation reaches by a port of its own, over ssh."""
    with database(host) as made:
        # It ends with its input: a signal would end the nsenter that it runs in, and not ssh.
        command = ("ssh", "-o", "ExitOnForwardFailure=yes", "-L", "5432:127.0.0.1:5432", "far", "cat")
        with subprocess.Popen(fleet.desk.command(*command), stdin=subprocess.PIPE):
            fleet.desk.sh(
                "for i in $(seq 100); do ss -Hltn 'sport = :5432' | grep -q . && exit; sleep 0.1; done; exit 1"
            )
            yield made


@pytest.mark.parametrize("example", ["fleet-stacks"])
def test_fleet_stacks(fleet: Fleet, state: Database, tmp_path: Path, example: str) -> None:
    stack = Stack(fleet.desk, backend=state.url)
    place = tmp_path / example
    shutil.copytree(EXAMPLES / example, place)
    before = {name: host.trace() for name, host in fleet.hosts.items()}
    numbers = {"alpha": 64, "beta": 65, "gone": 66}
    uris = {**fleet.uris, "gone": "qemu+ssh://root@203.0.113.77/system"}

    def run(*arguments: str, hosts: Sequence[str] = ("alpha", "beta")) -> subprocess.CompletedProcess[str]:
        listed = {name: {"uri": uris[name], "number": numbers[name]} for name in hosts}
        (place / "hosts.json").write_text(json.dumps(listed))
        command = (sys.executable, "fleet.py", *arguments, "--at-a-time", "3")
        return fleet.desk.run(*command, check=False, directory=place, environment=stack.environment)

    made = run("up", hosts=("alpha", "beta", "gone"))

    assert made.returncode == 1, made.stdout + made.stderr
    assert "alpha: 5 create" in made.stdout
    assert "up: 2 finished, 1 failed (gone)" in made.stdout
    assert "203.0.113.77" in (place / "logs" / "gone.log").read_text()
    for (name, host), number in zip(fleet.hosts.items(), (64, 65), strict=True):
        assert f"10.{number}.1.0/24 dev vn-management" in host.sh("ip route")
        assert f"fleet-stacks/{name}/host-forwarding" in host.sh("cat /etc/sysctl.d/90-virtnet-forwarding.conf")
    assert state.asked(STACKS) == "3\n", "each host has a state of its own in the database"

    uris["gone"] = fleet.uris["beta"]  # it is back, and is beta, so its networks exist
    resumed = run("up", "--resume", hosts=("alpha", "beta", "gone"))

    assert resumed.returncode == 1
    assert "[1/1]" in resumed.stdout
    assert "gone: failed: " in resumed.stdout
    assert "fleet-stacks/beta/" in (place / "logs" / "gone.log").read_text(), "whose the networks are"

    again = run("up")

    assert again.returncode == 0, again.stdout + again.stderr
    assert "2 finished, 0 failed" in again.stdout
    assert "create" not in again.stdout

    destroyed = run("destroy")

    assert destroyed.returncode == 0, destroyed.stdout + destroyed.stderr
    assert {name: host.trace() for name, host in fleet.hosts.items()} == before


# It makes a sandbox of its own, which has no stand-in for what this kernel's tc may lack.
@pytest.mark.long_wait
@pytest.mark.any_libvirt
def test_demo_leaves_a_picture_alone_and_shows_that_no_packet_was_lost(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "virtnet.cli", "sandbox", "--", REPOSITORY / "tools/demo"],
        env={**os.environ, **PYTHON_PRELOADED, **WITHOUT_GARBAGE, "TMPDIR": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " packets sent, 0 lost" in done.stdout
    assert done.stderr == ""
    (left,) = tmp_path.iterdir()
    assert [path.name for path in left.iterdir()] == ["map.html"]
    assert str(left / "map.html") in done.stdout.splitlines()[-2]
    assert "192.168." in (left / "map.html").read_text()


def test_demo_refuses_to_run_on_the_machine_itself() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "VIRTNET_SANDBOX"}
    done = subprocess.run(
        [REPOSITORY / "tools/demo"], env=environment, capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == 1
    assert "run it in a sandbox, with: make demo" in done.stderr
