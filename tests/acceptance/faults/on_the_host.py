"""Faults of the host around the plans: what was killed, flushed, full, read-only, changed by others, or rebooted."""

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from tests.acceptance.daemons import kill_libvirtd, start_libvirtd
from tests.acceptance.faults.at_steps import Row
from tests.acceptance.faults.pairs import GUESTS, forwarding, network
from tests.acceptance.faults.sight import Sight, look
from tests.acceptance.sandboxed import Host, Stack

SUBNET = {"address": "10.70.0.1/24", "dhcp": {"ranges": [{"start": "10.70.0.100", "end": "10.70.0.200"}]}}
LAB = network(forward={}, ips=[SUBNET], bridge={"stp": False})
CHANGED = network(
    forward={}, ips=[SUBNET], bridge={"stp": False}, dns={"hosts": [{"ip": "10.70.0.9", "hostnames": ["nine"]}]}
)
FLUSH_IPTABLES = "for table in filter nat mangle; do iptables -t $table -F; iptables -t $table -X; done"
TO_THE_GATEWAY = "ip -n box1 address add 10.70.0.201/24 dev eth0 || true; ip netns exec box1 ping -c 1 -W 1 10.70.0.1"


def _finished(stack: Stack, expected: Sight) -> tuple[str, list[str]]:
    """What the next up did in Pulumi's words, and what is wrong after it."""
    done = stack.pulumi("up", "--yes", "--skip-preview", check=False)
    wrong = [f"the next up failed: {(done.stdout + done.stderr)[-600:]}"] if done.returncode else []
    wrong += look(stack.host).differences(expected)
    quiet = stack.pulumi("preview", "--refresh", "--expect-no-changes", check=False)
    if quiet.returncode:
        wrong.append(f"what comes then is not quiet: {quiet.stdout[-600:]}")
    return next(
        (word for word in ("created", "updated") if f"LibvirtNetwork lab {word}" in done.stdout), "nothing"
    ), wrong


def _guests_there(host: Host) -> str:
    """Whether the guests are plugged in, and reach the gateway."""
    reached = "64 bytes" in host.sh(TO_THE_GATEWAY, check=False)
    places = look(host).parts["plugged in"].split()[1::2]
    if places == ["vn-lab"] * 3 and reached:
        return "nothing"
    return "the way to the gateway" if places == ["vn-lab"] * 3 else f"its place ({', '.join(places)})"


def _with_guests(host: Host, stack: Stack) -> Sight:
    stack.declare(*LAB)
    stack.up()
    host.sh(GUESTS)
    return look(host)


def dnsmasq_killed(host: Host, stack: Stack) -> Row:
    """A refresh shows it, and up has libvirt start it again."""
    before = _with_guests(host, stack)
    host.sh("kill -KILL $(cat /run/libvirt/network/lab.pid)")
    lost, after = _guests_there(host), look(host).describe(before)
    stack.refresh()
    problems = stack.outputs("lab")["problems"]
    did, wrong = _finished(stack, before)
    if not problems:
        wrong.append("refresh saw nothing")
    lost = "DHCP and DNS" if lost == "nothing" else lost
    return Row("dnsmasq killed", "network runs", lost, f"{after}; refresh: {'; '.join(problems)}", did, tuple(wrong))


def _flushed(host: Host, stack: Stack, how: str, script: str) -> Row:
    before = _with_guests(host, stack)
    host.sh(script)
    lost, after = _guests_there(host), look(host).describe(before)
    stack.refresh()
    problems = stack.outputs("lab")["problems"]
    refused = stack.up(check=False)
    wrong = [] if problems and "error" not in refused else [f"refresh found {problems}, up said {refused[-300:]}"]
    kill_libvirtd(host)
    start_libvirtd(host)
    stack.refresh()
    did, left = _finished(stack, before)
    problem = "; ".join(problems).partition(" (")[0]
    return Row(
        f"firewall flushed ({how})",
        "network runs",
        "the way out" if lost == "nothing" else lost,
        f"{after}; refresh: {problem}",
        f"says: restart libvirtd; after that {did}",
        (*wrong, *left),
    )


