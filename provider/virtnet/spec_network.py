"""LibvirtNetwork as desired: every element of libvirt's network format as a typed value, in libvirt's words.

The descriptions are the source of the reference; the format is https://libvirt.org/formatnetwork.html. One field's
own form is checked here, what fields mean together in network_checks. Pure.
"""

import warnings
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from virtnet.spec import Part, optional, required
from virtnet.spec_values import (
    AbsolutePath,
    Bool,
    DomainName,
    Duid,
    Integer,
    InterfaceAddress,
    InterfaceName,
    IpAddress,
    Ipv4Address,
    Mac,
    NetworkAddress,
    NetworkName,
    Port,
    Text,
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


class NatAddress(Part):
    """The range of source addresses that guests' packets leave with."""

    start: Ipv4Address = required("First IPv4 address.")
    end: Ipv4Address = required("Last IPv4 address.")


class NatPort(Part):
    """The range of source ports that guests' packets leave with."""

    start: Port = required("First port.")
    end: Port = required("Last port.")


class Nat(Part):
    """How a nat network translates addresses."""

    ipv6: Bool | None = optional("Translate IPv6 too (NAT66).", default=False)
    address: NatAddress | None = optional("Source addresses, instead of the outgoing interface's own.")
    port: NatPort | None = optional("Source ports; libvirt's default is 1024 to 65535.")


class ForwardInterface(Part):
    """An interface of the host that the network may use."""

    key: ClassVar[tuple[str, ...]] = ("dev",)
    dev: InterfaceName = required("The interface's name.")


class PhysicalFunction(Part):
    """An SR-IOV device whose virtual functions make the pool."""

    dev: InterfaceName = required("The physical function's interface.")


class PciAddress(Part):
    """A PCI device of the pool."""

    key: ClassVar[tuple[str, ...]] = ("domain", "bus", "slot", "function")
    whole_key: ClassVar[bool] = True
    domain: UnsignedShort | None = optional("PCI domain.", default=0)
    bus: Annotated[Integer, Field(ge=0, le=255)] = required("PCI bus.")
    slot: Annotated[Integer, Field(ge=0, le=31)] = required("PCI slot.")
    function: Annotated[Integer, Field(ge=0, le=7)] = required("PCI function.")


class Driver(Part):
    """The driver that assigns PCI devices to guests."""

    name: Literal["kvm", "vfio"] = required("The driver's name.")


class Forward(Part):
    """How the network reaches the outside. Absent: it does not (an isolated network); `{}` means nat."""

    mode: Literal["nat", "route", "open", "bridge", "private", "vepa", "passthrough", "hostdev"] | None = optional(
        "nat, route, open, bridge, private, vepa, passthrough or hostdev; nat when `forward` is given without."
    )
    dev: InterfaceName | None = optional("The one interface packets may leave by; the same as `interfaces` of one.")
    managed: Bool | None = optional("hostdev: libvirt detaches the device from the host itself.", default=False)
    nat: Nat | None = optional("Details of address translation; mode nat only.")
    interfaces: tuple[ForwardInterface, ...] | None = optional("Interfaces the network may use.", "live")
    pf: PhysicalFunction | None = optional("An SR-IOV device whose virtual functions are used.")
    addresses: tuple[PciAddress, ...] | None = optional("PCI devices used; mode hostdev.")
    driver: Driver | None = optional("The driver that assigns PCI devices; mode hostdev.")


class Bridge(Part):
    """The bridge of the network."""

    name: InterfaceName | None = optional("The bridge's name; chosen when left out. Mode bridge: the host's bridge.")
    zone: Text | None = optional("The firewalld zone of the bridge.")
    stp: Bool | None = optional("Spanning tree protocol.", default=True)
    delay: UnsignedLong | None = optional("Forward delay in seconds.", default=0)
    mac_table_manager: Literal["kernel", "libvirt"] | None = optional("Who fills the bridge's MAC table.")


with warnings.catch_warnings():
    # ABCMeta has a method `register`, which pydantic takes for an attribute of the parent class.
    warnings.filterwarnings("ignore", message='Field name "register"')

    class Domain(Part):
        """The DNS domain of the network."""

        name: DomainName = required("The domain's name.")
        local_only: Bool | None = optional("Never forward queries for this domain.", default=False)
        register: Bool | None = optional(
            "Register the domain with systemd-resolved (libvirt 10.1 and newer).", default=False
        )


class Lease(Part):
    """How long an address is leased."""

    expiry: UnsignedInt = required("The time; 0 means for ever.")
    unit: Literal["seconds", "minutes", "hours"] | None = optional("Unit of `expiry`.", default="minutes")


class DhcpRange(Part):
    """A range of addresses that the DHCP server hands out."""

    key: ClassVar[tuple[str, ...]] = ("start", "end")
    whole_key: ClassVar[bool] = True
    start: IpAddress = required("First address.")
    end: IpAddress = required("Last address.")
    lease: Lease | None = optional("Lease time for this range.")


class DhcpHost(Part):
    """A reservation: the address (and name) that one client gets."""

    key: ClassVar[tuple[str, ...]] = ("mac", "id", "name")
    mac: Mac | None = optional("The client's MAC address (IPv4).")
    id: Duid | None = optional("The client's DUID (IPv6).")
    name: DomainName | None = optional("The host name the client is given.")
    ip: IpAddress | None = optional("The address the client is given.")
    lease: Lease | None = optional("Lease time for this client.")


class Bootp(Part):
    """Network boot."""

    file: Text = required("The boot file.")
    server: Text | None = optional("The TFTP server's address; this network's own when left out.")


class Dhcp(Part):
    """The DHCP server on one address of the network."""

    ranges: tuple[DhcpRange, ...] | None = optional("Ranges of addresses handed out.", "live")
    hosts: tuple[DhcpHost, ...] | None = optional("Reservations.", "live")
    bootp: Bootp | None = optional("Network boot.")


class NetworkIp(Part):
    """An address of the host on this network, with what is served on it."""

    key: ClassVar[tuple[str, ...]] = ("address",)
    address: InterfaceAddress = required(
        'The host\'s address with its prefix length, "192.168.123.1/24" or "fd00:123::1/64".'
    )
    local_ptr: Bool | None = optional("Answer reverse look-ups of this subnet here only.", default=False)
    tftp_root: AbsolutePath | None = optional("Directory served by TFTP.")
    dhcp: Dhcp | None = optional("The DHCP server.")


class Forwarder(Part):
    """Another DNS server that queries are sent to."""

    key: ClassVar[tuple[str, ...]] = ("domain", "address", "port")
    whole_key: ClassVar[bool] = True
    domain: DomainName | None = optional("Only queries for this domain.")
    address: IpAddress | None = optional("The server's address; left out: this domain is never forwarded.")
    port: Port | None = optional("The server's port (libvirt 12.0 and newer).")


class DnsHost(Part):
    """Names of an address."""

    key: ClassVar[tuple[str, ...]] = ("ip",)
    ip: IpAddress = required("The address.")
    hostnames: tuple[DomainName, ...] = required("Its names.")


class Srv(Part):
    """An SRV record."""

    key: ClassVar[tuple[str, ...]] = ("service", "protocol", "domain", "target", "port", "priority", "weight")
    whole_key: ClassVar[bool] = True
    service: Text = required("The service's name.")
    protocol: Text = required("tcp or udp.")
    domain: DomainName | None = optional("The domain the service is in.")
    target: DomainName | None = optional("The host that serves it.")
    port: Port | None = optional("Its port.")
    priority: UnsignedShort | None = optional("Priority of this record.")
    weight: UnsignedShort | None = optional("Weight among records of one priority.")


class Txt(Part):
    """A TXT record."""

    key: ClassVar[tuple[str, ...]] = ("name",)
    name: DomainName = required("The record's name.")
    value: Text = required("Its text.")


class Dns(Part):
    """The DNS server of the network."""

    enable: Bool | None = optional("Serve DNS at all.", default=True)
    forward_plain_names: Bool | None = optional("Forward queries for names without a domain.", default=True)
    forwarders: tuple[Forwarder, ...] | None = optional("Where queries are sent.")
    hosts: tuple[DnsHost, ...] | None = optional("Addresses and their names.", "live")
    srvs: tuple[Srv, ...] | None = optional("SRV records.", "live")
    txts: tuple[Txt, ...] | None = optional("TXT records.", "live")


class Route(Part):
    """A static route through a host on this network."""

    key: ClassVar[tuple[str, ...]] = ("address",)
    address: NetworkAddress = required('The destination, "10.60.0.0/16".')
    gateway: IpAddress = required("The host on this network that leads there.")
    metric: Annotated[Integer, Field(ge=1, le=4294967295)] | None = optional("The route's metric.")


class Inbound(Part):
    """Limits of traffic towards the network's ports."""

    average: UnsignedInt | None = optional("Average rate in kilobytes a second.")
    peak: UnsignedInt | None = optional("Peak rate in kilobytes a second.")
    burst: UnsignedInt | None = optional("Kilobytes that may pass at peak rate.")
    floor: UnsignedInt | None = optional("Rate guaranteed to one interface, in kilobytes a second.")


class Outbound(Part):
    """Limits of traffic from the network's ports."""

    average: UnsignedInt | None = optional("Average rate in kilobytes a second.")
    peak: UnsignedInt | None = optional("Peak rate in kilobytes a second.")
    burst: UnsignedInt | None = optional("Kilobytes that may pass at peak rate.")


class Bandwidth(Part):
    """Quality of service."""

    inbound: Inbound | None = optional("Towards the ports.")
    outbound: Outbound | None = optional("From the ports.")


class Tag(Part):
    """A VLAN tag."""

    key: ClassVar[tuple[str, ...]] = ("id",)
    id: VlanTag = required("The VLAN's number.")
    native_mode: Literal["tagged", "untagged"] | None = optional("This is the native VLAN, sent in this way.")


class Vlan(Part):
    """VLAN tags of guests' ports; Open vSwitch and SR-IOV only."""

    trunk: Bool | None = optional("The ports are trunks; meant by more than one tag anyway.", default=False)
    tags: tuple[Tag, ...] = required("The tags.")


class VirtualPortParameters(Part):
    """Parameters of a virtual port, as its type takes them."""

    managerid: UnsignedShort | None = optional("802.1Qbg: VSI manager id.")
    typeid: UnsignedInt | None = optional("802.1Qbg: VSI type id.")
    typeidversion: UnsignedShort | None = optional("802.1Qbg: version of the VSI type id.")
    instanceid: Uuid | None = optional("802.1Qbg: VSI instance id.")
    profileid: Text | None = optional("802.1Qbh, openvswitch: port profile.")
    interfaceid: Uuid | None = optional("openvswitch, midonet: interface id.")


class VirtualPort(Part):
    """How guests' ports are set up on switches that want to know."""

    type: Literal["802.1Qbg", "802.1Qbh", "openvswitch", "midonet"] | None = optional("The kind of switch.")
    parameters: VirtualPortParameters | None = optional("Its parameters.")


class PortGroup(Part):
    """A named set of port settings that guests may ask for."""

    key: ClassVar[tuple[str, ...]] = ("name",)
    name: Text = required("The group's name.")
    default: Bool | None = optional("Guests that name no group get this one.", default=False)
    trust_guest_rx_filters: Bool | None = optional("Trust the guest's own receive filters.", default=False)
    virtual_port: VirtualPort | None = optional("As for the network.")
    bandwidth: Bandwidth | None = optional("As for the network.")
    vlan: Vlan | None = optional("As for the network.")


class NetworkSpec(Part):
    """The inputs of a LibvirtNetwork."""

    uri: Uri | None = optional("Connection URI of the host; the stack's configuration when left out.", "replace")
    name: NetworkName = optional("The network's name; the Pulumi resource's when left out.", "replace")
    uuid: Uuid | None = optional("A fixed UUID; chosen in create when left out, and kept.", "replace")
    title: Text | None = optional("A short title (libvirt 9.7 and newer).", "live")
    description: Annotated[str, Field(strict=True)] | None = optional("A description (libvirt 9.7 and newer).", "live")
    metadata: dict[Text, Annotated[str, Field(strict=True)]] | None = optional(
        "XML elements for other programs, by their namespace.", "live"
    )
    ipv6: Bool | None = optional("Guests may talk IPv6 among themselves without an IPv6 address here.", default=False)
    trust_guest_rx_filters: Bool | None = optional("Trust guests' own receive filters.", default=False)
    forward: Forward | None = optional("How the network reaches the outside; left out: an isolated network.")
    bridge: Bridge | None = optional("The network's bridge.")
    mtu: Mtu | None = optional("The bridge's MTU in bytes.")
    mac: UnicastMac | None = optional("The bridge's MAC address; chosen in create when left out, and kept.")
    domain: Domain | None = optional("The DNS domain.")
    dns: Dns | None = optional("The DNS server.")
    bandwidth: Bandwidth | None = optional("Quality of service.")
    vlan: Vlan | None = optional("VLAN tags of guests' ports.")
    port_isolated: Bool | None = optional("Guests' ports cannot talk to one another.", default=False)
    ips: tuple[NetworkIp, ...] | None = optional("The host's addresses on the network.")
    routes: tuple[Route, ...] | None = optional("Static routes.")
    virtual_port: VirtualPort | None = optional("How guests' ports are set up on switches that want to know.")
    port_groups: tuple[PortGroup, ...] | None = optional("Sets of port settings.", "live")
    dnsmasq_options: tuple[Text, ...] | None = optional("Raw lines for dnsmasq's configuration.")
    autostart: Bool | None = optional("Start the network when the host boots.", "live", default=True)
    active: Bool | None = optional("Whether the network runs.", "restart", default=True)
    adopt: Bool | None = optional(
        "Take over a network of this name that exists, or make it if missing.", "recorded", default=False
    )
    allow_overlap: Bool | None = optional("Silence the refusal of an address conflict.", "recorded", default=False)
    on_restart: Literal["reattach", "refuse"] | None = optional(
        "What a restart does when something is plugged in.", "recorded", default="reattach"
    )
    on_delete: Literal["refuse", "disconnect", "keep", "restore"] | None = optional(
        "What delete does: refuse while anything is plugged in, disconnect it, keep the network, or restore what was "
        "adopted. Left out: restore for an adopted network, else refuse.",
        "recorded",
    )
