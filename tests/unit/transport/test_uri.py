"""What a connection URI says of the way to its host."""

import subprocess
from pathlib import Path

import pytest

from virtnet.connect import connect
from virtnet.errors import Refused
from virtnet.libvirtd.connection import Connections
from virtnet.libvirtd.ssh_tunnel import remote_command
from virtnet.transport.uri import (
    SshTarget,
    is_local,
    is_remote,
    no_host_reason,
    noninteractive,
    ssh_target,
    tunnel_target,
    unsafe_reason,
)


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("qemu+ssh://-oProxyCommand=x/system", "the host in the URI begins with '-'"),
        ("qemu+ssh://-oProxyCommand=x@host/system", "the user in the URI begins with '-'"),
        ("qemu+ssh://%2doX@host/system", "the user in the URI begins with '-'"),
        ("qemu+ssh://root@%2doX/system", "the host in the URI begins with '-'"),
        ("qemu+ssh://root@ho;st/system", "the host in the URI holds a character that no host has"),
        ("qemu+ssh://root@ho%20st/system", "the host in the URI holds a character that no host has"),
        ("qemu+ssh://ro%60id%60ot@host/system", "the user in the URI holds a character that no user has"),
        ("qemu+ssh://ro%0aot@host/system", "the user in the URI holds a character that no user has"),
        ("qemu+ssh://root@host:port/system", "is no URI"),
        ("qemu+tls://$(id)/system", "the host in the URI holds a character that no host has"),
    ],
)
def test_hostile_hosts_and_users_are_refused_before_anything_is_opened(uri: str, reason: str) -> None:
    assert reason in (unsafe_reason(uri) or "")
    with pytest.raises(Refused, match=reason.replace("'", ".")):
        connect(uri, Connections())


@pytest.mark.parametrize(
    "uri",
    [
        "qemu:///system",
        "qemu+ssh://root@host/system",
        "qemu+ssh://a.b+c@[fe80::1%25eth0]:2222/system",
        "test:///default",
    ],
)
def test_others_are_not(uri: str) -> None:
    assert unsafe_reason(uri) is None


def target(uri: str) -> SshTarget:
    found = ssh_target(uri)
    assert found is not None
    return found


def test_host_user_and_port_are_taken_as_they_are_written() -> None:
    assert (target("qemu+ssh://Far/system").host, target("qemu+ssh://Far/system").user) == ("Far", None)
    long = target("qemu+ssh://ad%5cme@[fd00::1]:2222/system")
    assert (long.host, long.user, long.port) == ("fd00::1", "ad\\me", 2222)
    assert long.name == "ad\\me@fd00::1"


@pytest.mark.parametrize(
    ("uri", "options"),
    [
        ("qemu+ssh://h/system?keyfile=/a%20b&no_tty=1", ("-i/a b",)),
        ("qemu+ssh://h/system?keyfile=-oProxyCommand%3dx", ("-i-oProxyCommand=x",)),
        ("qemu+ssh://h/system?no_verify=1", ("-oStrictHostKeyChecking=no",)),
        ("qemu+ssh://h/system?no_verify=0&known_hosts=/k&sshauth=agent", ()),
        ("qemu+libssh://h/system?known_hosts=/k", ('-oUserKnownHostsFile="/k"',)),
        ("qemu+libssh2://h/system?sshauth=privkey,agent,none", ("-oPreferredAuthentications=publickey",)),
        ("qemu+libssh://h/system?known_hosts_verify=auto", ("-oStrictHostKeyChecking=accept-new",)),
    ],
)
def test_parameters_mean_to_our_ssh_what_they_mean_to_libvirt(uri: str, options: tuple[str, ...]) -> None:
    assert target(uri).options == options


def test_the_program_is_the_one_that_the_uri_names() -> None:
    assert target("qemu+ssh://h/system?command=/opt/ssh").command == "/opt/ssh"
    assert target("qemu+ssh://h/system").command == "ssh"


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("qemu+tls://host/system", "reaches libvirt and not the host itself"),
        ("qemu+tcp://host/system", "reaches libvirt and not the host itself"),
        ("test:///default", "is libvirt's test driver, which has no host"),
        ("qemu+ssh://host/session", "is a user's own libvirt"),
        ("qemu+ssh:///system", "names no host"),
    ],
)
def test_what_needs_the_host_is_said_not_to_be_had(uri: str, reason: str) -> None:
    assert reason in (no_host_reason(uri) or "")
    assert ssh_target(uri) is None


def test_local_and_remote() -> None:
    assert is_local("qemu:///system")
    assert not is_local("qemu+unix:///system?socket=/x")
    assert is_remote("qemu+ssh://host/system")
    assert is_remote("qemu+tcp://host/system")
    assert not is_remote("qemu:///system")
    assert not is_remote("qemu+unix:///system?socket=/x")


def test_libvirts_own_ssh_asks_nothing() -> None:
    assert noninteractive("qemu+ssh://h/system") == "qemu+ssh://h/system?no_tty=1"
    assert noninteractive("qemu+ssh://h/system?mode=direct") == "qemu+ssh://h/system?mode=direct&no_tty=1"
    assert noninteractive("qemu+ssh://h/system?no_tty=0") == "qemu+ssh://h/system?no_tty=0"
    assert noninteractive("qemu+tls://h/system") == "qemu+tls://h/system"


def test_only_what_libvirts_own_ssh_would_do_alike_is_carried() -> None:
    assert tunnel_target("qemu+ssh://h/system?keyfile=/k&command=/opt/ssh") is not None
    assert tunnel_target("qemu+ssh://h/system?mode=direct") is None
    assert tunnel_target("qemu+libssh://h/system") is None


def test_the_daemon_is_reached_by_the_helper_or_by_netcat(tmp_path: Path) -> None:
    netcat = tmp_path / "my nc"
    netcat.write_text(
        '#!/bin/sh\n[ "$1" != -q ] || { echo "option requires an argument"; exit 1; }\nprintf "<%s>" "$@"\n'
    )
    netcat.chmod(0o755)
    helper = tmp_path / "virt-ssh-helper"
    helper.write_text('#!/bin/sh\nprintf "helper <%s>" "$@"\n')
    helper.chmod(0o755)

    def said(parameters: dict[str, str]) -> str:
        command = f"PATH={tmp_path}:$PATH; {remote_command('qemu', '/system', parameters)}"
        return subprocess.run(["sh", "-c", command], check=True, capture_output=True, text=True).stdout

    assert said({}) == "helper <qemu:///system>"
    assert said({"netcat": str(netcat)}) == "<-q0><-U></var/run/libvirt/libvirt-sock>"
    assert said({"netcat": str(netcat), "socket": "/a b;exit"}) == "<-q0><-U></a b;exit>"
