"""The doors to a host, from its connection URI: libvirt always, the host itself where it can be reached."""

from urllib.parse import urlsplit

from virtnet.connection import Connections
from virtnet.host import LocalHost
from virtnet.plan import Doors


def is_local(uri: str) -> bool:
    """Whether a URI's daemon runs on this machine: no host in it, no transport but the socket.

    libvirt's test driver (test:///) is no host at all.
    """
    parts = urlsplit(uri)
    driver, _, transport = parts.scheme.partition("+")
    return not parts.netloc and transport in ("", "unix") and driver != "test"


def open_doors(uri: str, connections: Connections) -> Doors:
    """Both doors; the host's is None where the daemon is not on this machine."""
    return Doors(libvirt=connections.to(uri), host=LocalHost() if is_local(uri) else None)
