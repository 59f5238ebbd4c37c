"""What the doctor can find on a host: the kinds of findings. `messages` words them.

Behind each kind stand its details and data, where its sentence names any.
"""

from enum import Enum, auto


class SubnetUserKind(Enum):
    """Who uses a subnet."""

    NETWORK = "network"
    """An active or inactive network: its name."""
    INTERFACE = "interface"
    """An interface with an address in it: its name."""
    ROUTE = "route"
    """A route through a gateway: the interface it leaves by."""
    CONNECTED_ROUTE = "connected route"
    """A route without a gateway, if no address of the host is in its subnet."""


class FindingKind(Enum):
    """What was found."""

    # libvirt, this user's rights, and programs of the host
    LIBVIRT_ANSWERS = auto()
    """version, uri"""
    LIBVIRT_UNREACHABLE = auto()
    """reason: an error's sentence"""
    LIBVIRT_DENIED = auto()
    """reason"""
    PROPERTIES_UNKNOWN = auto()
    """properties, newest: the version that knows all of them"""
    NETWORKS_LISTED = auto()
    """networks: how many"""
    INTERFACE_DRIVER_MISSING = auto()
    HOST_UNREACHABLE = auto()
    """reason"""
    HOST_NOT_REACHED = auto()
    """The URI reaches only libvirt."""
    USERS_OWN_LIBVIRT = auto()
    """uri, instead"""
    NOT_ROOT = auto()
    """host"""
    MAY_CHANGE_HOST = auto()
    """host"""
    NOT_CHECKED = auto()
    """reason"""
    DNSMASQ_INSTALLED = auto()
    DNSMASQ_MISSING = auto()
    DNSMASQ_OUTLIVED_NETWORK = auto()
    """pid, network"""
    INOTIFY_INSTANCES_RUN_OUT = auto()
    """networks: how many, limit"""
    FIREWALL_PROGRAMS_MISSING = auto()
    BACKENDS_PROGRAM_MISSING = auto()
    """backend: as libvirt's configuration names it, program: which that needs"""
    NETWORKS_WAIT_AT_BOOT = auto()
    """networks: that start with the host"""

    # The firewall
    FIREWALL_BACKEND = auto()
    """backend"""
    FIREWALL_NOT_NEEDED = auto()
    """backend"""
    CHAINS_MISSING = auto()
    """networks, host"""
    RULES_MISSING = auto()
    """network, missing: of each part its kind, and its subnet where it has one"""
    PACKETS_DROPPED = auto()
    """network; bridge, zone and dropped as for the problem of that name of LibvirtNetwork"""
    PACKETS_NOT_JUDGED = auto()
    """network, ways: each with its path, version of IP, and the first place that it depends on"""
    LEGACY_TABLES = auto()
    """tables: by the program that lists them, iptables-legacy-save or ip6tables-legacy-save, their names"""

    # IP forwarding
    PARAMETER_SET_AT_BOOT = auto()
    """key, now, at_boot, source"""
    PARAMETER_DEFAULT_AT_BOOT = auto()
    """key, now, at_boot"""
    PARAMETER_UNKNOWN = auto()
    """key: the kernel does not have it"""
    FORWARDING_OFF = auto()
    """key, now, users"""
    FORWARDING_OFF_AT_BOOT = auto()
    """key, now, at_boot, source"""
    DROP_IN = auto()
    """file, owner, keys"""
    DROP_IN_EDITED = auto()
    """file, owner"""
    DROP_IN_OVERRIDDEN_AT_BOOT = auto()
    """file, owner, key, value, at_boot, source"""
    DROP_IN_OVERRIDDEN_BY_SYSCTL = auto()
    """file, key, value, source"""
    DROP_IN_OVERRIDDEN_NOW = auto()
    """file, owner, key, now, wanted, host"""
    MANAGED_TWICE = auto()
    """key, files"""
    OVERRIDDEN_BY_PROGRAM = auto()
    """The cause is HostForwarding's."""
    FILE_OVERRIDDEN = auto()
    """file, keys"""
    FILE_OVERRIDDEN_BESIDE_OURS = auto()
    """file, keys"""
    ADVERTISED_ROUTES_AT_STAKE = auto()
    """interfaces"""
    TEMPORARY_FILE_LEFT = auto()
    """file"""

    # Port forwards
    PORT_FORWARD = auto()
    """file, owner, network, address, target, ports, sources"""
    PORT_FORWARD_CLOSED = auto()
    """Its rules are gone; as of PORT_FORWARD."""
    PORT_FORWARD_RULES_ALTERED = auto()
    """As of PORT_FORWARD."""
    PORT_FORWARD_RECORD_EDITED = auto()
    """As of PORT_FORWARD."""
    PORT_FORWARD_NETWORK_GONE = auto()
    """As of PORT_FORWARD."""
    PORT_FORWARD_RESERVATION_GONE = auto()
    """As of PORT_FORWARD, and reservation: by which the program names the guest."""
    PORT_FORWARD_TARGET_MOVED = auto()
    """As of PORT_FORWARD_RESERVATION_GONE, and reserved: the address that it has now."""
    PORT_FORWARDS_NOT_RESTORED = auto()
    """not_restored: paths, and the service's name"""
    PORT_FORWARDS_GO_WITH_A_BOOT = auto()
    """No systemd runs the host."""
    PORT_FORWARD_LINKS = auto()
    """links: of each its kind and name"""
    PORT_FORWARD_WITHOUT_RECORD = auto()
    """id, file"""
    PORT_FORWARD_FILE_STRANGE = auto()
    """file"""

    # Networks
    NETWORK = auto()
    """name, uuid, active, autostart, persistent, mode, bridge, addresses, owner, adopted, plugged_in"""
    NETWORK_PROBLEM = auto()
    """network; the cause is a problem of LibvirtNetwork."""
    NETWORK_HALF_MADE = auto()
    """network, owner"""
    NETWORK_DOES_NOT_START = auto()
    """The cause is a refusal of LibvirtNetwork."""
    NETWORK_DOES_NOT_START_AGAIN = auto()
    """The cause is a refusal of LibvirtNetwork."""
    NETWORK_NOTE = auto()
    """The cause is a note of LibvirtNetwork that no update changes."""
    NETWORK_START_NOTE = auto()
    """The cause is a note of LibvirtNetwork."""
    AUTOSTART_LINK_MISSING = auto()
    """network"""
    AUTOSTART_LINK_DANGLES = auto()
    """network, path"""
    AUTOSTART_PLACE_TAKEN = auto()
    """network, path"""
    AUTOSTART_UNKNOWN_TO_LIBVIRT = auto()
    """network, path"""
    NETWORK_TRANSIENT = auto()
    """network"""
    OUR_NETWORK_TRANSIENT = auto()
    HOLDING_NETWORK_LEFT = auto()
    """waiting: attachments, network: whose guests those are"""
    HOLDING_NETWORK_ORPHANED = auto()
    """name, waiting: attachments"""
    BRIDGE_LEFT = auto()
    """bridge"""
    BRIDGE_LEFT_IN_USE = auto()
    """bridge, ports"""

    # Subnets
    SUBNETS_IN_USE = auto()
    """in_use: subnets with their users, of each its kind and name"""
    SUBNETS_FREE = auto()
    """free"""
    SUBNETS_FREE_IN_LIBVIRT = auto()
    """free"""
