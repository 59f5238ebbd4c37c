"""The scalar values of a specification: what is accepted, and the one spelling each is kept in.

Every function takes the text a user wrote and returns its canonical spelling, or raises Invalid, a ValueError. Pure;
network.xml brings libvirt's own spelling to the same form.

libvirt reads numbers like inet_aton (10.055.0.01 becomes 10.45.0.1) and dnsmasq takes a newline in a value as a
new option, so addresses go through `ipaddress` and control characters are refused everywhere.
"""

import ipaddress
import re
import unicodedata
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, Field, StrictBool, StrictInt, StrictStr

from virtnet.spec.failures import Invalid, SpecFailure
from virtnet.transport.uri import is_transport_alone, why_unsafe

#: Longest name of a network interface: IFNAMSIZ of the kernel less its closing zero.
LONGEST_INTERFACE_NAME = 15

#: dnsmasq reads a line of its files into a buffer of 1025 bytes (MAXDNAME, option.c), with the newline and a zero.
LONGEST_LINE = 1023

#: libvirt names files after the network in several directories; the longest suffix is short of 40 bytes.
LONGEST_NETWORK_NAME = 200


@dataclass(frozen=True)
class Canonical:
    """Marks a text type with the function that gives its one spelling (Annotated metadata)."""

    of: Callable[[str], str]


def text(value: str) -> str:
    """Plain text: any characters but control characters."""
    for character in value:
        # The last two are no characters at all, and XML cannot hold them.
        if unicodedata.category(character) in ("Cc", "Zl", "Zp", "Cs") or character in "\ufffe\uffff":
            raise Invalid(SpecFailure.CONTROL_CHARACTER, {"code": ord(character)})
    return value


def _all_printable(value: str) -> str:
    """A name as people read it in plans: what turns the text around it, or is not seen, has no place there."""
    for character in value:
        if not character.isprintable():
            raise Invalid(SpecFailure.INVISIBLE_CHARACTER, {"code": ord(character)})
    return value


def network_name(value: str) -> str:
    """A libvirt network's name."""
    text(value)
    if not value.strip():
        raise Invalid(SpecFailure.NAME_EMPTY)
    if value != value.strip():
        raise Invalid(SpecFailure.NAME_SPACES, suggestion=value.strip())
    if "/" in value:
        raise Invalid(SpecFailure.NAME_CHARACTER, {"character": "/"}, re.sub("/+", "-", value))
    _all_printable(value)
    if value in (".", ".."):
        raise Invalid(SpecFailure.NAME_DIRECTORY)
    if re.search(r"\s#", value):
        raise Invalid(SpecFailure.NAME_HASH)
    # Some of the files have each of these characters as an entity of XML.
    if len(value.encode()) + 5 * sum(map(value.count, "&<>'\"")) > LONGEST_NETWORK_NAME:
        raise Invalid(SpecFailure.NAME_TOO_LONG, {"longest": LONGEST_NETWORK_NAME})
    return value


def interface_name(value: str) -> str:
    """A kernel network interface's name (dev_valid_name in the kernel's net/core/dev.c)."""
    text(value)
    if not value:
        raise Invalid(SpecFailure.INTERFACE_EMPTY)
    if len(value.encode()) > LONGEST_INTERFACE_NAME:
        raise Invalid(
            SpecFailure.INTERFACE_TOO_LONG,
            {"length": len(value.encode()), "longest": LONGEST_INTERFACE_NAME},
        )
    if value in (".", "..") or re.search(r"[/:\s%]", value):
        raise Invalid(SpecFailure.NO_INTERFACE_NAME)
    return value


def mac_address(value: str) -> str:
    """A MAC address, kept in lower case with two digits a byte."""
    if not re.fullmatch(r"[0-9A-Fa-f]{1,2}(:[0-9A-Fa-f]{1,2}){5}", value):
        digits = re.sub(r"[-:.\s]", "", value).lower()
        pairs = ":".join(digits[at : at + 2] for at in range(0, 12, 2))
        raise Invalid(SpecFailure.NO_MAC, suggestion=pairs if re.fullmatch(r"[0-9a-f]{12}", digits) else None)
    return ":".join(f"{int(byte, 16):02x}" for byte in value.split(":"))