def flushed_with_iptables(host: Host, stack: Stack) -> Row:
    """Shown as a problem, with what to do; a restart of libvirtd makes the rules anew."""
    return _flushed(host, stack, "iptables -F, -X", FLUSH_IPTABLES)


def flushed_with_nft(host: Host, stack: Stack) -> Row:
    """The same with everything that nft knows, where iptables is nft's."""
    return _flushed(host, stack, "nft flush ruleset", f"nft flush ruleset; {FLUSH_IPTABLES}")


def _no_room(host: Host, stack: Stack, fault: str, spoil: str, mend: str) -> Row:
    """A drop-in that cannot be written: nothing is changed, and the next up makes it."""
    before = look(host)
    host.sh(spoil)
    stack.declare(*forwarding(ipv4=True))
    said = stack.up(check=False)
    after = look(host)
    wrong = [] if "error" in said else ["up did not fail"]
    if after.parts["forwarding"] != before.parts["forwarding"] or stack.resources():
        wrong.append(f"something was left: {after.parts['forwarding']}, {stack.resources()}")
    files = after.describe(before)
    host.sh(mend)
    done = stack.pulumi("up", "--yes", "--skip-preview", check=False)
    now = look(host)
    if done.returncode or "90-virtnet-forwarding.conf" not in now.parts["files"] or now.parts["forwarding"][0] != "1":
        wrong.append(f"the next up did not make it: {done.stdout[-300:]}")
    if not stack.unchanged():
        wrong.append("what comes then is not quiet")
    return Row(fault, "HostForwarding create", "no guest there", files, "created", tuple(wrong))


def sysctl_directory_read_only(host: Host, stack: Stack) -> Row:
    """/etc/sysctl.d on a file system that is mounted read-only."""
    spoil = "mount -t tmpfs tmpfs /etc/sysctl.d; mount -o remount,ro /etc/sysctl.d"
    return _no_room(host, stack, "/etc/sysctl.d read-only", spoil, "umount /etc/sysctl.d")


def sysctl_directory_full(host: Host, stack: Stack) -> Row:
    """A full disk under /etc/sysctl.d."""
    spoil = "mount -t tmpfs -o size=4k tmpfs /etc/sysctl.d; head -c 4096 /dev/zero > /etc/sysctl.d/full"
    return _no_room(host, stack, "disk full under /etc/sysctl.d", spoil, "umount /etc/sysctl.d")


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
    said = stack.up(check=False)
    after = look(host)
    wrong = [] if "error" in said else ["up did not fail"]
    wrong += [text for text in after.differences(before) if not text.startswith(("files", "forwarding"))]
    host.sh("rm /etc/libvirt/qemu/networks/full")
    done = stack.pulumi("up", "--yes", "--skip-preview", check=False)
    if done.returncode or (host.network("lab") or {}).get("Active") != "yes" or not stack.unchanged():
        wrong.append(f"the next up did not make it: {done.stdout[-300:]}")
    shown = look(host)
    fault, state = "disk full under libvirt's configuration", after.describe(shown)
    return Row(fault, "create", "no guest there", state, "created", tuple(wrong))


def libvirt_directory_full_update(host: Host, stack: Stack) -> Row:
    """libvirt cannot write the definition of a network that changes live."""
    before = _with_guests(host, stack)
    host.sh(FILL)
    stack.declare(*CHANGED)
    said = stack.up(check=False)
    lost, after = _guests_there(host), look(host)
    wrong = [] if "error" in said else ["up did not fail"]
    host.sh("rm /etc/libvirt/qemu/networks/full")
    done = stack.pulumi("up", "--yes", "--skip-preview", check=False)
    for copy in ("", "--inactive"):
        if "nine" not in host.virsh("net-dumpxml", "lab", *filter(None, [copy])):
            wrong.append(f"the next up did not make it: {done.stdout[-300:]}")
    if not stack.unchanged():
        wrong.append("what comes then is not quiet")
    return Row(
        "disk full under libvirt's configuration", "live update", lost, after.describe(before), "updated", tuple(wrong)
    )


