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
    """The source addresses that NAT gives to guests' packets."""

    start: Ipv4Address = required('First IPv4 address, "203.0.113.10".')
    end: Ipv4Address = required("Last IPv4 address. For one address, the same as `start`.")


class NatPort(Part):
    """The source ports that NAT gives to guests' packets."""

    start: Port = required("First port, 1 to 65535.")
    end: Port = required("Last port, 1 to 65535.")


class Nat(Part):
    """The address translation of mode nat."""

    ipv6: Bool | None = optional(
        "Whether IPv6 is translated too (NAT66). Needs an IPv6 address in `ips`.", default=False
    )
    address: NatAddress | None = optional("Source addresses. Default: the address of the outgoing interface.")
    port: NatPort | None = optional("Source ports. Default: 1024 to 65535.")


class ForwardInterface(Part):
    """An interface of the host that the network may use."""

    key: ClassVar[tuple[str, ...]] = ("dev",)
    dev: InterfaceName = required('The interface\'s name on the host, such as "eth0". At most 15 characters.')


class PhysicalFunction(Part):
    """An SR-IOV device. Its virtual functions are the pool."""

    dev: InterfaceName = required('The physical function\'s interface on the host, such as "enp3s0f0".')


class PciAddress(Part):
    """A PCI device of the pool."""

    key: ClassVar[tuple[str, ...]] = ("domain", "bus", "slot", "function")
    whole_key: ClassVar[bool] = True
    domain: UnsignedShort | None = optional("PCI domain, 0 to 65535.", default=0)
    bus: Annotated[Integer, Field(ge=0, le=255)] = required("PCI bus, 0 to 255. Decimal: lspci's 0a is 10.")
    slot: Annotated[Integer, Field(ge=0, le=31)] = required("PCI slot, 0 to 31.")
    function: Annotated[Integer, Field(ge=0, le=7)] = required("PCI function, 0 to 7.")


class Driver(Part):
    """The driver that assigns PCI devices to guests."""

    name: Literal["kvm", "vfio", "xen"] | None = optional(
        "How devices are assigned. Current kernels support only vfio. Default: libvirt chooses."
    )
    model: GenericName | None = optional(
        'The VFIO driver that a device is bound to, such as "mlx5_vfio_pci" (libvirt 10.0 or newer). Default: the '
        "kernel's best match for the device."
    )


class Forward(Part):
    """How guests reach the outside. A network without it is isolated; `{}` means mode nat."""

    mode: ForwardMode | None = optional(
        "nat: guests share the host's addresses. route: the host routes to the guests' own addresses. open: like "
        "route, without firewall rules of libvirt. bridge: guests are on a bridge of the host. private, vepa, "
        "passthrough: guests are on an interface of the host. hostdev: guests get PCI devices. none: the network is "
        "isolated. Default: nat."
    )
    dev: InterfaceName | None = optional(
        "The only interface of the host that packets may leave by. The same as `interfaces` with this one entry.",
        "live",
    )
    managed: Bool | None = optional(
        "Whether libvirt detaches the PCI device from the host. Mode hostdev.", default=False
    )
    nat: Nat | None = optional("The address translation. Mode nat only.")
    interfaces: tuple[ForwardInterface, ...] | None = optional(
        "Interfaces of the host that the network may use, the preferred one first. Default: any.", "live", ordered=True
    )
    pf: PhysicalFunction | None = optional(
        "An SR-IOV device whose virtual functions guests get. Modes passthrough and hostdev."
    )
    addresses: tuple[PciAddress, ...] | None = optional(
        "The PCI devices of the pool, in the order in which guests get them. Mode hostdev.", ordered=True
    )
    driver: Driver | None = optional("The driver that assigns PCI devices. Mode hostdev.")


