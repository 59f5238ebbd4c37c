"""What a connection URI says of the way to its host: this machine, ssh, or nothing but libvirt. Pure.

libvirt reads the same URI by itself (https://libvirt.org/uri.html); here is what its parameters mean for an ssh of our
own to the same host.
"""

import re
from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

SSH_TRANSPORTS = ("ssh", "libssh", "libssh2")

LOCAL_TRANSPORTS = ("", "unix")

#: Words of OpenSSH for those of libvirt's parameter sshauth.
_AUTHENTICATIONS = {
    "agent": "publickey",
    "privkey": "publickey",
    "password": "password",
    "keyboard-interactive": "keyboard-interactive",
}


#: Parameters that say which host is reached, and not only how.
_LEADS_ELSEWHERE = frozenset({"command", "name", "proxy"})


class UriFaultKind(Enum):
    """Why a connection URI will not do. `transport.messages` says how each reads."""

    # What must not be given to any program.
    NO_URI = "no_uri"
    """It does not parse: uri, said, which is Python's word on it."""
    OPTION = "option"
    """part, "host" or "user", begins with a dash."""
    ODD_CHARACTER = "odd_character"
    """part could mean something to a shell."""

    # What reaches no host.
    TEST_DRIVER = "test_driver"
    """uri"""
    NAMES_NO_HOST = "names_no_host"
    """An ssh URI without a host: uri."""
    SESSION = "session"
    """A user's own daemon on another host: uri."""
    LIBVIRT_ALONE = "libvirt_alone"
    """A transport that carries libvirt's protocol and nothing else: uri."""


class UriFault(NamedTuple):
    """What is wrong with a connection URI."""

    kind: UriFaultKind
    details: Mapping[str, str]


class SshTarget(NamedTuple):
    """The host of an ssh URI, and how to reach it; what is None is left to the user's own ssh configuration."""

    host: str
    user: str | None = None
    port: int | None = None
    command: str = "ssh"
    """The program to run, as libvirt's parameter `command` names it."""
    options: tuple[str, ...] = ()
    """Further arguments for ssh, from the URI's other parameters."""
    driver: str = "qemu"
    path: str = "/system"
    parameters: Mapping[str, str] = MappingProxyType({})
    """All of the URI's parameters."""

    @property
    def name(self) -> str:
        """The host, for messages."""
        return self.host if self.user is None else f"{self.user}@{self.host}"


def why_unsafe(uri: str) -> UriFault | None:
    """Why a URI's host or user must not be given to any program; None if they are harmless.

    ssh puts both into commands of the user's configuration (ProxyCommand, Match exec), and only from 9.6 on refuses
    what a shell would take for more than a name.
    """
    try:
        parts = urlsplit(uri)
        host, user, _ = _place(parts)
    except ValueError as error:
        return UriFault(UriFaultKind.NO_URI, {"uri": uri, "said": str(error)})
    for part, word, allowed in (("host", host, r"[\w.:%-]*"), ("user", user or "", r"[\w.@+=,~%\\-]*")):
        if word.startswith("-"):
            return UriFault(UriFaultKind.OPTION, {"part": part})
        if not re.fullmatch(allowed, word) or word.endswith("\\"):
            return UriFault(UriFaultKind.ODD_CHARACTER, {"part": part})
    if parts.netloc.startswith("-"):
        return UriFault(UriFaultKind.OPTION, {"part": "host"})
    return None


def is_local(uri: str) -> bool:
    """Whether a URI means the system daemon of this machine: no host in it, no transport but its own socket.

    libvirt's test driver (test:///) is no host at all, and a socket named in the URI may be another machine's,
    forwarded.
    """
    parts = urlsplit(uri)
    driver, transport = _scheme(parts)
    return not parts.netloc and transport in LOCAL_TRANSPORTS and driver != "test" and "socket=" not in parts.query


def is_remote(uri: str) -> bool:
    """Whether libvirt reaches the daemon over a network, where an answer may never come."""
    parts = urlsplit(uri)
    return bool(parts.netloc) or _scheme(parts)[1] not in LOCAL_TRANSPORTS


def same_place(one: str, other: str) -> bool:
    """Whether two URIs reach one host's system daemons by the words in them: driver, user and keys may differ.

    Where the words differ it may be one host all the same.
    """
    places = []
    for uri in (one, other):
        try:
            parts = urlsplit(uri)
            host, _, port = _place(parts)
        except ValueError:
            return False
        driver, transport = _scheme(parts)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        if driver == "test" or parts.path != "/system" or "socket" in query:
            return False
        way = "" if transport in LOCAL_TRANSPORTS else "ssh" if transport in SSH_TRANSPORTS else transport
        elsewhere = {name: value for name, value in query.items() if name in _LEADS_ELSEWHERE}
        places.append((way, host, port, elsewhere))
    return places[0] == places[1]


def with_guests(uri: str) -> str | None:
    """The URI that reaches a host's QEMU guests beside its networks; None if the given one reaches guests."""
    driver, _ = _scheme(urlsplit(uri))
    return uri.replace("network", "qemu", 1) if driver == "network" else None


