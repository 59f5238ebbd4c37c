"""What a host shows by libvirt, the kernel and its files, and what became of it between two looks."""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import libvirt
from lxml import etree
from tests.campaigns.walk.machines import OUTSIDE_ADDRESS, PLACES, Machines, guest_address, plugged

MARK = "{urn:pulumi-virtnet:owner:1.0}owner"
TOKEN = re.compile(r"^# virtnet-token: (\S+)$", re.MULTILINE)
KEYS = (
    "net/ipv4/ip_forward",
    "net/ipv6/conf/all/forwarding",
)
FORWARDS = "/etc/virtnet/port-forwards"
FOLDERS = ("/etc/sysctl.d", "/run/virtnet", "/etc/virtnet", FORWARDS, "/etc/systemd/system")
LIST_FORWARDS = ("nft", "--json", "list", "table", "inet", "virtnet_port_forwards")
#: Who may connect where a rule does not say.
ANYBODY = ""


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


class Forwarded(NamedTuple):
    """Where a port of the host leads to, by the rules in the kernel."""

    listens: str
    """The address that is listened on: "0.0.0.0/0" for all."""
    target: str
    """The guest's address and port: "10.60.0.50:80"; "" where no rule translates it."""
    sources: str
    """Who may connect, as nft has it; ANYBODY where nobody is kept out."""

    def admits(self, address: str) -> bool:
        """Whether a machine of that address may connect."""
        return self.sources == ANYBODY or f'"{address}"' in self.sources


class Sight(NamedTuple):
    """Everything that is looked at."""

    networks: Mapping[str, Network]
    forwarding: Mapping[str, str]
    files: Mapping[str, str]
    ports: Mapping[int, Forwarded] = MappingProxyType({})
    """The TCP ports of the host that lead to guests."""
    reached: Mapping[int, str] = MappingProxyType({})
    """Of these, who answers the machine outside: "lab0 80"; "" for nobody."""
    tokens: Mapping[str, str] = MappingProxyType({})
    """By the files of port forwards the token in the mark of each."""

    def leads_to(self, port: int) -> str:
        """Who is to answer at a port: a guest that is plugged in, and admits whoever asks; "" where nobody is."""
        forwarded = self.ports.get(port)
        if forwarded is None or not forwarded.admits(OUTSIDE_ADDRESS) or self.forwarding[KEYS[0]] == "0":
            return ""
        address, _, served = forwarded.target.partition(":")
        return next(
            (
                f"{name} {served}"
                for name, network in self.networks.items()
                if name in PLACES and address == guest_address(name)
                if network.active and plugged(name) in network.plugged
            ),
            "",
        )


class Effect(NamedTuple):
    """One difference between two looks."""

    kind: str
    network: str = ""
    """"" for what is the host's."""
    detail: str = ""
    port: int = 0
    """0 for what is of no port."""

    def __str__(self) -> str:
        port = f"tcp {self.port}" if self.port else ""
        return " ".join(filter(None, (self.network, port, self.kind, self.detail)))


#: What somebody has lost by it.
LOSSES = frozenset(
    {
        "removed",
        "stopped",
        "not persistent",
        "unplugged",
        "made anew",
        "restarted",
        "forwarding off",
        "file removed",
        "closed",
        "no longer reached",
    }
)


def look(machines: Machines) -> Sight:
    """The host now."""
    connection = libvirt.open("qemu:///system")
    try:
        networks = {network.name(): _network(network) for network in connection.listAllNetworks()}
    finally:
        connection.close()
    forwarding = {key: Path("/proc/sys", key).read_text().strip() for key in KEYS}
    texts = {}
    for folder in FOLDERS:
        for path in sorted(Path(folder).glob("*")):
            if path.is_file() and path.suffix != ".lock" and path.name != "lock" and not path.name.startswith("README"):
                texts[str(path)] = path.read_text()
    files = {path: re.sub(r"\b[0-9a-f]{16,}\b", "TOKEN", text) for path, text in texts.items()}
    tokens = {path: found[1] for path, text in texts.items() if (found := TOKEN.search(text))}
    sight = Sight(networks, forwarding, files, _ports(), tokens=tokens)
    return sight._replace(reached={port: _reached(port, sight, machines) for port in sight.ports})


