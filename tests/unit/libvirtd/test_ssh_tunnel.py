"""A conversation with a daemon over ssh: what it leaves in this process when it ends."""

import os
import socket
import time
from pathlib import Path

import pytest

from virtnet.libvirtd.ssh_tunnel import SshTunnel
from virtnet.transport.uri import tunnel_target


def tunnel() -> SshTunnel:
    target = tunnel_target("qemu+ssh://kvm1.example/system")
    assert target is not None
    return SshTunnel(target)


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - counted, not used


def converse(carried: SshTunnel) -> None:
    """libvirt's part: it connects to the socket it is given, and hears what ssh says."""
    with carried.listening() as uri, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        caller.connect(uri.partition("?socket=")[2])
        while caller.recv(100):
            pass


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An ssh that says why it does not connect."""
    program = tmp_path / "ssh"
    program.write_text("#!/bin/sh\necho 'Connection refused' >&2; exit 255\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")


@pytest.mark.usefixtures("ssh")
def test_what_ssh_said_is_known_until_it_is_closed() -> None:
    carried = tunnel()
    converse(carried)

    said = carried.stderr_tail()
    carried.close()

    assert said == "Connection refused"
    assert carried.stderr_tail() == ""


@pytest.mark.usefixtures("ssh")
def test_nothing_of_many_conversations_stays_open() -> None:
    before = open_files()
    for _ in range(5):
        carried = tunnel()
        converse(carried)
        carried.close()

    deadline = time.monotonic() + 5
    while open_files() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert open_files() == before


def test_a_tunnel_that_nobody_used_leaves_nothing() -> None:
    before = open_files()

    with tunnel().listening():
        pass

    assert open_files() == before
