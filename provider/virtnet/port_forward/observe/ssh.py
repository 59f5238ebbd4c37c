"""The ports of a host's own ssh server, by its configuration and by the way that leads there. Pure."""

import re
from collections.abc import Iterable

from virtnet.transport.uri import ssh_target

SSHD_CONFIG = "/etc/ssh/sshd_config"

SSHD_DIRECTORY = "/etc/ssh/sshd_config.d"

DEFAULT_PORT = 22


def ssh_ports(configuration: Iterable[str], uri: str) -> tuple[int, ...]:
    """Every port that sshd_config(5) gives the server, 22 where none is given; and the one in the connection URI."""
    configured = {port for text in configuration for port in _ports(text)} or {DEFAULT_PORT}
    target = ssh_target(uri)
    by_uri = set() if target is None or target.port is None else {target.port}
    return tuple(sorted(configured | by_uri))


def _ports(text: str) -> Iterable[int]:
    for line in text.splitlines():
        words = re.split(r"[\s=]+", line.strip().replace('"', ""), maxsplit=1)
        keyword, value = words[0].lower(), (*words, "")[1].strip()
        if keyword == "match":
            return  # neither keyword may follow
        port = value if keyword == "port" else _behind_address(value) if keyword == "listenaddress" else ""
        if re.fullmatch("[0-9]{1,5}", port):
            yield int(port)


def _behind_address(value: str) -> str:
    """The port of "host:port" and "[address]:port"; "" if none follows, as behind a bare IPv6 address."""
    found = re.fullmatch(r"(?:\[[^]]*\]|[^:\s]+):([0-9]+)(?:\s.*)?", value)
    return "" if found is None else found[1]
