"""LibvirtNetwork as desired: every element of libvirt's network format as a typed value, in libvirt's words.

The descriptions are the source of the reference; the format is https://libvirt.org/formatnetwork.html. One field's
own form is checked here, what fields mean together in checks. Pure.
"""

import warnings
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from virtnet.spec.part import Part, optional, required
from virtnet.spec.values import (
    AbsolutePath,
    Bool,
    BootFile,
    Burst,
    Byte,
    DomainName,
    Duid,
    GenericName,
    Integer,
    InterfaceAddress,
    InterfaceName,
    IpAddress,
    Ipv4Address,
    Mac,
    NetworkAddress,
    NetworkName,
    OptionLine,
    Port,
    PortProfile,
    ProtocolName,
    Rate,
    ServiceName,
    SomeText,
    Text,
    UnescapedText,
    UnicastMac,
    UnsignedInt,
    UnsignedLong,
    UnsignedShort,
    Uri,
    Uuid,
    VlanTag,
)

Mtu = Annotated[Integer, Field(ge=68, le=65535)]
"""What the kernel takes as a bridge's MTU (ETH_MIN_MTU, ETH_MAX_MTU)."""


ForwardMode = Literal["nat", "route", "open", "bridge", "private", "vepa", "passthrough", "hostdev", "none"]
"""libvirt's modes, and its word for a network without any."""


class NatAddress(Part):
    """The range of source addresses that guests' packets leave with."""

    start: Ipv4Address = required('First IPv4 address, "203.0.113.10".')
    end: Ipv4Address = required("Last IPv4 address; the first one again for a range of one.")


class NatPort(Part):
    """The range of source ports that guests' packets leave with."""

    start: Port = required("First port, 1 to 65535.")
    end: Port = required("Last port, 1 to 65535.")


class Nat(Part):
    """How a nat network translates addresses."""

    ipv6: Bool | None = optional("Translate IPv6 too (NAT66); needs an IPv6 address in `ips`.", default=False)
    address: NatAddress | None = optional("Source addresses, instead of the outgoing interface's own.")
    port: NatPort | None = optional("Source ports. Left out, libvirt takes 1024 to 65535.")


class ForwardInterface(Part):
    """An interface of the host that the network may use."""

    key: ClassVar[tuple[str, ...]] = ("dev",)
    dev: InterfaceName = required('The interface\'s name on the host, "eth0"; at most 15 characters.')


class PhysicalFunction(Part):
    """An SR-IOV device whose virtual functions make the pool."""

    dev: InterfaceName = required('The physical function\'s interface on the host, "enp3s0f0".')


class PciAddress(Part):
    """A PCI device of the pool."""

    key: ClassVar[tuple[str, ...]] = ("domain", "bus", "slot", "function")
    whole_key: ClassVar[bool] = True
    domain: UnsignedShort | None = optional("PCI domain, 0 to 65535.", default=0)
    bus: Annotated[Integer, Field(ge=0, le=255)] = required("PCI bus, 0 to 255; 3 is what lspci shows as 03.")
    slot: Annotated[Integer, Field(ge=0, le=31)] = required("PCI slot, 0 to 31.")
    function: Annotated[Integer, Field(ge=0, le=7)] = required("PCI function, 0 to 7.")


class Driver(Part):
    """The driver that assigns PCI devices to guests."""

    name: Literal["kvm", "vfio", "xen"] | None = optional(
        "The way devices are assigned; today's kernels know vfio only. Left out: libvirt's choice."
    )
    model: GenericName | None = optional(
        'The VFIO driver to bind a device to, "mlx5_vfio_pci" (libvirt 10.0 and newer). Left out: the best that the '
        "kernel has for the device."
    )


