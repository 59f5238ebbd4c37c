"""Faults of the host around the plans: what was killed, flushed, full, read-only, changed by others, or rebooted."""

import functools
import json
import re
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from subprocess import CompletedProcess
from typing import Any

from tests.acceptance.stack import Stack
from tests.campaigns.faults.at_steps import LOCK, Bench, Row
from tests.campaigns.faults.pairs import GUESTS, ROUTED, Pair, Resource, forwarding, network, port_forward
from tests.campaigns.faults.sight import Sight, look
from tests.hosts.daemons import daemons, signal_daemon, start_daemon, wait_until_answered
from tests.hosts.sandboxed import Host

from virtnet.commands.sandbox.layout import Layout
from virtnet.network.messages.render import sentence
from virtnet.network.problem_kinds import ProblemKind, problem_of

MAC = "52:54:00:fe:00:02"
SUBNET = {
    "address": "10.70.0.1/24",
    "dhcp": {
        "ranges": [{"start": "10.70.0.100", "end": "10.70.0.200"}],
        "hosts": [{"mac": MAC, "ip": "10.70.0.150"}],
    },
}
EIGHT = {"ip": "10.70.0.8", "hostnames": ["eight"]}
NINE = {"ip": "10.70.0.9", "hostnames": ["nine"]}
LAB = network(forward={}, ips=[SUBNET], bridge={"stp": False}, dns={"hosts": [EIGHT]})
CHANGED = network(forward={}, ips=[SUBNET], bridge={"stp": False}, dns={"hosts": [EIGHT, NINE]})
FLUSH_IPTABLES = "for table in filter nat mangle; do iptables -t $table -F; iptables -t $table -X; done"
#: Somebody beyond the host (RFC 5737), who knows the host alone and no way to its networks: what comes from a guest is
#: answered only when it comes in the host's name.
OUTSIDE = f"""\
ip netns add outside
ip link add uplink type veth peer name eth0 netns outside
ip address add 198.51.100.1/24 dev uplink
ip link set uplink up
ip -n outside address add 198.51.100.2/24 dev eth0
ip -n outside link set eth0 up
ip -n box1 address add 10.70.0.201/24 dev eth0
ip -n box1 route add default via 10.70.0.1
ip -n box2 link set eth0 address {MAC}
"""
#: Asks dnsmasq for the address of "eight", and fails unless it gets it.
ASK_DNS = """\
import socket
question = b"\\x12\\x34\\x01\\x00\\x00\\x01" + bytes(6) + b"\\x05eight\\x00\\x00\\x01\\x00\\x01"
asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
asking.settimeout(2)
asking.sendto(question, ("10.70.0.1", 53))
answer = asking.recv(512)
assert answer[:2] == question[:2] and answer.endswith(socket.inet_aton("10.70.0.8")), answer
"""
NO_GUEST = "no guest there"
#: When a daemon is broken that nobody repairs for now.
MEANWHILE = "network runs, and nobody fixes it"
LEFT_SO = ("provider killed, and left so", "restart with guests, after StopNetwork")
#: More than once, as the machine may be busy; the first answer is enough.
PING = "ping -c 1 -i 0.2 -w 1"
QUESTIONS: Mapping[str, str] = {
    "its neighbor": f"ip netns exec box1 {PING} 10.250.0.2",
    "the gateway": f"ip netns exec box1 {PING} 10.70.0.1",
    "the way out": f"ip netns exec box1 {PING} 198.51.100.2",
    # Takes a lease, and does nothing with it.
    "DHCP": "ip netns exec box2 udhcpc -f -n -q -i eth0 -t 4 -T 1 -s /bin/true",
    "DNS": f"ip netns exec box1 {shlex.quote(sys.executable)} - <<'END'\n{ASK_DNS}END",
}
"""What guests ask for: by scripts that end with 0 when they got it."""


def _outcome(done: CompletedProcess[str], resource: str = "LibvirtNetwork lab") -> str:
    """What became of a resource, in Pulumi's word: created, updated, …; nothing where it names none."""
    found = re.search(rf":{resource} (created|updated|deleted|replaced)\b", done.stdout)
    return found[1] if found else "nothing"


