"""Ways to a host that a user's own ssh knows: jump hosts, agents, known hosts; and what is said where one is shut."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.hosts.fleet import SECOND_ADDRESS, Fleet, hosts_behind_one_another
from tests.hosts.sandboxed import Host
from tests.hosts.workstation import HOST_ADDRESS, Workstation, workstation
from tests.integration.forks import Forks
from tests.integration.stack import Stack

#: It is about the way to a host; with which daemons that ends is in test_ssh and in tests/modular.
pytestmark = [pytest.mark.integration, pytest.mark.any_libvirt]

FAR = "qemu+ssh://root@far/system"


def declare(stack: Stack, uri: str) -> None:
    network = {"uri": uri, "forward": {"mode": "nat"}, "ips": [{"address": "10.70.0.1/24"}]}
    stack.declare(
        {"type": "HostForwarding", "name": "ip-forwarding", "args": {"uri": uri, "ipv4": True}},
        {"type": "LibvirtNetwork", "name": "lab", "args": network, "depends_on": ["ip-forwarding"]},
    )


def sentences(said: str) -> list[str]:
    """What a preview says of what could not be applied, a line each."""
    return re.findall(r"pulumi up would fail on the host as it is now: (.*)", said)


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


@pytest.mark.further
def test_a_jump_host_that_is_gone_is_one_sentence_in_time(chain: Fleet, forks: Forks) -> None:
    stack = Stack(chain.desk, forks)
    declare(stack, chain.uris["beta"])
    chain.desk.vanish()
    began = time.monotonic()

    said = stack.preview()

    assert time.monotonic() - began < 30
    assert len(sentences(said)) == 2
    for sentence in sentences(said):
        assert sentence.startswith("root@beta can't be reached by ssh (")


def test_a_host_with_another_key_than_the_known_one_is_one_sentence(
    host: Host, desk: Workstation, forks: Forks
) -> None:
    stack = Stack(desk, forks)
    declare(stack, FAR)
    host.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(host.directory / "other_key"))
    known, other = host.directory / "known_hosts", (host.directory / "other_key.pub").read_text()
    known.write_text(f"{HOST_ADDRESS} {other}")
    before = host.trace()

    preview, up = stack.preview(), stack.up(check=False)

    assert len(sentences(preview)) == 2
    for sentence in sentences(preview):
        assert sentence.startswith("the ssh host key of root@far differs from the known one (")
        assert "If the host was reinstalled, remove the old key with ssh-keygen -R" in sentence
        assert "@@@" not in sentence
        assert str(known) in sentence
    assert "the ssh host key of" in up
    assert host.trace() == before
    assert known.read_text() == f"{HOST_ADDRESS} {other}", "nothing is trusted on the way"


@pytest.mark.further
def test_a_host_that_is_not_known_is_one_sentence_and_stays_unknown(
    host: Host, desk: Workstation, forks: Forks
) -> None:
    stack = Stack(desk, forks)
    declare(stack, FAR)
    (host.directory / "known_hosts").write_text("")

    said = stack.preview()

    assert len(sentences(said)) == 2
    for sentence in sentences(said):
        assert sentence.startswith("this user's ssh doesn't know the host key of root@far (")
    assert (host.directory / "known_hosts").read_text() == ""


def test_a_host_never_gets_at_the_users_agent(host: Host, desk: Workstation) -> None:
    configuration = host.directory / "ssh_config"
    configuration.write_text(configuration.read_text().replace("Host far\n", "Host far\n    ForwardAgent yes\n"))
    started = desk.sh(f"ssh-agent -a /run/agent; SSH_AUTH_SOCK=/run/agent ssh-add -q {host.directory}/client_key")
    agent = re.search(r"SSH_AGENT_PID=(\d+)", started)
    assert agent is not None
    by_hand = desk.sh("SSH_AUTH_SOCK=/run/agent ssh far 'echo agent: $SSH_AUTH_SOCK'")
    program = (
        "from virtnet.libvirtd.connection import Connections\nfrom virtnet.connect import connect\n"
        f"print(connect({FAR!r}, Connections()).host.read_file('/proc/self/environ'))"
    )

    seen = desk.run("env", "SSH_AUTH_SOCK=/run/agent", "python", "-c", program).stdout
    desk.run("kill", agent[1])

    assert by_hand.startswith("agent: /tmp/"), "this test would see an agent that is forwarded"
    assert "SSH_CONNECTION=" in seen
    assert "SSH_AUTH_SOCK" not in seen
