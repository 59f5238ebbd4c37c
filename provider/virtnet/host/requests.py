"""The reads of a host, each as the request that a machine.Machine takes. Pure.

client asks them, and resources declare with them what an observation asks together (planning.reads).
"""

from typing import TYPE_CHECKING, Literal

from virtnet.planning.clients.reads import Request

if TYPE_CHECKING:
    from virtnet.planning.clients.host import FirewallLister

# Interfaces, addresses and routes are asked of `ip`, whose -json is a stable form; `ss` has none.
LINKS: Request = ("run", "ip", "-json", "-details", "link", "show")

ADDRESSES: Request = ("run", "ip", "-json", "-brief", "address", "show")

LISTENING_SOCKETS: Request = ("run", "ss", "-Hlntu")

DHCP_PORT: Request = ("dhcp-port",)

CAPABILITIES: Request = ("read", "/proc/self/status")


NFT_TABLES: Request = ("run", "nft", "-j", "list", "tables")

#: Has a `system` exactly while systemd is process 1 (sd_booted(3)).
SYSTEMD_RUNTIME = "/run/systemd"


FIREWALL_ZONES: Request = ("run", "firewall-cmd", "--get-zones")


def routes(version: Literal[4, 6]) -> Request:
    """The main routing table of a version of IP."""
    family = ("-6",) if version == 6 else ()
    return ("run", "ip", "-json", *family, "route", "show", "table", "main")


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