def _finished(stack: Stack, expected: Sight, resource: str = "LibvirtNetwork lab") -> tuple[str, list[str]]:
    """What the next up did in Pulumi's word, and what is wrong after it."""
    done = stack.pulumi("up", "--yes", "--skip-preview", check=False)
    wrong = [f"the next up failed: {(done.stdout + done.stderr)[-600:]}"] if done.returncode else []
    wrong += look(stack.host).differences(expected)
    if (lost := _lost(stack.host)) not in ("nothing", NO_GUEST):
        wrong.append(f"after the next up guests are without {lost}")
    quiet = stack.pulumi("preview", "--refresh", "--expect-no-changes", check=False)
    if quiet.returncode:
        wrong.append(f"what comes then is not quiet: {quiet.stdout[-600:]}")
    return _outcome(done, resource), wrong


def _lost(host: Host) -> str:
    """What guests do not get when they ask for it."""
    return _lost_by_guests(host) if look(host).parts["attached"] else NO_GUEST


def _lost_by_guests(host: Host) -> str:
    """The same where there are guests; asks libvirt nothing."""
    lost = [what for what, question in QUESTIONS.items() if host.run("bash", "-c", question, check=False).returncode]
    return ", ".join(lost) or "nothing"


def _with_guests(host: Host, stack: Stack) -> Sight:
    stack.declare(*LAB)
    stack.up()
    host.sh(GUESTS + OUTSIDE)
    assert _lost(host) == "nothing", f"before anything was broken guests are without {_lost(host)}"
    return look(host)


def _sentences(recorded: list[Any]) -> list[str]:
    """The problems of an output, for the table."""
    return [sentence(problem_of(one)) for one in recorded]


def _seen_otherwise(problems: Sequence[Mapping[str, Any]], kind: ProblemKind) -> list[str]:
    """What is wrong where a refresh did not see this problem, and no other."""
    kinds = [problem["kind"] for problem in problems]
    return [] if kinds == [kind.value] else [f"refresh saw {kinds}, not {kind.value}"]


def dnsmasq_killed(host: Host, stack: Stack) -> Row:
    """A refresh shows it, and up has libvirt start it again."""
    before = _with_guests(host, stack)
    host.sh("kill -KILL $(cat /run/libvirt/network/lab.pid)")
    lost, after = _lost(host), look(host).describe(before)
    stack.refresh()
    problems = stack.outputs("lab")["problems"]
    did, left = _finished(stack, before)
    wrong = (*_seen_otherwise(problems, ProblemKind.DNSMASQ_NOT_RUNNING), *left)
    told = "; ".join(_sentences(problems))
    return Row("dnsmasq killed", "network runs", lost, f"{after}; refresh: {told}", did, wrong)


def _flushed(host: Host, stack: Stack, how: str, script: str) -> Row:
    before = _with_guests(host, stack)
    host.sh(script)
    lost, after = _lost(host), look(host).describe(before)
    stack.refresh()
    problems = stack.outputs("lab")["problems"]
    did, left = _finished(stack, before)
    wrong = (*_seen_otherwise(problems, ProblemKind.FIREWALL_RULES_MISSING), *left)
    told = "; ".join(problem.partition(" (")[0] for problem in _sentences(problems))
    return Row(f"firewall flushed ({how})", "network runs", lost, f"{after}; refresh: {told}", did, wrong)


def flushed_with_iptables(host: Host, stack: Stack) -> Row:
    """A refresh shows it, and up has the rules made anew."""
    return _flushed(host, stack, "iptables -F, -X", FLUSH_IPTABLES)


def flushed_with_nft(host: Host, stack: Stack) -> Row:
    """The same with everything that nft knows, where iptables is nft's."""
    return _flushed(host, stack, "nft flush ruleset", f"nft flush ruleset; {FLUSH_IPTABLES}")


CUT_SHORT = Pair(
    forth_name="restart with guests",
    back_name="restart with guests, back",
    back=LAB,
    there=network(forward={}, ips=[SUBNET], bridge={"stp": False}, dns={"hosts": [EIGHT]}, domain={"name": "lab.test"}),
    plug_in=GUESTS + OUTSIDE,
)


