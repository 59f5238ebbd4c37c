"""The inputs of a LibvirtNetwork: Args classes, TypedDicts and the typed constructor.

Written by tools/generate_sdk from the provider's spec: change that, then run `make sdk`.
"""

# ruff: noqa: A002 - libvirt calls them id and type

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

import pulumi
from pulumi import Input
from typing_extensions import NotRequired, TypedDict

from pulumi_virtnet._resource import Args, Resource


class NatAddressArgs(Args):
    """The range of source addresses that guests' packets leave with. Any change restarts the network.

    Args:
        start: First IPv4 address, "203.0.113.10". Required.
        end: Last IPv4 address; the first one again for a range of one. Required.
    """

    FIELDS: ClassVar[Mapping[str, type[Args] | None]] = {
        "start": None,
        "end": None,
    }

    def __init__(
        self,
        *,
        start: Input[str],
        end: Input[str],
    ) -> None:
        self.start = start
        self.end = end


class NatAddressArgsDict(TypedDict):
    """The range of source addresses that guests' packets leave with. Any change restarts the network."""

    start: Input[str]
    """First IPv4 address, "203.0.113.10"."""
    end: Input[str]
    """Last IPv4 address; the first one again for a range of one."""


class NatPortArgs(Args):
    """The range of source ports that guests' packets leave with. Any change restarts the network.

    Args:
        start: First port, 1 to 65535. Required.
        end: Last port, 1 to 65535. Required.
    """

    FIELDS: ClassVar[Mapping[str, type[Args] | None]] = {
        "start": None,
        "end": None,
    }

    def __init__(
        self,
        *,
        start: Input[int],
        end: Input[int],
    ) -> None:
        self.start = start
        self.end = end


class NatPortArgsDict(TypedDict):
    """The range of source ports that guests' packets leave with. Any change restarts the network."""

    start: Input[int]
    """First port, 1 to 65535."""
    end: Input[int]
    """Last port, 1 to 65535."""


class NatArgs(Args):
    """How a nat network translates addresses. Any change restarts the network.

    Args:
        ipv6: Translate IPv6 too (NAT66); needs an IPv6 address in `ips`. Default: False.
        address: Source addresses, instead of the outgoing interface's own.
        port: Source ports. Left out, libvirt takes 1024 to 65535.
    """

    FIELDS: ClassVar[Mapping[str, type[Args] | None]] = {
        "ipv6": None,
        "address": NatAddressArgs,
        "port": NatPortArgs,
    }

    def __init__(
        self,
        *,
        ipv6: Input[bool] | None = None,
        address: Input[NatAddressArgs | NatAddressArgsDict] | None = None,
        port: Input[NatPortArgs | NatPortArgsDict] | None = None,
    ) -> None:
        self.ipv6 = ipv6
        self.address = address
        self.port = port


class NatArgsDict(TypedDict):
    """How a nat network translates addresses. Any change restarts the network."""

    ipv6: NotRequired[Input[bool] | None]
    """Translate IPv6 too (NAT66); needs an IPv6 address in `ips`. Default: False."""
    address: NotRequired[Input[NatAddressArgs | NatAddressArgsDict] | None]
    """Source addresses, instead of the outgoing interface's own."""
    port: NotRequired[Input[NatPortArgs | NatPortArgsDict] | None]
    """Source ports. Left out, libvirt takes 1024 to 65535."""


class ForwardInterfaceArgs(Args):
    """An interface of the host that the network may use. Any change is applied live.

    Args:
        dev: The interface's name on the host, "eth0"; at most 15 characters. Required.
    """

    FIELDS: ClassVar[Mapping[str, type[Args] | None]] = {
        "dev": None,
    }

    def __init__(
        self,
        *,
        dev: Input[str],
    ) -> None:
        self.dev = dev


class ForwardInterfaceArgsDict(TypedDict):
    """An interface of the host that the network may use. Any change is applied live."""

    dev: Input[str]
    """The interface's name on the host, "eth0"; at most 15 characters."""


class PhysicalFunctionArgs(Args):
    """An SR-IOV device whose virtual functions make the pool. Any change restarts the network.

    Args:
        dev: The physical function's interface on the host, "enp3s0f0". Required.
    """

    FIELDS: ClassVar[Mapping[str, type[Args] | None]] = {
        "dev": None,
    }

    def __init__(
        self,
        *,
        dev: Input[str],
    ) -> None:
        self.dev = dev


class PhysicalFunctionArgsDict(TypedDict):
    """An SR-IOV device whose virtual functions make the pool. Any change restarts the network."""

    dev: Input[str]
    """The physical function's interface on the host, "enp3s0f0"."""


class PciAddressArgs(Args):
    """A PCI device of the pool. Any change restarts the network.

    Args:
        domain: PCI domain, 0 to 65535. Default: 0.
        bus: PCI bus, 0 to 255; 3 is what lspci shows as 03. Required.
        slot: PCI slot, 0 to 31. Required.
        function: PCI function, 0 to 7. Required.
    """

    FIELDS: ClassVar[Mapping[str, type[Args] | None]] = {
        "domain": None,
        "bus": None,
        "slot": None,
        "function": None,
    }

    def __init__(
        self,
        *,
        domain: Input[int] | None = None,
        bus: Input[int],
        slot: Input[int],
        function: Input[int],
    ) -> None:
        self.domain = domain
        self.bus = bus
        self.slot = slot
        self.function = function


class PciAddressArgsDict(TypedDict):
    """A PCI device of the pool. Any change restarts the network."""

    domain: NotRequired[Input[int] | None]
    """PCI domain, 0 to 65535. Default: 0."""
    bus: Input[int]
    """PCI bus, 0 to 255; 3 is what lspci shows as 03."""
    slot: Input[int]
    """PCI slot, 0 to 31."""
    function: Input[int]
    """PCI function, 0 to 7."""


class DriverArgs(Args):
    """The driver that assigns PCI devices to guests. Any change restarts the network.

    Args:
        name: The way devices are assigned; today's kernels know vfio only. Left out: libvirt's choice.
        model: The VFIO driver to bind a device to, "mlx5_vfio_pci" (libvirt 10.0 and newer). Left out: the
            best that the kernel has for the device.
    """

    FIELDS: ClassVar[Mapping[str, type[Args] | None]] = {
        "name": None,
        "model": None,
    }

    def __init__(
        self,
        *,
        name: Input[Literal["kvm", "vfio", "xen"]] | None = None,
        model: Input[str] | None = None,
    ) -> None:
        self.name = name
        self.model = model


class DriverArgsDict(TypedDict):
    """The driver that assigns PCI devices to guests. Any change restarts the network."""

    name: NotRequired[Input[Literal["kvm", "vfio", "xen"]] | None]
    """The way devices are assigned; today's kernels know vfio only. Left out: libvirt's choice."""
    model: NotRequired[Input[str] | None]
    """The VFIO driver to bind a device to, "mlx5_vfio_pci" (libvirt 10.0 and newer). Left out: the best that the
    kernel has for the device.
    """