class Bridge(Part):
    """The bridge of the network."""

    name: InterfaceName | None = optional(
        "The bridge's name, at most 15 characters. Default: virtnet chooses a free one. In mode bridge, a bridge of "
        "the host, which must exist.",
    )
    zone: SomeText | None = optional(
        "The firewalld zone of the bridge. The zone must exist. Default: libvirt's own zone.", none=""
    )
    stp: Bool | None = optional("Whether the bridge uses the spanning tree protocol (STP).", default=True)
    delay: UnsignedLong | None = optional(
        "The forward delay: seconds before a new port of the bridge forwards packets.", default=0
    )
    mac_table_manager: Literal["kernel", "libvirt"] | None = optional(
        "Who fills the bridge's MAC table: the kernel, which learns, or libvirt.", default="kernel"
    )


with warnings.catch_warnings():
    # ABCMeta has a method `register`, which pydantic takes for an attribute of the parent class.
    warnings.filterwarnings("ignore", message='Field name "register"')

    class Domain(Part):
        """The DNS domain of the network."""

        name: DomainName = required('The domain\'s name, such as "lab.example".')
        local_only: Bool | None = optional(
            "Whether queries for this domain are never forwarded to other servers.", default=False
        )
        register: Bool | None = optional(
            "Whether the domain is registered with systemd-resolved (libvirt 10.1 or newer).", default=False
        )


class Lease(Part):
    """How long an address is leased."""

    expiry: UnsignedInt = required("The time, in `unit`. 0 means forever.")
    unit: Literal["seconds", "minutes", "hours"] | None = optional("The unit of `expiry`.", default="minutes")


class DhcpRange(Part):
    """A range of addresses that the DHCP server hands out."""

    key: ClassVar[tuple[str, ...]] = ("start", "end")
    whole_key: ClassVar[bool] = True
    start: IpAddress = required("First address, in the subnet of `ips[].address`.")
    end: IpAddress = required("Last address, in the same subnet. Clients get it too.")
    lease: Lease | None = optional("Lease time in this range. Default: dnsmasq's, one hour.")


class DhcpHost(Part):
    """A reservation: the address and the name that one client gets."""

    key: ClassVar[tuple[str, ...]] = ("mac", "id", "name")
    mac: Mac | None = optional('The client\'s MAC address, such as "52:54:00:12:34:56". For IPv4.')
    id: Duid | None = optional('The client\'s DUID, such as "0:3:0:1:52:54:0:12:34:56". For IPv6.')
    name: DomainName | None = optional("The host name that the client gets. The network's DNS resolves it.", none="")
    ip: IpAddress | None = optional("The address that the client gets, in the subnet, without a prefix length.")
    lease: Lease | None = optional("Lease time for this client. Default: that of the range.")


class Bootp(Part):
    """Network boot."""

    file: BootFile = required("The boot file's path on the TFTP server.")
    server: Ipv4Address | None = optional(
        "The TFTP server's address. Default: the host's address on this network.", none=""
    )


class Dhcp(Part):
    """The DHCP server of a subnet."""

    ranges: tuple[DhcpRange, ...] | None = optional(
        "Ranges of addresses for clients. Addresses of the first range are used first.", "live", ordered=True
    )
    hosts: tuple[DhcpHost, ...] | None = optional(
        "Reservations: the clients that always get the same address or name.", "live", ordered=False
    )
    bootp: Bootp | None = optional("Network boot. Needs ranges or reservations.")


class NetworkIp(Part):
    """An address of the host on this network, and what the host serves in its subnet."""

    key: ClassVar[tuple[str, ...]] = ("address",)
    address: InterfaceAddress = required(
        'The host\'s address with the prefix length, such as "192.168.123.1/24" or "fd00:123::1/64".'
    )
    local_ptr: Bool | None = optional(
        "Whether reverse look-ups of this subnet are never forwarded to other servers.", default=False
    )
    tftp_root: AbsolutePath | None = optional(
        "A directory of the host, as an absolute path, that is served by TFTP. IPv4 only.",
        none="",
    )
    dhcp: Dhcp | None = optional("The DHCP server of this subnet. Default: none. Only one IPv4 subnet may have one.")