def unicast_mac_address(value: str) -> str:
    """A MAC address that one station can have."""
    canonical = mac_address(value)
    if int(canonical[:2], 16) & 1:
        raise Invalid(SpecFailure.MULTICAST_MAC, {"canonical": canonical})
    if canonical == "00:00:00:00:00:00":
        raise Invalid(SpecFailure.ZERO_MAC)
    return canonical


def ip_address(value: str) -> str:
    """An IPv4 or IPv6 address, strictly read."""
    try:
        parsed = ipaddress.ip_address(value)
    except ValueError:
        raise _no_address(value) from None
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.scope_id is not None:
        alone = str(parsed).partition("%")[0]
        raise Invalid(SpecFailure.ADDRESS_ZONE, suggestion=alone)
    return str(parsed)


def ipv4_address(value: str) -> str:
    """An IPv4 address, strictly read."""
    canonical = ip_address(value)
    if ":" in canonical:
        raise Invalid(SpecFailure.NOT_IPV4, {"canonical": canonical})
    return canonical


def interface_address(value: str) -> str:
    """An address with its prefix length: "192.168.123.1/24", "fd00:123::1/64"."""
    address, slash, prefix = value.partition("/")
    if not slash:
        raise Invalid(SpecFailure.NO_PREFIX, suggestion=_with_usual_prefix(address))
    try:
        canonical = ip_address(address)
    except Invalid as error:
        nearest = None if error.suggestion is None else f"{error.suggestion}/{prefix}"
        raise Invalid(error.kind, error.details, nearest) from None
    longest = 128 if ":" in canonical else 32
    if not re.fullmatch(r"0|[1-9][0-9]{0,2}", prefix) or not 1 <= int(prefix) <= longest:
        raise Invalid(SpecFailure.PREFIX_RANGE, {"longest": longest}, _with_mask_as_prefix(value))
    return f"{canonical}/{int(prefix)}"


def network_address(value: str) -> str:
    """A network in CIDR form: "10.60.0.0/16"; no bits set after the prefix."""
    if "/" not in value:
        raise Invalid(SpecFailure.NETWORK_NO_PREFIX, suggestion=_with_classful_prefix(value))
    canonical = interface_address(value) if not value.endswith("/0") else value
    try:
        return str(ipaddress.ip_network(canonical))
    except ValueError:
        try:
            suggestion = str(ipaddress.ip_network(canonical, strict=False))
        except ValueError:
            raise Invalid(SpecFailure.NO_NETWORK) from None
        raise Invalid(SpecFailure.HOST_BITS, suggestion=suggestion) from None


def network_uuid(value: str) -> str:
    """A UUID, kept in lower case with dashes."""
    try:
        return str(uuid.UUID(value))
    except ValueError:
        raise Invalid(SpecFailure.NO_UUID) from None


def domain_name(value: str) -> str:
    """A DNS name: what both libvirt's schema (dnsName) and dnsmasq take.

    The schema takes '/' too, with which dnsmasq parts one domain from another (server=/one/other/192.0.2.1).
    """
    text(value)
    if not re.fullmatch(r"[A-Za-z0-9_.*+-]+", value) or len(value) > 253:
        raise Invalid(SpecFailure.NO_DNS_NAME, suggestion=re.sub(r"\s+", "-", value.strip()))
    labels = value.removesuffix(".").split(".")
    if "" in labels and value != ".":
        raise Invalid(SpecFailure.EMPTY_LABEL, suggestion=".".join(filter(None, labels)))
    if any(len(label) > 63 for label in labels):
        raise Invalid(SpecFailure.LONG_LABEL)
    return value


def service_name(value: str) -> str:
    """An SRV record's service: libvirt's characters (virNetworkDNSSrvDefParseXML), as one label with an underscore."""
    if not re.fullmatch(r"[A-Za-z0-9_*/+-]{1,62}", value):
        raise Invalid(SpecFailure.NO_SERVICE_NAME)
    return value


def protocol_name(value: str) -> str:
    """An SRV record's protocol: libvirt's characters for it, as one label with an underscore."""
    if not re.fullmatch(r"[A-Za-z0-9_/+-]{1,62}", value):
        raise Invalid(SpecFailure.NO_SERVICE_NAME)
    return value


def option_line(value: str) -> str:
    """A line of dnsmasq's configuration; what is beyond LONGEST_LINE dnsmasq would read as a line of its own."""
    text(value)
    if len(value.encode()) > LONGEST_LINE:
        raise Invalid(SpecFailure.LINE_TOO_LONG, {"longest": LONGEST_LINE})
    return value


