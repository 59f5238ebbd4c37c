"""The kinds of everything that HostForwarding refuses, notes, does and fails at. Pure.

What each reads like is the business of `messages`.
"""

from enum import Enum


class ForwardingFailure(Enum):
    """What is wrong with a HostForwarding's inputs."""

    DROP_IN_NAME = "drop_in_name"
    DROP_IN_SPACE = "drop_in_space"
    DROP_IN_SUFFIX = "drop_in_suffix"
    KERNELS_WORD = "kernels_word"
    NAMES_NEITHER = "names_neither"
    NO_INTERFACES = "no_interfaces"
    PATTERN_CHARACTER = "pattern_character"
    URI_MISSING = "uri_missing"


class WantedTwice(Enum):
    """What another HostForwarding of the same run wants too: value, other, holder."""

    DROP_IN = "drop_in"
    PARAMETER = "parameter"


class RefusalKind(Enum):
    """Why a plan must not be applied."""

    DROP_IN_HIDES_FILES = "drop_in_hides_files"
    """The drop-in's name is that of files in later directories, which it would hide."""
    DROP_IN_NOT_OURS = "drop_in_not_ours"
    DROP_IN_OF_ANOTHER = "drop_in_of_another"
    """The drop-in belongs to another HostForwarding."""
    MANAGED_BY_ANOTHER = "managed_by_another"
    """Another HostForwarding sets the same parameters."""
    NO_INTERFACE = "no_interface"
    """An interface is not there, and nothing would set its forwarding when it comes."""
    NO_IPV6 = "no_ipv6"
    NO_RIGHT = "no_right"
    """The user may not set the host's kernel parameters."""
    STILL_NEEDED = "still_needed"
    """The plan turns forwarding off, and networks need it on."""
    TAKEN_OVER = "taken_over"
    """Another HostForwarding has taken what was recorded."""


class NoteKind(Enum):
    """What a reviewer should know besides the changes."""

    DOCKER_DROPS = "docker_drops"
    """Docker has set the policy that drops forwarded packets."""
    DOCKER_WILL_NOT_DROP = "docker_will_not_drop"
    """Docker sets that policy only when it turns forwarding on itself."""
    DRIFT_NOT_REVIEWED = "drift_not_reviewed"
    DROP_IN_EDITED = "drop_in_edited"
    FILE_KEPT_EDITED = "file_kept_edited"
    FILE_KEPT_NOT_OURS = "file_kept_not_ours"
    FILE_KEPT_OF_ANOTHER = "file_kept_of_another"
    INTERFACE_MISSING = "interface_missing"
    KEPT_ON_DELETE = "kept_on_delete"
    LEFT_TO_OWNER = "left_to_owner"
    """Another HostForwarding has taken over what the plan would delete."""
    LOSES_ADVERTISED_ROUTES = "loses_advertised_routes"
    OVERRIDDEN_AT_BOOT = "overridden_at_boot"
    OVERRIDDEN_AT_BOOT_AS_RECORDED = "overridden_at_boot_as_recorded"
    OVERRIDDEN_AT_RUNTIME = "overridden_at_runtime"
    OVERRIDDEN_BY_PROCPS = "overridden_by_procps"
    """`sysctl --system` and the next boot disagree."""
    RESUMED = "resumed"
    """A file is there of this very resource, which the state does not know."""
    STAYS_ON = "stays_on"
    TAKEN_OVER = "taken_over"
    """The plan takes over another HostForwarding's file, because the program says so."""
    TAKEN_UP = "taken_up"
    """A file is there of a resource with the same name under other parents."""


class ProblemKind(Enum):
    """What is fixed where no input differs."""

    DROP_IN_ALTERED = "drop_in_altered"
    OWNER_CHANGED = "owner_changed"
    """The mark names the resource as Pulumi called it before."""


class StepKind(Enum):
    """What a step does."""

    NOTE_RUNTIME_RECORD = "note_runtime_record"
    REMOVE_FILE = "remove_file"
    REWRITE_DROP_IN = "rewrite_drop_in"
    RESTORE_PARAMETER = "restore_parameter"
    SET_PARAMETER = "set_parameter"
    SET_WHOLE_HOST = "set_whole_host"
    """A parameter that the kernel carries over to every interface."""
    WRITE_DROP_IN = "write_drop_in"


class FaultKind(Enum):
    """Why a step failed, or why the host could not be observed."""

    CHANGED_MEANWHILE = "changed_meanwhile"
    NO_HOST_ACCESS = "no_host_access"
    VALUE_NOT_KEPT = "value_not_kept"


class UserKind(Enum):
    """Who needs forwarding on."""

    DOCKER = "docker"
    FILE = "file"
    NETWORK = "network"


class Occasion(Enum):
    """When another program sets a parameter."""

    CONNECTION_UP = "connection_up"
    INTERFACE_CONFIGURED = "interface_configured"
    PROGRAM_START = "program_start"


class SystemdVersions(Enum):
    """Which systemd minds a setting. All that might are named: a host may be upgraded before its next boot."""

    ALL = "all"
    BEFORE_256 = "before_256"
    FROM_256 = "from_256"