def _reached(port: int, sight: Sight, machines: Machines) -> str:
    expected = sight.leads_to(port)
    network = sight.networks.get(expected.partition(" ")[0])
    seen = (port, sight.ports[port], expected, network and network.ifindex)
    return machines.reached(port, as_seen=seen, expected=bool(expected))


def _ports() -> Mapping[int, Forwarded]:
    """What is listened on, by the map of the kernel that leads to chains, and the rules there."""
    done = subprocess.run(LIST_FORWARDS, capture_output=True, text=True, check=False)
    objects = json.loads(done.stdout)["nftables"] if done.returncode == 0 else []
    rules: dict[str, list[Any]] = {}
    for rule in (one["rule"] for one in objects if "rule" in one):
        rules.setdefault(rule["chain"], []).append(rule["expr"])
    maps = [one["map"] for one in objects if one.get("map", {}).get("name") == "listeners4"]
    found = {}
    for key, verdict in (element for one in maps for element in one.get("elem", [])):
        address, protocol, ports = key["concat"]
        assert protocol == "tcp", key
        listens = "{addr}/{len}".format(**address["prefix"]) if isinstance(address, dict) else str(address)
        for port in _numbers(ports):
            found[port] = _forwarded(listens, port, rules.get(verdict["jump"]["target"], []))
    return found


def _numbers(told: Any) -> Iterator[int]:
    first, last = told["range"] if isinstance(told, dict) else (told, told)
    yield from range(int(first), int(last) + 1)


def _forwarded(listens: str, port: int, rules: list[Any]) -> Forwarded:
    """By the first rule that takes the port."""
    for expression in rules:
        matches = {
            one["match"]["left"]["payload"]["field"]: one["match"]["right"] for one in expression if "match" in one
        }
        if port not in _numbers(matches["dport"]):
            continue
        dnat = next((one["dnat"] for one in expression if "dnat" in one), None)
        if dnat is None:
            continue
        moved = dnat.get("port", port)
        if isinstance(moved, dict):
            moved = dict(moved["map"]["data"]["set"])[port]
        sources = json.dumps(matches["saddr"]) if "saddr" in matches else ANYBODY
        return Forwarded(listens, f"{dnat['addr']}:{moved}", sources)
    return Forwarded(listens, "", ANYBODY)


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
    yield from _of_ports(before, after)


def _of_ports(before: Sight, after: Sight) -> Iterator[Effect]:
    for port in sorted({*before.ports, *after.ports}):
        was, now = before.ports.get(port), after.ports.get(port)
        if was is None or now is None:
            yield Effect("closed" if now is None else "opened", "", "", port)
            continue
        if was.target != now.target:
            yield Effect("leads elsewhere", "", f"{was.target} -> {now.target}", port)
        if (was.listens, was.sources) != (now.listens, now.sources):
            yield Effect("open to others", "", f"{was[::2]} -> {now[::2]}", port)
        # Where its guest hangs loose, or its network is gone, that is an effect of its own.
        if before.reached[port] and before.leads_to(port) == after.leads_to(port) != after.reached[port]:
            yield Effect("no longer reached", "", after.reached[port], port)


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
    # Whether a create is done is not told by who it is. A network that was transient shows the mark with which it was
    # started, whose token is older where libvirt can't change that meanwhile; with the definition comes the record's.
    comes_with_definition = now.persistent and not was.persistent and was.mark and now.mark
    of_owner = 1 if comes_with_definition else 2
    if (was.mark and was.mark[:of_owner]) != (now.mark and now.mark[:of_owner]):
        yield Effect("mark", name, "none" if now.mark is None else now.mark.urn)
    for kind, old, new in (("definition", was.config, now.config), ("running", was.live, now.live)):
        # What starts or stops is no edit.
        if old and new:
            yield from (Effect(kind, name, tag) for tag in sorted({*old, *new}) if old.get(tag) != new.get(tag))
