"""What each value of an enumeration means, for the schema and the SDKs made of it."""

from collections.abc import Mapping, Sequence

#: By the enumeration's name in the schema, then by value.
WORDS: Mapping[str, Mapping[str, str]] = {
    "BridgeMacTableManager": {
        "kernel": "The kernel learns which address is behind which port.",
        "libvirt": "libvirt fills the table, and the kernel neither learns nor floods.",
    },
    "DriverName": {
        "kvm": "KVM's own assignment, which today's kernels don't have.",
        "vfio": "The kernel's VFIO.",
        "xen": "Xen's.",
    },
    "ForwardMode": {
        "nat": "Guests reach the outside with the host's address, and the outside doesn't reach them.",
        "route": "Guests reach the outside with their own addresses. Routers around the host need a route.",
        "open": "As route, without any firewall rule of libvirt.",
        "bridge": "Guests are on a bridge of the host, or on an Open vSwitch one.",
        "private": "Macvtap: guests of one host can't talk to one another.",
        "vepa": "Macvtap: packets between guests of one host go through the switch outside.",
        "passthrough": "Macvtap: each guest has an interface of the host for itself.",
        "hostdev": "Each guest gets a virtual function of an SR-IOV card, as a PCI device.",
        "none": "An isolated network: guests reach one another and the host, and nothing else.",
    },
    "ForwardedPortProtocol": {"tcp": "TCP.", "udp": "UDP."},
    "HostForwardingOnDelete": {
        "restore": "The values found at create are restored.",
        "keep": "The values stay as they are.",
    },
    "LeaseUnit": {"seconds": "Seconds.", "minutes": "Minutes.", "hours": "Hours."},
    "LibvirtNetworkOnDelete": {
        "refuse": "A delete is refused while anything is attached.",
        "disconnect": "A delete disconnects what is attached.",
        "keep": "The network stays, without its owner mark.",
        "restore": "An adopted network gets its definition from before the adoption.",
    },
    "LibvirtNetworkOnRestart": {
        "reattach": "What is attached is reattached after the restart.",
        "refuse": "A restart is refused while anything is attached.",
    },
    "LibvirtNetworkOnManyUpdates": {
        "restart": "One restart takes the place of many live updates.",
        "live": "The running network is updated one by one.",
    },
    "TagNativeMode": {
        "tagged": "The native VLAN's packets are sent with a tag.",
        "untagged": "The native VLAN's packets are sent without a tag.",
    },
    "VirtualPortType": {
        "802.1Qbg": "IEEE 802.1Qbg (VEPA).",
        "802.1Qbh": "IEEE 802.1Qbh (VN-Link).",
        "openvswitch": "Open vSwitch.",
        "midonet": "MidoNet.",
    },
}


def described(name: str, values: Sequence[str]) -> list[dict[str, str]]:
    """The values of an enumeration as the schema has them. Raises ValueError unless WORDS has each of them."""
    words = WORDS.get(name, {})
    if set(words) != set(values):
        raise ValueError(f"tools/codegen/choices.py must say what each value of {name} means: {', '.join(values)}")
    return [{"value": value, "description": words[value]} for value in values]