def restart_cut_short(host: Host, stack: Stack) -> Row:
    """What guests get on the holding network, where they are for as long as nobody runs the next up."""
    bench = Bench(host, stack, CUT_SHORT)
    assert _lost(host) == "nothing", f"before anything was broken guests are without {_lost(host)}"
    stack.declare(*CUT_SHORT.there)
    number = [done.step for done in bench.steps[CUT_SHORT.forth_name]].index("StopNetwork")
    stack.environment["VIRTNET_FAULT"] = f"provider killed after {number} 0 0"
    stack.up(check=False)
    del stack.environment["VIRTNET_FAULT"]
    lost, after = _lost(host), look(host).describe(*bench.sights.values())
    did, wrong = _finished(stack, bench.sights[CUT_SHORT.forth_name])
    return Row(*LEFT_SO, lost, after, did, tuple(wrong))


@dataclass(frozen=True)
class Spoiled:
    """A host on which something of what a resource needs is not as it should be."""

    fault: str
    spoil: str
    mend: str
    resource: str = "HostForwarding forwarding"
    """Its kind, and its name."""
    goes_on: tuple[str, ...] = ()
    """Moments that it does not hinder."""

    @property
    def moments(self) -> Mapping[str, tuple[tuple[Resource, ...], tuple[Resource, ...]]]:
        """What is declared before the fault, and with it."""
        return PORT_FORWARDS if self.resource.startswith("PortForward") else FORWARDINGS


def _unwritable(directory: str, kilobytes: int, resource: str, goes_on: str) -> tuple[Spoiled, Spoiled]:
    """A directory that is read-only, and one on a full disk, with the files that were in it."""
    copy = (
        f"mkdir -p /run/kept; cp -a {directory}/. /run/kept/; mount -t tmpfs -o size={kilobytes}k tmpfs {directory};"
        f"cp -a /run/kept/. {directory}/;"
    )
    return (
        Spoiled(
            f"{directory} read-only",
            f"{copy} mount -o remount,ro {directory}",
            f"mount -o remount,rw {directory}",
            resource,
        ),
        Spoiled(
            f"disk full under {directory}",
            f"{copy} head -c {kilobytes * 1200} /dev/zero > {directory}/full 2>/dev/null || true",
            f"rm {directory}/full",
            resource,
            (goes_on,),
        ),
    )


PORT_FORWARD = "PortForward web"
SPOILED = (
    *_unwritable("/etc/sysctl.d", 16, "HostForwarding forwarding", "HostForwarding delete"),
    *_unwritable("/etc/virtnet", 64, PORT_FORWARD, "PortForward delete"),
    Spoiled("no nft", "mount --bind /dev/null $(command -v nft)", "umount $(command -v nft)", PORT_FORWARD),
)
FORWARDINGS: Mapping[str, tuple[tuple[Resource, ...], tuple[Resource, ...]]] = {
    "HostForwarding create": ((), forwarding(ipv4=True)),
    "HostForwarding update": (forwarding(ipv4=True), forwarding(ipv4=True, ipv6=True)),
    "HostForwarding delete": (forwarding(ipv4=True), ()),
}
PORT_FORWARDS: Mapping[str, tuple[tuple[Resource, ...], tuple[Resource, ...]]] = {
    "PortForward create": ((), port_forward("8080")),
    "PortForward update": (port_forward("8080"), port_forward("8080", "8081")),
    "PortForward delete": (port_forward("8080"), ()),
}


def _spoiled(spoiled: Spoiled, moment: str, host: Host, stack: Stack) -> Row:
    """Nothing is changed where all of it cannot be; mended, the next up ends as it would have without the fault."""
    first, then = spoiled.moments[moment]
    if spoiled.resource == PORT_FORWARD:
        host.sh(ROUTED)
    clean = []
    for program in (first, then, first):
        stack.declare(*program)
        stack.up()
        clean.append(look(host))
    host.sh(spoiled.spoil)
    before = look(host)
    stack.declare(*then)
    failed = stack.pulumi("up", "--yes", "--skip-preview", check=False)
    after, wrong = look(host), []
    if bool(failed.returncode) == (moment in spoiled.goes_on):
        wrong.append(f"up ended with {failed.returncode}: {failed.stdout[-300:]}")
    if failed.returncode:
        wrong += [f"something was left: {text}" for text in after.differences(before)]
    host.sh(spoiled.mend)
    did, left = _finished(stack, clean[1], spoiled.resource)
    return Row(spoiled.fault, moment, _lost(host), after.describe(before), did, (*wrong, *left))


