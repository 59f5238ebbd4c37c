"""The kernel's forwarding parameters in memory."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.fakes.effects import Effects


class FakeKernel:
    """The forwarding parameters of one network namespace, by the rules that were measured on Linux 6.18."""

    def __init__(self, interfaces: Iterable[str] = ("eth0", "lo"), *, forwards: int = 0) -> None:
        self.ipv4 = dict.fromkeys(("all", "default", *interfaces), forwards)
        self.ipv6 = dict(self.ipv4)
        self.accept_ra = dict.fromkeys(self.ipv6, 1)
        self.accept_redirects = 1

    def values(self) -> dict[str, str]:
        tree = {"net/ipv4/ip_forward": self.ipv4["all"], "net/ipv4/conf/all/accept_redirects": self.accept_redirects}
        for version, held in (("ipv4", self.ipv4), ("ipv6", self.ipv6)):
            tree |= {f"net/{version}/conf/{name}/forwarding": value for name, value in held.items()}
        tree |= {f"net/ipv6/conf/{name}/accept_ra": value for name, value in self.accept_ra.items()}
        return {key: str(value) for key, value in tree.items()}

    def write(self, key: str, text: str) -> None:
        value = int(text)
        if key == "net/ipv4/ip_forward":
            key = "net/ipv4/conf/all/forwarding"
        _, version, _, name, parameter = key.split("/")
        if parameter == "accept_ra":
            self.accept_ra[name] = value
        elif parameter == "accept_redirects":
            self.accept_redirects = value
        elif version == "ipv4":
            if name == "all" and self.ipv4["all"] != value:
                self.ipv4 = dict.fromkeys(self.ipv4, value)
                self.accept_redirects = int(not value)
            self.ipv4[name] = value
        else:
            self.ipv6 = dict.fromkeys(self.ipv6, value) if name == "all" else {**self.ipv6, name: value}


@dataclass
class FakeSysctl:
    """Implements planning.host_client.Sysctl on a kernel. A parameter is never written with the value it has."""

    effects: Effects
    kernel: FakeKernel

    def read_sysctl(self, key: str) -> str | None:
        return self.kernel.values().get(key)

    def write_sysctl(self, key: str, value: str) -> None:
        assert self.kernel.values()[key] != value, f"{key} was written with the value it has"
        with self.effects.happen(f"{key} = {value}"):
            self.kernel.write(key, value)

    def list_directory(self, path: str) -> Sequence[str]:
        """Below /proc/sys, the directories of interfaces."""
        held = {"/proc/sys/net/ipv4/conf": self.kernel.ipv4, "/proc/sys/net/ipv6/conf": self.kernel.ipv6}
        return sorted(held[path])