def with_system(uri: str) -> str | None:
    """The URI of the system's daemon beside a user's own one; None if the given URI is no user's own."""
    base, mark, query = uri.partition("?")
    return f"{base.removesuffix('/session')}/system{mark}{query}" if urlsplit(uri).path == "/session" else None


def is_transport_alone(uri: str) -> bool:
    """Whether a URI names how to get there and not what is there: ssh://host. libvirt would look for a driver "ssh"."""
    return uri.partition("://")[0] in (*SSH_TRANSPORTS, "tls", "tcp", "unix", "ext")


def is_test(uri: str) -> bool:
    """Whether a URI means libvirt's test driver, which lives in the process that opens it and has no daemon."""
    return _scheme(urlsplit(uri))[0] == "test"


def why_no_host(uri: str) -> UriFault | None:
    """Why the host behind a connection URI can't be reached itself; None if it can.

    libvirt has no call for kernel parameters, interfaces and files, so a daemon alone is not enough.
    """
    parts = urlsplit(uri)
    driver, transport = _scheme(parts)
    if driver == "test":
        return UriFault(UriFaultKind.TEST_DRIVER, {"uri": uri})
    if transport in SSH_TRANSPORTS:
        if not parts.hostname:
            return UriFault(UriFaultKind.NAMES_NO_HOST, {"uri": uri})
        if parts.path == "/session":
            return UriFault(UriFaultKind.SESSION, {"uri": uri})
        return None
    if transport not in LOCAL_TRANSPORTS or parts.netloc:
        return UriFault(UriFaultKind.LIBVIRT_ALONE, {"uri": uri})
    return None


def ssh_target(uri: str) -> SshTarget | None:
    """The host that ssh reaches; None if the URI is no ssh URI, or not that of a host's system daemon."""
    parts = urlsplit(uri)
    if _scheme(parts)[1] not in SSH_TRANSPORTS or why_no_host(uri) is not None or why_unsafe(uri) is not None:
        return None
    host, user, port = _place(parts)
    parameters = dict(parse_qsl(parts.query))
    return SshTarget(
        host=host,
        user=user,
        port=port,
        command=parameters.get("command", "ssh"),
        options=tuple(_options(parameters, _scheme(parts)[1])),
        driver=_scheme(parts)[0],
        path=parts.path,
        parameters=parameters,
    )


def tunnel_target(uri: str) -> SshTarget | None:
    """The host to which an ssh of ours carries libvirt's conversation; None if libvirt finds its own way.

    libssh and libssh2 are libraries, which start no program; `mode` and `proxy` are choices for libvirt's own ssh.
    """
    target = ssh_target(uri)
    known = {"keyfile", "command", "no_verify", "no_tty", "netcat", "socket"}
    if target is None or _scheme(urlsplit(uri))[1] != "ssh" or set(target.parameters) - known:
        return None
    return target


def noninteractive(uri: str) -> str:
    """The URI for libvirt, whose own ssh must not ask for a password where nobody sees the question."""
    parts = urlsplit(uri)
    if _scheme(parts)[1] != "ssh" or "no_tty=" in parts.query:
        return uri
    return f"{uri}{'&' if parts.query else '?'}no_tty=1"


def _options(parameters: Mapping[str, str], transport: str) -> list[str]:
    """Of libvirt's parameters those that an ssh of our own shares with it.

    `no_tty` is what is always done; `netcat`, `proxy`, `mode` and `socket` are about the way from there to the daemon.
    `known_hosts`, `known_hosts_verify` and `sshauth` are for libssh and libssh2 alone, as in libvirt.
    """
    options = []
    if "keyfile" in parameters:
        # In one argument: a value is never taken for an option.
        options.append(f"-i{parameters['keyfile']}")
    verify = parameters.get("known_hosts_verify", "normal") if transport != "ssh" else "normal"
    if parameters.get("no_verify", "0") not in ("", "0") or verify == "ignore":
        options.append("-oStrictHostKeyChecking=no")
    elif verify == "auto":
        options.append("-oStrictHostKeyChecking=accept-new")
    if transport == "ssh":
        return options
    if "known_hosts" in parameters:
        options.append(f'-oUserKnownHostsFile="{_quoted(parameters["known_hosts"])}"')
    named = [_AUTHENTICATIONS[word] for word in parameters.get("sshauth", "").split(",") if word in _AUTHENTICATIONS]
    if named:
        options.append(f"-oPreferredAuthentications={','.join(dict.fromkeys(named))}")
    return options


def _quoted(path: str) -> str:
    """A path as ssh's own configuration takes it between quotes; a `%` would be a token."""
    return path.replace("%", "%%").replace("\\", "\\\\").replace('"', '\\"')


def _scheme(parts: SplitResult) -> tuple[str, str]:
    driver, _, transport = parts.scheme.partition("+")
    return driver, transport


def _place(parts: SplitResult) -> tuple[str, str | None, int | None]:
    """Host, user and port. The host keeps its capitals, which entries of the ssh configuration may have."""
    user, at, place = parts.netloc.rpartition("@")
    host = place[1:].partition("]")[0] if place.startswith("[") else place.partition(":")[0]
    return unquote(host), unquote(user) if at else None, parts.port
