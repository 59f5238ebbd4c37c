"""What a HostForwarding's inputs can be refused for: the kinds of failures. Pure."""

from enum import Enum


class ForwardingFailure(Enum):
    """What is wrong with a HostForwarding's inputs."""

    DROP_IN_NAME = "drop_in_name"
    DROP_IN_SPACE = "drop_in_space"
    DROP_IN_SUFFIX = "drop_in_suffix"
    KERNELS_WORD = "kernels_word"
    NAMES_NEITHER = "names_neither"
    NO_HOST = "no_host"
    PATTERN_CHARACTER = "pattern_character"
    URI_MISSING = "uri_missing"
