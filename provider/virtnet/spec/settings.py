"""The settings of the provider itself: `pulumi config set virtnet:…`, or the inputs of a provider resource."""

from typing import Literal

from virtnet.spec.part import Part, optional
from virtnet.spec.values import Uri


class ProviderSettings(Part):
    """The provider: where the host is, and what it does when that can't be reached, or would refuse something."""

    uri: Uri | None = optional(
        'Connection URI of the host for resources that name none, "qemu:///system" or "qemu+ssh://root@host/system". '
        "Left out: LIBVIRT_DEFAULT_URI, then qemu:///system."
    )
    unreachable: Literal["fail", "recorded"] | None = optional(
        "What a refresh does with resources of a host that can't be reached: `fail`, the default, or `recorded` to "
        "show what is recorded, with a warning."
    )
    refusals: Literal["show", "fail"] | None = optional(
        "What a preview does where something would be refused as the host is now: `show`, the default, to say so as an "
        "error and go on, as it may be fixed before, by this very program too; or `fail`."
    )
