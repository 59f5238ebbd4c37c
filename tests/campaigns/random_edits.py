"""Random edits of one network on a real libvirtd, each preview compared with witnesses that are none of ours.

Run inside a sandbox: `virtnet sandbox -- python -m tests.campaigns.random_edits --seed 1 --edits 100`. Prints one line
an edit, and ends with 1 at the first disagreement. The witnesses: `virsh net-event`, the bridge's ifindex, dnsmasq's
process id, and the packets that two neighbours and the gateway exchange every 20 ms.
"""

import argparse
import copy
import itertools
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.kinds import preview_lines

from virtnet.connect import connect
from virtnet.libvirtd.connection import Connections
from virtnet.network.resource import NETWORK
from virtnet.planning import lifecycle

Inputs = dict[str, Any]
NAME, BRIDGE = "lab", "vn-lab"
START: Inputs = {
    "name": NAME,
    "uri": "qemu:///system",
    "__owner": "project/stack/lab",
    "forward": {"mode": "nat"},
    "bridge": {"stp": False},
    "ips": [
        {
            "address": "10.60.0.1/24",
            "dhcp": {"ranges": [{"start": "10.60.0.100", "end": "10.60.0.200"}], "hosts": []},
        }
    ],
    "dns": {"hosts": [], "txts": [], "srvs": []},
    "port_groups": [],
}
GUEST = """
<domain type='qemu'><name>{name}</name><memory unit='MiB'>32</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type></os>
<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
<interface type='network'><mac address='{mac}'/><source network='lab'/><model type='virtio'/></interface></devices>
</domain>
"""


#: Packets that a guest may lose in a restart that it isn't to notice: 0.1 s. On a quiet machine it loses none or one,
#: and libvirt needs 0.15 s at least to stop and start a network.
MOST_LOST_UNNOTICED = 5


# --- Edits -------------------------------------------------------------------------------------------


def _mac(chance: random.Random) -> str:
    return f"52:54:00:{chance.randrange(256):02x}:{chance.randrange(256):02x}:{chance.randrange(256):02x}"


def _hosts(inputs: Inputs) -> list[Inputs]:
    found: list[Inputs] = inputs["ips"][0]["dhcp"]["hosts"]
    return found


def _add_reservation(chance: random.Random, inputs: Inputs) -> None:
    number = chance.randrange(2, 90)
    _hosts(inputs).append({"mac": _mac(chance), "ip": f"10.60.0.{number}", "name": f"host{number}"})


def _remove_reservation(chance: random.Random, inputs: Inputs) -> None:
    _hosts(inputs).pop(chance.randrange(len(_hosts(inputs))))


def _swap_reservations(chance: random.Random, inputs: Inputs) -> None:
    one, other = chance.sample(_hosts(inputs), 2)
    one["ip"], other["ip"] = other["ip"], one["ip"]


def _move_range(chance: random.Random, inputs: Inputs) -> None:
    start = chance.randrange(100, 150)
    inputs["ips"][0]["dhcp"]["ranges"] = [{"start": f"10.60.0.{start}", "end": f"10.60.0.{start + 50}"}]


def _change_dns_hosts(chance: random.Random, inputs: Inputs) -> None:
    hosts = inputs["dns"]["hosts"]
    if hosts and chance.random() < 0.5:
        hosts.pop()
    else:
        number = chance.randrange(2, 250)
        hosts.append({"ip": f"10.61.0.{number}", "hostnames": [f"name{number}.example"]})


def _change_txts(chance: random.Random, inputs: Inputs) -> None:
    txts = inputs["dns"]["txts"]
    if txts and chance.random() < 0.5:
        txts.pop()
    else:
        txts.append({"name": f"text{chance.randrange(1000)}.example", "value": f"v{chance.randrange(1000)}"})


def _change_srvs(chance: random.Random, inputs: Inputs) -> None:
    srvs = inputs["dns"]["srvs"]
    if srvs and chance.random() < 0.5:
        srvs.pop()
    else:
        number = chance.randrange(1000)
        srvs.append(
            {"service": f"s{number}", "protocol": "tcp", "domain": "example", "target": "t.example", "port": 80}
        )


def _change_port_groups(chance: random.Random, inputs: Inputs) -> None:
    groups = inputs["port_groups"]
    if groups and chance.random() < 0.5:
        groups.pop()
    else:
        groups.append({"name": f"group{chance.randrange(1000)}"})


