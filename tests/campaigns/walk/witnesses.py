"""What a host shows by libvirt, the kernel and its files, and what became of it between two looks."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import libvirt
from lxml import etree

MARK = "{urn:pulumi-virtnet:owner:1.0}owner"
KEYS = (
    "net/ipv4/ip_forward",
    "net/ipv6/conf/all/forwarding",
)
FOLDERS = ("/etc/sysctl.d", "/run/virtnet")


class Mark(NamedTuple):
    """The owner mark of a network."""

    urn: str
    token: str
    creating: bool


class Network(NamedTuple):
    """One network as libvirt and the kernel show it."""

    uuid: str
    active: bool
    persistent: bool
    autostart: bool
    config: Mapping[str, str]
    """The definition's parts, without the mark."""
    live: Mapping[str, str]
    """Likewise of the running network; empty while it is not."""
    mark: Mark | None
    ifindex: str
    """The kernel's number of its bridge; "" where there is none."""
    plugged: frozenset[str]


class Sight(NamedTuple):
    """Everything that is looked at."""

    networks: Mapping[str, Network]
    forwarding: Mapping[str, str]
    files: Mapping[str, str]


class Effect(NamedTuple):
    """One difference between two looks."""

    kind: str
    network: str = ""
    """"" for what is the host's."""
    detail: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, (self.network, self.kind, self.detail)))


#: What somebody has lost by it.
LOSSES = frozenset(
    {"removed", "stopped", "not persistent", "unplugged", "made anew", "restarted", "forwarding off", "file removed"}
)


def look() -> Sight:
    """The host now."""
    connection = libvirt.open("qemu:///system")
    try:
        networks = {network.name(): _network(network) for network in connection.listAllNetworks()}
    finally:
        connection.close()
    forwarding = {key: Path("/proc/sys", key).read_text().strip() for key in KEYS}
    files = {}
    for folder in FOLDERS:
        for path in sorted(Path(folder).glob("*")):
            if path.is_file() and path.name != "lock" and not path.name.startswith("README"):
                files[str(path)] = re.sub(r"\b[0-9a-f]{16,}\b", "TOKEN", path.read_text())
    return Sight(networks, forwarding, files)


def _network(network: libvirt.virNetwork) -> Network:
    active, persistent = bool(network.isActive()), bool(network.isPersistent())
    live = network.XMLDesc(0) if active else ""
    config = network.XMLDesc(libvirt.VIR_NETWORK_XML_INACTIVE) if persistent else ""
    element = etree.fromstring(config or live)
    bridge = element.find("bridge")
    place = Path("/sys/class/net", "none" if bridge is None else bridge.get("name", "none"))
    plugged: frozenset[str] = frozenset()
    index = ""
    with suppress(OSError):
        index = (place / "ifindex").read_text().strip()
        plugged = frozenset(path.name for path in (place / "brif").iterdir())
    autostart = False
    with suppress(libvirt.libvirtError):
        autostart = bool(network.autostart())
    return Network(
        uuid=network.UUIDString(),
        active=active,
        persistent=persistent,
        autostart=autostart,
        config=_parts(config),
        live=_parts(live),
        mark=_mark(element),
        ifindex=index,
        plugged=plugged,
    )


def _mark(element: etree._Element) -> Mark | None:
    found = element.find(f"metadata/{MARK}")
    if found is None:
        return None
    return Mark(found.get("urn", ""), found.get("token", ""), found.get("phase") is not None)


def _parts(text: str) -> Mapping[str, str]:
    """By the tag of each part, its texts, less what only identifies the network."""
    if not text:
        return {}
    parts: dict[str, list[str]] = {}
    for child in etree.fromstring(text):
        for mark in child.findall(MARK):
            child.remove(mark)
        if child.tag in ("uuid", "mac", "name") or (child.tag == "metadata" and not len(child)):
            continue
        written = etree.tostring(child, method="c14n").decode()
        parts.setdefault(str(child.tag), []).append(re.sub(r"\s+", " ", written).strip())
    return {tag: "".join(sorted(texts)) for tag, texts in parts.items()}


def effects(before: Sight, after: Sight) -> Iterator[Effect]:
    """Everything that has become of the host."""
    for name in sorted({*before.networks, *after.networks}):
        was, now = before.networks.get(name), after.networks.get(name)
        if was is None or now is None:
            yield Effect("removed" if now is None else "made", name)
        if was is not None:
            # Whoever hangs on the bridge is lost with it.
            yield from (
                Effect("unplugged", name, port) for port in sorted(was.plugged - (now.plugged if now else frozenset()))
            )
        if was is not None and now is not None:
            yield from _of_network(name, was, now)
    for key, value in before.forwarding.items():
        if value != after.forwarding[key]:
            yield Effect("forwarding off" if after.forwarding[key] == "0" else "forwarding on", "", key)
    for path in sorted({*before.files, *after.files}):
        if before.files.get(path) != after.files.get(path):
            kind = (
                "file removed"
                if path not in after.files
                else "file made"
                if path not in before.files
                else "file written"
            )
            yield Effect(kind, "", path)


def _of_network(name: str, was: Network, now: Network) -> Iterator[Effect]:
    if was.uuid != now.uuid:
        yield Effect("made anew", name)
        return
    if was.active != now.active:
        yield Effect("started" if now.active else "stopped", name)
    elif was.active and was.ifindex != now.ifindex:
        yield Effect("restarted", name)
    if was.persistent != now.persistent:
        yield Effect("persistent" if now.persistent else "not persistent", name)
    if was.autostart != now.autostart:
        yield Effect("autostart", name, str(now.autostart).lower())
    # Whether a create is done is not told by who it is.
    if (was.mark and was.mark[:2]) != (now.mark and now.mark[:2]):
        yield Effect("mark", name, "none" if now.mark is None else now.mark.urn)
    for kind, old, new in (("definition", was.config, now.config), ("running", was.live, now.live)):
        # What starts or stops is no edit.
        if old and new:
            yield from (Effect(kind, name, tag) for tag in sorted({*old, *new}) if old.get(tag) != new.get(tag))
