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
        "Connection URI of the host, as for a network. Local URIs act on this host, qemu+ssh:// over ssh.", "replace"
    )
    ipv4: Bool | None = optional(
        "net.ipv4.ip_forward. Left out beside ipv6 or interfaces it is not managed, and restored when it was before;"
        " left out alone it is true.",
        "live",
    )
    ipv6: Bool | None = optional(
        "net.ipv6.conf.all.forwarding. Left out, it is not managed, and restored when it was managed before.", "live"
    )
    interfaces: dict[InterfaceName, InterfaceForwarding] | None = optional(
        "Forwarding of single interfaces, by their names.", "live"
    )
    preserve_router_advertisements: Bool | None = optional(
        "Before IPv6 forwarding goes on, accept_ra=2 on every interface that has routes from router advertisements.",
        "live",
        default=True,
    )
    persist: Bool | None = optional(
        "Keep the values over a boot, in a drop-in of our own in /etc/sysctl.d. When false they last until the next"
        " boot, and a file in /run/virtnet, which nothing else reads, says whose they are.",
        "live",
        default=True,
    )
    drop_in: DropInName | None = optional(
        "The drop-in's file name, ending in .conf.", "live", default="90-virtnet-forwarding.conf"
    )
    adopt: Bool | None = optional(
        "Take over what another HostForwarding has of the same parameters, or in the same drop-in, which then leaves it"
        " alone. Without it that is refused.",
        "recorded",
        default=False,
    )
    on_delete: Literal["restore", "keep"] | None = optional(
        "What delete does: put back the values found at create, or keep them.", "recorded", default="restore"
    )


class AtBoot(Part):
    """What a kernel parameter will be after the next boot."""

    value: Text = required("The value; empty where no file sets one.")
    source: Text = required("The file that decides it.")


class ForwardingOutputs(Part):
    """What a HostForwarding has besides the inputs that the program named."""

    runtime: dict[Text, Text] = required('The kernel\'s parameters as they are now, {"net/ipv4/ip_forward": "1"}.')
    drop_in_path: Text = required(
        "The file that keeps the values over a boot; empty where there is none. "
        'By default "/etc/sysctl.d/90-virtnet-forwarding.conf".',
        repeats=("drop_in",),
    )
    previous: dict[Text, Text] = required("The values found before the first change, which delete puts back.")
    at_boot: dict[Text, AtBoot] = required(
        "What the next boot will give, by kernel parameter, and which file decides it."
    )
    host_uuid: Text = required(
        "The UUID by which libvirt knows the host; it tells whether another `uri` reaches the same one."
    )
