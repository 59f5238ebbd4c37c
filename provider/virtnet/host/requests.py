"""The reads of a host, each as the request that a machine.Machine takes. Pure.

client asks them, and resources declare with them what an observation asks together (planning.reads).
"""

from typing import TYPE_CHECKING, Literal

from virtnet.planning.clients.reads import Request

if TYPE_CHECKING:
    from virtnet.planning.clients.host import FirewallLister, Way

# Interfaces, addresses and routes are asked of `ip`, whose -json is a stable form; `ss` has none.
LINKS: Request = ("run", "ip", "-json", "-details", "link", "show")

ADDRESSES: Request = ("run", "ip", "-json", "-brief", "address", "show")

LISTENING_SOCKETS: Request = ("run", "ss", "-Hlntu")

DHCP_PORT: Request = ("dhcp-port",)

CAPABILITIES: Request = ("read", "/proc/self/status")


NFT_TABLES: Request = ("run", "nft", "-j", "list", "tables")

#: Has a `system` exactly while systemd is process 1 (sd_booted(3)).
SYSTEMD_RUNTIME = "/run/systemd"


#: What lists a host's whole firewall, with the rules of nftables as data.
WHOLE_FIREWALL: tuple["FirewallLister", ...] = ("iptables-save", "ip6tables-save", "nft-json")

FIREWALL_ZONES: Request = ("run", "firewall-cmd", "--get-zones")

#: What `traffic_limit` ends with where the kernel lacks something; `unshare` itself ends with 1 where it may not.
LACKS_LIMITS = 3

#: What libvirt has `tc` make (virNetDevBandwidthSet in its src/util/virnetdevbandwidth.c, 9.0 to 11.3).
_LIMITED_BY: dict["Way", tuple[str, ...]] = {
    "inbound": (
        "tc qdisc add dev lo root handle 1: htb",
        "tc class add dev lo parent 1: classid 1:1 htb rate 1000kbps",
        "tc qdisc add dev lo parent 1:1 handle 2: sfq perturb 10",
        "tc filter add dev lo parent 1:0 protocol all prio 1 handle 1 fw flowid 1",
    ),
    "outbound": (
        "tc qdisc add dev lo ingress",
        "tc filter add dev lo parent ffff: protocol all u32 match u32 0 0"
        " police rate 1000kbps burst 1000kb mtu 64kb drop flowid :1",
    ),
}


def routes(version: Literal[4, 6]) -> Request:
    """The main routing table of a version of IP."""
    family = ("-6",) if version == 6 else ()
    return ("run", "ip", "-json", *family, "route", "show", "table", "main")


def neighbours(interface: str) -> Request:
    """The neighbours on an interface, of both versions of IP."""
    return ("run", "ip", "-json", "neighbour", "show", "dev", interface)


def file(path: str) -> Request:
    """A file's text."""
    return ("read", path)


def directory(path: str) -> Request:
    """The names in a directory."""
    return ("list", path)


def sysctl(key: str) -> Request:
    """A kernel parameter, by its key in slash form."""
    return file(f"/proc/sys/{key}")


def program(name: str) -> Request:
    """Whether a program is installed."""
    return ("has", name)


def firewall_rules(lister: "FirewallLister") -> Request:
    """All rules of a firewall."""
    if lister == "nft-json":
        return ("run", "nft", "--json", "list", "ruleset")
    return ("run", lister, "list", "ruleset") if lister == "nft" else ("run", lister)


def nft_table(family: str, name: str) -> Request:
    """A table of nftables."""
    return ("run", "nft", "-j", "list", "table", family, name)


def script(path: str, *arguments: str) -> Request:
    """What a shell script prints."""
    return ("run", "sh", path, *arguments)


def service(unit: str) -> Request:
    """A service of systemd, in the form that is for programs."""
    return ("run", "systemctl", "show", "--property=UnitFileState,ActiveState", "--", unit)


def traffic_limit(way: "Way") -> Request:
    """Whether traffic of that way can be limited: tried on the loopback of a network namespace that ends at once."""
    tries = " && ".join(_LIMITED_BY[way])
    script = f"command -v tc >/dev/null || exit 0; {{ {tries}; }} || exit {LACKS_LIMITS}"
    return ("run", "unshare", "--net", "sh", "-c", script)
