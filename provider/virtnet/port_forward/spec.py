"""PortForward as desired: which ports of a host lead to which guest, and who may use them. Pure."""

import ipaddress
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, StrictStr

from virtnet.port_forward.kinds import PortForwardFailure, ProblemKind
from virtnet.port_forward.ports import ports
from virtnet.spec.failures import Invalid
from virtnet.spec.part import LevelName, Part, optional, required
from virtnet.spec.values import (
    Bool,
    Canonical,
    DomainName,
    NetworkName,
    SomeText,
    Text,
    UnicastMac,
    Uri,
    ip_address,
    network_address,
)


def _as_text(value: Any) -> Any:
    """A port that is given as a number."""
    return str(value) if type(value) is int else value


def listen_address(value: str) -> str:
    """An address that a host can have, and others than the host itself can reach."""
    canonical = ip_address(value)
    parsed = ipaddress.ip_address(canonical)
    if parsed.is_unspecified:
        raise Invalid(PortForwardFailure.LISTENS_ON_WILDCARD)
    if parsed.is_loopback:
        raise Invalid(PortForwardFailure.LISTENS_ON_LOOPBACK)
    if _of_no_host(parsed):
        raise Invalid(PortForwardFailure.LISTENS_ON_NO_HOST)
    return canonical


def target_address(value: str) -> str:
    """An address that a guest can have."""
    canonical = ip_address(value)
    parsed = ipaddress.ip_address(canonical)
    if parsed.is_unspecified or parsed.is_loopback or _of_no_host(parsed):
        raise Invalid(PortForwardFailure.TARGET_NO_GUEST)
    return canonical


def _of_no_host(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether no rule can name it as one host's: link-local ones mean another host on each link."""
    mapped = address.version == 6 and getattr(address, "ipv4_mapped", None) is not None
    first_of_all = address.version == 4 and int(address) >> 24 == 0
    broadcast = address.version == 4 and int(address) == 0xFFFFFFFF
    return address.is_multicast or address.is_link_local or mapped or first_of_all or broadcast


def source(value: str) -> str:
    """Who may connect: a subnet in CIDR form; an address alone is that one host."""
    if "/" in value:
        return network_address(value)
    return str(ipaddress.ip_network(ip_address(value)))


PortsText = Annotated[StrictStr, BeforeValidator(_as_text), Canonical(ports), AfterValidator(ports)]

ListenAddress = Annotated[StrictStr, Canonical(listen_address), AfterValidator(listen_address)]

TargetAddress = Annotated[StrictStr, Canonical(target_address), AfterValidator(target_address)]

Source = Annotated[StrictStr, Canonical(source), AfterValidator(source)]


class ForwardedPort(Part):
    """A port, or a range of ports, that leads to the guest."""

    key: ClassVar[tuple[str, ...]] = ("protocol", "listen_port")
    whole_key: ClassVar[bool] = True

    protocol: Literal["tcp", "udp"] = required("The protocol.")
    listen_port: PortsText = required('The host\'s port, "8080", or a range of them, "5000-5010".')
    target_port: PortsText | None = optional(
        "The guest's port, or the first of as many as the range has. Left out, it is the host's."
    )


class PortForwardSpec(Part):
    """The inputs of a PortForward."""

    default_level: ClassVar[LevelName] = "live"

    uri: Uri | None = optional(
        "Connection URI of the host, as for a network. Local URIs act on this host, qemu+ssh:// over ssh.", "replace"
    )
    network: NetworkName = required(
        "The name or the UUID of the network that the guest is on, in mode nat, route or open.", "replace"
    )
    listen_address: ListenAddress | None = optional(
        "The host's address that guests are reached at. Left out: all addresses that the host has or gets, of the "
        "target's version of IP, but for loopback."
    )
    target_address: TargetAddress | None = optional("The guest's address, inside one of the network's subnets.")
    target_mac: UnicastMac | None = optional(
        "Instead of the address: the MAC address of a DHCP reservation of the network."
    )
    target_name: DomainName | None = optional("Instead of the address: the name of a DHCP reservation of the network.")
    ports: tuple[ForwardedPort, ...] = required("The ports, at least one.")
    sources: tuple[Source, ...] | None = optional(
        'Who may connect: subnets in CIDR form, "203.0.113.0/24", or addresses. Left out: anybody.'
    )
    allow_ssh: Bool | None = optional(
        "Forward the host's own ssh port too. Without it that is refused, as it may be the way in.", default=False
    )
    description: SomeText | None = optional("What it is for, for people.", "recorded", none="")
    adopt: Bool | None = optional(
        "Take over what another PortForward has of the same ports, which then leaves it alone. Without it that is "
        "refused.",
        "recorded",
        default=False,
    )


class ForwardProblem(Part):
    """Something that is wrong with a forward on its host. A preview says it in a sentence."""

    kind: Text = required(f"What it is: {', '.join(f'`{kind.value}`' for kind in ProblemKind)}.")
    details: dict[Text, Any] = required('What it concerns, by name: {"address": "198.51.100.1"}.')


class PortForwardOutputs(Part):
    """What a PortForward has besides the inputs that the program named."""

    addresses: tuple[Text, ...] = required(
        "The host's addresses that lead to the guest: `listen_address`, or all that it had when it was applied.",
        repeats=("listen_address",),
    )
    target: Text = required(
        "The guest's address: `target_address`, or that of the reservation.",
        repeats=("target_address", "target_mac", "target_name"),
    )
    network_uuid: Text = required("The network's UUID.", repeats=("network",))
    problems: tuple[ForwardProblem, ...] = required(
        "What is wrong on the host. `pulumi up` fixes what is virtnet's, and guests and other ports notice nothing."
    )
    host_uuid: Text = required(
        "The UUID by which libvirt knows the host; it tells whether another `uri` reaches the same one."
    )