class Forwarder(Part):
    """A DNS server that queries are forwarded to."""

    key: ClassVar[tuple[str, ...]] = ("domain", "address", "port")
    whole_key: ClassVar[bool] = True
    domain: DomainName | None = optional("Only queries for this domain are forwarded there. Default: all queries.")
    address: IpAddress | None = optional("The server's address. Without it, queries for `domain` are never forwarded.")
    port: Port | None = optional("The server's port, 1 to 65535 (libvirt 12.0 or newer).", default=53)


class DnsHost(Part):
    """Names of an address."""

    key: ClassVar[tuple[str, ...]] = ("ip",)
    ip: IpAddress = required("The address, IPv4 or IPv6, without a prefix length.")
    hostnames: tuple[DomainName, ...] = required(
        "The names, at least one. A reverse look-up of the address gives the first.", ordered=True
    )


class Srv(Part):
    """An SRV record."""

    key: ClassVar[tuple[str, ...]] = ("service", "protocol", "domain", "target", "port", "priority", "weight")
    whole_key: ClassVar[bool] = True
    service: ServiceName = required('The service\'s name without the underscore, such as "ldap".')
    protocol: ProtocolName = required(
        "The protocol's name without the underscore: tcp, udp, or another one, such as sctp."
    )
    domain: DomainName | None = optional("The domain of the service. Default: the network's domain.")
    target: DomainName | None = optional(
        "The host that serves it. Without it, the record says that the service doesn't exist."
    )
    port: Port | None = optional("The port on `target`, 1 to 65535.")
    priority: UnsignedShort | None = optional("Priority, 0 to 65535. Clients try lower ones first.", default=0)
    weight: UnsignedShort | None = optional("Weight among records of the same priority, 0 to 65535.", default=0)


class Txt(Part):
    """A TXT record."""

    key: ClassVar[tuple[str, ...]] = ("name",)
    name: DomainName = required("The record's name.")
    value: Text = required("The record's text. It may be secret, so no plan shows it.", secret=True)


class Dns(Part):
    """The DNS server of the network."""

    enable: Bool | None = optional("Whether the network has a DNS server.", default=True)
    forward_plain_names: Bool | None = optional(
        "Whether queries for names without a domain are forwarded to other servers.", default=True
    )
    forwarders: tuple[Forwarder, ...] | None = optional(
        "Servers that queries are forwarded to, in this order. Default: those of the host's /etc/resolv.conf.",
        ordered=True,
    )
    hosts: tuple[DnsHost, ...] | None = optional(
        "Addresses and their names. Each address may be in one entry only.", "live", ordered=False
    )
    srvs: tuple[Srv, ...] | None = optional("SRV records.", "live", ordered=False)
    txts: tuple[Txt, ...] | None = optional("TXT records.", "live", ordered=False)


class Route(Part):
    """A static route of the host through a guest on this network."""

    key: ClassVar[tuple[str, ...]] = ("address",)
    address: NetworkAddress = required(
        'The destination in CIDR form, such as "10.60.0.0/16" or "fd00:60::/32". Bits after the prefix must be 0.'
    )
    gateway: IpAddress = required("The address of the next hop, in a subnet of `ips`.")
    metric: Annotated[Integer, Field(ge=1, le=4294967295)] | None = optional(
        "The route's metric, 1 or more. The host prefers lower ones. Default: the kernel's.",
        none=0,
    )


class Inbound(Part):
    """Limits of the traffic to guests."""

    average: Rate | None = optional("Average rate, in kilobytes (1024 bytes) per second.")
    peak: Rate | None = optional("Highest rate, in kilobytes per second.", default=0)
    burst: Burst | None = optional("Kilobytes that may pass at once at the highest rate, at most 4194303.", default=0)


class Outbound(Part):
    """Limits of the traffic from guests."""

    average: Rate | None = optional("Average rate, in kilobytes (1024 bytes) per second.")
    peak: Rate | None = optional("Highest rate, in kilobytes per second.", default=0)
    burst: Burst | None = optional("Kilobytes that may pass at once at the highest rate, at most 4194303.", default=0)


