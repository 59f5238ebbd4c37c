"""What a connection URI says of the way to its host."""

import socket
import subprocess
from pathlib import Path

import pytest

from virtnet.connect import connect
from virtnet.errors import Refused
from virtnet.libvirtd.connection import Connections
from virtnet.libvirtd.ssh_tunnel import remote_command
from virtnet.transport.uri import (
    SshTarget,
    UriFault,
    UriFaultKind,
    is_local,
    is_remote,
    noninteractive,
    same_place,
    ssh_target,
    tunnel_target,
    why_no_host,
    why_unsafe,
    with_guests,
)


@pytest.mark.parametrize(
    ("uri", "kind", "part"),
    [
        ("qemu+ssh://-oProxyCommand=x/system", UriFaultKind.OPTION, "host"),
        ("qemu+ssh://-oProxyCommand=x@host/system", UriFaultKind.OPTION, "user"),
        ("qemu+ssh://%2doX@host/system", UriFaultKind.OPTION, "user"),
        ("qemu+ssh://root@%2doX/system", UriFaultKind.OPTION, "host"),
        ("qemu+ssh://root@ho;st/system", UriFaultKind.ODD_CHARACTER, "host"),
        ("qemu+ssh://root@ho%20st/system", UriFaultKind.ODD_CHARACTER, "host"),
        ("qemu+ssh://ro%60id%60ot@host/system", UriFaultKind.ODD_CHARACTER, "user"),
        ("qemu+ssh://ro%0aot@host/system", UriFaultKind.ODD_CHARACTER, "user"),
        ("qemu+ssh://root@host:port/system", UriFaultKind.NO_URI, None),
        ("qemu+tls://$(id)/system", UriFaultKind.ODD_CHARACTER, "host"),
    ],
)
def test_hostile_hosts_and_users_are_refused_before_anything_is_opened(
    uri: str, kind: UriFaultKind, part: str | None
) -> None:
    fault = why_unsafe(uri)

    assert fault is not None
    assert (fault.kind, fault.details.get("part")) == (kind, part)
    with pytest.raises(Refused):
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
    assert why_unsafe(uri) is None


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
    ("uri", "kind"),
    [
        ("qemu+tls://host/system", UriFaultKind.LIBVIRT_ALONE),
        ("qemu+tcp://host/system", UriFaultKind.LIBVIRT_ALONE),
        ("test:///default", UriFaultKind.TEST_DRIVER),
        ("qemu+ssh://host/session", UriFaultKind.SESSION),
        ("qemu+ssh:///system", UriFaultKind.NAMES_NO_HOST),
    ],
)
def test_what_needs_the_host_is_said_not_to_be_had(uri: str, kind: UriFaultKind) -> None:
    assert why_no_host(uri) == UriFault(kind, {"uri": uri})
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
        command = f"PATH={tmp_path}:$PATH; {remote_command('qemu', '/system', parameters, str(tmp_path))}"
        return subprocess.run(["sh", "-c", command], check=True, capture_output=True, text=True).stdout

    assert said({}) == "helper <qemu:///system>"
    assert said({"netcat": str(netcat)}) == f"<-q0><-U><{tmp_path}/libvirt-sock>"
    assert said({"netcat": str(netcat), "socket": "/a b;exit"}) == "<-q0><-U></a b;exit>"
    with socket.socket(socket.AF_UNIX) as modular:
        modular.bind(str(tmp_path / "virtqemud-sock"))
        assert said({"netcat": str(netcat)}) == f"<-q0><-U><{tmp_path}/virtqemud-sock>"
        assert said({"netcat": str(netcat), "socket": "/named"}) == "<-q0><-U></named>"
        assert said({}) == "helper <qemu:///system>"


@pytest.mark.parametrize(
    ("uri", "instead"),
    [
        ("network:///system", "qemu:///system"),
        ("network+ssh://root@network/system?keyfile=/k", "qemu+ssh://root@network/system?keyfile=/k"),
        ("qemu+ssh://network/system", None),
        ("test:///default", None),
    ],
)
def test_the_uri_that_reaches_guests_as_well(uri: str, instead: str | None) -> None:
    assert with_guests(uri) == instead


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("qemu:///system", "network:///system", True),
        ("qemu:///system", "qemu+unix:///system", True),
        ("qemu+ssh://root@kvm1/system", "network+ssh://operator@kvm1/system?keyfile=/k", True),
        ("qemu+ssh://kvm1/system", "qemu+libssh2://kvm1/system?sshauth=agent", True),
        ("qemu+tcp://kvm1/system", "network+tcp://kvm1/system", True),
        ("qemu+tls://kvm1:16514/system?no_verify=1", "qemu+tls://kvm1:16514/system", True),
        ("qemu:///system", "qemu:///session", False),
        ("qemu:///session", "network:///session", False),
        ("qemu:///system", "qemu+ssh://localhost/system", False),
        ("qemu:///system", "qemu:///system?socket=/run/forwarded", False),
        ("qemu:///system?socket=/run/one", "qemu:///system?socket=/run/two", False),
        ("qemu+ssh://kvm1/system", "qemu+ssh://kvm2/system", False),
        ("qemu+ssh://kvm1/system", "qemu+ssh://kvm1:2222/system", False),
        ("qemu+ssh://kvm1/system", "qemu+ssh://kvm1/system?command=/opt/jump", False),
        ("qemu+ssh://kvm1/system", "qemu+tcp://kvm1/system", False),
        ("test:///system", "qemu:///system", False),
        ("qemu://[::1", "qemu://[::1", False),
    ],
)
def test_uris_whose_words_reach_one_host(one: str, other: str, *, same: bool) -> None:
    assert same_place(one, other) is same
    assert same_place(other, one) is same
