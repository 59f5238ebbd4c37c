"""HostForwarding as desired: whether the host's kernel forwards IP packets, now and after every boot. Pure."""

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, StrictStr

from virtnet.forwarding.kinds import ForwardingFailure
from virtnet.spec.failures import Invalid
from virtnet.spec.part import LevelName, Part, optional, required
from virtnet.spec.values import Bool, Canonical, InterfaceName, Text, Uri, text


def drop_in_name(value: str) -> str:
    """The name of a file in /etc/sysctl.d: no directory, ending in .conf (sysctl.d(5))."""
    text(value)
    if "/" in value or value.startswith((".", "-")):
        raise Invalid(ForwardingFailure.DROP_IN_NAME)
    if not value.endswith(".conf") or value == ".conf":
        raise Invalid(ForwardingFailure.DROP_IN_SUFFIX)
    if any(character.isspace() for character in value):
        raise Invalid(ForwardingFailure.DROP_IN_SPACE)
    return value


DropInName = Annotated[StrictStr, Canonical(drop_in_name), AfterValidator(drop_in_name)]


class InterfaceForwarding(Part):
    """Forwarding of one interface (net.ipv4.conf.NAME.forwarding, net.ipv6.conf.NAME.forwarding)."""

    ipv4: Bool | None = optional("Whether IPv4 packets that arrive on this interface are forwarded.", "live")
    ipv6: Bool | None = optional("Whether IPv6 packets that arrive on this interface are forwarded.", "live")


class HostForwardingSpec(Part):
    """The inputs of a HostForwarding."""

    default_level: ClassVar[LevelName] = "live"

    uri: Uri | None = optional(
        "The host's connection URI, as of a network. Local URIs act on this host, qemu+ssh:// over ssh.", "replace"
    )
    ipv4: Bool | None = optional(
        "net.ipv4.ip_forward. Default: true, if neither `ipv6` nor `interfaces` is set. Otherwise virtnet doesn't "
        "manage it, and restores it if it did before.",
        "live",
    )
    ipv6: Bool | None = optional(
        "net.ipv6.conf.all.forwarding. Default: virtnet doesn't manage it, and restores it if it did before.", "live"
    )
    interfaces: dict[InterfaceName, InterfaceForwarding] | None = optional(
        "Forwarding of single interfaces. The keys are their names.", "live"
    )
    preserve_router_advertisements: Bool | None = optional(
        "Whether virtnet sets accept_ra=2, before it turns IPv6 forwarding on, on every interface that has routes from "
        "router advertisements. Otherwise the host loses these routes.",
        "live",
        default=True,
    )
    persist: Bool | None = optional(
        "Whether the values survive a boot, by a drop-in in /etc/sysctl.d. If false, they last until the next boot, "
        "and a file in /run/virtnet, which only virtnet reads, records their owner.",
        "live",
        default=True,
    )
    drop_in: DropInName | None = optional(
        "The drop-in's file name. It ends in .conf.", "live", default="90-virtnet-forwarding.conf"
    )
    adopt: Bool | None = optional(
        "Whether this resource takes over parameters, or a drop-in, that another HostForwarding manages. That one then "
        "leaves them as they are. Otherwise virtnet refuses to change them.",
        "recorded",
        default=False,
    )
    on_delete: Literal["restore", "keep"] | None = optional(
        "What delete does. restore: the parameters get the values from before create. keep: they stay.",
        "recorded",
        default="restore",
    )


class AtBoot(Part):
    """A kernel parameter after the next boot."""

    value: Text = required("The value. Empty if no file sets one.")
    source: Text = required("The file that sets it.")


class ForwardingOutputs(Part):
    """The outputs of a HostForwarding, beside the inputs that the program sets."""

    runtime: dict[Text, Text] = required(
        'The current values of the kernel\'s parameters, such as {"net/ipv4/ip_forward": "1"}.'
    )
    drop_in_path: Text = required(
        'The path of the drop-in. Empty if there is none. By default "/etc/sysctl.d/90-virtnet-forwarding.conf".',
        repeats=("drop_in",),
    )
    previous: dict[Text, Text] = required("The values from before the first change. Delete restores them.")
    at_boot: dict[Text, AtBoot] = required("What the next boot sets, by kernel parameter, and the file that does.")
    host_uuid: Text = required("The host's UUID in libvirt. It shows whether another `uri` reaches the same host.")