class ForwardArgs(Args):
    """How the network reaches the outside. Absent: it does not (an isolated network); `{}` means nat.

    Args:
        mode: nat (guests share the host's addresses), route (guests are reached through the host), open
            (libvirt adds no firewall rules), bridge (a bridge of the host's), or private, vepa, passthrough,
            hostdev. Left out: nat. A change restarts the network.
        dev: The one interface packets may leave by; the same as `interfaces` with this one in it. A change is
            applied live.
        managed: Let libvirt detach the device from the host by itself; mode hostdev. Default: False. A change
            restarts the network.
        nat: Details of the address translation; mode nat only. A change restarts the network.
        interfaces: Interfaces of the host that the network may use. Left out: any. A change is applied live.
        pf: An SR-IOV device whose virtual functions are used; modes passthrough and hostdev. A change
            restarts the network.
        addresses: The PCI devices of the pool; mode hostdev. A change restarts the network.
        driver: The driver that assigns PCI devices; mode hostdev. A change restarts the network.
    """

    FIELDS: ClassVar[Mapping[str, type[Args] | None]] = {
        "mode": None,
        "dev": None,
        "managed": None,
        "nat": NatArgs,
        "interfaces": ForwardInterfaceArgs,
        "pf": PhysicalFunctionArgs,
        "addresses": PciAddressArgs,
        "driver": DriverArgs,
    }

    def __init__(
        self,
        *,
        mode: Input[Literal["nat", "route", "open", "bridge", "private", "vepa", "passthrough", "hostdev"]]
        | None = None,
        dev: Input[str] | None = None,
        managed: Input[bool] | None = None,
        nat: Input[NatArgs | NatArgsDict] | None = None,
        interfaces: Input[Sequence[Input[ForwardInterfaceArgs | ForwardInterfaceArgsDict]]] | None = None,
        pf: Input[PhysicalFunctionArgs | PhysicalFunctionArgsDict] | None = None,
        addresses: Input[Sequence[Input[PciAddressArgs | PciAddressArgsDict]]] | None = None,
        driver: Input[DriverArgs | DriverArgsDict] | None = None,
    ) -> None:
        self.mode = mode
        self.dev = dev
        self.managed = managed
        self.nat = nat
        self.interfaces = interfaces
        self.pf = pf
        self.addresses = addresses
        self.driver = driver


class ForwardArgsDict(TypedDict):
    """How the network reaches the outside. Absent: it does not (an isolated network); `{}` means nat."""

    mode: NotRequired[
        Input[Literal["nat", "route", "open", "bridge", "private", "vepa", "passthrough", "hostdev"]] | None
    ]
    """nat (guests share the host's addresses), route (guests are reached through the host), open (libvirt adds no
    firewall rules), bridge (a bridge of the host's), or private, vepa, passthrough, hostdev. Left out: nat. A
    change restarts the network.
    """
    dev: NotRequired[Input[str] | None]
    """The one interface packets may leave by; the same as `interfaces` with this one in it. A change is applied
    live.
    """
    managed: NotRequired[Input[bool] | None]
    """Let libvirt detach the device from the host by itself; mode hostdev. Default: False. A change restarts the
    network.
    """
    nat: NotRequired[Input[NatArgs | NatArgsDict] | None]
    """Details of the address translation; mode nat only. A change restarts the network."""
    interfaces: NotRequired[Input[Sequence[Input[ForwardInterfaceArgs | ForwardInterfaceArgsDict]]] | None]
    """Interfaces of the host that the network may use. Left out: any. A change is applied live."""
    pf: NotRequired[Input[PhysicalFunctionArgs | PhysicalFunctionArgsDict] | None]
    """An SR-IOV device whose virtual functions are used; modes passthrough and hostdev. A change restarts the
    network.
    """
    addresses: NotRequired[Input[Sequence[Input[PciAddressArgs | PciAddressArgsDict]]] | None]
    """The PCI devices of the pool; mode hostdev. A change restarts the network."""
    driver: NotRequired[Input[DriverArgs | DriverArgsDict] | None]
    """The driver that assigns PCI devices; mode hostdev. A change restarts the network."""


class BridgeArgs(Args):
    """The bridge of the network. Any change restarts the network.

    Args:
        name: The bridge's name, at most 15 characters; a free one is chosen when left out. Mode bridge: the
            host's bridge, which must exist.
        zone: The firewalld zone of the bridge, which must exist. Left out: libvirt's own.
        stp: Whether the bridge speaks the spanning tree protocol. Default: True.
        delay: Seconds a new port waits before it forwards. Default: 0.
        mac_table_manager: Who fills the bridge's MAC table: the kernel by learning, or libvirt. Left out:
            kernel.
    """

    FIELDS: ClassVar[Mapping[str, type[Args] | None]] = {
        "name": None,
        "zone": None,
        "stp": None,
        "delay": None,
        "mac_table_manager": None,
    }

    def __init__(
        self,
        *,
        name: Input[str] | None = None,
        zone: Input[str] | None = None,
        stp: Input[bool] | None = None,
        delay: Input[int] | None = None,
        mac_table_manager: Input[Literal["kernel", "libvirt"]] | None = None,
    ) -> None:
        self.name = name
        self.zone = zone
        self.stp = stp
        self.delay = delay
        self.mac_table_manager = mac_table_manager


class BridgeArgsDict(TypedDict):
    """The bridge of the network. Any change restarts the network."""

    name: NotRequired[Input[str] | None]
    """The bridge's name, at most 15 characters; a free one is chosen when left out. Mode bridge: the host's bridge,
    which must exist.
    """
    zone: NotRequired[Input[str] | None]
    """The firewalld zone of the bridge, which must exist. Left out: libvirt's own."""
    stp: NotRequired[Input[bool] | None]
    """Whether the bridge speaks the spanning tree protocol. Default: True."""
    delay: NotRequired[Input[int] | None]
    """Seconds a new port waits before it forwards. Default: 0."""
    mac_table_manager: NotRequired[Input[Literal["kernel", "libvirt"]] | None]
    """Who fills the bridge's MAC table: the kernel by learning, or libvirt. Left out: kernel."""


class DomainArgs(Args):
    """The DNS domain of the network. Any change restarts the network.

    Args:
        name: The domain's name, "lab.example". Required.
        local_only: Answer queries for this domain here only, never forward them. Default: False.
        register: Register the domain with systemd-resolved (libvirt 10.1 and newer). Default: False.
    """

    FIELDS: ClassVar[Mapping[str, type[Args] | None]] = {
        "name": None,
        "local_only": None,
        "register": None,
    }

    def __init__(
        self,
        *,
        name: Input[str],
        local_only: Input[bool] | None = None,
        register: Input[bool] | None = None,
    ) -> None:
        self.name = name
        self.local_only = local_only
        self.register = register


class DomainArgsDict(TypedDict):
    """The DNS domain of the network. Any change restarts the network."""

    name: Input[str]
    """The domain's name, "lab.example"."""
    local_only: NotRequired[Input[bool] | None]
    """Answer queries for this domain here only, never forward them. Default: False."""
    register: NotRequired[Input[bool] | None]
    """Register the domain with systemd-resolved (libvirt 10.1 and newer). Default: False."""


class ForwarderArgs(Args):
    """Another DNS server that queries are sent to. Any change restarts the network.

    Args:
        domain: Only queries for this domain go there. Left out: all queries.
        address: The server's address. Left out: queries for `domain` are never forwarded.
        port: The server's port, 1 to 65535 (libvirt 12.0 and newer). Default: 53.
    """

    FIELDS: ClassVar[Mapping[str, type[Args] | None]] = {
        "domain": None,
        "address": None,
        "port": None,
    }

    def __init__(
        self,
        *,
        domain: Input[str] | None = None,
        address: Input[str] | None = None,
        port: Input[int] | None = None,
    ) -> None:
        self.domain = domain
        self.address = address
        self.port = port


class ForwarderArgsDict(TypedDict):
    """Another DNS server that queries are sent to. Any change restarts the network."""

    domain: NotRequired[Input[str] | None]
    """Only queries for this domain go there. Left out: all queries."""
    address: NotRequired[Input[str] | None]
    """The server's address. Left out: queries for `domain` are never forwarded."""
    port: NotRequired[Input[int] | None]
    """The server's port, 1 to 65535 (libvirt 12.0 and newer). Default: 53."""


class DnsHostArgs(Args):
    """Names of an address. Any change is applied live.

    Args:
        ip: The address, IPv4 or IPv6, without a prefix length. Required.
        hostnames: Its names; at least one. Required.
    """

    FIELDS: ClassVar[Mapping[str, type[Args] | None]] = {
        "ip": None,
        "hostnames": None,
    }

    def __init__(
        self,
        *,
        ip: Input[str],
        hostnames: Input[Sequence[Input[str]]],
    ) -> None:
        self.ip = ip
        self.hostnames = hostnames


class DnsHostArgsDict(TypedDict):
    """Names of an address. Any change is applied live."""

    ip: Input[str]
    """The address, IPv4 or IPv6, without a prefix length."""
    hostnames: Input[Sequence[Input[str]]]
    """Its names; at least one."""


