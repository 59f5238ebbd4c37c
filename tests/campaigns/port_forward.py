"""Who reaches a guest through a port forward, in each mode of its network and after each event: packets decide.

Run inside a sandbox, on each libvirt with each backend that it can have:

    virtnet sandbox -- python -m tests.campaigns.port_forward --backend iptables >9.0-iptables.md

prints a table in Markdown; `--publish FILE…` puts such tables into docs/port-forward.md, and needs no sandbox. `--mode`
and `--event` do some of it.

The forwards are made by the text that the resource writes and loads, and what restores them by its service's own
command, started by hand as the sandbox has no systemd. firewalld and ufw are real; of Docker there is what dockerd does
to FORWARD.
"""

import argparse
import contextlib
import os
import platform
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.hosts.daemons import (
    WRITES_NFTABLES,
    choose_firewall,
    daemon_version,
    kill_libvirtd,
    network_daemon,
    restart_libvirtd,
    start_libvirtd,
)
from tests.hosts.firewalls import (
    docker_policy,
    start_docker,
    start_firewalld,
    start_ufw,
    stop_docker,
    stop_firewalld,
    stop_ufw,
    system_bus,
)
from tests.hosts.peers import BRIDGE, GATEWAY, HOST, OUTSIDE, SUBNET, WEB, Site, site
from tests.hosts.sandboxed import Host

from virtnet.connect import connect
from virtnet.libvirtd.connection import Connections
from virtnet.network.resource import NETWORK
from virtnet.planning import lifecycle
from virtnet.port_forward.forward import Forward, ForwardNetwork, PortRange
from virtnet.port_forward.restore import files
from virtnet.port_forward.rules.listing import parse
from virtnet.port_forward.rules.names import TABLE
from virtnet.port_forward.rules.render import body, change

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "port-forward.md"

BEGIN, END = "<!-- Written by tests.campaigns.port_forward. -->", "<!-- The tables end here. -->"

MODES = ("nat", "route", "open")

VERSIONS = (4, 6)

#: What is listened on at the host, and where it is to arrive.
PROBES = (("tcp", 8080, 80), ("udp", 5001, 5001), ("tcp", 9001, 7001))

PORTS = (PortRange("tcp", 8080, 8080, 80), PortRange("udp", 5000, 5002, 5000), PortRange("tcp", 9000, 9002, 7000))

PATHS = ("outside", "other", "host", "web")

PATH_NAMES = {"outside": "from outside", "other": "another guest", "host": "the host", "web": "the guest itself"}

#: Whom the guest sees: who is in its own subnet comes from the gateway, everybody else as they are.
SEEN = {"outside": OUTSIDE, "other": GATEWAY, "host": HOST, "web": GATEWAY}

#: In seconds: how long after an event everything has to work again.
PATIENCE = 8.0


def forward(version: int, mode: str) -> Forward:
    """Three kinds of ports to one guest, from every address of the host."""
    network = ForwardNetwork(
        "b5b0a1f0-0000-4000-8000-000000000001", "lab", BRIDGE, mode, SUBNET[version], GATEWAY[version]
    )
    return Forward(f"{version:016x}", "", WEB[version], PORTS, (), network)


def install(host: Host, mode: str) -> None:
    """All files, as the resource writes them."""
    host.sh(f"mkdir -p {files.DIRECTORY}")
    for path, text in files.common_files().items():
        host.run("tee", path, given=text)
    for version in VERSIONS:
        one = forward(version, mode)
        host.run("tee", files.path_of(one.id), given=body(one))


def load(host: Host, mode: str) -> None:
    """The rules and all else, as the resource loads them."""
    for version in VERSIONS:
        one = forward(version, mode)
        listed = host.run("nft", "-j", "list", "table", "inet", TABLE, check=False)
        text = change(one, one.id, parse(listed.stdout))
        if text:
            host.run("nft", "-f", "-", given=text)
    host.sh(f"sh {files.SCRIPT_PATH} links")


