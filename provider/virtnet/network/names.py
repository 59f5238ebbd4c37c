"""What a network's holding network and probe are called: the same at every look, so that a leftover is known. Pure."""

import hashlib
import re
import uuid as uuids

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "'": "&apos;", '"': "&quot;"}

PID_FILES = "/run/libvirt/network"

HOLDING = "virtnet-holding-"
"""How the names of holding networks begin, and of the rules by which connections are tracked meanwhile."""


def pid_files(network: str) -> tuple[str, ...]:
    """Where the process id of a network's dnsmasq may stand: libvirt 9.0 writes dnsmasq that name as it writes XML."""
    in_xml = "".join(_ENTITIES.get(character, character) for character in network)
    return tuple(f"{PID_FILES}/{name}.pid" for name in dict.fromkeys((network, in_xml)))


def network_of_pid_file(file: str) -> str:
    """The network whose dnsmasq's process id a file of that name holds."""
    name = file.removesuffix(".pid")
    for character, entity in reversed(_ENTITIES.items()):
        name = name.replace(entity, character)
    return name


def holding_uuid(uuid: str) -> str:
    """The UUID of a network's holding network: the same at every look."""
    return str(uuids.uuid5(uuids.UUID(uuid), "holding"))


def holding_name(uuid: str) -> str:
    """The name of a network's holding network."""
    return f"{HOLDING}{short(uuid)}"


def holding_bridge(uuid: str) -> str:
    """The name of the holding network's bridge."""
    return f"vn-hd-{short(uuid)}"


def holding_mac(uuid: str) -> str:
    """The MAC address of the holding network's bridge, by which a leftover is known."""
    return mac_of(f"holding {uuid}")


def probe_uuid(uuid: str) -> str:
    """The UUID of the throw-away network that shows whether a network can be started."""
    return str(uuids.uuid5(uuids.UUID(uuid), "probe"))


def probe_bridge(uuid: str) -> str:
    """The name of the throw-away network, and of its bridge."""
    return f"vn-pr-{short(uuid)}"


def probe_mac(uuid: str) -> str:
    """The MAC address of the throw-away network's bridge."""
    return mac_of(f"probe {uuid}")


def mac_of(text: str) -> str:
    """A MAC address in the range of KVM and libvirt (52:54:00), always the same for a text."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f"52:54:00:{digest[:2]}:{digest[2:4]}:{digest[4:6]}"


def short(uuid: str) -> str:
    """Eight hex digits for a UUID, always the same."""
    return hashlib.sha256(uuid.encode()).hexdigest()[:8]


def bridge_name_for(name: str) -> str:
    """A bridge name that no other network of the host gets: from the network's own name, which is unique there.

    Names that do not fit are shortened, with part of their hash: a preview knows it before there is a network.
    """
    if len(name) <= 12 and re.fullmatch(r"[a-z0-9][a-z0-9_.-]*", name):
        return f"vn-{name}"
    short = re.sub(r"[^a-z0-9]", "", name.lower())[:5]
    return f"vn-{short}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"


def mac_for(uuid: str) -> str:
    """A MAC address in the range of KVM and libvirt (52:54:00), from the UUID's random bytes."""
    tail = uuids.UUID(uuid).bytes[-3:]
    return ":".join(f"{byte:02x}" for byte in (0x52, 0x54, 0x00, *tail))