class SrvArgs(Args):
    """An SRV record. Any change is applied live.

    Args:
        service: The service's name without its underscore, "ldap". Required.
        protocol: tcp or udp. Required.
        domain: The domain the service is in. Left out: the network's.
        target: The host that serves it. Left out: the service is said not to exist.
        port: The port on that host, 1 to 65535.
        priority: Priority of this record, 0 to 65535; lower ones are tried first. Default: 0.
        weight: Weight among records of one priority, 0 to 65535. Default: 0.
    """

    FIELDS: ClassVar[Mapping[str, type[Args] | None]] = {
        "service": None,
        "protocol": None,
        "domain": None,
        "target": None,
        "port": None,
        "priority": None,
        "weight": None,
    }

    def __init__(
        self,
        *,
        service: Input[str],
        protocol: Input[str],
        domain: Input[str] | None = None,
        target: Input[str] | None = None,
        port: Input[int] | None = None,
        priority: Input[int] | None = None,
        weight: Input[int] | None = None,
    ) -> None:
        self.service = service
        self.protocol = protocol
        self.domain = domain
        self.target = target
        self.port = port
        self.priority = priority
        self.weight = weight


class SrvArgsDict(TypedDict):
    """An SRV record. Any change is applied live."""

    service: Input[str]
    """The service's name without its underscore, "ldap"."""
    protocol: Input[str]
    """tcp or udp."""
    domain: NotRequired[Input[str] | None]
    """The domain the service is in. Left out: the network's."""
    target: NotRequired[Input[str] | None]
    """The host that serves it. Left out: the service is said not to exist."""
    port: NotRequired[Input[int] | None]
    """The port on that host, 1 to 65535."""
    priority: NotRequired[Input[int] | None]
    """Priority of this record, 0 to 65535; lower ones are tried first. Default: 0."""
    weight: NotRequired[Input[int] | None]
    """Weight among records of one priority, 0 to 65535. Default: 0."""


class TxtArgs(Args):
    """A TXT record. Any change is applied live.

    Args:
        name: The record's name. Required.
        value: The record's text; it may be secret and is never shown in a plan. Required.
    """

    FIELDS: ClassVar[Mapping[str, type[Args] | None]] = {
        "name": None,
        "value": None,
    }

    def __init__(
        self,
        *,
        name: Input[str],
        value: Input[str],
    ) -> None:
        self.name = name
        self.value = value


class TxtArgsDict(TypedDict):
    """A TXT record. Any change is applied live."""

    name: Input[str]
    """The record's name."""
    value: Input[str]
    """The record's text; it may be secret and is never shown in a plan."""


class DnsArgs(Args):
    """The DNS server of the network.

    Args:
        enable: Whether the network has a DNS server at all. Default: True. A change restarts the network.
        forward_plain_names: Forward queries for names without a domain to the host's servers. Default: True.
            A change restarts the network.
        forwarders: Servers that queries are sent to. Left out: those of the host's /etc/resolv.conf. A change
            restarts the network.
        hosts: Addresses and their names; each address once. A change is applied live.
        srvs: SRV records. A change is applied live.
        txts: TXT records. A change is applied live.
    """

    FIELDS: ClassVar[Mapping[str, type[Args] | None]] = {
        "enable": None,
        "forward_plain_names": None,
        "forwarders": ForwarderArgs,
        "hosts": DnsHostArgs,
        "srvs": SrvArgs,
        "txts": TxtArgs,
    }

    def __init__(
        self,
        *,
        enable: Input[bool] | None = None,
        forward_plain_names: Input[bool] | None = None,
        forwarders: Input[Sequence[Input[ForwarderArgs | ForwarderArgsDict]]] | None = None,
        hosts: Input[Sequence[Input[DnsHostArgs | DnsHostArgsDict]]] | None = None,
        srvs: Input[Sequence[Input[SrvArgs | SrvArgsDict]]] | None = None,
        txts: Input[Sequence[Input[TxtArgs | TxtArgsDict]]] | None = None,
    ) -> None:
        self.enable = enable
        self.forward_plain_names = forward_plain_names
        self.forwarders = forwarders
        self.hosts = hosts
        self.srvs = srvs
        self.txts = txts


class DnsArgsDict(TypedDict):
    """The DNS server of the network."""

    enable: NotRequired[Input[bool] | None]
    """Whether the network has a DNS server at all. Default: True. A change restarts the network."""
    forward_plain_names: NotRequired[Input[bool] | None]
    """Forward queries for names without a domain to the host's servers. Default: True. A change restarts the
    network.
    """
    forwarders: NotRequired[Input[Sequence[Input[ForwarderArgs | ForwarderArgsDict]]] | None]
    """Servers that queries are sent to. Left out: those of the host's /etc/resolv.conf. A change restarts the
    network.
    """
    hosts: NotRequired[Input[Sequence[Input[DnsHostArgs | DnsHostArgsDict]]] | None]
    """Addresses and their names; each address once. A change is applied live."""
    srvs: NotRequired[Input[Sequence[Input[SrvArgs | SrvArgsDict]]] | None]
    """SRV records. A change is applied live."""
    txts: NotRequired[Input[Sequence[Input[TxtArgs | TxtArgsDict]]] | None]
    """TXT records. A change is applied live."""


class InboundArgs(Args):
    """Limits of traffic towards the network's ports.

    Args:
        average: Average rate in kilobytes (1024 bytes) a second.
        peak: Highest rate in kilobytes a second. Default: 0.
        burst: Kilobytes that may pass at once at the highest rate, up to 4194303. Default: 0.
    """

    FIELDS: ClassVar[Mapping[str, type[Args] | None]] = {
        "average": None,
        "peak": None,
        "burst": None,
    }

    def __init__(
        self,
        *,
        average: Input[int] | None = None,
        peak: Input[int] | None = None,
        burst: Input[int] | None = None,
    ) -> None:
        self.average = average
        self.peak = peak
        self.burst = burst


class InboundArgsDict(TypedDict):
    """Limits of traffic towards the network's ports."""

    average: NotRequired[Input[int] | None]
    """Average rate in kilobytes (1024 bytes) a second."""
    peak: NotRequired[Input[int] | None]
    """Highest rate in kilobytes a second. Default: 0."""
    burst: NotRequired[Input[int] | None]
    """Kilobytes that may pass at once at the highest rate, up to 4194303. Default: 0."""


class OutboundArgs(Args):
    """Limits of traffic from the network's ports.

    Args:
        average: Average rate in kilobytes (1024 bytes) a second.
        peak: Highest rate in kilobytes a second. Default: 0.
        burst: Kilobytes that may pass at once at the highest rate, up to 4194303. Default: 0.
    """

    FIELDS: ClassVar[Mapping[str, type[Args] | None]] = {
        "average": None,
        "peak": None,
        "burst": None,
    }

    def __init__(
        self,
        *,
        average: Input[int] | None = None,
        peak: Input[int] | None = None,
        burst: Input[int] | None = None,
    ) -> None:
        self.average = average
        self.peak = peak
        self.burst = burst


class OutboundArgsDict(TypedDict):
    """Limits of traffic from the network's ports."""

    average: NotRequired[Input[int] | None]
    """Average rate in kilobytes (1024 bytes) a second."""
    peak: NotRequired[Input[int] | None]
    """Highest rate in kilobytes a second. Default: 0."""
    burst: NotRequired[Input[int] | None]
    """Kilobytes that may pass at once at the highest rate, up to 4194303. Default: 0."""


class BandwidthArgs(Args):
    """Quality of service.

    Args:
        inbound: Traffic towards the guests.
        outbound: Traffic from the guests.
    """

    FIELDS: ClassVar[Mapping[str, type[Args] | None]] = {
        "inbound": InboundArgs,
        "outbound": OutboundArgs,
    }

    def __init__(
        self,
        *,
        inbound: Input[InboundArgs | InboundArgsDict] | None = None,
        outbound: Input[OutboundArgs | OutboundArgsDict] | None = None,
    ) -> None:
        self.inbound = inbound
        self.outbound = outbound