def _toggle(path: str, *values: Any) -> Callable[[random.Random, Inputs], None]:
    """Set a property to one of some values, or leave it out."""

    def edit(chance: random.Random, inputs: Inputs) -> None:
        holder, names = inputs, path.split(".")
        for name in names[:-1]:
            holder = holder.setdefault(name, {})
        value = chance.choice([*values, None])
        if value is None:
            holder.pop(names[-1], None)
        else:
            holder[names[-1]] = copy.deepcopy(value)

    return edit


def _change_ipv6(chance: random.Random, inputs: Inputs) -> None:
    if len(inputs["ips"]) > 1:
        inputs["ips"].pop()
    else:
        dhcp = chance.choice([{}, {"dhcp": {"ranges": [{"start": "fd00:60::100", "end": "fd00:60::1ff"}]}}])
        inputs["ips"].append({"address": "fd00:60::1/64", **copy.deepcopy(dhcp)})


def _change_ipv6_reservations(chance: random.Random, inputs: Inputs) -> None:
    hosts = inputs["ips"][1].setdefault("dhcp", {}).setdefault("hosts", [])
    if hosts and chance.random() < 0.5:
        hosts.pop()
    else:
        number = chance.randrange(2, 250)
        hosts.append({"name": f"six{number}", "ip": f"fd00:60::{number:x}"})


LIVE = (
    _add_reservation, _add_reservation, _remove_reservation, _swap_reservations, _move_range, _change_dns_hosts,
    _change_txts, _change_srvs, _change_port_groups, _change_ipv6_reservations, _toggle("autostart", True, False),
    _toggle("metadata", {"urn:x": "<x:a xmlns:x='urn:x'/>"}, {"urn:x": "<x:b xmlns:x='urn:x'>text</x:b>"}),
)  # fmt: skip
RESTART = (
    _toggle("mtu", 1400, 9000), _toggle("domain", {"name": "lab.example"}, {"name": "lab.example", "local_only": True}),
    _toggle("dns.forward_plain_names", True, False), _toggle("dns.forwarders", [{"address": "10.60.0.9"}]),
    _toggle("routes", [{"address": "10.62.0.0/24", "gateway": "10.60.0.7"}]), _toggle("bridge.stp", True, False),
    _toggle("forward", {"mode": "nat"}, {"mode": "route"}, {"mode": "open"}), _change_ipv6,
    _toggle("forward", {"mode": "nat", "nat": {"port": {"start": 2000, "end": 3000}}}),
    _toggle("dnsmasq_options", ["log-dhcp"], ["cache-size=200"]), _toggle("port_isolated", False),
)  # fmt: skip
RECORDED = (_toggle("on_delete", "disconnect", "keep"), _toggle("allow_overlap", True))


def edited(chance: random.Random, inputs: Inputs) -> Inputs:
    """The inputs with one to three random edits that check accepts."""
    while True:
        after = copy.deepcopy(inputs)
        kinds = chance.choices((LIVE, RESTART, RECORDED), weights=(6, 3, 1))[0]
        try:
            for _ in range(chance.randint(1, 3)):
                chance.choice(kinds)(chance, after)
        except (IndexError, ValueError, KeyError):  # nothing there to remove or to swap
            continue
        if not NETWORK.check(after, {})[1]:
            return after


# --- Witnesses ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sight:
    """What the host shows at one moment."""

    ifindex: str
    dnsmasq: str
    on_bridge: frozenset[str]
    spanning_tree: str


def look() -> Sight:
    bridge = Path("/sys/class/net", BRIDGE)
    pid = Path(f"/run/libvirt/network/{NAME}.pid")
    return Sight(
        ifindex=(bridge / "ifindex").read_text().strip(),
        dnsmasq=pid.read_text().strip() if pid.exists() else "",
        on_bridge=frozenset(entry.name for entry in (bridge / "brif").iterdir()),
        spanning_tree=(bridge / "bridge/stp_state").read_text().strip(),
    )


