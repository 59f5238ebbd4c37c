"""The doors to a host, from its connection URI: libvirt always, the host itself where it can surely be seen."""

from urllib.parse import urlsplit

from virtnet.connection import Connections
from virtnet.host import LocalHost, shares_our_network
from virtnet.plan import Doors

#: Where the daemons that run networks listen, the monolithic one first (https://libvirt.org/daemons.html).
SOCKETS = ("/run/libvirt/libvirt-sock", "/run/libvirt/virtnetworkd-sock", "/run/libvirt/virtqemud-sock")


def is_local(uri: str) -> bool:
    """Whether a URI means the system daemon of this machine: no host in it, no transport but its own socket.

    libvirt's test driver (test:///) is no host at all, and a socket named in the URI may be another machine's,
    forwarded.
    """
    parts = urlsplit(uri)
    driver, _, transport = parts.scheme.partition("+")
    return not parts.netloc and transport in ("", "unix") and driver != "test" and "socket=" not in parts.query


def open_doors(uri: str, connections: Connections) -> Doors:
    """Both doors; the host's is None where the daemon is elsewhere, another network namespace of this machine included.

    In a container that only shares the daemon's socket, what this process sees is not the host.
    """
    libvirt = connections.to(uri)
    if not is_local(uri) or not libvirt.remembered("shares our network", lambda: shares_our_network(SOCKETS)):
        return Doors(libvirt=libvirt, host=None)
    return Doors(libvirt=libvirt, host=LocalHost())