def option_value(value: str) -> str:
    """One value of a dnsmasq option that libvirt writes down as it is, where these characters have a meaning."""
    text(value)
    if not value:
        raise Invalid(SpecFailure.EMPTY)
    if '"' in value or "," in value:
        raise Invalid(SpecFailure.OPTION_CHARACTER)
    # A '#' begins a comment after a space alone; right behind the '=' it is a part of the value (dnsmasq 2.90).
    if re.search(r"\s#|^\s|\s$", value):
        raise Invalid(SpecFailure.OPTION_SPACE)
    return value


def boot_file(value: str) -> str:
    """A boot file's name: BOOTP has 128 bytes for it, the last a zero (RFC 951)."""
    option_value(value)
    if len(value.encode()) > 127:
        raise Invalid(SpecFailure.BOOT_FILE_TOO_LONG)
    return value


def some_text(value: str) -> str:
    """Plain text that is not empty; libvirt drops an empty one."""
    text(value)
    if not value:
        raise Invalid(SpecFailure.EMPTY)
    return value


def unescaped_text(value: str) -> str:
    """Text that libvirt 9.0 writes into its XML as it is: what would break that is refused.

    Neither the daemon, when it starts again, nor anyone else can read such a definition.
    """
    text(value)
    if not value:
        raise Invalid(SpecFailure.EMPTY)
    for character in "&<'":
        if character in value:
            raise Invalid(SpecFailure.UNESCAPED_CHARACTER, {"character": character})
    return _all_printable(value)


def generic_name(value: str) -> str:
    """A name of a kernel module and the like (genericName of libvirt's schema)."""
    if not re.fullmatch(r"[A-Za-z0-9_+-]+", value):
        raise Invalid(SpecFailure.NO_GENERIC_NAME)
    return value


def port_profile(value: str) -> str:
    """The id of a virtual port's profile: at most 39 bytes (LIBVIRT_IFLA_VF_PORT_PROFILE_MAX)."""
    unescaped_text(value)
    if len(value.encode()) > 39:
        raise Invalid(SpecFailure.PROFILE_TOO_LONG, {"length": len(value.encode())})
    return value


def duid(value: str) -> str:
    """A DHCPv6 client's DUID, or a client id: bytes in hexadecimal with colons."""
    if not re.fullmatch(r"[0-9A-Fa-f]{1,2}(:[0-9A-Fa-f]{1,2}){1,129}", value):
        raise Invalid(SpecFailure.NO_DUID)
    return ":".join(f"{int(byte, 16):x}" for byte in value.split(":"))


def absolute_path(value: str) -> str:
    """A path from the root of the host's file system, which dnsmasq takes as it is."""
    text(value)
    if not value.startswith("/"):
        raise Invalid(SpecFailure.NO_ABSOLUTE_PATH, suggestion=f"/{value}")
    option_value(value)
    if len(value.encode()) > 255:
        raise Invalid(SpecFailure.PATH_TOO_LONG)
    return value


def uri(value: str) -> str:
    """A libvirt connection URI (https://libvirt.org/uri.html)."""
    text(value)
    if not re.match(r"[a-z][a-z0-9+.-]*://", value):
        raise Invalid(SpecFailure.NO_URI)
    if is_transport_alone(value):
        raise Invalid(SpecFailure.NO_URI, suggestion=_with_driver(value))
    fault = why_unsafe(value)
    if fault is not None:
        raise Invalid(fault.kind, fault.details)
    return value


def _with_driver(value: str) -> str:
    """A URI that names a transport and no driver, for QEMU's networks of the system."""
    base, mark, query = f"qemu+{value}".partition("?")
    place = base.partition("://")[2]
    return base.rstrip("/") + ("" if "/" in place.rstrip("/") else "/system") + mark + query