class BandwidthArgsDict(TypedDict):
    """Quality of service."""

    inbound: NotRequired[Input[InboundArgs | InboundArgsDict] | None]
    """Traffic towards the guests."""
    outbound: NotRequired[Input[OutboundArgs | OutboundArgsDict] | None]
    """Traffic from the guests."""


class TagArgs(Args):
    """A VLAN tag.

    Args:
        id: The VLAN's number, 0 to 4095. Required.
        native_mode: Makes this the trunk's native VLAN, whose packets are sent tagged or untagged.
    """

    FIELDS: ClassVar[Mapping[str, type[Args] | None]] = {
        "id": None,
        "native_mode": None,
    }

    def __init__(
        self,
        *,
        id: Input[int],
        native_mode: Input[Literal["tagged", "untagged"]] | None = None,
    ) -> None:
        self.id = id
        self.native_mode = native_mode


class TagArgsDict(TypedDict):
    """A VLAN tag."""

    id: Input[int]
    """The VLAN's number, 0 to 4095."""
    native_mode: NotRequired[Input[Literal["tagged", "untagged"]] | None]
    """Makes this the trunk's native VLAN, whose packets are sent tagged or untagged."""


class VlanArgs(Args):
    """VLAN tags of guests' ports: on Open vSwitch, SR-IOV and, from libvirt 11.0 on, any bridge.

    Args:
        trunk: Whether guests' ports are trunks; with more than one tag they are anyway. Default: False.
        tags: The tags; at least one. Required.
    """

    FIELDS: ClassVar[Mapping[str, type[Args] | None]] = {
        "trunk": None,
        "tags": TagArgs,
    }

    def __init__(
        self,
        *,
        trunk: Input[bool] | None = None,
        tags: Input[Sequence[Input[TagArgs | TagArgsDict]]],
    ) -> None:
        self.trunk = trunk
        self.tags = tags


class VlanArgsDict(TypedDict):
    """VLAN tags of guests' ports: on Open vSwitch, SR-IOV and, from libvirt 11.0 on, any bridge."""

    trunk: NotRequired[Input[bool] | None]
    """Whether guests' ports are trunks; with more than one tag they are anyway. Default: False."""
    tags: Input[Sequence[Input[TagArgs | TagArgsDict]]]
    """The tags; at least one."""


class LeaseArgs(Args):
    """How long an address is leased. Any change is applied live.

    Args:
        expiry: The time in `unit`s; 0 means for ever. Required.
        unit: Unit of `expiry`: seconds, minutes or hours. Default: minutes.
    """

    FIELDS: ClassVar[Mapping[str, type[Args] | None]] = {
        "expiry": None,
        "unit": None,
    }

    def __init__(
        self,
        *,
        expiry: Input[int],
        unit: Input[Literal["seconds", "minutes", "hours"]] | None = None,
    ) -> None:
        self.expiry = expiry
        self.unit = unit


class LeaseArgsDict(TypedDict):
    """How long an address is leased. Any change is applied live."""

    expiry: Input[int]
    """The time in `unit`s; 0 means for ever."""
    unit: NotRequired[Input[Literal["seconds", "minutes", "hours"]] | None]
    """Unit of `expiry`: seconds, minutes or hours. Default: minutes."""


class DhcpRangeArgs(Args):
    """A range of addresses that the DHCP server hands out. Any change is applied live.

    Args:
        start: First address, inside the subnet of the address it is served on. Required.
        end: Last address, inside the same subnet; it is handed out too. Required.
        lease: Lease time in this range. Left out, dnsmasq gives one hour.
    """

    FIELDS: ClassVar[Mapping[str, type[Args] | None]] = {
        "start": None,
        "end": None,
        "lease": LeaseArgs,
    }

    def __init__(
        self,
        *,
        start: Input[str],
        end: Input[str],
        lease: Input[LeaseArgs | LeaseArgsDict] | None = None,
    ) -> None:
        self.start = start
        self.end = end
        self.lease = lease


class DhcpRangeArgsDict(TypedDict):
    """A range of addresses that the DHCP server hands out. Any change is applied live."""

    start: Input[str]
    """First address, inside the subnet of the address it is served on."""
    end: Input[str]
    """Last address, inside the same subnet; it is handed out too."""
    lease: NotRequired[Input[LeaseArgs | LeaseArgsDict] | None]
    """Lease time in this range. Left out, dnsmasq gives one hour."""


class DhcpHostArgs(Args):
    """A reservation: the address (and name) that one client gets. Any change is applied live.

    Args:
        mac: The client's MAC address, "52:54:00:12:34:56"; for IPv4.
        id: The client's DUID, "0:3:0:1:52:54:0:12:34:56"; for IPv6.
        name: The host name the client is given, which the network's DNS then answers too.
        ip: The address the client is given, inside the subnet and without a prefix length.
        lease: Lease time for this client. Left out, the range's.
    """

    FIELDS: ClassVar[Mapping[str, type[Args] | None]] = {
        "mac": None,
        "id": None,
        "name": None,
        "ip": None,
        "lease": LeaseArgs,
    }

    def __init__(
        self,
        *,
        mac: Input[str] | None = None,
        id: Input[str] | None = None,
        name: Input[str] | None = None,
        ip: Input[str] | None = None,
        lease: Input[LeaseArgs | LeaseArgsDict] | None = None,
    ) -> None:
        self.mac = mac
        self.id = id
        self.name = name
        self.ip = ip
        self.lease = lease


class DhcpHostArgsDict(TypedDict):
    """A reservation: the address (and name) that one client gets. Any change is applied live."""

    mac: NotRequired[Input[str] | None]
    """The client's MAC address, "52:54:00:12:34:56"; for IPv4."""
    id: NotRequired[Input[str] | None]
    """The client's DUID, "0:3:0:1:52:54:0:12:34:56"; for IPv6."""
    name: NotRequired[Input[str] | None]
    """The host name the client is given, which the network's DNS then answers too."""
    ip: NotRequired[Input[str] | None]
    """The address the client is given, inside the subnet and without a prefix length."""
    lease: NotRequired[Input[LeaseArgs | LeaseArgsDict] | None]
    """Lease time for this client. Left out, the range's."""


class BootpArgs(Args):
    """Network boot. Any change restarts the network.

    Args:
        file: The boot file's path on the TFTP server. Required.
        server: The TFTP server's address; the host on this network when left out.
    """

    FIELDS: ClassVar[Mapping[str, type[Args] | None]] = {
        "file": None,
        "server": None,
    }

    def __init__(
        self,
        *,
        file: Input[str],
        server: Input[str] | None = None,
    ) -> None:
        self.file = file
        self.server = server


class BootpArgsDict(TypedDict):
    """Network boot. Any change restarts the network."""

    file: Input[str]
    """The boot file's path on the TFTP server."""
    server: NotRequired[Input[str] | None]
    """The TFTP server's address; the host on this network when left out."""


class DhcpArgs(Args):
    """The DHCP server on one address of the network.

    Args:
        ranges: Ranges of addresses that are handed out. A change is applied live.
        hosts: Reservations: which client gets which address or name. A change is applied live.
        bootp: Network boot; needs ranges or reservations beside it. A change restarts the network.
    """

    FIELDS: ClassVar[Mapping[str, type[Args] | None]] = {
        "ranges": DhcpRangeArgs,
        "hosts": DhcpHostArgs,
        "bootp": BootpArgs,
    }

    def __init__(
        self,
        *,
        ranges: Input[Sequence[Input[DhcpRangeArgs | DhcpRangeArgsDict]]] | None = None,
        hosts: Input[Sequence[Input[DhcpHostArgs | DhcpHostArgsDict]]] | None = None,
        bootp: Input[BootpArgs | BootpArgsDict] | None = None,
    ) -> None:
        self.ranges = ranges
        self.hosts = hosts
        self.bootp = bootp


class DhcpArgsDict(TypedDict):
    """The DHCP server on one address of the network."""

    ranges: NotRequired[Input[Sequence[Input[DhcpRangeArgs | DhcpRangeArgsDict]]] | None]
    """Ranges of addresses that are handed out. A change is applied live."""
    hosts: NotRequired[Input[Sequence[Input[DhcpHostArgs | DhcpHostArgsDict]]] | None]
    """Reservations: which client gets which address or name. A change is applied live."""
    bootp: NotRequired[Input[BootpArgs | BootpArgsDict] | None]
    """Network boot; needs ranges or reservations beside it. A change restarts the network."""


