"""How failures of single values read: a sentence a kind, with its details in braces."""

from collections.abc import Mapping
from enum import Enum

from virtnet.spec.failures import Failure, SpecFailure
from virtnet.transport import messages as transport

SENTENCES: Mapping[Enum, str] = {
    **transport.SENTENCES,
    SpecFailure.CONTROL_CHARACTER: "holds the control character U+{code:04X}; remove it",
    SpecFailure.INVISIBLE_CHARACTER: "holds U+{code:04X}, which nobody can see; leave it out",
    SpecFailure.NAME_EMPTY: "is empty; give the network a name",
    SpecFailure.NAME_SPACES: "begins or ends with a space; remove it",
    SpecFailure.NAME_CHARACTER: "holds '{character}'; use letters, digits, '-', '_' and '.'",
    SpecFailure.NAME_DIRECTORY: "'{value}' names a directory; choose another name",
    SpecFailure.NAME_HASH: "has a '#' after a space, where dnsmasq would cut its files' names off; leave it out",
    SpecFailure.NAME_TOO_LONG: "is longer than {longest} bytes; choose a shorter name",
    SpecFailure.INTERFACE_EMPTY: "is empty; give the interface's name",
    SpecFailure.INTERFACE_TOO_LONG: "'{value}' is {length} characters long, and the kernel allows {longest}; choose a shorter name",
    SpecFailure.NO_INTERFACE_NAME: "'{value}' is no interface name; leave out '/', ':', '%' and spaces",
    SpecFailure.NO_MAC: "'{value}' is no MAC address; write six bytes like 52:54:00:12:34:56",
    SpecFailure.MULTICAST_MAC: "'{canonical}' is a multicast address; its first byte must be even",
    SpecFailure.ZERO_MAC: "'00:00:00:00:00:00' is no station's address; choose another",
    SpecFailure.ADDRESS_ZONE: "'{value}' names a zone; leave out '%{zone}'",
    SpecFailure.NOT_IPV4: "'{canonical}' is an IPv6 address; an IPv4 address belongs here",
    SpecFailure.NO_PREFIX: "'{value}' has no prefix length; write it like 192.168.123.1/24",
    SpecFailure.PREFIX_RANGE: "'{value}': the prefix length must be a number from 1 to {longest}",
    SpecFailure.NETWORK_NO_PREFIX: "'{value}' has no prefix length; write it like 10.60.0.0/16",
    SpecFailure.NO_NETWORK: "'{value}' is no network; write it like 10.60.0.0/16",
    SpecFailure.HOST_BITS: "'{value}' has bits set after its prefix; write {suggestion}",
    SpecFailure.NO_UUID: "'{value}' is no UUID; leave it out to have one chosen",
    SpecFailure.NO_DNS_NAME: "'{value}' is no DNS name; use letters, digits, '-' and '.'",
    SpecFailure.EMPTY_LABEL: "'{value}' has nothing between two dots, or before the first; leave a dot out",
    SpecFailure.LONG_LABEL: "'{value}' has more than 63 characters without a dot; DNS has no such names",
    SpecFailure.NO_SERVICE_NAME: "'{value}' is no service name; use letters, digits, '-' and '_', at most 62 of them",
    SpecFailure.LINE_TOO_LONG: "is longer than the {longest} bytes that dnsmasq reads of a line; shorten it",
    SpecFailure.EMPTY: "is empty; leave it out, or give one",
    SpecFailure.OPTION_CHARACTER: "holds a comma or a double quote, which mean something else to dnsmasq; leave it out",
    SpecFailure.OPTION_SPACE: "has a space at an end or a '#' after one, which dnsmasq would cut off; leave it out",
    SpecFailure.BOOT_FILE_TOO_LONG: "is longer than the 127 bytes of BOOTP; choose a shorter name",
    SpecFailure.UNESCAPED_CHARACTER: "holds {character}, which libvirt does not write as XML; leave it out",
    SpecFailure.NO_GENERIC_NAME: "'{value}' is no such name; use letters, digits, '-' and '_'",
    SpecFailure.PROFILE_TOO_LONG: "is {length} bytes long, and libvirt reads 39; choose a shorter one",
    SpecFailure.NO_DUID: "'{value}' is no DUID; write bytes like 0:1:0:1:18:aa:62:fe:0:16:3e:44:55:66",
    SpecFailure.NO_ABSOLUTE_PATH: "'{value}' is no absolute path; begin it with '/'",
    SpecFailure.PATH_TOO_LONG: "is longer than 255 bytes; choose a shorter path",
    SpecFailure.NO_URI: "'{value}' is no libvirt URI; write it like qemu:///system",
    SpecFailure.TWICE: "{what} {value} is at {path}[{index}] already; leave one out",
    SpecFailure.SAME_ITEM: "is the same as {path}[{index}]; leave one out",
    SpecFailure.MISSING: "is required; add it",
    SpecFailure.UNKNOWN_KEY: "is not a property; those there are: {names}",
    SpecFailure.MISSPELT_KEY: "is not a property; did you mean '{closest}'?",
    SpecFailure.KEY_TWICE: "is named twice, as '{one}' and '{other}'; leave one out",
    SpecFailure.NO_TEXT: "must be a text",
    SpecFailure.NO_TRUTH_VALUE: "must be true or false",
    SpecFailure.NO_WHOLE_NUMBER: "must be a whole number",
    SpecFailure.TOO_SMALL: "is {value}; the smallest allowed is {smallest}",
    SpecFailure.TOO_LARGE: "is {value}; the largest allowed is {largest}",
    SpecFailure.NO_CHOICE: "must be one of {choices}",
    SpecFailure.NO_LIST: "must be a list",
    SpecFailure.NO_GROUP: "must be a group of named values",
    SpecFailure.OTHER: "{reason}",
    SpecFailure.PREFIX_LENGTH: "'{value}' has a prefix length; an address alone belongs here",
    SpecFailure.LEADING_ZERO: "'{value}' has a number with a leading zero, which libvirt reads as octal; leave the zero out",
    SpecFailure.NO_ADDRESS: "'{value}' is no IP address; write it like 192.168.123.1 or fd00:123::1",
}

_OF_A_RESOURCE_NAME = "taken from the resource's name '{name}', which as a network's {reason}; or set {path}"


def reason(failure: Failure, sentences: Mapping[Enum, str] = SENTENCES) -> str:
    """The reason of a failure, with its fix. `sentences` are those of the resource that the inputs are for."""
    template = sentences[failure.kind] if failure.kind in sentences else SENTENCES[failure.kind]
    said = template.format_map(failure.details)
    if not failure.resource_name:
        return said
    return _OF_A_RESOURCE_NAME.format(name=failure.resource_name, reason=said, path=failure.path)