def readable(value: str) -> str:
    """A text as a sentence may show it: printable and not longer than a line."""
    shown = printable(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."


def printable(value: str) -> str:
    """A text with a mark in place of each character that a terminal would obey, or not show."""
    return "".join(character if character.isprintable() else "�" for character in value)


def _no_address(value: str) -> Invalid:
    if "/" in value:
        address, _, rest = value.partition("/")
        return Invalid(SpecFailure.PREFIX_LENGTH, suggestion=address if re.fullmatch(r"[0-9.]{1,15}", rest) else None)
    if re.fullmatch(r"[0-9]+(\.[0-9]+){3}", value) and re.search(r"(^|\.)0[0-9]", value):
        return Invalid(SpecFailure.LEADING_ZERO, suggestion=".".join(str(int(part)) for part in value.split(".")))
    return Invalid(SpecFailure.NO_ADDRESS)


def _with_usual_prefix(address: str) -> str:
    return f"{address}/64" if ":" in address else f"{address}/24"


def _with_mask_as_prefix(value: str) -> str | None:
    """An address with a netmask for its prefix length, "10.9.0.1/255.255.255.0"; None if it has none."""
    try:
        return ipaddress.IPv4Interface(value).with_prefixlen
    except ValueError:
        return None


def _with_classful_prefix(address: str) -> str | None:
    """A network as its zeros say how long it is: 10.60.0.0 as 10.60.0.0/16; None if it has none."""
    zeros = re.search(r"(\.0){1,3}$", address)
    return None if zeros is None else f"{address}/{32 - 4 * len(zeros[0])}"


Text = Annotated[StrictStr, Canonical(text), AfterValidator(text)]

NetworkName = Annotated[StrictStr, Canonical(network_name), AfterValidator(network_name)]

InterfaceName = Annotated[StrictStr, Canonical(interface_name), AfterValidator(interface_name)]

Mac = Annotated[StrictStr, Canonical(mac_address), AfterValidator(mac_address)]

UnicastMac = Annotated[StrictStr, Canonical(unicast_mac_address), AfterValidator(unicast_mac_address)]

IpAddress = Annotated[StrictStr, Canonical(ip_address), AfterValidator(ip_address)]

Ipv4Address = Annotated[StrictStr, Canonical(ipv4_address), AfterValidator(ipv4_address)]

InterfaceAddress = Annotated[StrictStr, Canonical(interface_address), AfterValidator(interface_address)]

NetworkAddress = Annotated[StrictStr, Canonical(network_address), AfterValidator(network_address)]

Uuid = Annotated[StrictStr, Canonical(network_uuid), AfterValidator(network_uuid)]

DomainName = Annotated[StrictStr, Canonical(domain_name), AfterValidator(domain_name)]

ServiceName = Annotated[StrictStr, Canonical(service_name), AfterValidator(service_name)]
ProtocolName = Annotated[StrictStr, Canonical(protocol_name), AfterValidator(protocol_name)]

UnescapedText = Annotated[StrictStr, Canonical(unescaped_text), AfterValidator(unescaped_text)]

GenericName = Annotated[StrictStr, Canonical(generic_name), AfterValidator(generic_name)]

PortProfile = Annotated[StrictStr, Canonical(port_profile), AfterValidator(port_profile)]

Duid = Annotated[StrictStr, Canonical(duid), AfterValidator(duid)]

OptionLine = Annotated[StrictStr, Canonical(option_line), AfterValidator(option_line)]

BootFile = Annotated[StrictStr, Canonical(boot_file), AfterValidator(boot_file)]

SomeText = Annotated[StrictStr, Canonical(some_text), AfterValidator(some_text)]

AbsolutePath = Annotated[StrictStr, Canonical(absolute_path), AfterValidator(absolute_path)]

Uri = Annotated[StrictStr, Canonical(uri), AfterValidator(uri)]

Bool = StrictBool

Integer = StrictInt

Port = Annotated[StrictInt, Field(ge=1, le=65535)]

UnsignedShort = Annotated[StrictInt, Field(ge=0, le=65535)]

UnsignedInt = Annotated[StrictInt, Field(ge=0, le=4294967295)]

UnsignedLong = Annotated[StrictInt, Field(ge=0, le=9223372036854775807)]

Burst = Annotated[StrictInt, Field(ge=0, le=4194303)]
"""Kilobytes that tc can count in bytes; with more a network does not start, and libvirt 11 does not define it."""

Byte = Annotated[StrictInt, Field(ge=0, le=255)]

Rate = Annotated[StrictInt, Field(ge=0, le=18014398509481984)]
"""Kilobytes a second: 2**54, the largest of network.rng of libvirt 11; older schemas say 2**32 - 1 and take more."""

VlanTag = Annotated[StrictInt, Field(ge=0, le=4095)]
