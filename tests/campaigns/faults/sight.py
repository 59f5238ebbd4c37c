"""What a sandboxed host shows of the network lab and of its forwarding, by virsh, ip, iptables, nft and /proc alone.

Of nftables each rule counts once: after a live update that changes no rule, libvirt 11.3 has forgotten which rules it
is to take away, and writes them once more with the next that does.
"""

import re
from dataclasses import dataclass

from tests.hosts.sandboxed import Host

LOOK = """\
say() { echo "== $1"; }
say networks; virsh -q net-list --all | sed 's/ \\+/ /g' | sort
say definition; virsh -q net-dumpxml lab --inactive 2>/dev/null | grep -v '<uuid>\\|<mac ' |
  sed '/<virtnet:named/d; s/>{.*/>/; s/ token="[^"]*"//' || true
say running; virsh -q net-dumpxml lab 2>/dev/null | grep -v '<uuid>\\|<mac \\|</*virtnet:\\|metadata>' |
  sed "s/ connections='[0-9]*'//" || true
say identity; for copy in --inactive ""; do virsh -q net-dumpxml lab $copy 2>/dev/null; done |
  grep '<uuid>\\|<mac ' || true
say links; ls /sys/class/net
say "attached"; for link in box1 box2 web; do
  [ ! -e /sys/class/net/$link ] || echo "$link $(basename "$(readlink /sys/class/net/$link/master || echo nothing)")"
done
say ports; virsh -q net-port-list lab 2>/dev/null | grep -c . || true
say "spanning tree"; cat /sys/class/net/vn-lab/bridge/stp_state 2>/dev/null || true
say dnsmasq; ps -C dnsmasq -o args= | grep -c dnsmasq/lab.conf || true
say DHCPv6; ss -Hlnu 'sport = :547' | grep -c . || true
say rules; (iptables-save; ip6tables-save) | grep -E '^-A.*(-s|-d|-i|-o) ' | sort || true
for family in ip ip6; do nft -s list table $family libvirt_network 2>/dev/null || true; done |
  grep -E '[io]if(name)? |[sd]addr ' | sort -u || true
say files; find /etc/libvirt/qemu/networks /etc/sysctl.d -type f -o -type l | sort
say drop-ins; grep -hv '^#' /etc/sysctl.d/* 2>/dev/null || true
say "port forwards"; find /etc/virtnet /etc/systemd/system -type f 2>/dev/null | sort
grep -h '^[^#]\\|^# virtnet-forward' /etc/virtnet/port-forwards/*.nft 2>/dev/null || true
nft list table inet virtnet_port_forwards 2>/dev/null || true
say "own links"; ip rule show priority 767; ip route show table 7670 2>/dev/null || true
say "stands in"; { ip route; ip -6 route; ip neighbour show nud permanent; } | grep vn-hd- || true
nft list tables 2>/dev/null | grep virtnet-holding || true
cat /proc/sys/net/ipv6/conf/vn-lab/{dad_transmits,router_solicitation_delay} 2>/dev/null || true
say forwarding; cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding
"""


@dataclass(frozen=True)
class Sight:
    """The host at one moment, by subject."""

    parts: dict[str, str]

    def differences(self, expected: "Sight", *, but: str = "") -> list[str]:
        """What is not as expected, in a line each; of every subject but one."""
        found = []
        for name, text in expected.parts.items():
            now, wanted = (_metadata_sorted(part.splitlines()) for part in (self.parts[name], text))
            if now != wanted and name != but:
                more = [line for line in now if line not in wanted] or [f"{len(now)} lines"]
                less = [line for line in wanted if line not in now] or [f"{len(wanted)} lines"]
                found.append(f"{name}: {'; '.join(more[:4])} instead of {'; '.join(less[:4])}")
        return found

    def describe(self, *known: "Sight") -> str:
        """In a few words; what neither of the known sights has is left over."""
        words = []
        listed = re.search(r"^ ?lab (\S+)", self.parts["networks"], re.MULTILINE)
        state = listed[1] if listed else "not there"
        half = ", incomplete" if 'phase="' in self.parts["definition"] or "phase='" in self.parts["definition"] else ""
        if any(" lab " in f" {sight.parts['networks']}".replace("\n", "\n ") for sight in known):
            words.append(f"lab {state}{half}")
        else:
            forwarding = self.parts["forwarding"].split()
            words.append(f"IPv4 forwarding {forwarding[0]}, IPv6 {forwarding[1]}")
            files = re.findall(r"/etc/sysctl.d/(\S+)", self.parts["files"])
            words.append(", ".join(files) or "no drop-in")
        forwards = self.parts["port forwards"]
        if any("8080" in sight.parts["port forwards"] for sight in known):
            record = re.search(r"^/etc/virtnet/port-forwards/", forwards, re.MULTILINE)
            words.append("a record of the forward" if record else "no record of the forward")
            rules = len(re.findall(r"^\t\t.*dnat ip to", forwards, re.MULTILINE))
            words.append(f"{rules} {'rule' if rules == 1 else 'rules'}")
        places = {line.split()[0]: line.split()[1] for line in self.parts["attached"].splitlines()}
        if places:
            on = sorted({"loose" if place == "nothing" else _place(place) for place in places.values()})
            words.append("guests " + " and ".join(on))
        if int(self.parts["dnsmasq"] or 0) and state != "active":
            words.append("a dnsmasq left")
        links = set(self.parts["links"].split())
        left = sorted(links.difference(*(sight.parts["links"].split() for sight in known)))
        if left:
            words.append(f"{', '.join(left)} left")
        return "; ".join(words)


def _metadata_sorted(lines: list[str]) -> list[str]:
    """The lines of a dump with those of its metadata in one order: an element that is set anew becomes the last."""
    marks = [place for place, line in enumerate(lines) if line.strip() in ("<metadata>", "</metadata>")]
    if len(marks) != 2:
        return lines
    first, last = marks
    return [*lines[: first + 1], *sorted(lines[first + 1 : last]), *lines[last:]]


def _place(master: str) -> str:
    return "attached" if master == "vn-lab" else "on the holding network"


def look(host: Host) -> Sight:
    """The host now."""
    parts = re.split(r"^== (.+)\n", host.sh(LOOK), flags=re.MULTILINE)
    return Sight({name: text.strip() for name, text in zip(parts[1::2], parts[2::2], strict=True)})