FILL = (
    "cp -a /etc/libvirt/qemu/networks /run/networks; mount -t tmpfs -o size=32k tmpfs /etc/libvirt/qemu/networks;"
    "cp -a /run/networks/. /etc/libvirt/qemu/networks/;"
    "head -c 40000 /dev/zero > /etc/libvirt/qemu/networks/full 2>/dev/null || true"
)


def libvirt_directory_full_create(host: Host, stack: Stack) -> Row:
    """libvirt cannot write the definition of a new network."""
    before = look(host)
    host.sh(FILL)
    stack.declare(*LAB)
    failed = stack.pulumi("up", "--yes", "--skip-preview", check=False)
    after = look(host)
    wrong = [] if failed.returncode else ["up did not fail"]
    wrong += [text for text in after.differences(before) if not text.startswith(("files", "forwarding"))]
    host.sh("rm /etc/libvirt/qemu/networks/full")
    done = stack.pulumi("up", "--yes", "--skip-preview", check=False)
    if done.returncode or (host.network("lab") or {}).get("Active") != "yes" or not stack.unchanged():
        wrong.append(f"the next up did not make it: {done.stdout[-300:]}")
    fault, state = "disk full under libvirt's configuration", after.describe(look(host))
    return Row(fault, "create", _lost(host), state, _outcome(done), tuple(wrong))


def libvirt_directory_full_update(host: Host, stack: Stack) -> Row:
    """libvirt cannot write the definition of a network that changes live."""
    before = _with_guests(host, stack)
    host.sh(FILL)
    stack.declare(*CHANGED)
    failed = stack.pulumi("up", "--yes", "--skip-preview", check=False)
    lost, after = _lost(host), look(host)
    wrong = [] if failed.returncode else ["up did not fail"]
    host.sh("rm /etc/libvirt/qemu/networks/full")
    done = stack.pulumi("up", "--yes", "--skip-preview", check=False)
    for copy in ("", "--inactive"):
        if "nine" not in host.virsh("net-dumpxml", "lab", *filter(None, [copy])):
            wrong.append(f"the next up did not make it: {done.stdout[-300:]}")
    if not stack.unchanged():
        wrong.append("what comes then is not quiet")
    fault, state = "disk full under libvirt's configuration", after.describe(before)
    return Row(fault, "live update", lost, state, _outcome(done), tuple(wrong))


def two_stacks_and_a_human(host: Host, stack: Stack) -> Row:
    """Two stacks want one network and virsh changes it, all at once; the stack that made it has it in the end."""
    before = _with_guests(host, stack)
    other = Stack(host, "other")
    other.declare(*network(forward={}, ips=[SUBNET], domain={"name": "other.test"}))
    stack.declare(*CHANGED)
    human = (
        "for number in $(seq 20 60); do virsh -q net-update lab add dns-host --live --config "
        "\"<host ip='10.70.1.$number'><hostname>human$number</hostname></host>\" && echo added || true; sleep 0.1; done"
    )
    with ThreadPoolExecutor(3) as pool:
        said = pool.submit(stack.up, check=False)
        other_said = pool.submit(other.up, check=False)
        added = pool.submit(host.sh, human).result()
    lost, after = _lost(host), look(host)
    refused = "belongs to 'project/test/lab'" in other_said.result()
    wrong = [] if refused else [f"the other: {other_said.result()[-300:]}"]
    wrong += [] if added else ["virsh added nothing"]
    done = stack.pulumi("up", "--yes", "--skip-preview", check=False)
    stack.refresh()
    did = stack.pulumi("up", "--yes", "--skip-preview", check=False)
    if done.returncode or did.returncode:
        wrong.append(f"the next up failed: {said.result()[-300:]} {done.stdout[-300:]} {did.stdout[-300:]}")
    xml = host.virsh("net-dumpxml", "lab")
    if "nine" not in xml or "other.test" in xml or not stack.unchanged():
        wrong.append("the network is not as the stack says")
    kept = "what virsh added went, as the program owns the list" if "human" not in xml else "what virsh added stayed"
    return Row(
        "two stacks and a human with virsh",
        "live update",
        lost,
        f"{after.describe(before)}; the other stack is {'refused' if refused else 'not refused'}",
        f"{_outcome(done)}; after a refresh {_outcome(did)}; {kept}",
        tuple(wrong),
    )


