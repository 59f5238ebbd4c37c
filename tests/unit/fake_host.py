"""In-memory doors for HostForwarding: a kernel's forwarding parameters, files, and libvirt's networks.

They refuse what was not declared: a question no test expects fails the test, and so does a parameter written with the
value it has, or a key with no such parameter.
"""

import contextlib
import copy
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import cast

from virtnet.errors import HostFailure
from virtnet.planning.clients import Clients
from virtnet.planning.host_client import HostClient
from virtnet.planning.libvirt_client import LibvirtClient
from virtnet.planning.reports import HostRoute, NetworkReport

HOST_UUID = "11111111-2222-3333-4444-555555555555"


class FakeKernel:
    """The forwarding parameters of one network namespace, by the rules that were measured on Linux 6.18."""

    def __init__(self, interfaces: Iterable[str] = ("eth0", "lo")) -> None:
        self.ipv4 = dict.fromkeys(("all", "default", *interfaces), 0)
        self.ipv6 = dict(self.ipv4)
        self.accept_ra = dict.fromkeys(self.ipv6, 1)
        self.accept_redirects = 1

    def copy(self) -> "FakeKernel":
        """Another kernel with the same values."""
        return copy.deepcopy(self)

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


class FakeHost:
    """plan.HostClient over a FakeKernel and a dict of files."""

    name = "this host"

    def __init__(
        self,
        kernel: FakeKernel | None = None,
        files: Mapping[str, str] | None = None,
        advertised: Iterable[str] | None = None,
    ) -> None:
        self.kernel = kernel or FakeKernel()
        self.files = dict(files or {})
        self.advertised = advertised
        self.effects: list[str] = []
        self.fail_at: int | None = None
        """The number of the effect that fails, counted from 0."""
        self.fails_after = False
        """Whether it fails when it has happened already."""
        self.links: list[str] = []
        """Paths of links that lead nowhere."""
        self.programs: set[str] = set()
        self.firewall = ""
        self.is_root = True

    def lock(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    def routes(self, versions: Collection[int] = (4, 6)) -> Sequence[HostRoute]:
        if self.advertised is None:
            raise AssertionError("routes were asked for, and the test declared none")
        return [
            HostRoute(destination="default", interface=name, gateway="fe80::1", protocol="ra")
            for name in self.advertised
        ]

    def read_sysctl(self, key: str) -> str | None:
        return self.kernel.values().get(key)

    def write_sysctl(self, key: str, value: str) -> None:
        now = self.kernel.values()[key]
        assert now != value, f"{key} was written with the value it has"
        self._effect(f"{key} = {value}", lambda: self.kernel.write(key, value))

    def read_file(self, path: str) -> str | None:
        return self.files.get(path)

    def list_directory(self, path: str) -> Sequence[str]:
        for version, held in (("ipv4", self.kernel.ipv4), ("ipv6", self.kernel.ipv6)):
            if path == f"/proc/sys/net/{version}/conf":
                return sorted(held)
        declared = path.endswith("/sysctl.d") or path.startswith(
            ("/run/systemd", "/run/NetworkManager", "/etc/systemd", "/usr/lib/systemd", "/usr/local/lib/systemd",
             "/etc/NetworkManager", "/run/virtnet")
        )  # fmt: skip
        assert declared, f"{path} was listed, and no test declared it"
        names = [file.rpartition("/") for file in (*self.files, *self.links)]
        return sorted(name for directory, _, name in names if directory == path)

    def write_file(self, path: str, content: str) -> None:
        self._effect(f"write {path}", lambda: self.files.__setitem__(path, content))

    def remove_file(self, path: str) -> None:
        self._effect(f"remove {path}", lambda: self.files.__delitem__(path))

    def has_program(self, name: str) -> bool:
        return name in self.programs

    def may_change_links(self) -> bool:
        return self.is_root

    def delete_firewall_rule(self, program: str, table: str, rule: Sequence[str]) -> None:
        raise AssertionError(f"{program} was to delete {rule}, and no test declared it")

    def firewall_rules(self, program: str, *, seconds_old: float = 0.0) -> str | None:
        assert program == "iptables-save", f"{program} was called, and no test declared it"
        return self.firewall

    def end_process(self, pid: int) -> None:
        """As the kernel: nothing is left of it in /proc."""

        def end() -> None:
            self.files = {path: text for path, text in self.files.items() if not path.startswith(f"/proc/{pid}/")}

        self._effect(f"end process {pid}", end)

    def state(self) -> tuple[dict[str, str], dict[str, str]]:
        """Everything there is, to be compared."""
        return self.kernel.values(), dict(self.files)

    def _effect(self, what: str, happen: "object") -> None:
        failing = self.fail_at == len(self.effects)
        self.effects.append(what)
        if failing and not self.fails_after:
            raise HostFailure(f"{what}: declared to fail")
        assert callable(happen)
        happen()
        if failing:
            raise HostFailure(f"{what}: declared to fail afterwards")


class FakeLibvirt:
    """The two questions that HostForwarding has for libvirt."""

    uri = "qemu:///system"

    def __init__(self, networks: Iterable[NetworkReport] = (), host_uuid: str = HOST_UUID) -> None:
        self._networks = tuple(networks)
        self._host_uuid = host_uuid

    def lock(self, prefetch: Callable[[], None]) -> contextlib.AbstractContextManager[None]:
        prefetch()
        return contextlib.nullcontext()

    def host_uuid(self) -> str:
        return self._host_uuid

    def networks(self) -> Sequence[NetworkReport]:
        return self._networks


def clients(host: FakeHost | None, networks: Iterable[NetworkReport] = (), *, host_uuid: str = HOST_UUID) -> Clients:
    libvirt = FakeLibvirt(networks, host_uuid)
    return Clients(libvirt=cast(LibvirtClient, libvirt), host=cast("HostClient | None", host))


def network(name: str, mode: str, *addresses: str, active: bool = True) -> NetworkReport:
    ips = "".join(
        f"<ip family='{'ipv6' if ':' in address else 'ipv4'}' address='{address.partition('/')[0]}'"
        f" prefix='{address.partition('/')[2]}'/>"
        for address in addresses
    )
    forward = f"<forward mode='{mode}'/>" if mode else ""
    xml = f"<network><name>{name}</name>{forward}<bridge name='vb0'/>{ips}</network>"
    return NetworkReport(
        uuid=HOST_UUID,
        name=name,
        active=active,
        persistent=True,
        autostart=True,
        live_xml=xml if active else None,
        config_xml=xml,
    )