class Events:
    """`virsh net-event`, in a process of its own: what libvirt told everybody."""

    def __init__(self) -> None:
        self._log = Path("/run/net-events")
        with self._log.open("w") as log:
            # Line by line: what is in virsh's own buffer nobody sees.
            watch = ["stdbuf", "-oL", "virsh", "net-event", "--event", "lifecycle", "--loop", "--network", NAME]
            self._process = subprocess.Popen(watch, stdout=log, stderr=subprocess.DEVNULL)
        time.sleep(0.5)

    def since(self, before: int) -> list[str]:
        """The kinds of the events after the first `before`."""
        return self._kinds()[before:]

    def count(self) -> int:
        return len(self._kinds())

    def _kinds(self) -> list[str]:
        return re.findall(r"event 'lifecycle' for network [^:]+: (\w+)", self._log.read_text())

    def end(self) -> None:
        self._process.terminate()
        self._process.wait()


class Pings:
    """A ping every 20 ms from one neighbour; when which answer came is known afterwards."""

    def __init__(self, namespace: str, address: str) -> None:
        self._log = Path(f"/run/ping-{namespace}-{address}")
        command = ["ip", "netns", "exec", namespace, "ping", "-n", "-D", "-O", "-i", "0.02", "-W", "1", address]
        with self._log.open("w") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)

    def missed(self, since: float, until: float) -> tuple[int, float]:
        """How many packets of that time had no answer, and the longest time without one.

        From the last answer before it to the first after it, for which it waits: what is lost at the edges counts too,
        and a machine that was too busy to ping is no loss.
        """
        deadline = time.time() + 10
        while not (answers := self._answers()) or answers[-1][0] <= until + 0.05:
            if time.time() > deadline:
                return 10_000, time.time() - since
            time.sleep(0.05)
        first = max((index for index, answer in enumerate(answers) if answer[0] < since), default=0)
        last = next(index for index, answer in enumerate(answers) if answer[0] > until + 0.05)
        pairs = list(itertools.pairwise(answers[first : last + 1]))
        lost = sum((later[1] - earlier[1] - 1) % 65536 for earlier, later in pairs)
        return lost, max(later[0] - earlier[0] for earlier, later in pairs)

    def _answers(self) -> list[tuple[float, int]]:
        """When which packet was answered, of the last minutes."""
        found = re.findall(r"^\[([\d.]+)\] \d+ bytes.*icmp_seq=(\d+)", self._tail(), re.MULTILINE)
        return [(float(moment), int(number)) for moment, number in found]

    def _tail(self) -> str:
        with self._log.open("rb") as log:
            log.seek(max(0, self._log.stat().st_size - 200_000))
            return log.read().decode(errors="replace")

    def end(self) -> None:
        self._process.terminate()
        self._process.wait()


def neighbour(name: str, *addresses: str, bridge: str = BRIDGE) -> None:
    """A network namespace with a veth on the bridge."""
    commands = [
        f"ip netns add {name}",
        f"ip link add {name} type veth peer name eth0 netns {name}",
        f"ip link set {name} master {bridge} up",
        f"ip -n {name} link set eth0 up",
        *(f"ip -n {name} address add {address} dev eth0" for address in addresses),
    ]
    for command in commands:
        subprocess.run(command.split(), check=True)


# --- The comparison ----------------------------------------------------------------------------------


def previewed(lines: list[str]) -> str:
    """The highest class that a preview's lines name; "" where they name none."""
    found = {match for line in lines for match in re.findall(r"\[(recorded|live|restart|replace)\]$", line)}
    return next((name for name in ("replace", "restart", "live", "recorded") if name in found), "")


def unnoticed(lines: list[str]) -> bool:
    """Whether a preview says that guests stay connected in the restart."""
    return any("connected while the network restarts" in line for line in lines)


