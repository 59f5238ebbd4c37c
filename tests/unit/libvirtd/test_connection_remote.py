"""A remote daemon that never answers: given up in time, and not tried again."""

import os
import socket
import time

import pytest

from virtnet.errors import Unreachable
from virtnet.libvirtd.connection import Connection


def test_a_daemon_that_never_answers_costs_its_time_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        connection = Connection(f"qemu+tcp://127.0.0.1:{silent.getsockname()[1]}/system", seconds=0.5)
        seconds = []
        for _ in range(3):
            began = time.monotonic()
            with pytest.raises(Unreachable, match=r"didn't answer in 0\.5 s\. Make sure that the host is running"):
                connection.networks()
            seconds.append(time.monotonic() - began)

    assert 0.4 < seconds[0] < 3
    assert max(seconds[1:]) < 0.2


@pytest.mark.parametrize(
    ("uri", "unprivileged"),
    [
        ("qemu:///session", os.geteuid() != 0),
        ("qemu+ssh://me@far/session", True),
        ("qemu+ssh://far/session", False),  # who that is, ssh alone knows
        ("qemu+ssh://root@far/session", False),
        ("qemu:///system", False),
        ("qemu+ssh://me@far/system", False),
        ("test:///default", False),
    ],
)
def test_an_ordinary_users_own_daemon_is_known_by_its_uri(uri: str, *, unprivileged: bool) -> None:
    assert Connection(uri).unprivileged() is unprivileged