class Forward(Part):
    """How the network reaches the outside. Absent: it does not (an isolated network); `{}` means nat."""

    mode: ForwardMode | None = optional(
        "nat (guests share the host's addresses), route (guests are reached through the host), open (libvirt adds no "
        "firewall rules), bridge (a bridge of the host's), or private, vepa, passthrough, hostdev; none is an isolated "
        "network. Left out: nat."
    )
    dev: InterfaceName | None = optional(
        "The one interface packets may leave by; the same as `interfaces` with this one in it.",
        "live",
    )
    managed: Bool | None = optional(
        "Let libvirt detach the device from the host by itself; mode hostdev.", default=False
    )
    nat: Nat | None = optional("Details of the address translation; mode nat only.")
    interfaces: tuple[ForwardInterface, ...] | None = optional(
        "Interfaces of the host that the network may use, the one to prefer first. Left out: any.", "live", ordered=True
    )
    pf: PhysicalFunction | None = optional(
        "An SR-IOV device whose virtual functions are used; modes passthrough and hostdev."
    )
    addresses: tuple[PciAddress, ...] | None = optional(
        "The PCI devices of the pool, in the order in which guests get them; mode hostdev.", ordered=True
    )
    driver: Driver | None = optional("The driver that assigns PCI devices; mode hostdev.")


class Bridge(Part):
    """The bridge of the network."""

    name: InterfaceName | None = optional(
        "The bridge's name, at most 15 characters; a free one is chosen when left out. Mode bridge: the host's bridge, "
        "which must exist.",
    )
    zone: SomeText | None = optional(
        "The firewalld zone of the bridge, which must exist. Left out: libvirt's own.", none=""
    )
    stp: Bool | None = optional("Whether the bridge speaks the spanning tree protocol.", default=True)
    delay: UnsignedLong | None = optional("Seconds a new port waits before it forwards.", default=0)
    mac_table_manager: Literal["kernel", "libvirt"] | None = optional(
        "Who fills the bridge's MAC table: the kernel by learning, or libvirt.", default="kernel"
    )


with warnings.catch_warnings():
    # ABCMeta has a method `register`, which pydantic takes for an attribute of the parent class.
    warnings.filterwarnings("ignore", message='Field name "register"')

    class Domain(Part):
        """The DNS domain of the network."""

        name: DomainName = required('The domain\'s name, "lab.example".')
        local_only: Bool | None = optional(
            "Answer queries for this domain here only, never forward them.", default=False
        )
        register: Bool | None = optional(
            "Register the domain with systemd-resolved (libvirt 10.1 and newer).", default=False
        )


class Lease(Part):
    """How long an address is leased."""

    expiry: UnsignedInt = required("The time in `unit`s; 0 means forever.")
    unit: Literal["seconds", "minutes", "hours"] | None = optional(
        "Unit of `expiry`: seconds, minutes or hours.", default="minutes"
    )


class DhcpRange(Part):
    """A range of addresses that the DHCP server hands out."""

    key: ClassVar[tuple[str, ...]] = ("start", "end")
    whole_key: ClassVar[bool] = True
    start: IpAddress = required("First address, inside the subnet of the address it is served on.")
    end: IpAddress = required("Last address, inside the same subnet; it is handed out too.")
    lease: Lease | None = optional("Lease time in this range. Left out, dnsmasq gives one hour.")


class DhcpHost(Part):
    """A reservation: the address (and name) that one client gets."""

    key: ClassVar[tuple[str, ...]] = ("mac", "id", "name")
    mac: Mac | None = optional('The client\'s MAC address, "52:54:00:12:34:56"; for IPv4.')
    id: Duid | None = optional('The client\'s DUID, "0:3:0:1:52:54:0:12:34:56"; for IPv6.')
    name: DomainName | None = optional(
        "The host name the client is given, which the network's DNS then answers too.", none=""
    )
    ip: IpAddress | None = optional("The address the client is given, inside the subnet and without a prefix length.")
    lease: Lease | None = optional("Lease time for this client. Left out, the range's.")


class Bootp(Part):
    """Network boot."""

    file: BootFile = required("The boot file's path on the TFTP server.")
    server: Ipv4Address | None = optional("The TFTP server's address; the host on this network when left out.", none="")


