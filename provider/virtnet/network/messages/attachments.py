"""What is plugged in, by name, and why some of it could not be plugged in again."""

from collections.abc import Mapping, Sequence

from virtnet.planning.reports import ObstacleKind

Attachments = Sequence[Mapping[str, str]]
"""What `Attachment.as_details` gives of each."""


def names(attachments: Attachments) -> str:
    """Everything plugged in."""
    return ", ".join(_name(**entry) for entry in attachments)


def _name(owner: str, interface: str, mac: str) -> str:
    if not owner:
        return f"interface {interface}"
    return f"guest '{owner}'" + (f" ({interface or mac})" if interface or mac else "")


def obstacle_sentence(kind: str, **details: str) -> str:
    """Why something could not be plugged in again, from what `Obstacle.as_details` gives."""
    return OBSTACLES[ObstacleKind(kind)].format(**details)


def remedy(kind: str, **details: str) -> str:
    """What lets it be plugged in again; "" where nothing does."""
    return f"use the uri {details['instead']}" if ObstacleKind(kind) is ObstacleKind.GUESTS_NOT_TOLD else ""


OBSTACLES: Mapping[ObstacleKind, str] = {
    ObstacleKind.MACVTAP: "its interface is a macvtap, which cannot be plugged in again while the guest runs",
    ObstacleKind.HOST_DEVICE: "its interface is a host device, which cannot be plugged in again while the guest runs",
    ObstacleKind.ON_TOP_OF_BRIDGE: "it is made on top of the bridge {bridge} and would go with it",
    ObstacleKind.SEVERAL_WITH_ONE_MAC: "it has several interfaces with one MAC address, by which libvirt finds them",
    ObstacleKind.GUEST_UNKNOWN: "the guest is not among those of {uri}",
    ObstacleKind.GUESTS_NOT_TOLD: "{uri} reaches libvirt's network driver alone, which can move no guest's interface",
}