@contextlib.contextmanager
def service(host: Host) -> Iterator[None]:
    """What systemd would run: the command of the service's file, in a session of its own, ended with the block."""
    unit = host.sh(f"cat {files.SERVICE_PATH}")
    command = re.search(r"^ExecStart=(.+)$", unit, re.MULTILINE)
    assert command is not None
    with (host.directory / "service.log").open("a") as log:
        process = subprocess.Popen(
            host.command(*command[1].split()), start_new_session=True, stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )
        try:
            time.sleep(1.3)
            yield
            assert process.poll() is None, (host.directory / "service.log").read_text()
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def probe(made: Site, path: str, *, seconds: float = 0.7) -> list[str]:
    """What does not work from there; nothing where all does."""
    wrong = []
    for version in VERSIONS:
        for protocol, port, target in PROBES:
            said = made.peers[path].connect(protocol, HOST[version], port, seconds=seconds)
            if said != f"web {target} {SEEN[path][version]}":
                wrong.append(f"{protocol} {port} IPv{version}: {said}")
    return wrong


def settled(made: Site, patience: float = PATIENCE) -> Mapping[str, list[str]]:
    """What does not work, by path, when all works or patience is over."""
    deadline = time.monotonic() + patience
    while True:
        found = {path: probe(made, path) for path in PATHS}
        if not any(found.values()) or time.monotonic() > deadline:
            return found
        time.sleep(0.2)


# --- Events ----------------------------------------------------------------------------------------


def nothing(_: "Row") -> None:
    """The forwards as they were made."""


def live_change(row: "Row") -> None:
    """libvirt takes the network's rules down and up again for it."""
    entry = "<host mac='52:54:00:00:00:01' ip='192.168.123.77'/>"
    row.host.virsh("net-update", "lab", "add", "ip-dhcp-host", entry, "--live")


def daemon_restarted(row: "Row") -> None:
    restart_libvirtd(row.host)


def daemon_killed(row: "Row") -> None:
    kill_libvirtd(row.host)
    start_libvirtd(row.host)


def restarted_by_hand(row: "Row") -> None:
    """The guests are plugged in again by hand, as libvirt doesn't."""
    row.host.virsh("net-destroy", "lab")
    row.host.virsh("net-start", "lab")
    row.site.plug_in()


def restarted_by_virtnet(row: "Row") -> None:
    """With another MTU, which a network gets by a restart."""
    desired, failures = NETWORK.check(
        {
            "name": "lab",
            "uri": "qemu:///system",
            "adopt": True,
            "mtu": 1400,
            "forward": {"mode": row.mode},
            "bridge": {"name": BRIDGE},
            "ips": [
                {
                    "address": f"{GATEWAY[4]}/24",
                    "dhcp": {"ranges": [{"start": "192.168.123.100", "end": "192.168.123.199"}]},
                },
                {"address": f"{GATEWAY[6]}/64"},
            ],
        },
        {},
    )
    assert not failures, failures
    connections = Connections()
    lifecycle.create(NETWORK, desired, lambda uri: connect(uri, connections), lambda _: None)
    assert row.host.sh(f"cat /sys/class/net/{BRIDGE}/mtu") == "1400\n"


def docker_after_it(row: "Row") -> None:
    start_docker(row.host)


def ufw_enabled(row: "Row") -> None:
    start_ufw(row.host)


def ufw_reloaded(row: "Row") -> None:
    start_ufw(row.host)
    row.host.sh("ufw reload")


def firewalld_started(row: "Row") -> None:
    start_firewalld(row.host)


def firewalld_reloaded(row: "Row") -> None:
    start_firewalld(row.host)
    row.host.sh("firewall-cmd --reload")


def firewalld_reloaded_completely(row: "Row") -> None:
    start_firewalld(row.host)
    row.host.sh("firewall-cmd --complete-reload")


def firewalld_restarted(row: "Row") -> None:
    start_firewalld(row.host)
    stop_firewalld(row.host)
    start_firewalld(row.host)


def firewalld_reloaded_beside_docker(row: "Row") -> None:
    """dockerd sets its policy again when firewalld says that it has reloaded."""
    start_firewalld(row.host)
    start_docker(row.host)
    row.host.sh("firewall-cmd --reload")
    docker_policy(row.host)


def booted(row: "Row") -> None:
    """Nothing of the kernel's is left; the service starts before the network does."""
    row.stop_service()
    row.host.virsh("net-destroy", "lab")
    remove_from_kernel(row.host)
    row.start_service()
    row.host.virsh("net-start", "lab")
    row.site.plug_in()


def ruleset_flushed(row: "Row") -> None:
    row.host.sh("nft flush ruleset")


def mended_after_a_flush(row: "Row") -> None:
    """With the daemon's restart that libvirt's own rules need then."""
    row.host.sh("nft flush ruleset")
    restart_libvirtd(row.host)
    load(row.host, row.mode)


