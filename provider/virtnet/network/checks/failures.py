"""What a network's inputs can contradict each other in: the kinds of failures. Pure."""

from enum import Enum


class WantedTwice(Enum):
    """What another network of the same run wants too: value, other, holder."""

    BRIDGE = "bridge"
    NAME = "name"
    SUBNET = "subnet"
    UUID = "uuid"


class NetworkFailure(Enum):
    """A contradiction between properties of one network."""

    ADDRESSES_OVERLAP = "addresses_overlap"
    ADDRESS_LOOPBACK = "address_loopback"
    ADDRESS_MULTICAST = "address_multicast"
    ADDRESS_UNSPECIFIED = "address_unspecified"
    BANDWIDTH_NEEDS_BRIDGE = "bandwidth_needs_bridge"
    BESIDE_VLAN_IN_MODE = "beside_vlan_in_mode"
    BOOTP_ALONE = "bootp_alone"
    BRIDGE_MODE_NEEDS_NAME = "bridge_mode_needs_name"
    BRIDGE_OR_INTERFACE = "bridge_or_interface"
    BROADCAST_ADDRESS = "broadcast_address"
    DEFAULT_TWICE = "default_twice"
    DEV_DIFFERS = "dev_differs"
    DHCP_TWICE = "dhcp_twice"
    DNS_DISABLED = "dns_disabled"
    EDGE = "edge"
    FORWARDER_EMPTY = "forwarder_empty"
    GATEWAY_ELSEWHERE = "gateway_elsewhere"
    GATEWAY_FAMILY = "gateway_family"
    GATEWAY_IS_NETWORK = "gateway_is_network"
    HOLDS_OWN_ADDRESS = "holds_own_address"
    HOSTDEV_NEEDS_DEVICE = "hostdev_needs_device"
    HOSTDEV_ONLY = "hostdev_only"
    HOSTDEV_ONLY_MANY = "hostdev_only_many"
    INTERFACES_NOT_IN_MODE = "interfaces_not_in_mode"
    IPV4_ONLY = "ipv4_only"
    IPV4_RESERVATION = "ipv4_reservation"
    IPV6_RESERVATION = "ipv6_reservation"
    ISOLATED = "isolated"
    KERNELS_NAME = "kernels_name"
    LEASE_TOO_SHORT = "lease_too_short"
    MAC_TWICE = "mac_twice"
    METADATA_DOCTYPE = "metadata_doctype"
    METADATA_NAMESPACE = "metadata_namespace"
    METADATA_NO_XML = "metadata_no_xml"
    METADATA_OURS = "metadata_ours"
    METADATA_SPACE = "metadata_space"
    MTU_TOO_SMALL = "mtu_too_small"
    MULTICAST_MAC = "multicast_mac"
    NATIVE_TWICE = "native_twice"
    NAT_ONLY = "nat_only"
    NAT_TOO_WIDE = "nat_too_wide"
    NEEDS_ADDRESS = "needs_address"
    NETWORK_ADDRESS = "network_address"
    NOT_IN_MODE = "not_in_mode"
    NOT_IN_RULES = "not_in_rules"
    NOT_SERVED_IN_MODE = "not_served_in_mode"
    NO_CLIENT = "no_client"
    NO_HOST_NAME = "no_host_name"
    NO_ITEM = "no_item"
    NO_PORT_RANGE = "no_port_range"
    NO_RESERVED_ADDRESS = "no_reserved_address"
    NO_ROOM = "no_room"
    ONE_INTERFACE = "one_interface"
    OUTSIDE = "outside"
    OWN_ADDRESS = "own_address"
    OWN_BRIDGE_ONLY = "own_bridge_only"
    PF_EXCLUDES = "pf_excludes"
    RANGES_OVERLAP = "ranges_overlap"
    RANGE_TOO_WIDE = "range_too_wide"
    REGISTER_NEEDS_LOCAL_ONLY = "register_needs_local_only"
    RESERVED = "reserved"
    RESERVED_ZERO = "reserved_zero"
    RESTORE_NEEDS_ADOPT = "restore_needs_adopt"
    REVERSED = "reversed"
    ROUTE_NOT_NEEDED = "route_not_needed"
    SRV_NEEDS_TARGET = "srv_needs_target"
    TRUNK_WITH_NATIVE = "trunk_with_native"
    TRUNK_WITH_TAGS = "trunk_with_tags"
    TXT_HASH = "txt_hash"
    TXT_QUOTE = "txt_quote"
    TXT_TOO_LONG = "txt_too_long"
    VLAN_MODES = "vlan_modes"
    VLAN_NEEDS_OPENVSWITCH = "vlan_needs_openvswitch"


DOUBTFUL = frozenset(
    {
        NetworkFailure.ADDRESSES_OVERLAP,
        NetworkFailure.HOLDS_OWN_ADDRESS,
        NetworkFailure.NO_ROOM,
        NetworkFailure.RANGES_OVERLAP,
        NetworkFailure.RESERVED,
        NetworkFailure.ROUTE_NOT_NEEDED,
    }
)
"""What hardly anybody means, and what libvirt, dnsmasq and the kernel take and do all the same: a note, no refusal."""

OF_WHAT_IS_LEFT_OUT = frozenset(
    {
        NetworkFailure.BOOTP_ALONE,
        NetworkFailure.BRIDGE_MODE_NEEDS_NAME,
        NetworkFailure.GATEWAY_ELSEWHERE,
        NetworkFailure.HOSTDEV_NEEDS_DEVICE,
        NetworkFailure.NEEDS_ADDRESS,
        NetworkFailure.REGISTER_NEEDS_LOCAL_ONLY,
    }
)
"""What a network lacks that is made of these inputs alone. One that is adopted may have it: only a plan can tell."""