class Bandwidth(Part):
    """Limits of traffic (quality of service)."""

    inbound: Inbound | None = optional("Traffic to guests.")
    outbound: Outbound | None = optional("Traffic from guests.")


class Tag(Part):
    """A VLAN tag."""

    key: ClassVar[tuple[str, ...]] = ("id",)
    id: VlanTag = required("The VLAN id, 0 to 4095.")
    native_mode: Literal["tagged", "untagged"] | None = optional(
        "Makes this VLAN the trunk's native one, and says whether its packets are tagged."
    )


class Vlan(Part):
    """VLAN tags of guests' ports, on Open vSwitch, SR-IOV devices and, with libvirt 11.0 or newer, bridges."""

    trunk: Bool | None = optional(
        "Whether guests' ports are trunks. With more than one tag, they always are.", default=False
    )
    tags: tuple[Tag, ...] = required("The tags, at least one.", ordered=False)


class VirtualPortParameters(Part):
    """The parameters of a virtual port. Each type has its own."""

    managerid: Byte | None = optional("802.1Qbg: the id of the VSI manager, 0 to 255.")
    typeid: Annotated[Integer, Field(ge=0, le=16777215)] | None = optional(
        "802.1Qbg: the id of the VSI type, 0 to 16777215."
    )
    typeidversion: Byte | None = optional("802.1Qbg: the version of the VSI type id, 0 to 255.")
    instanceid: Uuid | None = optional("802.1Qbg: the id of the VSI instance, a UUID.", none="")
    profileid: PortProfile | None = optional("802.1Qbh and openvswitch: the port profile, at most 39 bytes.", none="")
    interfaceid: Uuid | None = optional("openvswitch and midonet: the interface's id, a UUID.", none="")


class VirtualPort(Part):
    """How guests' ports are set up on a switch that manages them."""

    type: Literal["802.1Qbg", "802.1Qbh", "openvswitch", "midonet"] | None = optional(
        "The type of the switch. Default in a port group: that of the network."
    )
    parameters: VirtualPortParameters | None = optional("The parameters of that type.")


class PortGroup(Part):
    """Settings of ports under a name, which guests' interfaces refer to."""

    key: ClassVar[tuple[str, ...]] = ("name",)
    name: UnescapedText = required("The group's name. Guests' interfaces refer to it.")
    default: Bool | None = optional(
        "Whether interfaces without a group get this one. Only one group may be the default.", default=False
    )
    trust_guest_rx_filters: Bool | None = optional(
        "Whether the host trusts the receive filters that these guests set.", default=False
    )
    virtual_port: VirtualPort | None = optional("How these guests' ports are set up on a switch that manages them.")
    bandwidth: Bandwidth | None = optional("Limits of the traffic of each of these guests.")
    vlan: Vlan | None = optional("VLAN tags of these guests' ports.")


