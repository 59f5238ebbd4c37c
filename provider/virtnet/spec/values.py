"""The scalar values of a specification: what is accepted, and the one spelling each is kept in.

Every function takes the text a user wrote and returns its canonical spelling, or raises ValueError with the
reason and the fix. Pure; network.xml brings libvirt's own spelling to
the same form.

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

from virtnet.transport.uri import unsafe_reason

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
            raise ValueError(f"holds the control character U+{ord(character):04X}; remove it")
    return value


def _all_printable(value: str) -> str:
    """A name as people read it in plans: what turns the text around it, or is not seen, has no place there."""
    for character in value:
        if not character.isprintable():
            raise ValueError(f"holds U+{ord(character):04X}, which nobody can see; leave it out")
    return value


def network_name(value: str) -> str:
    """A libvirt network's name."""
    text(value)
    if not value.strip():
        raise ValueError("is empty; give the network a name")
    if value != value.strip():
        raise ValueError("begins or ends with a space; remove it")
    for character in "/<>&\"'":
        if character in value:
            raise ValueError(f"holds '{character}'; use letters, digits, '-', '_' and '.'")
    _all_printable(value)
    if value in (".", ".."):
        raise ValueError(f"'{value}' names a directory; choose another name")
    if re.search(r"\s#", value):
        raise ValueError("has a '#' after a space, where dnsmasq would cut its files' names off; leave it out")
    if len(value.encode()) > LONGEST_NETWORK_NAME:
        raise ValueError(f"is longer than {LONGEST_NETWORK_NAME} bytes; choose a shorter name")
    return value


def interface_name(value: str) -> str:
    """A kernel network interface's name (dev_valid_name in the kernel's net/core/dev.c)."""
    text(value)
    if not value:
        raise ValueError("is empty; give the interface's name")
    if len(value.encode()) > LONGEST_INTERFACE_NAME:
        raise ValueError(
            f"'{readable(value)}' is {len(value.encode())} characters long, and the kernel allows "
            f"{LONGEST_INTERFACE_NAME}; choose a shorter name"
        )
    if value in (".", "..") or re.search(r"[/:\s%]", value):
        raise ValueError(f"'{readable(value)}' is no interface name; leave out '/', ':', '%' and spaces")
    return value


def mac_address(value: str) -> str:
    """A MAC address, kept in lower case with two digits a byte."""
    if not re.fullmatch(r"[0-9A-Fa-f]{1,2}(:[0-9A-Fa-f]{1,2}){5}", value):
        raise ValueError(f"'{readable(value)}' is no MAC address; write six bytes like 52:54:00:12:34:56")
    return ":".join(f"{int(byte, 16):02x}" for byte in value.split(":"))


def unicast_mac_address(value: str) -> str:
    """A MAC address that one station can have."""
    canonical = mac_address(value)
    if int(canonical[:2], 16) & 1:
        raise ValueError(f"'{canonical}' is a multicast address; its first byte must be even")
    if canonical == "00:00:00:00:00:00":
        raise ValueError("'00:00:00:00:00:00' is no station's address; choose another")
    return canonical


def ip_address(value: str) -> str:
    """An IPv4 or IPv6 address, strictly read."""
    try:
        parsed = ipaddress.ip_address(value)
    except ValueError:
        raise ValueError(_why_no_address(value)) from None
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.scope_id is not None:
        raise ValueError(f"'{readable(value)}' names a zone; leave out '%{readable(parsed.scope_id)}'")
    return str(parsed)


def ipv4_address(value: str) -> str:
    """An IPv4 address, strictly read."""
    canonical = ip_address(value)
    if ":" in canonical:
        raise ValueError(f"'{canonical}' is an IPv6 address; an IPv4 address belongs here")
    return canonical


def interface_address(value: str) -> str:
    """An address with its prefix length: "192.168.123.1/24", "fd00:123::1/64"."""
    address, slash, prefix = value.partition("/")
    if not slash:
        raise ValueError(f"'{readable(value)}' has no prefix length; write it like 192.168.123.1/24")
    canonical = ip_address(address)
    longest = 128 if ":" in canonical else 32
    if not re.fullmatch(r"0|[1-9][0-9]{0,2}", prefix) or not 1 <= int(prefix) <= longest:
        raise ValueError(f"'{readable(value)}': the prefix length must be a number from 1 to {longest}")
    return f"{canonical}/{int(prefix)}"


def network_address(value: str) -> str:
    """A network in CIDR form: "10.60.0.0/16"; no bits set after the prefix."""
    if "/" not in value:
        raise ValueError(f"'{readable(value)}' has no prefix length; write it like 10.60.0.0/16")
    canonical = interface_address(value) if not value.endswith("/0") else value
    try:
        return str(ipaddress.ip_network(canonical))
    except ValueError:
        try:
            suggestion = str(ipaddress.ip_network(canonical, strict=False))
        except ValueError:
            raise ValueError(f"'{readable(value)}' is no network; write it like 10.60.0.0/16") from None
        raise ValueError(f"'{readable(value)}' has bits set after its prefix; write {suggestion}") from None


def network_uuid(value: str) -> str:
    """A UUID, kept in lower case with dashes."""
    try:
        return str(uuid.UUID(value))
    except ValueError:
        raise ValueError(f"'{readable(value)}' is no UUID; leave it out to have one chosen") from None