class NetworkIpArgs(Args):
    """An address of the host on this network, with what is served on it. Any change restarts the network.

    Args:
        address: The host's address with its prefix length, "192.168.123.1/24" or "fd00:123::1/64". Required.
        local_ptr: Answer reverse look-ups of this subnet here only, never forward them. Default: False.
        tftp_root: Directory of the host, from the root, that is served by TFTP; IPv4 only.
        dhcp: The DHCP server on this address. Left out: none. Only one IPv4 address may have one.
    """

    FIELDS: ClassVar[Mapping[str, type[Args] | None]] = {
        "address": None,
        "local_ptr": None,
        "tftp_root": None,
        "dhcp": DhcpArgs,
    }

    def __init__(
        self,
        *,
        address: Input[str],
        local_ptr: Input[bool] | None = None,
        tftp_root: Input[str] | None = None,
        dhcp: Input[DhcpArgs | DhcpArgsDict] | None = None,
    ) -> None:
        self.address = address
        self.local_ptr = local_ptr
        self.tftp_root = tftp_root
        self.dhcp = dhcp


class NetworkIpArgsDict(TypedDict):
    """An address of the host on this network, with what is served on it. Any change restarts the network."""

    address: Input[str]
    """The host's address with its prefix length, "192.168.123.1/24" or "fd00:123::1/64"."""
    local_ptr: NotRequired[Input[bool] | None]
    """Answer reverse look-ups of this subnet here only, never forward them. Default: False."""
    tftp_root: NotRequired[Input[str] | None]
    """Directory of the host, from the root, that is served by TFTP; IPv4 only."""
    dhcp: NotRequired[Input[DhcpArgs | DhcpArgsDict] | None]
    """The DHCP server on this address. Left out: none. Only one IPv4 address may have one."""


class RouteArgs(Args):
    """A static route through a host on this network. Any change restarts the network.

    Args:
        address: The destination in CIDR form, "10.60.0.0/16" or "fd00:60::/32", with no bits set after the
            prefix. Required.
        gateway: The address that leads there, inside one of the subnets of `ips`. Required.
        metric: The route's metric, 1 or more; lower ones are preferred. Left out: the kernel's.
    """

    FIELDS: ClassVar[Mapping[str, type[Args] | None]] = {
        "address": None,
        "gateway": None,
        "metric": None,
    }

    def __init__(
        self,
        *,
        address: Input[str],
        gateway: Input[str],
        metric: Input[int] | None = None,
    ) -> None:
        self.address = address
        self.gateway = gateway
        self.metric = metric


class RouteArgsDict(TypedDict):
    """A static route through a host on this network. Any change restarts the network."""

    address: Input[str]
    """The destination in CIDR form, "10.60.0.0/16" or "fd00:60::/32", with no bits set after the prefix."""
    gateway: Input[str]
    """The address that leads there, inside one of the subnets of `ips`."""
    metric: NotRequired[Input[int] | None]
    """The route's metric, 1 or more; lower ones are preferred. Left out: the kernel's."""


class VirtualPortParametersArgs(Args):
    """Parameters of a virtual port, as its type takes them.

    Args:
        managerid: 802.1Qbg: id of the VSI manager, 0 to 255.
        typeid: 802.1Qbg: id of the VSI type, 0 to 16777215.
        typeidversion: 802.1Qbg: version of the VSI type id, 0 to 255.
        instanceid: 802.1Qbg: id of the VSI instance, a UUID.
        profileid: 802.1Qbh and openvswitch: the port profile, at most 39 bytes.
        interfaceid: openvswitch and midonet: the interface's id, a UUID.
    """

    FIELDS: ClassVar[Mapping[str, type[Args] | None]] = {
        "managerid": None,
        "typeid": None,
        "typeidversion": None,
        "instanceid": None,
        "profileid": None,
        "interfaceid": None,
    }

    def __init__(
        self,
        *,
        managerid: Input[int] | None = None,
        typeid: Input[int] | None = None,
        typeidversion: Input[int] | None = None,
        instanceid: Input[str] | None = None,
        profileid: Input[str] | None = None,
        interfaceid: Input[str] | None = None,
    ) -> None:
        self.managerid = managerid
        self.typeid = typeid
        self.typeidversion = typeidversion
        self.instanceid = instanceid
        self.profileid = profileid
        self.interfaceid = interfaceid


class VirtualPortParametersArgsDict(TypedDict):
    """Parameters of a virtual port, as its type takes them."""

    managerid: NotRequired[Input[int] | None]
    """802.1Qbg: id of the VSI manager, 0 to 255."""
    typeid: NotRequired[Input[int] | None]
    """802.1Qbg: id of the VSI type, 0 to 16777215."""
    typeidversion: NotRequired[Input[int] | None]
    """802.1Qbg: version of the VSI type id, 0 to 255."""
    instanceid: NotRequired[Input[str] | None]
    """802.1Qbg: id of the VSI instance, a UUID."""
    profileid: NotRequired[Input[str] | None]
    """802.1Qbh and openvswitch: the port profile, at most 39 bytes."""
    interfaceid: NotRequired[Input[str] | None]
    """openvswitch and midonet: the interface's id, a UUID."""


class VirtualPortArgs(Args):
    """How guests' ports are set up on switches that want to know.

    Args:
        type: The kind of switch. Left out in a port group: the network's.
        parameters: Parameters, as the kind of switch takes them.
    """

    FIELDS: ClassVar[Mapping[str, type[Args] | None]] = {
        "type": None,
        "parameters": VirtualPortParametersArgs,
    }

    def __init__(
        self,
        *,
        type: Input[Literal["802.1Qbg", "802.1Qbh", "openvswitch", "midonet"]] | None = None,
        parameters: Input[VirtualPortParametersArgs | VirtualPortParametersArgsDict] | None = None,
    ) -> None:
        self.type = type
        self.parameters = parameters


class VirtualPortArgsDict(TypedDict):
    """How guests' ports are set up on switches that want to know."""

    type: NotRequired[Input[Literal["802.1Qbg", "802.1Qbh", "openvswitch", "midonet"]] | None]
    """The kind of switch. Left out in a port group: the network's."""
    parameters: NotRequired[Input[VirtualPortParametersArgs | VirtualPortParametersArgsDict] | None]
    """Parameters, as the kind of switch takes them."""


class PortGroupArgs(Args):
    """A named set of port settings that guests may ask for. Any change is applied live.

    Args:
        name: The group's name, which guests' interfaces refer to. Required.
        default: Guests that name no group get this one; at most one group may be it. Default: False.
        trust_guest_rx_filters: Trust the guest's own receive filters. Default: False.
        virtual_port: How these guests' ports are set up on switches that want to know.
        bandwidth: Limits of each of these guests' traffic.
        vlan: VLAN tags of these guests' ports.
    """

    FIELDS: ClassVar[Mapping[str, type[Args] | None]] = {
        "name": None,
        "default": None,
        "trust_guest_rx_filters": None,
        "virtual_port": VirtualPortArgs,
        "bandwidth": BandwidthArgs,
        "vlan": VlanArgs,
    }

    def __init__(
        self,
        *,
        name: Input[str],
        default: Input[bool] | None = None,
        trust_guest_rx_filters: Input[bool] | None = None,
        virtual_port: Input[VirtualPortArgs | VirtualPortArgsDict] | None = None,
        bandwidth: Input[BandwidthArgs | BandwidthArgsDict] | None = None,
        vlan: Input[VlanArgs | VlanArgsDict] | None = None,
    ) -> None:
        self.name = name
        self.default = default
        self.trust_guest_rx_filters = trust_guest_rx_filters
        self.virtual_port = virtual_port
        self.bandwidth = bandwidth
        self.vlan = vlan


