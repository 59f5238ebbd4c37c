"""Hundreds of edits, refreshes, adoptions, accidents, and guests that come and go, on one host by one process.

Run inside a sandbox: `virtnet sandbox -- python -m tests.campaigns.soak --seed 1 --actions 500 --engine 20`. Meanwhile
the process's memory, file descriptors and threads are watched, and libvirtd's; at the end the host is compared with
what it was after a first life of everything, and with what it was before that. --engine repeats edits with the real
Pulumi engine, whose provider processes are short. Prints what was measured, and ends with 1 when anything grows or is
left over.
"""

import argparse
import copy
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.acceptance.stack import Stack
from tests.campaigns.random_edits import BRIDGE, GUEST, START, edited, neighbour
from tests.hosts.daemons import daemon_pid, daemons
from tests.hosts.sandboxed import LIST_NFT, Host, nft_lines

from virtnet.connect import connect
from virtnet.forwarding.resource import HOST_FORWARDING
from virtnet.libvirtd.connection import Connections
from virtnet.network.resource import NETWORK
from virtnet.planning import lifecycle

Inputs = dict[str, Any]
FOUND = """
<network><name>found</name><forward mode='nat'/><bridge name='br-found' stp='off'/>
<ip address='10.70.0.1' prefix='24'><dhcp><range start='10.70.0.100' end='10.70.0.200'/></dhcp></ip></network>
"""
FOUND_BRIDGE = "br-found"
#: Of a run, the part after which nothing may grow any more: caches are filled and modules imported by then.
WARM = 0.3
#: Bytes of memory that the process may grow by for each action after that, by a line through all samples.
GROWTH = 2048
#: So many actions after the warm-up make a line of that. In fewer, caches are still being filled: 16 actions with a
#: newer libvirt grew by 0.8 MiB, 500 by less.
LONG, FILLED = 100, 4 * 1024 * 1024
#: libvirtd begins with 5 workers, makes more of them when many calls wait, up to 20, and ends none (libvirtd.conf's
#: min_workers and max_workers): so many more threads are no leak. So does each modular daemon.
WORKERS = 15 * len(daemons().daemons)
#: The sandbox that this runs in.
HERE = Host(0, Path("/"))


