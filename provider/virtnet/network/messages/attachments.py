"""What is attached, by name, and why some of it could not be reattached."""

from collections.abc import Mapping, Sequence

from virtnet.planning.reports import ObstacleKind

Attachments = Sequence[Mapping[str, str]]
"""What `Attachment.as_details` gives of each."""


def names(attachments: Attachments) -> str:
    """Everything attached."""
    return ", ".join(_name(**entry) for entry in attachments)


def _name(owner: str, interface: str, mac: str) -> str:
    if not owner:
        return f"interface {interface}"
    return f"guest '{owner}'" + (f" ({interface or mac})" if interface or mac else "")


def be(attachments: Attachments) -> str:
    """The verb behind `names`."""
    return "is" if len(attachments) == 1 else "are"


def the_interfaces(attachments: Attachments) -> str:
    """The same as the object of a fix, without names."""
    return "the interface" if len(attachments) == 1 else "the interfaces"


def obstacle_sentence(kind: str, **details: str) -> str:
    """Why something could not be reattached, from what `Obstacle.as_details` gives."""
    return OBSTACLES[ObstacleKind(kind)].format(**details)


def remedy(kind: str, **details: str) -> str:
    """What lets it be reattached; "" where nothing does."""
    return f"Use the uri {details['instead']}" if ObstacleKind(kind) is ObstacleKind.GUESTS_NOT_TOLD else ""


OBSTACLES: Mapping[ObstacleKind, str] = {
    ObstacleKind.MACVTAP: "its interface is a macvtap, which can't be reattached while the guest runs",
    ObstacleKind.HOST_DEVICE: "its interface is a host device, which can't be reattached while the guest runs",
    ObstacleKind.ON_TOP_OF_BRIDGE: "it is stacked on the bridge {bridge} and would be deleted with it",
    ObstacleKind.SEVERAL_WITH_ONE_MAC: "it has several interfaces with one MAC address, by which libvirt finds them",
    ObstacleKind.GUEST_UNKNOWN: "{uri} doesn't list the guest",
    ObstacleKind.GUESTS_NOT_TOLD: "{uri} reaches only libvirt's network driver, which can't move guests' interfaces",
}