def forward_flushed(row: "Row") -> None:
    """iptables' FORWARD, with the policy DROP."""
    docker_policy(row.host)
    for program in ("iptables", "ip6tables"):
        row.host.sh(f"{program} -w -F FORWARD")


def all_flushed(row: "Row") -> None:
    """By iptables, all rules of both tables, libvirt's among them; the chains stay."""
    for program in ("iptables", "ip6tables"):
        row.host.sh(f"{program} -w -F; {program} -w -t nat -F")


def backend_changed(row: "Row") -> None:
    """By network.conf and a restart of the daemon, which writes the network's rules with the other program."""
    before = "nftables" if "nftables" in row.host.sh("cat /etc/libvirt/network.conf") else "iptables"
    row.running.callback(choose_firewall, row.host, before)
    choose_firewall(row.host, "iptables" if before == "nftables" else "nftables")
    # Tables and chains of either stay until the next boot; a network in mode open has no rules.
    there = {
        "iptables": BRIDGE in row.host.sh("iptables-save"),
        "nftables": BRIDGE in row.host.sh("nft list table ip libvirt_network 2>/dev/null || true"),
    }
    assert row.mode == "open" or (not there.pop(before) and all(there.values())), there


def rules_anew(host: Host) -> None:
    """As after a boot, with the chains that libvirt makes when it starts."""
    host.sh(
        "nft flush ruleset;"
        "for t in iptables ip6tables; do $t -w -P FORWARD ACCEPT; $t -w -P INPUT ACCEPT; $t -w -P OUTPUT ACCEPT; done;"
        "nft flush ruleset"
    )
    restart_libvirtd(host)


def without_firewalld(host: Host) -> None:
    """It takes libvirt's rules along."""
    stop_firewalld(host)
    rules_anew(host)


def without_ufw(host: Host) -> None:
    """Its chains stay where it is disabled."""
    stop_ufw(host)
    rules_anew(host)


@dataclass(frozen=True)
class Event:
    """Something that happens to a host with forwards, and what is run for it."""

    name: str
    happen: Callable[["Row"], None]
    undo: Callable[[Host], None] = lambda _: None
    closes: bool = False
    """Whether the ports are to be closed from then on."""
    since: tuple[int, ...] = ()
    """The first libvirt to which it can happen."""


EVENTS = (
    Event("as made", nothing),
    Event("a live change of the network", live_change),
    Event("a restart of libvirt's daemon", daemon_restarted),
    Event("the daemon killed and started", daemon_killed),
    Event("libvirt's rules by the other backend", backend_changed, since=WRITES_NFTABLES),
    Event("a restart of the network by virtnet", restarted_by_virtnet),
    Event("a restart of the network by hand", restarted_by_hand),
    Event("Docker started after it (FORWARD policy DROP)", docker_after_it, stop_docker),
    Event("ufw enabled", ufw_enabled, without_ufw),
    Event("ufw reloaded", ufw_reloaded, without_ufw),
    Event("firewalld started", firewalld_started, without_firewalld),
    Event("firewalld reloaded", firewalld_reloaded, without_firewalld),
    Event("firewalld reloaded completely", firewalld_reloaded_completely, without_firewalld),
    Event("firewalld restarted", firewalld_restarted, without_firewalld),
    Event("firewalld reloaded beside Docker", firewalld_reloaded_beside_docker, without_firewalld),
    Event("a boot", booted),
    Event("`iptables -F FORWARD`, policy DROP", forward_flushed, rules_anew),
    Event("`iptables -F` and `iptables -t nat -F`", all_flushed, rules_anew),
    Event("`nft flush ruleset`", ruleset_flushed, rules_anew, closes=True),
    Event("the same, then what `pulumi up` loads", mended_after_a_flush, rules_anew),
)


def remove_from_kernel(host: Host) -> None:
    """All of ours."""
    host.sh(
        f"for f in inet netdev; do nft delete table $f {TABLE} 2>/dev/null || true; done;"
        "for link in $(ls /sys/class/net | grep ^vnpf || true); do ip link delete $link; done;"
        "for v in 4 6; do ip -$v rule delete priority 767 2>/dev/null || true; done;"
        "for t in iptables ip6tables; do $t -w -P FORWARD ACCEPT;"
        "$t-save -t filter | grep 'virtnet_port_forwards' | sed s/^-A/-D/ | while read -r rule; do"
        """ eval "$t -w $rule"; done; done"""
    )


# --- One row ---------------------------------------------------------------------------------------