class Dhcp(Part):
    """The DHCP server on one address of the network."""

    ranges: tuple[DhcpRange, ...] | None = optional(
        "Ranges of addresses that are handed out, those of the first one first.", "live", ordered=True
    )
    hosts: tuple[DhcpHost, ...] | None = optional(
        "Reservations: which client gets which address or name.", "live", ordered=False
    )
    bootp: Bootp | None = optional("Network boot; needs ranges or reservations beside it.")


class NetworkIp(Part):
    """An address of the host on this network, with what is served on it."""

    key: ClassVar[tuple[str, ...]] = ("address",)
    address: InterfaceAddress = required(
        'The host\'s address with its prefix length, "192.168.123.1/24" or "fd00:123::1/64".'
    )
    local_ptr: Bool | None = optional(
        "Answer reverse look-ups of this subnet here only, never forward them.", default=False
    )
    tftp_root: AbsolutePath | None = optional(
        "Directory of the host, from the root, that is served by TFTP; IPv4 only.",
        none="",
    )
    dhcp: Dhcp | None = optional("The DHCP server on this address. Left out: none. Only one IPv4 address may have one.")


class Forwarder(Part):
    """Another DNS server that queries are sent to."""

    key: ClassVar[tuple[str, ...]] = ("domain", "address", "port")
    whole_key: ClassVar[bool] = True
    domain: DomainName | None = optional("Only queries for this domain go there. Left out: all queries.")
    address: IpAddress | None = optional("The server's address. Left out: queries for `domain` are never forwarded.")
    port: Port | None = optional("The server's port, 1 to 65535 (libvirt 12.0 and newer).", default=53)


class DnsHost(Part):
    """Names of an address."""

    key: ClassVar[tuple[str, ...]] = ("ip",)
    ip: IpAddress = required("The address, IPv4 or IPv6, without a prefix length.")
    hostnames: tuple[DomainName, ...] = required(
        "Its names, at least one. A look-up of the address answers with the first.", ordered=True
    )


class Srv(Part):
    """An SRV record."""

    key: ClassVar[tuple[str, ...]] = ("service", "protocol", "domain", "target", "port", "priority", "weight")
    whole_key: ClassVar[bool] = True
    service: ServiceName = required('The service\'s name without its underscore, "ldap".')
    protocol: ProtocolName = required("The protocol's name without its underscore: tcp, udp, or another, sctp say.")
    domain: DomainName | None = optional("The domain the service is in. Left out: the network's.")
    target: DomainName | None = optional("The host that serves it. Left out: the service is said not to exist.")
    port: Port | None = optional("The port on that host, 1 to 65535.")
    priority: UnsignedShort | None = optional(
        "Priority of this record, 0 to 65535; lower ones are tried first.", default=0
    )
    weight: UnsignedShort | None = optional("Weight among records of one priority, 0 to 65535.", default=0)


class Txt(Part):
    """A TXT record."""

    key: ClassVar[tuple[str, ...]] = ("name",)
    name: DomainName = required("The record's name.")
    value: Text = required("The record's text; it may be secret and is never shown in a plan.", secret=True)


class Dns(Part):
    """The DNS server of the network."""

    enable: Bool | None = optional("Whether the network has a DNS server at all.", default=True)
    forward_plain_names: Bool | None = optional(
        "Forward queries for names without a domain to the host's servers.", default=True
    )
    forwarders: tuple[Forwarder, ...] | None = optional(
        "Servers that queries are sent to; the first that answers counts. Left out: those of the host's "
        "/etc/resolv.conf.",
        ordered=True,
    )
    hosts: tuple[DnsHost, ...] | None = optional("Addresses and their names; each address once.", "live", ordered=False)
    srvs: tuple[Srv, ...] | None = optional("SRV records.", "live", ordered=False)
    txts: tuple[Txt, ...] | None = optional("TXT records.", "live", ordered=False)


class Route(Part):
    """A static route through a host on this network."""

    key: ClassVar[tuple[str, ...]] = ("address",)
    address: NetworkAddress = required(
        'The destination in CIDR form, "10.60.0.0/16" or "fd00:60::/32", with no bits set after the prefix.'
    )
    gateway: IpAddress = required("The address that leads there, inside one of the subnets of `ips`.")
    metric: Annotated[Integer, Field(ge=1, le=4294967295)] | None = optional(
        "The route's metric, 1 or more; lower ones are preferred. Left out: the kernel's.",
        none=0,
    )


