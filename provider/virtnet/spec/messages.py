"""How failures of single values read: a sentence a kind, with its details in braces; and how values themselves do."""

import json
from collections.abc import Callable, Mapping
from enum import Enum
from typing import NamedTuple

from virtnet.spec.failures import Failure, SpecFailure
from virtnet.spec.part import Part, Values, conceals, is_unknown
from virtnet.spec.paths import in_camel_case, names, value_at
from virtnet.spec.values import printable, readable
from virtnet.transport import messages as transport

SENTENCES: Mapping[Enum, str] = {
    **transport.SENTENCES,
    SpecFailure.CONTROL_CHARACTER: "contains the control character U+{code:04X}. Remove it",
    SpecFailure.INVISIBLE_CHARACTER: "contains the invisible character U+{code:04X}. Remove it",
    SpecFailure.NAME_EMPTY: "is empty. Give the network a name",
    SpecFailure.NAME_SPACES: "begins or ends with a space. Remove it",
    SpecFailure.NAME_CHARACTER: "contains '{character}'. Use letters, digits, '-', '_' and '.'",
    SpecFailure.NAME_DIRECTORY: "is a directory. Choose another name",
    SpecFailure.NAME_HASH: "has a '#' after a space, which starts a comment in dnsmasq's configuration. Remove it",
    SpecFailure.NAME_TOO_LONG: "is longer than {longest} bytes. Choose a shorter name",
    SpecFailure.INTERFACE_EMPTY: "is empty. Give the interface's name",
    SpecFailure.INTERFACE_TOO_LONG: "is {length} characters long, and the kernel allows {longest}. Choose a shorter name",
    SpecFailure.NO_INTERFACE_NAME: "isn't a valid interface name. Remove '/', ':', '%' and spaces",
    SpecFailure.NO_MAC: "isn't a valid MAC address. Use six bytes, for example 52:54:00:12:34:56",
    SpecFailure.MULTICAST_MAC: "is a multicast address. Use a first byte that is even",
    SpecFailure.ZERO_MAC: "'00:00:00:00:00:00' isn't the address of an interface. Choose another",
    SpecFailure.ADDRESS_ZONE: "names a zone. Remove '%' and everything after it",
    SpecFailure.NOT_IPV4: "is an IPv6 address. Use an IPv4 address",
    SpecFailure.NO_PREFIX: "has no prefix length. Add one, for example 192.168.123.1/24",
    SpecFailure.PREFIX_RANGE: "must have a prefix length from 1 to {longest}",
    SpecFailure.NETWORK_NO_PREFIX: "has no prefix length. Add one, for example 10.60.0.0/16",
    SpecFailure.NO_NETWORK: "isn't a valid network. Use a form like 10.60.0.0/16",
    SpecFailure.HOST_BITS: "has bits set after its prefix. Set them to 0",
    SpecFailure.NO_UUID: "isn't a valid UUID. Remove it, and virtnet chooses one",
    SpecFailure.NO_DNS_NAME: "isn't a valid DNS name. Use letters, digits, '-' and '.'",
    SpecFailure.EMPTY_LABEL: "has nothing between two dots, or before the first. Remove a dot",
    SpecFailure.LONG_LABEL: "has more than 63 characters without a dot, which DNS doesn't allow. Shorten it",
    SpecFailure.NO_SERVICE_NAME: "isn't a valid service name. Use letters, digits, '-' and '_', at most 62 of them",
    SpecFailure.LINE_TOO_LONG: "is longer than the {longest} bytes that dnsmasq reads of a line. Shorten it",
    SpecFailure.EMPTY: "is empty. Remove it, or give a value",
    SpecFailure.OPTION_CHARACTER: "contains a comma or a double quote, which have a special meaning to dnsmasq. Remove it",
    SpecFailure.OPTION_SPACE: "has a space at an end, which dnsmasq drops, or a '#' after a space, which makes a "
    "comment of the rest. Remove the space or the '#'",
    SpecFailure.BOOT_FILE_TOO_LONG: "is longer than the 127 bytes of BOOTP. Choose a shorter name",
    SpecFailure.UNESCAPED_CHARACTER: "contains {character}, which libvirt doesn't escape in its XML. Remove it",
    SpecFailure.NO_GENERIC_NAME: "isn't a valid name. Use letters, digits, '-' and '_'",
    SpecFailure.PROFILE_TOO_LONG: "is {length} bytes long, and libvirt reads 39. Choose a shorter one",
    SpecFailure.NO_DUID: "isn't a valid DUID. Use bytes, for example 0:1:0:1:18:aa:62:fe:0:16:3e:44:55:66",
    SpecFailure.NO_ABSOLUTE_PATH: "isn't an absolute path. Begin it with '/'",
    SpecFailure.PATH_TOO_LONG: "is longer than 255 bytes. Choose a shorter path",
    SpecFailure.NO_URI: "isn't a valid libvirt URI. Use a form like qemu:///system",
    SpecFailure.TWICE: "{what} {value} is already at {path}[{index}]. Remove one of them",
    SpecFailure.SAME_ITEM: "is the same as {path}[{index}]. Remove one of them",
    SpecFailure.MISSING: "is required. Add it",
    SpecFailure.UNKNOWN_KEY: "is an unknown property. Use one of: {names}",
    SpecFailure.KEY_TWICE: "is given twice, as '{one}' and '{other}'. Remove one of them",
    SpecFailure.NO_TEXT: "must be a string",
    SpecFailure.NO_TRUTH_VALUE: "must be true or false",
    SpecFailure.NO_WHOLE_NUMBER: "must be a whole number",
    SpecFailure.TOO_SMALL: "is too small. The smallest allowed value is {smallest}",
    SpecFailure.TOO_LARGE: "is too large. The largest allowed value is {largest}",
    SpecFailure.NO_CHOICE: "must be one of {choices}",
    SpecFailure.NO_LIST: "must be a list",
    SpecFailure.NO_GROUP: "must be an object with named values",
    SpecFailure.OTHER: "{reason}",
    SpecFailure.PREFIX_LENGTH: "has a prefix length, which isn't allowed here. Use the address alone",
    SpecFailure.LEADING_ZERO: "has a number with a leading zero, which libvirt reads as octal. Remove the zero",
    SpecFailure.NO_ADDRESS: "isn't a valid IP address. Use a form like 192.168.123.1 or fd00:123::1",
}

