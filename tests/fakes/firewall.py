"""A firewall in memory, as programs list it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from tests.fakes.effects import Effects

from virtnet.errors import HostFailure


def filter_rules(bridge: str) -> str:
    """What iptables-save and ip6tables-save print of libvirt's rules for an isolated network, in one text for both."""
    ports = [("INP", "i", "53"), ("INP", "i", "67"), ("INP", "i", "547")]
    ports += [("OUT", "o", "53"), ("OUT", "o", "68"), ("OUT", "o", "546")]
    lines = [
        "*filter",
        *(f":LIBVIRT_{name} - [0:0]" for name in ("FWI", "FWO", "FWX", "INP", "OUT")),
        "-A INPUT -j LIBVIRT_INP",
        "-A OUTPUT -j LIBVIRT_OUT",
        *(f"-A FORWARD -j LIBVIRT_{name}" for name in ("FWX", "FWI", "FWO")),
        f"-A LIBVIRT_FWI -o {bridge} -j REJECT --reject-with icmp-port-unreachable",
        f"-A LIBVIRT_FWO -i {bridge} -j REJECT --reject-with icmp-port-unreachable",
        f"-A LIBVIRT_FWX -i {bridge} -o {bridge} -j ACCEPT",
        *(f"-A LIBVIRT_{name} -{way} {bridge} -p udp -m udp --dport {port} -j ACCEPT" for name, way, port in ports),
        "COMMIT",
        "*nat",
        ":LIBVIRT_PRT - [0:0]",
        "COMMIT",
    ]
    return "".join(f"{line}\n" for line in lines)


_COUNTS = "-m conntrack --ctstate ESTABLISHED -m comment"


@dataclass
class FakeFirewall:
    """Implements planning.host_client.Firewall. Only declared programs may be asked."""

    effects: Effects
    listings: dict[str, str | None]
    """What each program prints; None for one that is not installed."""
    earlier: Mapping[str, str | None] | None = None
    """What it printed a second ago, for whoever makes do with that; None for the same."""
    deleted: list[tuple[str, ...]] = field(default_factory=list)
    tracking: set[str] = field(default_factory=set)
    """The names of the rules by which connections are tracked."""
    tracked_by: dict[str, str] = field(default_factory=dict)
    """The program that added each of them, which alone removes it."""
    made: list[tuple[str, ...]] = field(default_factory=list)
    denied: set[str] = field(default_factory=set)
    """The programs that list nothing to this user."""

    def firewall_rules(self, program: str, *, seconds_old: float = 0.0) -> str | None:
        assert program in self.listings, f"{program} was called, and no test declared it"
        if program in self.denied:
            raise HostFailure(f"{program} may be run by root alone")
        earlier = self.earlier if seconds_old >= 1 else None
        listing = (earlier or self.listings)[program]
        if program != "iptables-save" or listing is None:
            return listing
        return listing + "".join(f"-A FORWARD {_COUNTS} --comment {name}\n" for name in sorted(self.tracking))

    def seconds_a_listing_stands(self, at_least: float) -> float:
        return at_least

    def delete_firewall_rule(self, program: str, table: str, rule: Sequence[str]) -> None:
        listed = self.listings.get(f"{program}-save") or ""
        assert f"-A {' '.join(rule)}" in listed, f"{program} was to delete {rule} of {table}, which no test declared"
        with self.effects.happen(f"delete a rule of {table}"):
            self.deleted.append(tuple(rule))

    def track_connections(self, name: str, versions: Collection[int] = (4,), program: str = "nft") -> None:
        assert set(versions) <= {4, 6}
        assert program in ("nft", "iptables")
        with self.effects.happen("track connections"):
            self.tracking.add(name)
            self.tracked_by[name] = program

    def stop_tracking(self, name: str, program: str = "nft") -> None:
        assert program in ("nft", "iptables")
        with self.effects.happen("stop tracking"):
            if self.tracked_by.get(name) == program:
                self.tracking.discard(name)

    def insert_firewall_rule(self, program: str, table: str, rule: Sequence[str]) -> None:
        with self.effects.happen(f"insert a rule of {table}"):
            self.made.append((program, table, "-I", *rule))

    def add_firewall_chain(self, program: str, table: str, chain: str) -> None:
        with self.effects.happen(f"add a chain of {table}"):
            self.made.append((program, table, "-N", chain))
