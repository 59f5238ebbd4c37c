"""The settings of the provider itself: `pulumi config set virtnet:…`, or the inputs of a provider resource."""

from typing import Literal

from virtnet.spec.part import Part, optional
from virtnet.spec.values import Uri


class ProviderSettings(Part):
    """The provider: where the host is, and what a refresh does when it cannot be reached."""

    uri: Uri | None = optional(
        'Connection URI of the host for resources that name none, "qemu:///system" or "qemu+ssh://root@host/system". '
        "Left out: LIBVIRT_DEFAULT_URI, then qemu:///system."
    )
    unreachable: Literal["fail", "recorded"] | None = optional(
        "What a refresh does with resources of a host that cannot be reached: `fail`, the default, or `recorded` to "
        "show what is recorded, with a warning."
    )