SUGGESTIONS: Mapping[Enum, str] = {
    SpecFailure.MISSPELT_KEY: "is an unknown property. Did you mean '{suggestion}'?",
    SpecFailure.NO_CHOICE: "must be one of {choices}. Did you mean {suggestion}?",
    SpecFailure.NO_TEXT: "must be a string. Write {suggestion}",
    SpecFailure.NO_TRUTH_VALUE: "must be true or false. Write {suggestion}",
    SpecFailure.NO_WHOLE_NUMBER: "must be a whole number. Write {suggestion}",
    SpecFailure.NO_LIST: "must be a list. Write {assignment}",
    SpecFailure.NO_GROUP: "must be an object with named values. Write {assignment}",
    SpecFailure.NAME_SPACES: "begins or ends with a space. Write {suggestion}",
    SpecFailure.NAME_CHARACTER: "contains '{character}'. Use letters, digits, '-', '_' and '.', for example {suggestion}",
    SpecFailure.NO_MAC: "isn't a valid MAC address. Write {suggestion}",
    SpecFailure.ADDRESS_ZONE: "names a zone. Write {suggestion}",
    SpecFailure.NO_PREFIX: "has no prefix length. Add one, for example {suggestion}",
    SpecFailure.PREFIX_RANGE: "must have a prefix length from 1 to {longest}. Write {suggestion}",
    SpecFailure.NETWORK_NO_PREFIX: "has no prefix length. Add one, for example {suggestion}",
    SpecFailure.HOST_BITS: "has bits set after its prefix. Write {suggestion}",
    SpecFailure.NO_DNS_NAME: "isn't a valid DNS name. Use letters, digits, '-' and '.', for example {suggestion}",
    SpecFailure.EMPTY_LABEL: "has nothing between two dots, or before the first. Write {suggestion}",
    SpecFailure.NO_ABSOLUTE_PATH: "isn't an absolute path. Write {suggestion}",
    SpecFailure.PREFIX_LENGTH: "has a prefix length, which isn't allowed here. Write {suggestion}",
    SpecFailure.LEADING_ZERO: "has a number with a leading zero, which libvirt reads as octal. Write {suggestion}",
}
"""How they read where something is suggested. `{assignment}` is the suggestion behind the property's name."""