TWO_STACKS = ("two stacks for one port, at once", "PortForward create")


def two_stacks_for_a_port(host: Host, stack: Stack) -> Row:
    """One of them gets it, and the other is refused; with another port it gets that."""
    host.sh(ROUTED)
    stack.declare(*port_forward("8080"))
    stack.up()
    alone = look(host)
    stack.declare()
    stack.up()
    stacks = (stack, Stack(host, "other"))
    for one in stacks:
        one.declare(*port_forward("8080"))
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda one: one.pulumi("up", "--yes", "--skip-preview", check=False), stacks))
    after, wrong = look(host), []
    won = [one for one, ended in zip(stacks, done, strict=True) if ended.returncode == 0]
    refused = [ended.stdout + ended.stderr for ended in done if ended.returncode]
    if len(won) != 1 or "already forwards tcp 8080 of " not in refused[0]:
        wrong.append(f"{len(won)} of them have it: {[text[-300:] for text in refused]}")
    if (rules := _rules(after)) != _rules(alone):
        wrong.append(f"there is {rules}")
    (other,) = (one for one in stacks if one is not won[0])
    other.declare(*port_forward("8081"))
    next_up = other.pulumi("up", "--yes", "--skip-preview", check=False)
    wrong += [f"{one.name} is not quiet" for one in stacks if not one.unchanged()]
    for one in stacks:
        one.declare()
        one.up()
    lost, state = _lost(host), f"one has it, the other is refused; {after.describe(alone)}"
    return Row(*TWO_STACKS, lost, state, f"with another port {_outcome(next_up, PORT_FORWARD)}", tuple(wrong))


def _rules(seen: Sight) -> list[str]:
    """What is forwarded, whosever it is."""
    return re.findall(r"tcp dport \d+ .*dnat ip to [^ ]+", seen.parts["port forwards"])


def daemon_left_so(daemon: str, how: str, host: Host, stack: Stack) -> Row:
    """A daemon that is killed or stopped, and left so: everything says so in time, and changes nothing."""
    before, wrong = _with_guests(host, stack), []
    signal_daemon(host, daemon, {"killed": "KILL", "stopped": "STOP"}[how])
    stack.declare(*CHANGED)
    ends = {
        "preview": (False, stack.pulumi("preview", check=False)),
        "refresh": (True, stack.pulumi("refresh", "--yes", "--skip-preview", check=False)),
        "doctor": (True, host.run("virtnet", "doctor", check=False)),
        "up": (True, stack.pulumi("up", "--yes", "--skip-preview", check=False)),
    }
    stack.pulumi("config", "set", "virtnet:unreachable", "recorded")
    kept = stack.pulumi("refresh", "--yes", "--skip-preview", "--run-program", check=False)
    stack.pulumi("config", "rm", "virtnet:unreachable")
    for what, (fails, done) in {**ends, "refresh with unreachable: recorded": (False, kept)}.items():
        if bool(done.returncode) != fails:
            wrong.append(f"{what} ended with {done.returncode}: {(done.stdout + done.stderr)[-300:]}")
    lost = _lost_by_guests(host)
    if host.run("flock", "--nonblock", LOCK, "true", check=False).returncode:
        wrong.append("the host's lock is held by an up that has ended")
    if how == "killed":
        start_daemon(host, daemon)
    else:
        signal_daemon(host, daemon, "CONT")
        wait_until_answered(host)
    after = look(host)
    wrong += [f"something was changed: {text}" for text in after.differences(before)]
    stack.declare(*LAB)
    did, left = _finished(stack, before)
    said = ", ".join(f"{what} {'fails' if done.returncode else 'goes on'}" for what, (_, done) in ends.items())
    return Row(f"{daemon} {how}", MEANWHILE, lost, f"{said}; {after.describe(before)}", did, (*wrong, *left))


