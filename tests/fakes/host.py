"""The host of tests.fakes.libvirt: bridges, links and their attributes in memory. For breaking a restart half-way."""

import contextlib
import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from virtnet.errors import HostFailure
from virtnet.planning.reports import HostAddress, HostRoute, Link, ListeningSocket


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
class FakeBridges:
    """Implements what plan.HostClient asks of links."""

    name: str = "this host"
    links_by_name: dict[str, FakeLink] = field(default_factory=dict)
    bridges: dict[str, dict[str, str]] = field(default_factory=dict)
    """Attributes of each bridge: address, stp_state, mtu."""
    failures: "itertools.count[int] | None" = None

    def lock(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    def links(self) -> Sequence[Link]:
        bridges = [
            Link(name=name, mac=attributes["address"], kind="bridge", master="", up=True)
            for name, attributes in self.bridges.items()
        ]
        return bridges + [
            Link(name=name, mac=link.mac, kind="veth", master=link.master, up=link.up)
            for name, link in self.links_by_name.items()
        ]

    def addresses(self) -> Sequence[HostAddress]:
        return ()

    def routes(self, versions: Collection[int] = (4, 6)) -> Sequence[HostRoute]:
        return ()

    def listening_sockets(self) -> Sequence[ListeningSocket]:
        return ()

    def dhcp_port_free(self) -> bool:
        return True

    def has_program(self, name: str) -> bool:
        return True

    def may_change_links(self) -> bool:
        return True

    def delete_link(self, name: str) -> None:
        raise AssertionError("no test declared a leftover bridge")

    def end_process(self, pid: int) -> None:
        raise AssertionError("no test declared a leftover process")

    def set_master(self, link: str, bridge: str) -> None:
        if bridge not in self.bridges:
            raise HostFailure(f"could not plug the interface {link} into {bridge} on this host: no such bridge")
        port = self.links_by_name[link]
        if port.master != bridge:
            port.master, port.settings = bridge, {"isolated": "0", "hairpin_mode": "0"}

    def set_link_up(self, link: str, up: bool) -> None:
        self.links_by_name[link].up = up

    def list_directory(self, path: str) -> Sequence[str]:
        if path.startswith("/sys/class/net/") and path.endswith("/brif"):
            bridge = path.split("/")[4]
            return sorted(name for name, link in self.links_by_name.items() if link.master == bridge)
        return ()

    def read_file(self, path: str) -> str | None:
        parts = path.split("/")
        if not path.startswith("/sys/class/net/"):
            return None
        name, attribute = parts[4], parts[-1]
        if name in self.bridges:
            return self.bridges[name].get(attribute)
        link = self.links_by_name.get(name)
        if link is None:
            return None
        if "brport" in parts:
            return link.settings.get(attribute) if link.master else None
        return {
            "address": link.mac,
            "flags": "0x1003" if link.up else "0x1002",
            "mtu": link.mtu,
            "ifindex": link.ifindex,
        }.get(attribute)

    def write_attribute(self, path: str, value: str) -> None:
        parts = path.split("/")
        name, attribute = parts[4], parts[-1]
        if name in self.bridges:
            self.bridges[name][attribute] = value
        elif "brport" in parts:
            self.links_by_name[name].settings[attribute] = value
        else:
            self.links_by_name[name].mtu = value

    def bridge_vlans(self, link: str) -> Sequence[str]:
        return ()

    def set_bridge_vlans(self, link: str, vlans: Sequence[str]) -> None:
        raise AssertionError("no bridge of the fake filters VLANs")

    def read_sysctl(self, key: str) -> str | None:
        return None

    def write_sysctl(self, key: str, value: str) -> None:
        raise AssertionError("a network writes no kernel parameter")

    def write_file(self, path: str, content: str) -> None:
        raise AssertionError("a network writes no file")

    def remove_file(self, path: str) -> None:
        raise AssertionError("a network removes no file")

    def delete_firewall_rule(self, program: str, table: str, rule: Sequence[str]) -> None:
        raise AssertionError(f"{program} was to delete {rule}, and no test declared it")

    def firewall_rules(self, program: str, *, seconds_old: float = 0.0) -> str | None:
        return None

    def make_bridge(self, name: str, address: str, *, stp: bool, mtu: str) -> None:
        self.bridges[name] = {
            "address": address, "stp_state": "1" if stp else "0", "mtu": mtu, "flags": "0x1003", "vlan_filtering": "0"
        }  # fmt: skip

    def remove_bridge(self, name: str) -> None:
        """As libvirt does when a network stops: its ports stay, in no bridge."""
        self.bridges.pop(name, None)
        for link in self.links_by_name.values():
            if link.master == name:
                link.master, link.settings = "", {}
