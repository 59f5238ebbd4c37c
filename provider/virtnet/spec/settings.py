"""The settings of the provider itself: `pulumi config set virtnet:…`, or the inputs of a provider resource."""

from typing import Literal

from virtnet.spec.part import Part, optional
from virtnet.spec.values import Uri


class ProviderSettings(Part):
    """The provider's settings: its host, and what happens if the host can't be reached or something is refused."""

    uri: Uri | None = optional(
        'Connection URI of the host for resources without a `uri`, "qemu:///system" or "qemu+ssh://root@host/system". '
        "Default: LIBVIRT_DEFAULT_URI, then qemu:///system."
    )
    unreachable: Literal["fail", "recorded"] | None = optional(
        "What a refresh does with resources of a host that can't be reached: `fail`, the default, or `recorded`, which "
        "keeps the recorded values, with a warning."
    )
    refusals: Literal["show", "fail"] | None = optional(
        "What a preview does if `pulumi up` would refuse something on the host as it is now: `show`, the default, "
        "shows an error and continues, because the cause may be gone by then; `fail` makes the preview fail."
    )
