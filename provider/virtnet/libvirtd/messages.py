"""What errors of libvirt say: every sentence, for whoever edits them as prose.

Constants in capitals and functions named like calls are what was to be done: they stand behind "libvirt at … could
not". `what` is one of them, `uri` the connection's, and `said` is what libvirt said.
"""

from collections.abc import Collection

TELL_HOST_UUID = "tell the host's UUID"

TELL_VERSION = "tell its version"

LIST_NETWORKS = "list networks"

LIST_INTERFACES = "list the host's interfaces"

LIST_GUESTS = "list guests"

DEFINE_NETWORK = "define the network"

UNDEFINE_NETWORK = "undefine the network"

START_NETWORK = "start the network"

STOP_NETWORK = "stop the network"

SET_AUTOSTART = "set the network's autostart"

START_TRANSIENT_NETWORK = "start a transient network"

REBUILD_FIREWALL = "make a network's firewall rules anew"

START_THROW_AWAY_NETWORK = "start a throw-away network, which shows that networks can be started"


def report_network(wanted: str) -> str:
    """By its name or UUID."""
    return f"report network '{wanted}'"


def report_definition(uuid: str) -> str:
    """A network's."""
    return f"report the definition of network {uuid}"


def report_active(uuid: str) -> str:
    """A network's state."""
    return f"report whether network {uuid} runs"


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
    return f"plug in an interface of guest {guest_uuid}"


def list_leases(uuid: str) -> str:
    """A network's."""
    return f"list the DHCP leases of network {uuid}"


def failed(what: str, uri: str, said: str) -> str:
    """For no reason that is known here."""
    return f"libvirt at {uri} could not {what}: {said}"


def no_network(what: str, uri: str, said: str) -> str:
    """The network is gone."""
    return f"libvirt at {uri} could not {what}, as it knows no such network: {said}"


def denied(what: str, uri: str, said: str) -> str:
    """Libvirt has rules of who may what."""
    return f"libvirt at {uri} does not let this user {what}; run as root or ask for that right: {said}"


def lost(what: str, uri: str, said: str) -> str:
    """The connection broke."""
    return (
        f"the connection to libvirt at {uri} was lost while trying to {what}; whether it was "
        f"done is unknown; pulumi up looks before it goes on: {said}"
    )


def given_up(what: str, uri: str, seconds: float) -> str:
    """A call that never ended, while nobody answers for networks."""
    return (
        f"the connection to libvirt at {uri} was given up while trying to {what}, as networks were not answered for on "
        f"another one in {seconds:g} s either; whether it was done is unknown; see that virtnetworkd, or libvirtd, is "
        "not stuck; pulumi up looks before it goes on"
    )


def silent(uri: str, seconds: float, *, remote: bool) -> str:
    """The daemon does not answer a new connection."""
    see = (
        "the host runs and is reached from here"
        if remote
        else "libvirtd runs and is not stuck, or virtqemud and virtnetworkd"
    )
    return f"libvirt at {uri} gave no answer in {seconds:g} s; see that {see}, or correct the uri"


def networks_silent(uri: str, seconds: float) -> str:
    """The first daemon lets us in, and the one of networks does not answer."""
    return (
        f"libvirt at {uri} was reached, and its daemon for networks gave no answer in {seconds:g} s; see that "
        "virtnetworkd, or libvirtd, is not stuck; restarting it leaves networks and guests alone"
    )


def not_let_in(uri: str, said: str) -> str:
    """The daemon's socket is not for this user."""
    return (
        f"libvirt at {uri} does not let this user in; run as root, or add the user to the group "
        f"'libvirt' and log in again: {said}"
    )


def not_reached(uri: str, said: str) -> str:
    """No connection, for no reason that is known here."""
    return (
        f"libvirt at {uri} cannot be reached; start libvirtd (systemctl start libvirtd, or virtqemud and "
        f"virtnetworkd) or correct the uri: {said}"
    )


def networks_not_reached(uri: str, said: str) -> str:
    """The first daemon answers, and behind it the one of networks does not."""
    return (
        f"libvirt at {uri} does not reach its daemon for networks; start that (systemctl start virtnetworkd) and see "
        f"that it stays up: {said}"
    )


def no_host_uuid(uri: str) -> str:
    """The capabilities name no host."""
    return (
        f"libvirt at {uri} reports no host UUID in its capabilities, so it is none of a real host; "
        "use a uri like qemu:///system"
    )


def network_ended(name: str) -> str:
    """A transient network ended between two questions."""
    return f"libvirt knows no more of network '{name}', which ended while it was looked at"


def no_such_network(uri: str, wanted: str, names: Collection[str]) -> str:
    """No network has what a user typed as its name or UUID."""
    return f"libvirt at {uri} has no network '{wanted}'; those there are: {', '.join(names) or 'none'}"


NO_MESSAGE = "no message"
"""libvirt reported an error without one."""
