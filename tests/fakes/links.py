"""A host's links in memory: bridges, what is plugged into them, and their attributes below /sys/class/net."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.fakes.effects import Effects

from virtnet.errors import HostFailure
from virtnet.planning.reports import Link

BELOW = "/sys/class/net"
UP, DOWN = "0x1003", "0x1002"


@dataclass
class FakeLink:
    """A link of the host: a port of a bridge, with what the bridge keeps of it."""

    mac: str
    master: str = ""
    up: bool = True
    mtu: str = "1500"
    ifindex: str = "7"
    settings: dict[str, str] = field(default_factory=dict)


@dataclass
class FakeLinks:
    """Implements planning.host_client.Links, and FileReader below /sys/class/net. No bridge of it filters VLANs."""

    effects: Effects
    by_name: dict[str, FakeLink] = field(default_factory=dict)
    bridges: dict[str, dict[str, str]] = field(default_factory=dict)
    """Attributes of each bridge: address, flags, stp_state, mtu."""
    on_removal: Callable[[str], None] = lambda name: None
    """Told of each bridge that goes."""

    def links(self) -> Sequence[Link]:
        bridges = [
            Link(name=name, mac=attributes["address"], kind="bridge", master="", up=True)
            for name, attributes in self.bridges.items()
        ]
        return bridges + [
            Link(name=name, mac=link.mac, kind="veth", master=link.master, up=link.up)
            for name, link in self.by_name.items()
        ]

    def set_master(self, link: str, bridge: str) -> None:
        with self.effects.happen(f"plug {link} into {bridge}"):
            if bridge not in self.bridges:
                raise HostFailure(f"could not attach the interface {link} to {bridge} on this host: no such bridge")
            port = self.by_name[link]
            if port.master != bridge:
                port.master, port.settings = bridge, {"isolated": "0", "hairpin_mode": "0"}

    def set_link_up(self, link: str, up: bool) -> None:
        with self.effects.happen(f"set {link} {'up' if up else 'down'}"):
            if link in self.bridges:
                self.bridges[link]["flags"] = UP if up else DOWN
            else:
                self.by_name[link].up = up

    def write_attribute(self, path: str, value: str) -> None:
        with self.effects.happen(f"write {value} to {path}"):
            parts = path.split("/")
            name, attribute = parts[4], parts[-1]
            if name in self.bridges:
                self.bridges[name][attribute] = value
            elif "brport" in parts:
                self.by_name[name].settings[attribute] = value
            else:
                self.by_name[name].mtu = value

    def delete_link(self, name: str) -> None:
        with self.effects.happen(f"delete link {name}"):
            self.remove_bridge(name)

    def bridge_vlans(self, link: str) -> Sequence[str]:
        return ()

    def set_bridge_vlans(self, link: str, vlans: Sequence[str]) -> None:
        raise AssertionError("no bridge of the fake filters VLANs")

    def read_file(self, path: str) -> str | None:
        parts = path.split("/")
        name, attribute = parts[4], parts[-1]
        if name in self.bridges:
            return self.bridges[name].get(attribute)
        link = self.by_name.get(name)
        if link is None:
            return None
        if "brport" in parts:
            return link.settings.get(attribute) if link.master else None
        return {
            "address": link.mac,
            "flags": UP if link.up else DOWN,
            "mtu": link.mtu,
            "ifindex": link.ifindex,
        }.get(attribute)

    def list_directory(self, path: str) -> Sequence[str]:
        if path == BELOW:
            return sorted((*self.bridges, *self.by_name))
        bridge = path.split("/")[4]
        if path.endswith("/brif"):
            return sorted(name for name, link in self.by_name.items() if link.master == bridge)
        link = self.by_name.get(bridge)
        if link is not None:
            return ["address", "flags", *(("master", f"upper_{link.master}") if link.master else ())]
        return sorted(self.bridges.get(bridge, ()))

    def make_bridge(self, name: str, address: str, *, stp: bool, mtu: str) -> None:
        """As libvirt does when a network starts; no effect of ours."""
        self.bridges[name] = {
            "address": address, "stp_state": "1" if stp else "0", "mtu": mtu, "flags": UP, "vlan_filtering": "0"
        }  # fmt: skip

    def plug(self, link: str, bridge: str) -> None:
        """As libvirt does when a guest starts or moves; no effect of ours."""
        port = self.by_name[link]
        if port.master != bridge:
            port.master, port.settings = bridge, {"isolated": "0", "hairpin_mode": "0"}

    def remove_bridge(self, name: str) -> None:
        """As libvirt does when a network stops: its ports stay, in no bridge."""
        self.bridges.pop(name, None)
        self.on_removal(name)
        for link in self.by_name.values():
            if link.master == name:
                link.master, link.settings = "", {}


def links_of(effects: Effects, files: Mapping[str, str]) -> FakeLinks:
    """The links that these files below /sys/class/net tell of: bridges with their attributes, and what is in `brif`."""
    links = FakeLinks(effects)
    for path, text in files.items():
        _, _, _, _, bridge, attribute, *below = path.split("/")
        if attribute == "brif":
            links.by_name[below[0]] = FakeLink(mac="", master=bridge)
        else:
            links.bridges.setdefault(bridge, {})[attribute] = text
    return links