class PortGroupArgsDict(TypedDict):
    """A named set of port settings that guests may ask for. Any change is applied live."""

    name: Input[str]
    """The group's name, which guests' interfaces refer to."""
    default: NotRequired[Input[bool] | None]
    """Guests that name no group get this one; at most one group may be it. Default: False."""
    trust_guest_rx_filters: NotRequired[Input[bool] | None]
    """Trust the guest's own receive filters. Default: False."""
    virtual_port: NotRequired[Input[VirtualPortArgs | VirtualPortArgsDict] | None]
    """How these guests' ports are set up on switches that want to know."""
    bandwidth: NotRequired[Input[BandwidthArgs | BandwidthArgsDict] | None]
    """Limits of each of these guests' traffic."""
    vlan: NotRequired[Input[VlanArgs | VlanArgsDict] | None]
    """VLAN tags of these guests' ports."""


class LibvirtNetworkArgs(Args):
    """The inputs of a LibvirtNetwork, for its `args`.

    Args:
        uri: Connection URI of the host, "qemu:///system" or "qemu+ssh://root@host/system". Left out:
            virtnet:uri of the stack's configuration, then LIBVIRT_DEFAULT_URI, then qemu:///system. Another
            spelling for the same host only changes what is recorded.
        name: The network's name on the host. Left out: the Pulumi resource's name, as it is. A change
            replaces the network.
        uuid: A fixed UUID. Left out, one is chosen when the network is made, and kept. A change replaces the
            network.
        title: A short title (libvirt 9.7 and newer). A change is applied live.
        description: A description (libvirt 9.7 and newer). A change is applied live.
        metadata: XML elements for other programs, each as text, by their namespace URI. A change is applied
            live.
        ipv6: Let guests talk IPv6 among themselves though the network has no IPv6 address. Default: False. A
            change restarts the network.
        trust_guest_rx_filters: Trust the receive filters that guests set on their interfaces. Default: False.
            A change restarts the network.
        forward: How the network reaches the outside. Left out: it does not, it is isolated; `{}` means nat. A
            change restarts the network.
        bridge: The network's bridge. A change restarts the network.
        mtu: The bridge's MTU in bytes, 68 to 65535. Left out: the kernel's, 1500. A change restarts the
            network.
        mac: The bridge's MAC address, "52:54:00:12:34:56". Left out, one is chosen when the network is made,
            and kept. A change restarts the network.
        domain: The DNS domain that guests are told. A change restarts the network.
        dns: The DNS server. Left out: it answers for the network's guests and asks the host's servers. A
            change restarts the network.
        bandwidth: Limits of the traffic of all guests together. A change restarts the network.
        vlan: VLAN tags of guests' ports. A change restarts the network.
        port_isolated: Keep guests from talking to one another; they still reach the host. Default: False. A
            change restarts the network.
        ips: The host's addresses on the network, each with what is served on it. Left out: none. A change
            restarts the network.
        routes: Routes of the host to networks behind guests of this one. A change restarts the network.
        virtual_port: How guests' ports are set up on switches that want to know. A change restarts the
            network.
        port_groups: Named sets of port settings that guests may ask for. A change is applied live.
        dnsmasq_options: Raw lines for dnsmasq's configuration, "dhcp-option=42,0.0.0.0"; as risky as they
            sound, and never shown in a plan. A change restarts the network.
        autostart: Whether the network starts when the host boots. Default: True. A change is applied live.
        active: Whether the network runs. Default: True. Starting it is live; stopping it counts as a restart,
            and is refused while anything is plugged in unless `on_delete` is disconnect.
        adopt: Take over the network of this name if there is one, else make it. What the program leaves out
            stays as found. Without it a network that exists is refused. Default: False. A change touches
            nothing on the host.
        allow_overlap: Accept addresses that overlap those of another active network or of a subnet the host
            is connected to. Default: False. A change touches nothing on the host.
        on_restart: What a restart does while something is plugged in: refuse fails before anything is
            touched, reattach plugs it in again afterwards. What surely could not be plugged in again refuses
            the restart in any case. Default: reattach. A change touches nothing on the host.
        on_delete: What delete does: refuse while anything is plugged in, disconnect it, keep the network, or
            restore what was adopted. Left out: restore for an adopted network, else refuse. A change touches
            nothing on the host.
    """

    FIELDS: ClassVar[Mapping[str, type[Args] | None]] = {
        "uri": None,
        "name": None,
        "uuid": None,
        "title": None,
        "description": None,
        "metadata": None,
        "ipv6": None,
        "trust_guest_rx_filters": None,
        "forward": ForwardArgs,
        "bridge": BridgeArgs,
        "mtu": None,
        "mac": None,
        "domain": DomainArgs,
        "dns": DnsArgs,
        "bandwidth": BandwidthArgs,
        "vlan": VlanArgs,
        "port_isolated": None,
        "ips": NetworkIpArgs,
        "routes": RouteArgs,
        "virtual_port": VirtualPortArgs,
        "port_groups": PortGroupArgs,
        "dnsmasq_options": None,
        "autostart": None,
        "active": None,
        "adopt": None,
        "allow_overlap": None,
        "on_restart": None,
        "on_delete": None,
    }
    MAPS: ClassVar[frozenset[str]] = frozenset({"metadata"})

    def __init__(
        self,
        *,
        uri: Input[str] | None = None,
        name: Input[str] | None = None,
        uuid: Input[str] | None = None,
        title: Input[str] | None = None,
        description: Input[str] | None = None,
        metadata: Input[Mapping[str, Input[str]]] | None = None,
        ipv6: Input[bool] | None = None,
        trust_guest_rx_filters: Input[bool] | None = None,
        forward: Input[ForwardArgs | ForwardArgsDict] | None = None,
        bridge: Input[BridgeArgs | BridgeArgsDict] | None = None,
        mtu: Input[int] | None = None,
        mac: Input[str] | None = None,
        domain: Input[DomainArgs | DomainArgsDict] | None = None,
        dns: Input[DnsArgs | DnsArgsDict] | None = None,
        bandwidth: Input[BandwidthArgs | BandwidthArgsDict] | None = None,
        vlan: Input[VlanArgs | VlanArgsDict] | None = None,
        port_isolated: Input[bool] | None = None,
        ips: Input[Sequence[Input[NetworkIpArgs | NetworkIpArgsDict]]] | None = None,
        routes: Input[Sequence[Input[RouteArgs | RouteArgsDict]]] | None = None,
        virtual_port: Input[VirtualPortArgs | VirtualPortArgsDict] | None = None,
        port_groups: Input[Sequence[Input[PortGroupArgs | PortGroupArgsDict]]] | None = None,
        dnsmasq_options: Input[Sequence[Input[str]]] | None = None,
        autostart: Input[bool] | None = None,
        active: Input[bool] | None = None,
        adopt: Input[bool] | None = None,
        allow_overlap: Input[bool] | None = None,
        on_restart: Input[Literal["reattach", "refuse"]] | None = None,
        on_delete: Input[Literal["refuse", "disconnect", "keep", "restore"]] | None = None,
    ) -> None:
        self.uri = uri
        self.name = name
        self.uuid = uuid
        self.title = title
        self.description = description
        self.metadata = metadata
        self.ipv6 = ipv6
        self.trust_guest_rx_filters = trust_guest_rx_filters
        self.forward = forward
        self.bridge = bridge
        self.mtu = mtu
        self.mac = mac
        self.domain = domain
        self.dns = dns
        self.bandwidth = bandwidth
        self.vlan = vlan
        self.port_isolated = port_isolated
        self.ips = ips
        self.routes = routes
        self.virtual_port = virtual_port
        self.port_groups = port_groups
        self.dnsmasq_options = dnsmasq_options
        self.autostart = autostart
        self.active = active
        self.adopt = adopt
        self.allow_overlap = allow_overlap
        self.on_restart = on_restart
        self.on_delete = on_delete