def domain_name(value: str) -> str:
    """A DNS name: what both libvirt's schema (dnsName) and dnsmasq take.

    The schema takes '/' too, with which dnsmasq parts one domain from another (server=/one/other/192.0.2.1).
    """
    text(value)
    if not re.fullmatch(r"[A-Za-z0-9_.*+-]+", value) or len(value) > 253:
        raise ValueError(f"'{readable(value)}' is no DNS name; use letters, digits, '-' and '.'")
    labels = value.removesuffix(".").split(".")
    if "" in labels and value != ".":
        raise ValueError(f"'{readable(value)}' has nothing between two dots, or before the first; leave a dot out")
    if any(len(label) > 63 for label in labels):
        raise ValueError(f"'{readable(value)}' has more than 63 characters without a dot; DNS has no such names")
    return value


def service_name(value: str) -> str:
    """An SRV record's service: libvirt's characters (virNetworkDNSSrvDefParseXML), as one label with an underscore."""
    if not re.fullmatch(r"[A-Za-z0-9_*/+-]{1,62}", value):
        raise ValueError(
            f"'{readable(value)}' is no service name; use letters, digits, '-' and '_', at most 62 of them"
        )
    return value


def option_line(value: str) -> str:
    """A line of dnsmasq's configuration; what is beyond LONGEST_LINE dnsmasq would read as a line of its own."""
    text(value)
    if len(value.encode()) > LONGEST_LINE:
        raise ValueError(f"is longer than the {LONGEST_LINE} bytes that dnsmasq reads of a line; shorten it")
    return value


def option_value(value: str) -> str:
    """One value of a dnsmasq option that libvirt writes down as it is, where these characters have a meaning."""
    text(value)
    if not value:
        raise ValueError("is empty; leave it out, or give one")
    if '"' in value or "," in value:
        raise ValueError("holds a comma or a double quote, which mean something else to dnsmasq; leave it out")
    if re.search(r"\s#|^#|^\s|\s$", value):
        raise ValueError("has a space at an end or a '#' after one, which dnsmasq would cut off; leave it out")
    return value


def boot_file(value: str) -> str:
    """A boot file's name: BOOTP has 128 bytes for it, the last a zero (RFC 951)."""
    option_value(value)
    if len(value.encode()) > 127:
        raise ValueError("is longer than the 127 bytes of BOOTP; choose a shorter name")
    return value


def some_text(value: str) -> str:
    """Plain text that is not empty; libvirt drops an empty one."""
    text(value)
    if not value:
        raise ValueError("is empty; leave it out, or give one")
    return value


def unescaped_text(value: str) -> str:
    """Text that libvirt 9.0 writes into its XML as it is: what would break that is refused.

    Neither the daemon, when it starts again, nor anyone else can read such a definition.
    """
    text(value)
    if not value:
        raise ValueError("is empty; leave it out, or give one")
    for character in "&<'":
        if character in value:
            raise ValueError(f"holds {character}, which libvirt does not write as XML; leave it out")
    return _all_printable(value)


def generic_name(value: str) -> str:
    """A name of a kernel module and the like (genericName of libvirt's schema)."""
    if not re.fullmatch(r"[A-Za-z0-9_+-]+", value):
        raise ValueError(f"'{readable(value)}' is no such name; use letters, digits, '-' and '_'")
    return value


def port_profile(value: str) -> str:
    """The id of a virtual port's profile: at most 39 bytes (LIBVIRT_IFLA_VF_PORT_PROFILE_MAX)."""
    unescaped_text(value)
    if len(value.encode()) > 39:
        raise ValueError(f"is {len(value.encode())} bytes long, and libvirt reads 39; choose a shorter one")
    return value


def duid(value: str) -> str:
    """A DHCPv6 client's DUID, or a client id: bytes in hexadecimal with colons."""
    if not re.fullmatch(r"[0-9A-Fa-f]{1,2}(:[0-9A-Fa-f]{1,2}){1,129}", value):
        raise ValueError(f"'{readable(value)}' is no DUID; write bytes like 0:1:0:1:18:aa:62:fe:0:16:3e:44:55:66")
    return ":".join(f"{int(byte, 16):x}" for byte in value.split(":"))


def absolute_path(value: str) -> str:
    """A path from the root of the host's file system, which dnsmasq takes as it is."""
    text(value)
    if not value.startswith("/"):
        raise ValueError(f"'{readable(value)}' is no absolute path; begin it with '/'")
    option_value(value)
    if len(value.encode()) > 255:
        raise ValueError("is longer than 255 bytes; choose a shorter path")
    return value


def uri(value: str) -> str:
    """A libvirt connection URI (https://libvirt.org/uri.html)."""
    text(value)
    if not re.match(r"[a-z][a-z0-9+.-]*://", value):
        raise ValueError(f"'{readable(value)}' is no libvirt URI; write it like qemu:///system")
    danger = unsafe_reason(value)
    if danger is not None:
        raise ValueError(danger)
    return value


def readable(value: str) -> str:
    """A text as a sentence may show it: printable and not longer than a line."""
    shown = printable(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."


def printable(value: str) -> str:
    """A text with a mark in place of each character that a terminal would obey, or not show."""
    return "".join(character if character.isprintable() else "�" for character in value)


def _why_no_address(value: str) -> str:
    shown = readable(value)
    if "/" in value:
        return f"'{shown}' has a prefix length; an address alone belongs here"
    if re.fullmatch(r"[0-9]+(\.[0-9]+){3}", value) and re.search(r"(^|\.)0[0-9]", value):
        return f"'{shown}' has a number with a leading zero, which libvirt reads as octal; leave the zero out"
    return f"'{shown}' is no IP address; write it like 192.168.123.1 or fd00:123::1"


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