class Inbound(Part):
    """Limits of traffic towards the network's ports."""

    average: Rate | None = optional("Average rate in kilobytes (1024 bytes) a second.")
    peak: Rate | None = optional("Highest rate in kilobytes a second.", default=0)
    burst: Burst | None = optional("Kilobytes that may pass at once at the highest rate, up to 4194303.", default=0)


class Outbound(Part):
    """Limits of traffic from the network's ports."""

    average: Rate | None = optional("Average rate in kilobytes (1024 bytes) a second.")
    peak: Rate | None = optional("Highest rate in kilobytes a second.", default=0)
    burst: Burst | None = optional("Kilobytes that may pass at once at the highest rate, up to 4194303.", default=0)


class Bandwidth(Part):
    """Quality of service."""

    inbound: Inbound | None = optional("Traffic towards the guests.")
    outbound: Outbound | None = optional("Traffic from the guests.")


class Tag(Part):
    """A VLAN tag."""

    key: ClassVar[tuple[str, ...]] = ("id",)
    id: VlanTag = required("The VLAN's number, 0 to 4095.")
    native_mode: Literal["tagged", "untagged"] | None = optional(
        "Makes this the trunk's native VLAN, whose packets are sent tagged or untagged."
    )


class Vlan(Part):
    """VLAN tags of guests' ports: on Open vSwitch, SR-IOV and, from libvirt 11.0 on, any bridge."""

    trunk: Bool | None = optional(
        "Whether guests' ports are trunks; with more than one tag they are anyway.", default=False
    )
    tags: tuple[Tag, ...] = required("The tags; at least one.", ordered=False)


class VirtualPortParameters(Part):
    """Parameters of a virtual port, as its type takes them."""

    managerid: Byte | None = optional("802.1Qbg: id of the VSI manager, 0 to 255.")
    typeid: Annotated[Integer, Field(ge=0, le=16777215)] | None = optional(
        "802.1Qbg: id of the VSI type, 0 to 16777215."
    )
    typeidversion: Byte | None = optional("802.1Qbg: version of the VSI type id, 0 to 255.")
    instanceid: Uuid | None = optional("802.1Qbg: id of the VSI instance, a UUID.", none="")
    profileid: PortProfile | None = optional("802.1Qbh and openvswitch: the port profile, at most 39 bytes.", none="")
    interfaceid: Uuid | None = optional("openvswitch and midonet: the interface's id, a UUID.", none="")


class VirtualPort(Part):
    """How guests' ports are set up on switches that want to know."""

    type: Literal["802.1Qbg", "802.1Qbh", "openvswitch", "midonet"] | None = optional(
        "The kind of switch. Left out in a port group: the network's."
    )
    parameters: VirtualPortParameters | None = optional("Parameters, as the kind of switch takes them.")


class PortGroup(Part):
    """A named set of port settings that guests may ask for."""

    key: ClassVar[tuple[str, ...]] = ("name",)
    name: UnescapedText = required("The group's name, which guests' interfaces refer to.")
    default: Bool | None = optional(
        "Guests that name no group get this one; at most one group may be it.", default=False
    )
    trust_guest_rx_filters: Bool | None = optional("Trust the guest's own receive filters.", default=False)
    virtual_port: VirtualPort | None = optional("How these guests' ports are set up on switches that want to know.")
    bandwidth: Bandwidth | None = optional("Limits of each of these guests' traffic.")
    vlan: Vlan | None = optional("VLAN tags of these guests' ports.")