@dataclass
class Row:
    """A network of one mode with forwards, and what happens to it."""

    site: Site
    mode: str
    running: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    @property
    def host(self) -> Host:
        return self.site.host

    def start_service(self) -> None:
        self.running.enter_context(service(self.host))

    def stop_service(self) -> None:
        self.running.close()

    def carry_out(self, event: Event) -> str:
        """What came of it, as a cell of the table."""
        self.site.start_network(self.mode)
        install(self.host, self.mode)
        load(self.host, self.mode)
        self.start_service()
        try:
            before = settled(self.site)
            if any(before.values()):
                return cell(before, 0.0, "")
            opened = self.site.peers["outside"].connect("tcp", HOST[4], 8080, held="open")
            self.running.callback(event.undo, self.host)
            event.happen(self)
            began = time.monotonic()
            found = settled(self.site, patience=0.0 if event.closes else PATIENCE)
            took = time.monotonic() - began
            kept = self.site.peers["outside"].order("talk", held="open")
            self.site.peers["outside"].order("hang up", held="open")
            return cell(found, took, "" if kept == opened else f"open connection: {kept}")
        finally:
            self.stop_service()
            self.host.sh(f"rm -f {files.DIRECTORY}/*.nft")
            remove_from_kernel(self.host)
            self.site.remove_network()


def cell(found: Mapping[str, list[str]], took: float, lost: str) -> str:
    """What works, or all that doesn't."""
    if all(len(words) == len(VERSIONS) * len(PROBES) for words in found.values()):
        return "**closed**"
    wrong = [f"{PATH_NAMES[path]}: {', '.join(words)}" for path, words in found.items() if words]
    wrong += [lost] if lost else []
    return f"all, {took:.1f} s" if not wrong else f"**{'; '.join(wrong)}**"


# --- All of them -----------------------------------------------------------------------------------


def main() -> int:
    """Print a table, or publish tables."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--backend", choices=("iptables", "nftables"), default="iptables")
    arguments.add_argument("--mode", action="append", choices=MODES)
    arguments.add_argument("--event", action="append", help="part of an event's name")
    arguments.add_argument("--publish", nargs="+", type=Path, metavar="FILE")
    chosen = arguments.parse_args()
    if chosen.publish:
        publish(chosen.publish)
        return 0
    host = Host(0, Path("/run"))
    assert os.environ.get("VIRTNET_SANDBOX"), "this changes the host's network: run it in virtnet sandbox"
    modes = chosen.mode or MODES
    events = [event for event in EVENTS if any(part in event.name for part in chosen.event or [""])]
    lines = []
    failed = 0
    with system_bus(host), site(host) as made:
        if daemon_version(host) >= WRITES_NFTABLES:
            choose_firewall(host, chosen.backend)
        else:
            assert chosen.backend == "iptables", "this libvirt writes its rules by iptables alone"
            restart_libvirtd(host)
        version = ".".join(map(str, daemon_version(host)))
        made.peers["web"].serve("web", "tcp", 80, 7000, 7001, 7002)
        made.peers["web"].serve("web", "udp", 5000, 5001, 5002)
        bridged = host.sh("cat /proc/sys/net/bridge/bridge-nf-call-iptables 2>/dev/null || echo 0").strip() == "1"
        lines += [
            f"libvirt {version} ({network_daemon(host)}), rules by {chosen.backend}, bridged packets "
            f"{'pass' if bridged else 'do not pass'} iptables, kernel {platform.release().partition('-')[0]}:",
            "",
            f"| event | {' | '.join(modes)} |",
            f"| --- |{' --- |' * len(modes)}",
        ]
        for event in events:
            happens = daemon_version(host) >= event.since
            cells = [Row(made, mode).carry_out(event) if happens else "can't happen" for mode in modes]
            failed += sum("**" in one for one in cells) if not event.closes else sum("**" not in one for one in cells)
            lines.append(f"| {event.name} | {' | '.join(cells)} |")
            print(lines[-1], file=sys.stderr, flush=True)
    print("\n".join(lines))
    return 1 if failed else 0


def publish(tables: Sequence[Path]) -> None:
    """Put tables that were printed into the document, in place of those there."""
    text = DOCUMENT.read_text()
    head, tail = text.partition(BEGIN)[0], text.partition(END)[2]
    held = "\n\n".join(table.read_text().strip() for table in tables)
    DOCUMENT.write_text(f"{head}{BEGIN}\n\n{held}\n\n{END}{tail}")


if __name__ == "__main__":
    sys.exit(main())