_OF_A_RESOURCE_NAME = "comes from the resource's name '{name}', which as a network's name {reason}, or set {path}"

#: Details that are names of properties, or paths.
_NAMES = ("names", "path", "place")


class Spelling(NamedTuple):
    """How names and values are spelled for the reader of a failure."""

    name: Callable[[str], str]
    true: str
    false: str


PYTHON = Spelling(str, "True", "False")

WIRE = Spelling(in_camel_case, "true", "false")
"""For programs in any language: as YAML and JSON have it."""


def reason(
    failure: Failure,
    sentences: Mapping[Enum, str] = SENTENCES,
    spelling: Spelling = PYTHON,
    suggestions: Mapping[Enum, str] = SUGGESTIONS,
) -> str:
    """The reason of a failure, with its fix.

    `sentences` are those of the resource that the inputs are for, `suggestions` those where something is suggested.
    """
    suggestion = failure.suggestion
    suggesting = {**SUGGESTIONS, **suggestions}
    if suggestion is not None and failure.kind in suggesting:
        template = suggesting[failure.kind]
    else:
        template = sentences[failure.kind] if failure.kind in sentences else SENTENCES[failure.kind]
    details = {name: _detail(name, value, spelling) for name, value in failure.details.items()}
    if failure.kind is SpecFailure.MISSPELT_KEY:
        details["suggestion"] = spelling.name(str(suggestion))
    elif suggestion is not None:
        details["suggestion"] = literal(suggestion, spelling)
        details["assignment"] = _assignment(failure.path, suggestion, spelling)
    said = template.format_map(details)
    if not failure.resource_name:
        return said
    return _OF_A_RESOURCE_NAME.format(name=failure.resource_name, reason=said, path=failure.path)


def _detail(name: str, value: object, spelling: Spelling) -> object:
    if name not in _NAMES:
        return value
    return (
        ", ".join(spelling.name(str(item)) for item in value) if isinstance(value, list) else spelling.name(str(value))
    )


def refused(
    spec: type[Part],
    failure: Failure,
    inputs: Values,
    read: Callable[..., str] = reason,
    spelling: Spelling = PYTHON,
    *,
    secret: bool = False,
) -> str:
    """A failure as the engine's error has it: where, what was given, and why not.

    `read` says the last. What is `secret`, as the engine marks it, or may be by its place, is not shown, nor what
    would be suggested instead.
    """
    path = printable(spelling.name(failure.path))
    if failure.of_key or failure.resource_name:
        return f"{path}: {read(failure, spelling=spelling)}"
    if secret or conceals(spec, failure.path):
        return f"{path}: {read(failure._replace(suggestion=None), spelling=spelling)}"
    given = value_at(inputs, failure.path)
    shown = "" if given is None or is_unknown(given) else f"={readable(literal(given, spelling))}"
    return f"{path}{shown}: {read(failure, spelling=spelling)}"


_SETTINGS: Mapping[Enum, str] = {SpecFailure.UNKNOWN_KEY: "is an unknown setting of virtnet. Use one of: {names}"}


def setting_refused(failure: Failure, given: Values) -> str:
    """What is wrong with one of the provider's own settings."""
    from virtnet.spec.settings import ProviderSettings

    def read(of: Failure, spelling: Spelling) -> str:
        return f"{reason(of, _SETTINGS, spelling)} (correct it with pulumi config set)"

    return refused(ProviderSettings, failure, given, read)


def literal(value: object, spelling: Spelling = PYTHON) -> str:
    """A value as a program in any of the languages may have it, but for truth values."""
    if isinstance(value, bool):
        return spelling.true if value else spelling.false
    if isinstance(value, Mapping):
        items = (f"{json.dumps(spelling.name(str(key)))}: {literal(item, spelling)}" for key, item in value.items())
        return f"{{{', '.join(items)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(literal(item, spelling) for item in value)}]"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, str):
        return json.dumps(printable(value), ensure_ascii=False)
    return printable(str(value))


def _assignment(path: str, value: object, spelling: Spelling) -> str:
    """A value behind the name of its property: `forward={"mode": "nat"}`."""
    if not path or path.endswith('"]'):  # the whole, or the key of a map
        return literal(value, spelling)
    return f"{spelling.name(names(path)[-1])}={literal([value] if path.endswith(']') else value, spelling)}"