def sh(script: str) -> str:
    done = subprocess.run(["bash", "-ec", script], check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
    return done.stdout


# --- What is watched ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sample:
    """What this process and libvirt's daemons hold at one moment; memory in bytes."""

    memory: int
    descriptors: int
    threads: int
    daemon_memory: int
    daemon_descriptors: int
    daemon_threads: int
    guests: int


def _held(process: str) -> tuple[int, int, int]:
    status = Path(f"/proc/{process}/status").read_text()
    resident, threads = (re.search(rf"^{name}:\s+(\d+)", status, re.MULTILINE) for name in ("VmRSS", "Threads"))
    assert resident is not None
    assert threads is not None
    return int(resident[1]) * 1024, len(list(Path(f"/proc/{process}/fd").iterdir())), int(threads[1])


def sample(guests: int) -> Sample:
    of_daemons = [_held(daemon_pid(HERE, daemon.name)) for daemon in daemons().daemons]
    memory, descriptors, threads = map(sum, zip(*of_daemons, strict=True))
    return Sample(*_held("self"), memory, descriptors, threads, guests)


def slope(values: list[int]) -> float:
    """By how much the values grow from one to the next, by the line with the least squares."""
    middle = (len(values) - 1) / 2
    mean = sum(values) / len(values)
    above = sum((place - middle) * (value - mean) for place, value in enumerate(values))
    return above / sum((place - middle) ** 2 for place in range(len(values)))


def growth(samples: list[Sample], every: int) -> list[str]:
    """What grows after the warm-up, with its figures. Samples are taken every so many actions."""
    late = samples[int(len(samples) * WARM) :]
    found = []
    actions = every * len(late)
    memory = slope([one.memory for one in late]) / every
    if memory > (GROWTH if actions >= LONG else FILLED / actions):
        found.append(f"the process's memory grows by {memory:.0f} bytes an action")
    for name in ("descriptors", "threads", "daemon_descriptors", "daemon_threads"):
        # A daemon has more of them for each guest that runs.
        values = [getattr(one, name) for one in late if not one.guests or not name.startswith("daemon")]
        third, allowed = len(values) // 3, WORKERS if name == "daemon_threads" else 0
        if third and min(values[-third:]) > max(values[:third]) + allowed:
            found.append(f"{name} grew from {max(values[:third])} at most to {min(values[-third:])} at least")
    return found


def whole_host() -> dict[str, list[str]]:
    """All that a network, a guest or this program could leave on a host."""
    looks = {
        "links": "ip -brief link | awk '{print $1}'",
        "addresses": "ip -brief address | grep -v ' UNKNOWN *$' | awk '{$2=\"\"; print}'",
        "routes": "ip route show table all; ip -6 route show table all | grep -v '^fe80\\|^multicast\\|^ff00'",
        "rules": "for family in iptables ip6tables; do $family-save | grep '^[-:*]' | sed 's/\\[[0-9:]*\\]//'; done",
        "sockets": "ss -Hlntu | awk '{print $1, $5}'",
        "processes": "ps -e -o comm= | grep -v '^ps$\\|^bash$\\|^awk$\\|^sort$\\|^sed$\\|^grep$\\|^sh$'",
        "files": "find /run/libvirt /run/virtnet /var/lib/libvirt /etc/libvirt /etc/sysctl.d /run/netns 2>/dev/null",
        "sysctls": "sysctl -a 2>/dev/null | grep '^net.ipv[46].*forwarding\\|^net.ipv4.ip_forward'",
        "networks": "virsh -q net-list --all",
        "guests": "virsh -q list --all",
    }
    found = {name: sorted(sh(f"{{ {script}; }} | sort || true").splitlines()) for name, script in looks.items()}
    return {**found, "nftables": nft_lines(sh(LIST_NFT))}


#: What stays of each network, or of each turn, by the look that sees it: lines are matched wholly.
STAYS = {
    # libvirt's directory for the ports of each network that ever had one, empty, and the PID file of its dnsmasq, which
    # may not remove it as nobody (9.0, 11.3); and the lock by which processes of ours take turns.
    "files": r"/run/libvirt/network/[^/.]+(/ports|\.pid)?|/run/virtnet(/lock)?",
}
#: What the first network, guest or container leaves on a host, and later ones add nothing to.
STAYS_OF_FIRST = {
    # libvirt's chains, the ways into them, and the tables with the kernel's chains, which iptables makes for them.
    "rules": r"\*(filter|mangle|nat)|:[A-Z]+ ACCEPT *|:LIBVIRT_[A-Z]+ - *|-A [A-Z]+ -j LIBVIRT_[A-Z]+",
    # libvirt's own tables with their chains, and the jumps between those.
    "nftables": r"ip6? libvirt_network( chain \w+(: (type .*|counter jump \w+))?)?",
    # libvirt turns forwarding on with the first network that routes, and never off.
    "sysctls": r"net\.ipv4\.ip_forward = .|net\.ipv[46]\.conf\.(all|default|lo)\.forwarding = .",
    # iproute2's directory of namespaces, and libvirt's of dnsmasq's files and of autostart links, empty.
    "files": r"/run/netns|/var/lib/libvirt/dnsmasq|/etc/libvirt/qemu/networks/autostart",
}


def left_over(before: dict[str, list[str]], after: dict[str, list[str]], *, first: bool = False) -> list[str]:
    """Where the host is not as it was; `first` where it had never had a network, a guest or a container before it."""
    found = []
    for name in before:
        stays = re.compile("|".join([STAYS.get(name, "(?!)"), *([STAYS_OF_FIRST.get(name, "(?!)")] if first else [])]))
        lines, there = ([line for line in look[name] if not stays.fullmatch(line)] for look in (before, after))
        more, fewer = Counter(there) - Counter(lines), Counter(lines) - Counter(there)
        found += [f"{name}: left over: {line}" for line in more] + [f"{name}: gone: {line}" for line in fewer]
    return found


# --- What happens ------------------------------------------------------------------------------------


class Operator:
    """Everything that goes on, with the network that it goes on with."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - edits, not secrets
        self.clients: lifecycle.Connect = _clients()
        self.inputs: Inputs = copy.deepcopy(START)
        self.recorded: dict[str, Any] = {}
        self.guests: list[str] = []
        self.neighbours: list[str] = []
        self.counts: Counter[str] = Counter()

    def act(self) -> None:
        """Do one thing."""
        actions: list[tuple[int, Callable[[], None]]] = [
            (50, self.edit), (15, self.refresh), (5, self.adopt), (10, self.guest), (8, self.neighbour),
            (5, self.accident), (4, self.forward), (3, self.make_anew),
        ]  # fmt: skip
        weights, functions = zip(*actions, strict=True)
        chosen = self.chance.choices(functions, weights)[0]
        chosen()
        self.counts[chosen.__name__] += 1

    def make(self) -> None:
        self.inputs = copy.deepcopy(START)
        self.recorded = lifecycle.create(NETWORK, self._checked(self.inputs), self.clients, _nothing)

    def edit(self) -> None:
        self._update(edited(self.chance, self.inputs))

    def edit_to_ipv6(self) -> None:
        self._update({**self.inputs, "ips": [*self.inputs["ips"], {"address": "fd00:60::1/64"}]})

    def refresh(self) -> None:
        assert lifecycle.read(NETWORK, self.recorded, self.clients) == self.recorded, "a refresh finds drift"

    def adopt(self) -> None:
        """Take over a network that is there, with a guest and a container on it, change it, and give it back."""
        Path("/run/found.xml").write_text(FOUND)
        sh("virsh -q net-define /run/found.xml; virsh -q net-start found")
        sh("virsh -q net-dumpxml found --inactive > /run/found.was")
        guest = GUEST.format(name="of-found", mac="52:54:00:fd:00:01").replace("network='lab'", "network='found'")
        Path("/run/guest.xml").write_text(guest)
        sh("virsh -q create /run/guest.xml")
        neighbour("near-found", "10.70.0.9/24", bridge=FOUND_BRIDGE)
        plugged = _on_bridge(FOUND_BRIDGE)
        assert len(plugged) == 2, plugged
        named = {"name": "found", "uri": START["uri"], "__owner": "project/stack/found", "adopt": True}
        recorded = lifecycle.create(NETWORK, self._checked(named), self.clients, _nothing)
        changed = {**named, "mtu": self.chance.choice([1400, 9000]), "dns": {"txts": [{"name": "t", "value": "v"}]}}
        recorded = lifecycle.update(NETWORK, recorded, self._checked(changed), self.clients, _nothing)
        assert plugged == _on_bridge(FOUND_BRIDGE), f"plugged in were {plugged}, and are {_on_bridge(FOUND_BRIDGE)}"
        lifecycle.delete(NETWORK, recorded, self.clients, _nothing)
        assert plugged == _on_bridge(FOUND_BRIDGE), f"plugged in were {plugged}, and are {_on_bridge(FOUND_BRIDGE)}"
        sh("virsh -q net-dumpxml found --inactive | diff - /run/found.was")
        sh("virsh -q destroy of-found; ip link del near-found; ip netns del near-found")
        sh("virsh -q net-destroy found; virsh -q net-undefine found")

    def guest(self) -> None:
        """A guest comes, or one of two goes."""
        if len(self.guests) == 2 or (self.guests and self.chance.random() < 0.5):
            sh(f"virsh -q destroy {self.guests.pop(self.chance.randrange(len(self.guests)))}")
            return
        number = self.chance.randrange(65536)
        mac = f"52:54:00:fe:{number >> 8:02x}:{number & 255:02x}"
        Path("/run/guest.xml").write_text(GUEST.format(name=f"guest{number}", mac=mac))
        sh("virsh -q create /run/guest.xml")
        self.guests.append(f"guest{number}")

    def neighbour(self) -> None:
        """A container with a link of its own on the bridge comes, or goes."""
        if self.neighbours:
            name = self.neighbours.pop()
            sh(f"ip link del {name}; ip netns del {name}")
            return
        name = f"near{self.chance.randrange(10_000)}"
        neighbour(name, "10.60.0.251/24")
        self.neighbours.append(name)

    def accident(self) -> None:
        """Somebody does something by hand, which the next update mends."""
        uuid = self.recorded["uuid"]
        host = "<host mac='52:54:00:ab:cd:ef' ip='10.60.0.91' name='by-hand'/>"
        script = self.chance.choice(
            [
                f'virsh -q net-update {uuid} add ip-dhcp-host "{host}" --live --config',
                f"virsh -q net-autostart {uuid} --disable; virsh -q net-autostart {uuid}",
                f"kill $(cat /run/libvirt/network/{START['name']}.pid); sleep 0.2",
                f"virsh -q net-destroy {uuid}",
            ]
        )
        sh(script)
        self.recorded = lifecycle.read(NETWORK, self.recorded, self.clients) or {}
        self._update(self.inputs)

    def forward(self) -> None:
        """The host's forwarding is managed for a while."""
        named = {"uri": START["uri"], "ipv4": True, "__owner": "project/stack/forwarding"}
        canonical, failures = HOST_FORWARDING.check(named, {})
        assert not failures, failures
        recorded = lifecycle.create(HOST_FORWARDING, canonical, self.clients, _nothing)
        lifecycle.delete(HOST_FORWARDING, recorded, self.clients, _nothing)

    def make_anew(self) -> None:
        """The network goes, and comes again."""
        self.leave()
        self.make()

    def leave(self) -> None:
        """Everybody leaves, and the network goes."""
        for name in self.guests:
            sh(f"virsh -q destroy {name}")
        for name in self.neighbours:
            sh(f"ip link del {name}; ip netns del {name}")
        self.guests, self.neighbours = [], []
        self._update({name: value for name, value in self.inputs.items() if name != "on_delete"})
        lifecycle.delete(NETWORK, self.recorded, self.clients, _nothing)

    def _update(self, inputs: Inputs) -> None:
        desired = self._checked(inputs)
        plugged = _on_bridge()
        changes = lifecycle.diff(NETWORK, self.recorded, desired, self.clients).changes
        lifecycle.preview(NETWORK, self.recorded, desired, self.clients, changes)
        self.recorded = lifecycle.update(NETWORK, self.recorded, desired, self.clients, _nothing)
        self.inputs = inputs
        assert not lifecycle.diff(NETWORK, self.recorded, desired, self.clients).changes, "it is not done"
        assert plugged <= _on_bridge(), f"plugged in were {plugged}, and are {_on_bridge()}"

    def _checked(self, inputs: Inputs) -> Inputs:
        canonical, failures = NETWORK.check(inputs, {})
        assert not failures, failures
        return canonical


def _clients() -> lifecycle.Connect:
    connections = Connections()
    return lambda uri: connect(uri, connections)


def _nothing(_line: str) -> None:
    """Nobody reads what is shown."""


def _on_bridge(bridge: str = BRIDGE) -> frozenset[str]:
    ports = Path("/sys/class/net", bridge, "brif")
    return frozenset(entry.name for entry in ports.iterdir()) if ports.exists() else frozenset()


def through_the_engine(chance: random.Random, edits: int) -> None:
    """The same edits as programs of a Pulumi stack, each `up` with processes of its own."""
    with tempfile.TemporaryDirectory() as directory:
        stack = Stack(Host(0, Path(directory)))
        inputs = copy.deepcopy(START)
        for number in range(edits):
            inputs = edited(chance, inputs) if number else inputs
            hidden = ("name", "uri", "__owner", "on_delete")
            stack.network(START["name"], **{name: value for name, value in inputs.items() if name not in hidden})
            stack.up()
            if number % 5 == 4:
                assert stack.unchanged(), "a preview or a refresh after an up finds something"
        stack.destroy()


# --- The run -----------------------------------------------------------------------------------------


def run(seed: int, actions: int, engine: int, every: int = 5) -> list[str]:
    """Do it all; what grew or is left over."""
    operator, samples, pristine = Operator(seed), [], whole_host()
    # Before libvirt turns it on for good, so that it is seen to be turned off again.
    operator.forward()
    wrong = left_over(pristine, whole_host())
    # A first life of everything, so that what the first of a kind leaves is told from what each leaves.
    operator.make()
    operator.edit_to_ipv6()
    operator.neighbour()
    operator.adopt()
    operator.leave()
    before, started = whole_host(), time.monotonic()
    operator.make()
    for number in range(actions):
        operator.act()
        if number % every == 0:
            samples.append(sample(len(operator.guests)))
    operator.leave()
    took = time.monotonic() - started
    for name, values in {name: [getattr(one, name) for one in samples] for name in asdict(samples[0])}.items():
        print(f"{name}: {values[0]} at first, {values[int(len(values) * WARM)]} warm, {values[-1]} at last")
    late = [one.memory for one in samples[int(len(samples) * WARM) :]]
    print(f"memory after the warm-up: {slope(late) / every:.0f} bytes an action")
    print(f"{actions} actions with seed {seed} in {took:.0f} s: {json.dumps(dict(operator.counts))}")
    wrong += growth(samples, every) + left_over(before, whole_host()) + left_over(pristine, whole_host(), first=True)
    if engine:
        started = time.monotonic()
        through_the_engine(operator.chance, engine)
        print(f"{engine} edits through the engine in {time.monotonic() - started:.0f} s")
        wrong += left_over(before, whole_host()) + left_over(pristine, whole_host(), first=True)
    held = subprocess.run(["flock", "--nonblock", "/run/virtnet/lock", "true"], check=False).returncode
    return wrong + (["the lock /run/virtnet/lock is held"] if held else [])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--actions", type=int, default=500)
    parser.add_argument("--engine", type=int, default=0)
    given = parser.parse_args()
    found = run(given.seed, given.actions, given.engine)
    for line in found:
        print(f"WRONG: {line}")
    print(f"{len(found)} wrong")
    sys.exit(1 if found else 0)
