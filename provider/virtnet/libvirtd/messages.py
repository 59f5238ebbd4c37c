"""The sentences of libvirt's errors.

Constants in capitals and functions named like calls name an operation: they stand behind "libvirt at … could not".
`what` is one of them, `uri` the connection's, and `said` is libvirt's own message.
"""

from collections.abc import Collection

TELL_HOST_UUID = "report the host's UUID"

TELL_VERSION = "report its version"

LIST_NETWORKS = "list networks"

LIST_INTERFACES = "list the host's interfaces"

LIST_GUESTS = "list guests"

DEFINE_NETWORK = "define the network"

UNDEFINE_NETWORK = "undefine the network"

START_NETWORK = "start the network"

STOP_NETWORK = "stop the network"

SET_AUTOSTART = "set the network's autostart"

START_TRANSIENT_NETWORK = "start a transient network"

REBUILD_FIREWALL = "rebuild a network's firewall rules"

START_THROW_AWAY_NETWORK = "start a test network, which shows whether networks can be started"


def report_network(wanted: str) -> str:
    """By its name or UUID."""
    return f"report network '{wanted}'"


def report_definition(uuid: str) -> str:
    """A network's."""
    return f"report the definition of network {uuid}"


def report_active(uuid: str) -> str:
    """A network's state."""
    return f"report whether network {uuid} is active"


def update_section(command: str, section: str) -> str:
    """Add or delete an item."""
    return f"{command.removesuffix('-first')} {section}"


def set_metadata(kind: str) -> str:
    """A title, a description, or an element."""
    return f"set the network's {kind}"


def delete_port(port: str) -> str:
    """A network port."""
    return f"delete port {port}"


def list_ports(uuid: str) -> str:
    """A network's."""
    return f"list the ports of network {uuid}"


def plug_in(guest_uuid: str) -> str:
    """Change a guest's interface."""
    return f"attach an interface of guest {guest_uuid}"


def list_leases(uuid: str) -> str:
    """A network's."""
    return f"list the DHCP leases of network {uuid}"


def failed(what: str, uri: str, said: str) -> str:
    """For no reason that is known here."""
    return f"libvirt at {uri} could not {what}: {said}"


def no_network(what: str, uri: str, said: str) -> str:
    """The network is gone."""
    return f"libvirt at {uri} could not {what}, because it has no such network: {said}"


def denied(what: str, uri: str, said: str) -> str:
    """Libvirt has rules of who may what."""
    return f"libvirt at {uri} doesn't let this user {what} ({said}). Run as root, or ask for that permission"


def lost(what: str, uri: str, said: str) -> str:
    """The connection broke."""
    return (
        f"the connection to libvirt at {uri} was lost during an attempt to {what} ({said}). It may or may not have been "
        "done. Run pulumi up, which checks that first"
    )


def given_up(what: str, uri: str, seconds: float) -> str:
    """A call that never ended, while nobody answers for networks."""
    return (
        f"virtnet closed the connection to libvirt at {uri} during an attempt to {what}, because the network daemon "
        f"didn't answer on a second connection in {seconds:g} s either. It may or may not have been done. Make sure that "
        "virtnetworkd (or libvirtd) isn't stuck, then run pulumi up, which checks that first"
    )


def silent(uri: str, seconds: float, *, remote: bool) -> str:
    """The daemon does not answer a new connection."""
    see = (
        "the host is running and can be reached from here"
        if remote
        else "libvirtd (or virtqemud and virtnetworkd) is running and isn't stuck"
    )
    return f"libvirt at {uri} didn't answer in {seconds:g} s. Make sure that {see}, or correct the uri"


def networks_silent(uri: str, seconds: float) -> str:
    """The first daemon lets us in, and the one of networks does not answer."""
    return (
        f"libvirt at {uri} answers, but its network daemon didn't answer in {seconds:g} s. Make sure that virtnetworkd "
        "(or libvirtd) isn't stuck. Restarting it doesn't disturb networks and guests"
    )


def not_let_in(uri: str, said: str) -> str:
    """The daemon's socket is not for this user."""
    return (
        f"libvirt at {uri} doesn't let this user connect ({said}). Run as root, or add the user to the group 'libvirt' "
        "and log in again"
    )


def not_reached(uri: str, said: str) -> str:
    """No connection, for no reason that is known here."""
    return (
        f"libvirt at {uri} can't be reached ({said}). Start libvirtd (systemctl start libvirtd, or virtqemud and "
        "virtnetworkd), or correct the uri"
    )


def networks_not_reached(uri: str, said: str) -> str:
    """The first daemon answers, and behind it the one of networks does not."""
    return (
        f"libvirt at {uri} can't reach its network daemon ({said}). Start it (systemctl start virtnetworkd), and make "
        "sure that it keeps running"
    )


def no_host_uuid(uri: str) -> str:
    """The capabilities name no host."""
    return (
        f"libvirt at {uri} reports no host UUID in its capabilities, so it doesn't manage a real host. Use a uri like "
        "qemu:///system"
    )


def network_ended(name: str) -> str:
    """A transient network ended between two questions."""
    return f"libvirt no longer has the network '{name}', which stopped while virtnet was reading it"


def no_such_network(uri: str, wanted: str, names: Collection[str]) -> str:
    """No network has what a user typed as its name or UUID."""
    return f"libvirt at {uri} has no network '{wanted}'. Existing networks: {', '.join(names) or 'none'}"


NO_MESSAGE = "no message"
"""libvirt reported an error without one."""
