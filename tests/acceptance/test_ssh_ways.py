"""Ways to a host that a user's own ssh knows: jump hosts, agents, known hosts; and what is said where one is shut."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.acceptance.stack import Stack
from tests.hosts.fleet import SECOND_ADDRESS, Fleet, hosts_behind_one_another
from tests.hosts.sandboxed import Host
from tests.hosts.workstation import HOST_ADDRESS, Workstation, workstation

pytestmark = pytest.mark.acceptance

FAR = "qemu+ssh://root@far/system"


def declare(stack: Stack, uri: str) -> None:
    network = {"uri": uri, "forward": {"mode": "nat"}, "ips": [{"address": "10.70.0.1/24"}]}
    stack.declare(
        {"type": "HostForwarding", "name": "ip-forwarding", "args": {"uri": uri, "ipv4": True}},
        {"type": "LibvirtNetwork", "name": "lab", "args": network, "depends_on": ["ip-forwarding"]},
    )


@pytest.fixture
def desk(host: Host) -> Iterator[Workstation]:
    with workstation(host) as made:
        yield made


@pytest.fixture
def chain(host: Host, tmp_path: Path) -> Iterator[Fleet]:
    """Workstation, jump host and target: three kernels' networks, of which the first and the last do not meet."""
    with hosts_behind_one_another(host, tmp_path / "beta") as made:
        with (host.directory / "ssh_config").open("a") as configuration:
            configuration.write(f"Host beta\n    HostName {SECOND_ADDRESS}\n    ProxyJump far\n")
        yield made


def test_the_users_own_configuration_key_and_known_hosts_are_used(desk: Workstation) -> None:
    """Those in the home of the account; the system has none here that would do."""
    stack, home = Stack(desk), desk.directory / "home"
    declare(stack, FAR)
    desk.sh(
        f"mkdir -m 700 {home} {home}/.ssh;"
        f"mv {desk.directory}/client_key {home}/.ssh/id_ed25519; mv {desk.directory}/known_hosts {home}/.ssh;"
        f"printf 'Host far\\n HostName {HOST_ADDRESS}\\n' > {home}/.ssh/config;"
        f"sed 's|^root:.*|root:x:0:0:root:{home}:/bin/bash|' /etc/passwd > /run/own-passwd;"
        "mount --bind /run/own-passwd /etc/passwd; mount --bind /dev/null /etc/ssh/ssh_config"
    )

    stack.up()

    assert "10.70.0.0/24 dev vn-lab" in desk.far.sh("ip route")
    assert desk.far.sh("cat /proc/sys/net/ipv4/ip_forward") == "1\n"
    assert stack.unchanged()
    stack.destroy()
    assert desk.far.network("lab") is None


@pytest.mark.further
def test_a_host_behind_a_jump_host_is_managed_like_any(chain: Fleet) -> None:
    stack, alpha, beta = Stack(chain.desk), chain.hosts["alpha"], chain.hosts["beta"]
    before, links = beta.trace(), alpha.links()
    assert chain.desk.run("ping", "-c1", "-W1", SECOND_ADDRESS, check=False).returncode != 0
    declare(stack, chain.uris["beta"])

    stack.up()

    assert "10.70.0.0/24 dev vn-lab" in beta.sh("ip route")
    assert beta.sh("cat /proc/sys/net/ipv4/ip_forward") == "1\n"
    assert alpha.links() == links, "nothing is made on the jump host"
    assert alpha.network("lab") is None
    assert alpha.sh("cat /proc/sys/net/ipv4/ip_forward") == "0\n"
    assert stack.unchanged()
    stack.destroy()
    assert beta.trace() == before
    assert beta.sh("cat /proc/sys/net/ipv4/ip_forward") == "0\n"


@pytest.mark.further
def test_the_users_agent_has_the_key(host: Host, desk: Workstation) -> None:
    stack = Stack(desk)
    declare(stack, FAR)
    configuration = host.directory / "ssh_config"
    text = configuration.read_text()
    # In place, because the file is what is mounted.
    configuration.write_text("\n".join(line for line in text.splitlines() if "Identit" not in line) + "\n")
    started = desk.sh(f"ssh-agent -a /run/agent; SSH_AUTH_SOCK=/run/agent ssh-add -q {host.directory}/client_key")
    agent = re.search(r"SSH_AGENT_PID=(\d+)", started)
    assert agent is not None

    without = stack.preview()
    stack.environment["SSH_AUTH_SOCK"] = "/run/agent"
    stack.up()

    assert "root@far doesn't let this user log in (" in without
    assert host.network("lab") is not None
    assert host.sh("cat /proc/sys/net/ipv4/ip_forward") == "1\n"
    stack.destroy()
    desk.run("kill", agent[1])