class LibvirtNetworkArgsDict(TypedDict):
    """The inputs of a LibvirtNetwork, for its `args`."""

    uri: NotRequired[Input[str] | None]
    """Connection URI of the host, "qemu:///system" or "qemu+ssh://root@host/system". Left out: virtnet:uri of the
    stack's configuration, then LIBVIRT_DEFAULT_URI, then qemu:///system. Another spelling for the same host only
    changes what is recorded.
    """
    name: NotRequired[Input[str] | None]
    """The network's name on the host. Left out: the Pulumi resource's name, as it is. A change replaces the network."""
    uuid: NotRequired[Input[str] | None]
    """A fixed UUID. Left out, one is chosen when the network is made, and kept. A change replaces the network."""
    title: NotRequired[Input[str] | None]
    """A short title (libvirt 9.7 and newer). A change is applied live."""
    description: NotRequired[Input[str] | None]
    """A description (libvirt 9.7 and newer). A change is applied live."""
    metadata: NotRequired[Input[Mapping[str, Input[str]]] | None]
    """XML elements for other programs, each as text, by their namespace URI. A change is applied live."""
    ipv6: NotRequired[Input[bool] | None]
    """Let guests talk IPv6 among themselves though the network has no IPv6 address. Default: False. A change
    restarts the network.
    """
    trust_guest_rx_filters: NotRequired[Input[bool] | None]
    """Trust the receive filters that guests set on their interfaces. Default: False. A change restarts the network."""
    forward: NotRequired[Input[ForwardArgs | ForwardArgsDict] | None]
    """How the network reaches the outside. Left out: it does not, it is isolated; `{}` means nat. A change restarts
    the network.
    """
    bridge: NotRequired[Input[BridgeArgs | BridgeArgsDict] | None]
    """The network's bridge. A change restarts the network."""
    mtu: NotRequired[Input[int] | None]
    """The bridge's MTU in bytes, 68 to 65535. Left out: the kernel's, 1500. A change restarts the network."""
    mac: NotRequired[Input[str] | None]
    """The bridge's MAC address, "52:54:00:12:34:56". Left out, one is chosen when the network is made, and kept. A
    change restarts the network.
    """
    domain: NotRequired[Input[DomainArgs | DomainArgsDict] | None]
    """The DNS domain that guests are told. A change restarts the network."""
    dns: NotRequired[Input[DnsArgs | DnsArgsDict] | None]
    """The DNS server. Left out: it answers for the network's guests and asks the host's servers. A change restarts
    the network.
    """
    bandwidth: NotRequired[Input[BandwidthArgs | BandwidthArgsDict] | None]
    """Limits of the traffic of all guests together. A change restarts the network."""
    vlan: NotRequired[Input[VlanArgs | VlanArgsDict] | None]
    """VLAN tags of guests' ports. A change restarts the network."""
    port_isolated: NotRequired[Input[bool] | None]
    """Keep guests from talking to one another; they still reach the host. Default: False. A change restarts the
    network.
    """
    ips: NotRequired[Input[Sequence[Input[NetworkIpArgs | NetworkIpArgsDict]]] | None]
    """The host's addresses on the network, each with what is served on it. Left out: none. A change restarts the
    network.
    """
    routes: NotRequired[Input[Sequence[Input[RouteArgs | RouteArgsDict]]] | None]
    """Routes of the host to networks behind guests of this one. A change restarts the network."""
    virtual_port: NotRequired[Input[VirtualPortArgs | VirtualPortArgsDict] | None]
    """How guests' ports are set up on switches that want to know. A change restarts the network."""
    port_groups: NotRequired[Input[Sequence[Input[PortGroupArgs | PortGroupArgsDict]]] | None]
    """Named sets of port settings that guests may ask for. A change is applied live."""
    dnsmasq_options: NotRequired[Input[Sequence[Input[str]]] | None]
    """Raw lines for dnsmasq's configuration, "dhcp-option=42,0.0.0.0"; as risky as they sound, and never shown in a
    plan. A change restarts the network.
    """
    autostart: NotRequired[Input[bool] | None]
    """Whether the network starts when the host boots. Default: True. A change is applied live."""
    active: NotRequired[Input[bool] | None]
    """Whether the network runs. Default: True. Starting it is live; stopping it counts as a restart, and is refused
    while anything is plugged in unless `on_delete` is disconnect.
    """
    adopt: NotRequired[Input[bool] | None]
    """Take over the network of this name if there is one, else make it. What the program leaves out stays as found.
    Without it a network that exists is refused. Default: False. A change touches nothing on the host.
    """
    allow_overlap: NotRequired[Input[bool] | None]
    """Accept addresses that overlap those of another active network or of a subnet the host is connected to.
    Default: False. A change touches nothing on the host.
    """
    on_restart: NotRequired[Input[Literal["reattach", "refuse"]] | None]
    """What a restart does while something is plugged in: refuse fails before anything is touched, reattach plugs it
    in again afterwards. What surely could not be plugged in again refuses the restart in any case. Default:
    reattach. A change touches nothing on the host.
    """
    on_delete: NotRequired[Input[Literal["refuse", "disconnect", "keep", "restore"]] | None]
    """What delete does: refuse while anything is plugged in, disconnect it, keep the network, or restore what was
    adopted. Left out: restore for an adopted network, else refuse. A change touches nothing on the host.
    """