REBOOT = f"""\
for pid in $(cat /run/{{libvirtd,virtnetworkd,virtqemud}}.pid 2>/dev/null); do kill -KILL $pid || true; done; sleep 0.3
for pid in $(pgrep -x dnsmasq); do kill -KILL $pid 2>/dev/null || true; done
for link in $(ls /sys/class/net); do [ $link = lo ] || ip link delete $link 2>/dev/null || true; done
{FLUSH_IPTABLES}
for family in ip ip6; do nft delete table $family libvirt_network 2>/dev/null || true; done
for table in filter nat mangle; do ip6tables -t $table -F; ip6tables -t $table -X; done
rm -rf /run/libvirt/network /run/libvirt/qemu /run/virtnet /var/lib/libvirt/dnsmasq/*.status
rm -f /run/{{libvirtd,virtnetworkd,virtqemud}}.pid
sysctl -q -w net.ipv4.ip_forward=0
/lib/systemd/systemd-sysctl
"""


def rebooted(host: Host, stack: Stack) -> Row:
    """All runtime state is gone; systemd-sysctl runs, libvirtd starts, and so autostart."""
    stack.declare(*LAB, *forwarding(ipv4=True))
    stack.up()
    before = look(host)
    host.sh(REBOOT)
    between = look_without_libvirt(host)
    host.sh("".join(f"{daemon.name} --daemon; " for daemon in daemons().daemons))
    wait_until_answered(host)
    host.sh("for i in $(seq 50); do [ -e /sys/class/net/vn-lab ] && exit 0; sleep 0.1; done; exit 1")
    after = look(host)
    wrong = after.differences(before)
    if between != {"links": ["lo"], "forwarding": "1"}:
        wrong.append(f"between the reboot and libvirtd there was {json.dumps(between)}")
    if not stack.unchanged():
        wrong.append("refresh or preview is not quiet")
    did, left = _finished(stack, before)
    return Row("host rebooted", "network runs", _lost(host), after.describe(before), did, (*wrong, *left))


def look_without_libvirt(host: Host) -> Mapping[str, object]:
    """Links and forwarding, by the kernel alone."""
    return {"links": sorted(host.links()), "forwarding": host.sh("cat /proc/sys/net/ipv4/ip_forward").strip()}


Fault = Callable[[Host, Stack], Row]

#: By the name of the fault and the moment, as the tables have them.
HOST_FAULTS: Mapping[tuple[str, str], Fault] = {
    LEFT_SO: restart_cut_short,
    ("dnsmasq killed", "network runs"): dnsmasq_killed,
    ("firewall flushed (iptables -F, -X)", "network runs"): flushed_with_iptables,
    ("firewall flushed (nft flush ruleset)", "network runs"): flushed_with_nft,
    **{
        (spoiled.fault, moment): functools.partial(_spoiled, spoiled, moment)
        for spoiled in SPOILED
        for moment in spoiled.moments
    },
    TWO_STACKS: two_stacks_for_a_port,
    ("disk full under libvirt's configuration", "create"): libvirt_directory_full_create,
    ("disk full under libvirt's configuration", "live update"): libvirt_directory_full_update,
    ("two stacks and a human with virsh", "live update"): two_stacks_and_a_human,
    ("host rebooted", "network runs"): rebooted,
}
#: Those whose course is another with modular daemons, or with their rules in nftables.
_OF_MODULAR = ("dnsmasq killed", "firewall flushed (nft flush ruleset)", "host rebooted")


def host_faults() -> Mapping[tuple[str, str], Fault]:
    """Those of which the daemons of this run's hosts have a table."""
    there = {
        name: fault for name, fault in HOST_FAULTS.items() if daemons() is Layout.MONOLITHIC or name[0] in _OF_MODULAR
    }
    return {**there, **({} if daemons() is Layout.MONOLITHIC else _of_daemons())}


def _of_daemons() -> Mapping[tuple[str, str], Fault]:
    return {
        (f"{daemon.name} {how}", MEANWHILE): functools.partial(daemon_left_so, daemon.name, how)
        for daemon in daemons().daemons
        for how in ("killed", "stopped")
    }