class NetworkSpec(Part):
    """The inputs of a LibvirtNetwork."""

    uri: Uri | None = optional(
        'The host\'s connection URI, such as "qemu:///system" or "qemu+ssh://root@host/system". Default: virtnet:uri '
        "of the stack's configuration, then LIBVIRT_DEFAULT_URI, then qemu:///system.",
        "replace",
        change="Another spelling of the same host's URI only changes what is recorded.",
    )
    name: NetworkName = optional(
        "The network's name on the host. Default: the name of the Pulumi resource, unchanged.", "replace"
    )
    uuid: Uuid | None = optional("The network's UUID. Default: chosen at create, and then kept.", "replace")
    title: SomeText | None = optional("A short title (libvirt 9.7 or newer).", "live", secret=True, none="")
    description: Annotated[str, Field(strict=True)] | None = optional(
        "A description (libvirt 9.7 or newer).",
        "live",
        secret=True,
        none="",
    )
    metadata: dict[Text, Annotated[str, Field(strict=True)]] | None = optional(
        "XML elements of other programs, as text. The keys are their namespace URIs.", "live", secret=True
    )
    ipv6: Bool | None = optional(
        "Whether guests may use IPv6 among themselves if the network has no IPv6 address.", default=False
    )
    trust_guest_rx_filters: Bool | None = optional(
        "Whether the host trusts the receive filters that guests set on their interfaces.", default=False
    )
    forward: Forward | None = optional(
        "How guests reach the outside. Without it, the network is isolated; `{}` means mode nat.",
        none={"mode": "none"},
    )
    bridge: Bridge | None = optional("The network's bridge.", none=False)
    mtu: Mtu | None = optional("The bridge's MTU in bytes, 68 to 65535. Default: the kernel's, 1500.", none=0)
    mac: UnicastMac | None = optional(
        'The bridge\'s MAC address, such as "52:54:00:12:34:56". Default: chosen at create, and then kept.'
    )
    domain: Domain | None = optional("The DNS domain of the network, which guests get by DHCP.")
    dns: Dns | None = optional(
        "The network's DNS server. By default it resolves the guests' names and forwards other queries to the host's "
        "servers."
    )
    bandwidth: Bandwidth | None = optional("Limits of the traffic of all guests together.")
    vlan: Vlan | None = optional("VLAN tags of guests' ports.")
    port_isolated: Bool | None = optional(
        "Whether guests can't reach one another. They still reach the host.", default=False
    )
    ips: tuple[NetworkIp, ...] | None = optional(
        "The host's addresses on the network, each with what the host serves in its subnet. Default: none.",
        ordered=False,
    )
    routes: tuple[Route, ...] | None = optional(
        "Routes of the host to subnets behind guests of this network.", ordered=False
    )
    virtual_port: VirtualPort | None = optional("How guests' ports are set up on a switch that manages them.")
    port_groups: tuple[PortGroup, ...] | None = optional(
        "Settings of ports under names, which guests' interfaces refer to.", "live", ordered=False
    )
    dnsmasq_options: tuple[OptionLine, ...] | None = optional(
        "Raw lines of dnsmasq's configuration, such as \"dhcp-option=42,0.0.0.0\". virtnet doesn't check what they "
        "do, and no plan shows them.",
        secret=True,
        ordered=True,
    )
    autostart: Bool | None = optional("Whether the network starts when the host boots.", "live", default=True)
    active: Bool | None = optional(
        "Whether the network runs.",
        "restart",
        default=True,
        change="A start is live. A stop counts as a restart, and virtnet refuses it while anything is attached, unless "
        "`on_delete` is disconnect.",
    )
    adopt: Bool | None = optional(
        "Whether virtnet manages the network of this name if it exists, instead of refusing it. Settings that the "
        "program leaves out then stay as they are.",
        "recorded",
        default=False,
    )
    allow_overlap: Bool | None = optional(
        "Whether addresses and routes may overlap a subnet of another active network, or one that the host is "
        "connected to.",
        "recorded",
        default=False,
    )
    on_restart: Literal["reattach", "refuse"] | None = optional(
        "What a restart does while interfaces are attached. reattach: virtnet reattaches them afterwards. refuse: "
        "virtnet refuses the restart. If an interface can't be reattached, virtnet refuses the restart in any case.",
        "recorded",
        default="reattach",
    )
    on_many_updates: Literal["restart", "live"] | None = optional(
        "What an update does that takes 20 or more live changes of DHCP reservations, DHCP ranges and forward "
        "interfaces. libvirt rebuilds the network's firewall rules for each, and guests reach nothing outside for most "
        "of that time. restart: virtnet restarts the network once instead. live: virtnet makes the changes one by one.",
        "recorded",
        default="restart",
    )
    on_delete: Literal["refuse", "disconnect", "keep", "restore"] | None = optional(
        "What delete does. refuse: virtnet refuses it while interfaces are attached. disconnect: it disconnects them. "
        "keep: the network stays. restore: an adopted network gets its configuration from before adoption. Default: "
        "restore for an adopted network, otherwise refuse.",
        "recorded",
    )