class LibvirtNetworkInputs(Resource):
    """The constructor of a LibvirtNetwork, and its inputs as outputs."""

    ARGS: ClassVar[type[Args]] = LibvirtNetworkArgs

    def __init__(
        self,
        resource_name: str,
        args: LibvirtNetworkArgs | LibvirtNetworkArgsDict | None = None,
        opts: pulumi.ResourceOptions | None = None,
        *,
        uri: Input[str] | None = None,
        name: Input[str] | None = None,
        uuid: Input[str] | None = None,
        title: Input[str] | None = None,
        description: Input[str] | None = None,
        metadata: Input[Mapping[str, Input[str]]] | None = None,
        ipv6: Input[bool] | None = None,
        trust_guest_rx_filters: Input[bool] | None = None,
        forward: Input[ForwardArgs | ForwardArgsDict] | None = None,
        bridge: Input[BridgeArgs | BridgeArgsDict] | None = None,
        mtu: Input[int] | None = None,
        mac: Input[str] | None = None,
        domain: Input[DomainArgs | DomainArgsDict] | None = None,
        dns: Input[DnsArgs | DnsArgsDict] | None = None,
        bandwidth: Input[BandwidthArgs | BandwidthArgsDict] | None = None,
        vlan: Input[VlanArgs | VlanArgsDict] | None = None,
        port_isolated: Input[bool] | None = None,
        ips: Input[Sequence[Input[NetworkIpArgs | NetworkIpArgsDict]]] | None = None,
        routes: Input[Sequence[Input[RouteArgs | RouteArgsDict]]] | None = None,
        virtual_port: Input[VirtualPortArgs | VirtualPortArgsDict] | None = None,
        port_groups: Input[Sequence[Input[PortGroupArgs | PortGroupArgsDict]]] | None = None,
        dnsmasq_options: Input[Sequence[Input[str]]] | None = None,
        autostart: Input[bool] | None = None,
        active: Input[bool] | None = None,
        adopt: Input[bool] | None = None,
        allow_overlap: Input[bool] | None = None,
        on_restart: Input[Literal["reattach", "refuse"]] | None = None,
        on_delete: Input[Literal["refuse", "disconnect", "keep", "restore"]] | None = None,
    ) -> None:
        """Make a LibvirtNetwork part of the stack.

        Args:
            resource_name: The name of the resource in the program and its stack.
            args: All inputs at once, instead of the keywords below.
            opts: Pulumi's own options, such as `depends_on` and `protect`.
            uri: Connection URI of the host, "qemu:///system" or "qemu+ssh://root@host/system". Left out:
                virtnet:uri of the stack's configuration, then LIBVIRT_DEFAULT_URI, then qemu:///system. Another
                spelling for the same host only changes what is recorded.
            name: The network's name on the host. Left out: the Pulumi resource's name, as it is. A change
                replaces the network.
            uuid: A fixed UUID. Left out, one is chosen when the network is made, and kept. A change replaces the
                network.
            title: A short title (libvirt 9.7 and newer). A change is applied live.
            description: A description (libvirt 9.7 and newer). A change is applied live.
            metadata: XML elements for other programs, each as text, by their namespace URI. A change is applied
                live.
            ipv6: Let guests talk IPv6 among themselves though the network has no IPv6 address. Default: False. A
                change restarts the network.
            trust_guest_rx_filters: Trust the receive filters that guests set on their interfaces. Default: False.
                A change restarts the network.
            forward: How the network reaches the outside. Left out: it does not, it is isolated; `{}` means nat. A
                change restarts the network.
            bridge: The network's bridge. A change restarts the network.
            mtu: The bridge's MTU in bytes, 68 to 65535. Left out: the kernel's, 1500. A change restarts the
                network.
            mac: The bridge's MAC address, "52:54:00:12:34:56". Left out, one is chosen when the network is made,
                and kept. A change restarts the network.
            domain: The DNS domain that guests are told. A change restarts the network.
            dns: The DNS server. Left out: it answers for the network's guests and asks the host's servers. A
                change restarts the network.
            bandwidth: Limits of the traffic of all guests together. A change restarts the network.
            vlan: VLAN tags of guests' ports. A change restarts the network.
            port_isolated: Keep guests from talking to one another; they still reach the host. Default: False. A
                change restarts the network.
            ips: The host's addresses on the network, each with what is served on it. Left out: none. A change
                restarts the network.
            routes: Routes of the host to networks behind guests of this one. A change restarts the network.
            virtual_port: How guests' ports are set up on switches that want to know. A change restarts the
                network.
            port_groups: Named sets of port settings that guests may ask for. A change is applied live.
            dnsmasq_options: Raw lines for dnsmasq's configuration, "dhcp-option=42,0.0.0.0"; as risky as they
                sound, and never shown in a plan. A change restarts the network.
            autostart: Whether the network starts when the host boots. Default: True. A change is applied live.
            active: Whether the network runs. Default: True. Starting it is live; stopping it counts as a restart,
                and is refused while anything is plugged in unless `on_delete` is disconnect.
            adopt: Take over the network of this name if there is one, else make it. What the program leaves out
                stays as found. Without it a network that exists is refused. Default: False. A change touches
                nothing on the host.
            allow_overlap: Accept addresses that overlap those of another active network or of a subnet the host
                is connected to. Default: False. A change touches nothing on the host.
            on_restart: What a restart does while something is plugged in: refuse fails before anything is
                touched, reattach plugs it in again afterwards. What surely could not be plugged in again refuses
                the restart in any case. Default: reattach. A change touches nothing on the host.
            on_delete: What delete does: refuse while anything is plugged in, disconnect it, keep the network, or
                restore what was adopted. Left out: restore for an adopted network, else refuse. A change touches
                nothing on the host.

        Raises:
            TypeError: Both args and keywords are given, or a keyword is not there. What is wrong with a value is
                said by `pulumi preview`, with the property's path and the fix.
        """
        super().__init__(
            resource_name,
            args,
            opts,
            {
                "uri": uri,
                "name": name,
                "uuid": uuid,
                "title": title,
                "description": description,
                "metadata": metadata,
                "ipv6": ipv6,
                "trust_guest_rx_filters": trust_guest_rx_filters,
                "forward": forward,
                "bridge": bridge,
                "mtu": mtu,
                "mac": mac,
                "domain": domain,
                "dns": dns,
                "bandwidth": bandwidth,
                "vlan": vlan,
                "port_isolated": port_isolated,
                "ips": ips,
                "routes": routes,
                "virtual_port": virtual_port,
                "port_groups": port_groups,
                "dnsmasq_options": dnsmasq_options,
                "autostart": autostart,
                "active": active,
                "adopt": adopt,
                "allow_overlap": allow_overlap,
                "on_restart": on_restart,
                "on_delete": on_delete,
            },
        )

    @property
    def uri(self) -> pulumi.Output[str]:
        """The input `uri` as it is now."""
        return self._output("uri")

    @property
    def name(self) -> pulumi.Output[str]:
        """The input `name` as it is now."""
        return self._output("name")

    @property
    def title(self) -> pulumi.Output[str | None]:
        """The input `title` as it is now; None when the program leaves it out."""
        return self._output("title")

    @property
    def description(self) -> pulumi.Output[str | None]:
        """The input `description` as it is now; None when the program leaves it out."""
        return self._output("description")

    @property
    def metadata(self) -> pulumi.Output[dict[str, str] | None]:
        """The input `metadata` as it is now; None when the program leaves it out."""
        return self._output("metadata")

    @property
    def ipv6(self) -> pulumi.Output[bool | None]:
        """The input `ipv6` as it is now; None when the program leaves it out."""
        return self._output("ipv6")

    @property
    def trust_guest_rx_filters(self) -> pulumi.Output[bool | None]:
        """The input `trust_guest_rx_filters` as it is now; None when the program leaves it out."""
        return self._output("trust_guest_rx_filters")

    @property
    def forward(self) -> pulumi.Output[dict[str, Any] | None]:
        """The input `forward` as it is now; None when the program leaves it out."""
        return self._output("forward")

    @property
    def bridge(self) -> pulumi.Output[dict[str, Any] | None]:
        """The input `bridge` as it is now; None when the program leaves it out."""
        return self._output("bridge")

    @property
    def mtu(self) -> pulumi.Output[int | None]:
        """The input `mtu` as it is now; None when the program leaves it out."""
        return self._output("mtu")

    @property
    def domain(self) -> pulumi.Output[dict[str, Any] | None]:
        """The input `domain` as it is now; None when the program leaves it out."""
        return self._output("domain")

    @property
    def dns(self) -> pulumi.Output[dict[str, Any] | None]:
        """The input `dns` as it is now; None when the program leaves it out."""
        return self._output("dns")

    @property
    def bandwidth(self) -> pulumi.Output[dict[str, Any] | None]:
        """The input `bandwidth` as it is now; None when the program leaves it out."""
        return self._output("bandwidth")

    @property
    def vlan(self) -> pulumi.Output[dict[str, Any] | None]:
        """The input `vlan` as it is now; None when the program leaves it out."""
        return self._output("vlan")

    @property
    def port_isolated(self) -> pulumi.Output[bool | None]:
        """The input `port_isolated` as it is now; None when the program leaves it out."""
        return self._output("port_isolated")

    @property
    def ips(self) -> pulumi.Output[list[dict[str, Any]] | None]:
        """The input `ips` as it is now; None when the program leaves it out."""
        return self._output("ips")

    @property
    def routes(self) -> pulumi.Output[list[dict[str, Any]] | None]:
        """The input `routes` as it is now; None when the program leaves it out."""
        return self._output("routes")

    @property
    def virtual_port(self) -> pulumi.Output[dict[str, Any] | None]:
        """The input `virtual_port` as it is now; None when the program leaves it out."""
        return self._output("virtual_port")

    @property
    def port_groups(self) -> pulumi.Output[list[dict[str, Any]] | None]:
        """The input `port_groups` as it is now; None when the program leaves it out."""
        return self._output("port_groups")

    @property
    def dnsmasq_options(self) -> pulumi.Output[list[str] | None]:
        """The input `dnsmasq_options` as it is now; None when the program leaves it out."""
        return self._output("dnsmasq_options")

    @property
    def autostart(self) -> pulumi.Output[bool]:
        """The input `autostart` as it is now."""
        return self._output("autostart")

    @property
    def active(self) -> pulumi.Output[bool]:
        """The input `active` as it is now."""
        return self._output("active")

    @property
    def adopt(self) -> pulumi.Output[bool | None]:
        """The input `adopt` as it is now; None when the program leaves it out."""
        return self._output("adopt")

    @property
    def allow_overlap(self) -> pulumi.Output[bool | None]:
        """The input `allow_overlap` as it is now; None when the program leaves it out."""
        return self._output("allow_overlap")

    @property
    def on_restart(self) -> pulumi.Output[Literal["reattach", "refuse"] | None]:
        """The input `on_restart` as it is now; None when the program leaves it out."""
        return self._output("on_restart")

    @property
    def on_delete(self) -> pulumi.Output[Literal["refuse", "disconnect", "keep", "restore"] | None]:
        """The input `on_delete` as it is now; None when the program leaves it out."""
        return self._output("on_delete")