def two_stacks_and_a_human(host: Host, stack: Stack) -> Row:
    """Two stacks and virsh change one network at the same time; each time the stack that made it wins in the end."""
    before = _with_guests(host, stack)
    other = Stack(host, "other")
    other.declare(*network(forward={}, ips=[SUBNET], adopt=True, domain={"name": "other.test"}))
    stack.declare(*CHANGED)
    human = (
        "for number in $(seq 20 60); do virsh -q net-update lab add dns-host --live --config "
        "\"<host ip='10.70.1.$number'><hostname>human$number</hostname></host>\" || true; sleep 0.1; done"
    )
    with ThreadPoolExecutor(3) as pool:
        said = pool.submit(stack.up, check=False)
        refused = pool.submit(other.up, check=False)
        pool.submit(host.sh, human).result()
    lost, after = _guests_there(host), look(host)
    wrong = [] if "belongs to 'project/test/lab'" in refused.result() else [f"the other: {refused.result()[-300:]}"]
    done = stack.pulumi("up", "--yes", "--skip-preview", check=False)
    stack.refresh()
    did = stack.pulumi("up", "--yes", "--skip-preview", check=False)
    if done.returncode or did.returncode:
        wrong.append(f"the next up failed: {said.result()[-300:]} {done.stdout[-300:]} {did.stdout[-300:]}")
    xml = host.virsh("net-dumpxml", "lab")
    if "nine" not in xml or "other.test" in xml or not stack.unchanged():
        wrong.append("the network is not as the stack says")
    kept = "what virsh added went, as the program owns the list" if "human" not in xml else "what virsh added stayed"
    state = f"{after.describe(before)}; the other stack is refused"
    return Row("two stacks and a human with virsh", "live update", lost, state, f"updated; {kept}", tuple(wrong))


REBOOT = f"""\
kill -KILL $(cat /run/libvirtd.pid); sleep 0.3
for pid in $(pgrep -x dnsmasq); do kill -KILL $pid 2>/dev/null || true; done
for link in $(ls /sys/class/net); do [ $link = lo ] || ip link delete $link 2>/dev/null || true; done
{FLUSH_IPTABLES}
for table in filter nat mangle; do ip6tables -t $table -F; ip6tables -t $table -X; done
rm -rf /run/libvirt/network /run/libvirt/qemu /run/virtnet /run/libvirtd.pid /var/lib/libvirt/dnsmasq/*.status
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
    start_libvirtd(host)
    host.sh("for i in $(seq 50); do [ -e /sys/class/net/vn-lab ] && exit 0; sleep 0.1; done; exit 1")
    after = look(host)
    wrong = after.differences(before)
    if between != {"links": ["lo"], "forwarding": "1"}:
        wrong.append(f"between the reboot and libvirtd there was {json.dumps(between)}")
    if not stack.unchanged():
        wrong.append("refresh or preview is not quiet")
    did, left = _finished(stack, before)
    return Row("host rebooted", "network runs", "no guest there", after.describe(before), did, (*wrong, *left))


def look_without_libvirt(host: Host) -> Mapping[str, object]:
    """Links and forwarding, by the kernel alone."""
    return {"links": sorted(host.links()), "forwarding": host.sh("cat /proc/sys/net/ipv4/ip_forward").strip()}


HOST_FAULTS: Mapping[tuple[str, str], Callable[[Host, Stack], Row]] = {
    ("dnsmasq killed", "network runs"): dnsmasq_killed,
    ("firewall flushed (iptables -F, -X)", "network runs"): flushed_with_iptables,
    ("firewall flushed (nft flush ruleset)", "network runs"): flushed_with_nft,
    ("/etc/sysctl.d read-only", "HostForwarding create"): sysctl_directory_read_only,
    ("disk full under /etc/sysctl.d", "HostForwarding create"): sysctl_directory_full,
    ("disk full under libvirt's configuration", "create"): libvirt_directory_full_create,
    ("disk full under libvirt's configuration", "live update"): libvirt_directory_full_update,
    ("two stacks and a human with virsh", "live update"): two_stacks_and_a_human,
    ("host rebooted", "network runs"): rebooted,
}
"""By the name of the fault and the moment, as the table has them."""