class NetworkSpec(Part):
    """The inputs of a LibvirtNetwork."""

    uri: Uri | None = optional(
        'Connection URI of the host, "qemu:///system" or "qemu+ssh://root@host/system". Left out: virtnet:uri of the '
        "stack's configuration, then LIBVIRT_DEFAULT_URI, then qemu:///system.",
        "replace",
        change="Another spelling for the same host only changes what is recorded.",
    )
    name: NetworkName = optional(
        "The network's name on the host. Left out: the Pulumi resource's name, as it is.", "replace"
    )
    uuid: Uuid | None = optional("A fixed UUID. Left out, one is chosen when the network is made, and kept.", "replace")
    title: SomeText | None = optional("A short title (libvirt 9.7 and newer).", "live", secret=True, none="")
    description: Annotated[str, Field(strict=True)] | None = optional(
        "A description (libvirt 9.7 and newer).",
        "live",
        secret=True,
        none="",
    )
    metadata: dict[Text, Annotated[str, Field(strict=True)]] | None = optional(
        "XML elements for other programs, each as text, by their namespace URI.", "live", secret=True
    )
    ipv6: Bool | None = optional(
        "Let guests talk IPv6 among themselves though the network has no IPv6 address.", default=False
    )
    trust_guest_rx_filters: Bool | None = optional(
        "Trust the receive filters that guests set on their interfaces.", default=False
    )
    forward: Forward | None = optional(
        "How the network reaches the outside. Left out: it does not, it is isolated; `{}` means nat.",
        none={"mode": "none"},
    )
    bridge: Bridge | None = optional("The network's bridge.", none=False)
    mtu: Mtu | None = optional("The bridge's MTU in bytes, 68 to 65535. Left out: the kernel's, 1500.", none=0)
    mac: UnicastMac | None = optional(
        'The bridge\'s MAC address, "52:54:00:12:34:56". Left out, one is chosen when the network is made, and kept.'
    )
    domain: Domain | None = optional("The DNS domain that guests are told.")
    dns: Dns | None = optional(
        "The DNS server. Left out: it answers for the network's guests and asks the host's servers."
    )
    bandwidth: Bandwidth | None = optional("Limits of the traffic of all guests together.")
    vlan: Vlan | None = optional("VLAN tags of guests' ports.")
    port_isolated: Bool | None = optional(
        "Keep guests from talking to one another; they still reach the host.", default=False
    )
    ips: tuple[NetworkIp, ...] | None = optional(
        "The host's addresses on the network, each with what is served on it. Left out: none.", ordered=False
    )
    routes: tuple[Route, ...] | None = optional(
        "Routes of the host to networks behind guests of this one.", ordered=False
    )
    virtual_port: VirtualPort | None = optional("How guests' ports are set up on switches that want to know.")
    port_groups: tuple[PortGroup, ...] | None = optional(
        "Named sets of port settings that guests may ask for.", "live", ordered=False
    )
    dnsmasq_options: tuple[OptionLine, ...] | None = optional(
        'Raw lines for dnsmasq\'s configuration, "dhcp-option=42,0.0.0.0"; as risky as they sound, and never shown in '
        "a plan.",
        secret=True,
        ordered=True,
    )
    autostart: Bool | None = optional("Whether the network starts when the host boots.", "live", default=True)
    active: Bool | None = optional(
        "Whether the network runs.",
        "restart",
        default=True,
        change="Starting it is live; stopping it counts as a restart, and is refused while anything is attached "
        "unless `on_delete` is disconnect.",
    )
    adopt: Bool | None = optional(
        "Manage the network of this name if it exists, or create it. Settings that the program leaves out stay as they "
        "are. Without `adopt`, an existing network is refused.",
        "recorded",
        default=False,
    )
    allow_overlap: Bool | None = optional(
        "Accept addresses that overlap those of another active network or of a subnet the host is connected to.",
        "recorded",
        default=False,
    )
    on_restart: Literal["reattach", "refuse"] | None = optional(
        "What a restart does while something is attached: refuse fails before anything is changed, reattach reattaches "
        "it afterwards. If something can't be reattached, the restart is refused in any case.",
        "recorded",
        default="reattach",
    )
    on_delete: Literal["refuse", "disconnect", "keep", "restore"] | None = optional(
        "What delete does: refuse while anything is attached, disconnect it, keep the network, or restore what was "
        "adopted. Default: restore for an adopted network, otherwise refuse.",
        "recorded",
    )
