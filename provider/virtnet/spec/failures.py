"""Why inputs are refused, as values: the property's path, a kind and its details. Pure."""

from collections.abc import Mapping, Sequence
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

Detail: TypeAlias = bool | int | float | str | Sequence["Detail"] | Mapping[str, "Detail"] | None
"""Plain data, as JSON has it."""
Details: TypeAlias = Mapping[str, Detail]


class Failure(NamedTuple):
    """Why one property is refused. How it reads is a `messages` module's business."""

    path: str
    """In Python spelling: `ips[0].dhcp.hosts[1].mac`."""
    kind: Enum
    details: Details = MappingProxyType({})
    resource_name: str = ""
    """The Pulumi resource's name that stood in for a value that was left out; "" if the program gave the value."""
    suggestion: Detail = None
    """The value that comes nearest and is taken, in Python spelling; None if nothing does.

    It may hold parts of the value given, so it is not told where that is a secret."""
    of_key: bool = False
    """Whether the last name or key of the path is wrong, whatever its value."""


class Invalid(ValueError):
    """A value that is not of its type. A ValueError, as pydantic's validators and the readers of XML expect."""

    def __init__(self, kind: Enum, details: Details | None = None, suggestion: str | None = None) -> None:
        super().__init__(kind.value)
        self.kind = kind
        self.details: Details = details or {}
        self.suggestion = suggestion
        """The value of the type that comes nearest."""


class SpecFailure(Enum):
    """What is wrong with a single value, whatever resource it belongs to."""

    ADDRESS_ZONE = "address_zone"
    BOOT_FILE_TOO_LONG = "boot_file_too_long"
    CONTROL_CHARACTER = "control_character"
    EMPTY = "empty"
    EMPTY_LABEL = "empty_label"
    HOST_BITS = "host_bits"
    INTERFACE_EMPTY = "interface_empty"
    INTERFACE_TOO_LONG = "interface_too_long"
    INVISIBLE_CHARACTER = "invisible_character"
    KEY_TWICE = "key_twice"
    LEADING_ZERO = "leading_zero"
    LINE_TOO_LONG = "line_too_long"
    LONG_LABEL = "long_label"
    MISSING = "missing"
    MISSPELT_KEY = "misspelt_key"
    MULTICAST_MAC = "multicast_mac"
    NAME_CHARACTER = "name_character"
    NAME_DIRECTORY = "name_directory"
    NAME_EMPTY = "name_empty"
    NAME_HASH = "name_hash"
    NAME_SPACES = "name_spaces"
    NAME_TOO_LONG = "name_too_long"
    NETWORK_NO_PREFIX = "network_no_prefix"
    NOT_IPV4 = "not_ipv4"
    NO_ABSOLUTE_PATH = "no_absolute_path"
    NO_ADDRESS = "no_address"
    NO_CHOICE = "no_choice"
    NO_DNS_NAME = "no_dns_name"
    NO_DUID = "no_duid"
    NO_GENERIC_NAME = "no_generic_name"
    NO_GROUP = "no_group"
    NO_INTERFACE_NAME = "no_interface_name"
    NO_LIST = "no_list"
    NO_MAC = "no_mac"
    NO_NETWORK = "no_network"
    NO_PREFIX = "no_prefix"
    NO_SERVICE_NAME = "no_service_name"
    NO_TEXT = "no_text"
    NO_TRUTH_VALUE = "no_truth_value"
    NO_URI = "no_uri"
    NO_UUID = "no_uuid"
    NO_WHOLE_NUMBER = "no_whole_number"
    OPTION_CHARACTER = "option_character"
    OPTION_SPACE = "option_space"
    OTHER = "other"
    PATH_TOO_LONG = "path_too_long"
    PREFIX_LENGTH = "prefix_length"
    PREFIX_RANGE = "prefix_range"
    PROFILE_TOO_LONG = "profile_too_long"
    SAME_ITEM = "same_item"
    TOO_LARGE = "too_large"
    TOO_SMALL = "too_small"
    TWICE = "twice"
    UNESCAPED_CHARACTER = "unescaped_character"
    UNKNOWN_KEY = "unknown_key"
    ZERO_MAC = "zero_mac"