def disagreements(
    lines: list[str], before: Sight, after: Sight, events: list[str], lost: tuple[int, float], neighbours_lost: int
) -> list[str]:
    """Where the preview said one thing and a witness says another."""
    said = previewed(lines)
    restarts = said == "restart"
    wrong = []
    if restarts != (before.ifindex != after.ifindex):
        wrong.append(f"the preview said {said or 'nothing'}, the bridge went from {before.ifindex} to {after.ifindex}")
    if restarts != ("Stopped" in events) or restarts != ("Started" in events):
        wrong.append(f"the preview said {said or 'nothing'}, libvirt told {events}")
    if said in ("", "recorded") and events:
        wrong.append(f"the preview said {said or 'nothing'}, libvirt told {events}")
    if not restarts:
        noted = any("libvirt restarts dnsmasq" in line for line in lines)
        if noted != (before.dnsmasq != after.dnsmasq):
            wrong.append(f"dnsmasq went from {before.dnsmasq} to {after.dnsmasq}, the preview noted it: {noted}")
        if lost[0]:
            wrong.append(f"{lost[0]} packets to the gateway were lost")
        # Bridged packets pass iptables in a new network namespace, so neighbours see the rules come and go.
        if neighbours_lost and not any("rebuilds the network's firewall rules" in line for line in lines):
            wrong.append(f"{neighbours_lost} packets to a neighbour were lost")
    else:
        for name in ("guest 'web'", "interface one", "interface two"):
            if not any(name in line for line in lines):
                wrong.append(f"the preview does not name {name}")
        if unnoticed(lines) and lost[0] > MOST_LOST_UNNOTICED:
            wrong.append(f"guests were to stay connected, and {lost[0]} packets to the gateway were lost")
        if lost[1] > 3:  # these machines are busy; the figure itself is shown
            wrong.append(f"the gateway said nothing for {lost[1]:.2f} s")
    if before.on_bridge != after.on_bridge:
        wrong.append(f"plugged in were {sorted(before.on_bridge)} and are {sorted(after.on_bridge)}")
    return wrong


def run(seed: int, edits: int) -> int:
    """Make the edits; the number of disagreements."""
    chance = random.Random(seed)  # noqa: S311 - edits, not secrets
    connections = Connections()
    clients: lifecycle.Connect = lambda uri: connect(uri, connections)  # noqa: E731 - the type is the point
    inputs = copy.deepcopy(START)
    desired = NETWORK.check(inputs, {})[0]
    recorded = lifecycle.create(NETWORK, desired, clients, lambda line: None)
    neighbour("one", "10.60.0.251/24", "10.250.0.1/24")
    neighbour("two", "10.60.0.252/24", "10.250.0.2/24")
    Path("/run/guest.xml").write_text(GUEST.format(name="web", mac="52:54:00:fe:00:01"))
    subprocess.run(["virsh", "--quiet", "create", "/run/guest.xml"], check=True)
    events, gateway, beside = Events(), Pings("one", "10.60.0.1"), Pings("one", "10.250.0.2")
    time.sleep(2)
    outages: list[float] = []
    silences: list[float] = []
    wrong, classes = 0, []
    for number in range(edits):
        inputs = edited(chance, inputs)
        desired = NETWORK.check(inputs, {})[0]
        changes = lifecycle.diff(NETWORK, recorded, desired, clients).changes
        lines = preview_lines(NETWORK, recorded, desired, clients, changes)
        before, told, since = look(), events.count(), time.time()
        recorded = lifecycle.update(NETWORK, recorded, desired, clients, lambda line: None)
        until = time.time()
        time.sleep(0.2)
        lost, neighbours_lost = gateway.missed(since, until), beside.missed(since, until)[0]
        found = disagreements(lines, before, look(), events.since(told), lost, neighbours_lost)
        if lifecycle.diff(NETWORK, recorded, desired, clients).changes:
            found.append("a preview right after the update shows changes")
        if lifecycle.read(NETWORK, recorded, clients) != recorded:
            found.append("a refresh right after the update finds drift")
        said = previewed(lines)
        classes.append(said)
        if said == "restart":
            (silences if unnoticed(lines) else outages).append(lost[1])
        print(f"edit {number}: {said or 'nothing'}, {until - since:.2f} s, {lost[0]} lost, {lost[1]:.2f} s", flush=True)
        for line in [*lines, *(f"  DISAGREES: {text}" for text in found)] if found else []:
            print(f"  {line}", flush=True)
        wrong += len(found)
    for witness in (events, gateway, beside):
        witness.end()
    subprocess.run(["virsh", "--quiet", "destroy", "web"], check=True)
    counts = {said or "nothing": classes.count(said) for said in sorted(set(classes))}
    print(f"{edits} edits with seed {seed}: {counts}, {wrong} disagreements")
    for which, gaps in (("disconnect guests", outages), ("guests aren't to notice", silences)):
        median = sorted(gaps)[len(gaps) // 2] if gaps else 0.0
        longest = max(gaps, default=0)
        print(f"outages of {len(gaps)} restarts that {which}: median {median:.2f} s, longest {longest:.2f} s")
    return wrong


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--edits", type=int, default=50)
    given = parser.parse_args()
    sys.exit(1 if run(given.seed, given.edits) else 0)
