"""One look at a host: every answer is kept until it ends, and what is likely to be asked next is asked along with it.

A round trip over ssh takes as long as many answers do. What is asked beyond need is only read, and an answer that
nobody wants is thrown away. Imported by host.
"""

import re

from virtnet.boot_sysctl import DIRECTORIES
from virtnet.host_machine import Answer, Machine, Request
from virtnet.host_output import parse_links

_ROUTES = ("route", "show", "table", "main")
_PARAMETERS = {"ipv4": ("forwarding",), "ipv6": ("forwarding", "accept_ra")}
#: Requests of which each is asked together with all others of its group.
_GROUPS: tuple[frozenset[Request], ...] = (
    # Before a network starts.
    frozenset(
        {
            ("run", "ip", "-json", *_ROUTES),
            ("run", "ip", "-json", "-6", *_ROUTES),
            ("run", "ip", "-json", "-details", "link", "show"),
            ("run", "ip", "-json", "address", "show"),
            ("run", "ss", "-Hlntu"),
            *(("has", program) for program in ("dnsmasq", "iptables", "nft")),
            ("dhcp-port",),
            ("read", "/proc/self/status"),
            ("read", "/proc/sys/net/ipv6/conf/all/forwarding"),
        }
    ),
    # Forwarding.
    frozenset(
        {
            ("list", "/proc/sys/net/ipv4/conf"),
            ("list", "/proc/sys/net/ipv6/conf"),
            ("read", "/proc/sys/net/ipv4/ip_forward"),
            ("read", "/proc/sys/net/ipv4/conf/all/accept_redirects"),
            ("read", "/proc/sys/net/ipv6/conf/all/forwarding"),
            ("read", "/etc/sysctl.conf"),
            ("read", "/etc/ufw/ufw.conf"),
            ("list", "/run/systemd/netif"),
            ("list", "/run/NetworkManager"),
            ("has", "dockerd"),
            ("read", "/proc/self/status"),
            *(("list", directory) for directory in DIRECTORIES),
        }
    ),
    # A network that is there.
    frozenset({("list", "/etc/libvirt/qemu/networks"), ("list", "/etc/libvirt/qemu/networks/autostart")}),
)


class Look:
    """The answers of one observation. Raises what the machine raises."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._answers: dict[Request, Answer] = {}
        self._likely: dict[Request, None] = {}

    def answer(self, request: Request) -> Answer:
        """The answer to one question, asked now or with an earlier one."""
        if request not in self._answers:
            wanted = dict.fromkeys((request, *companions(request), *self._likely))
            unknown = [one for one in wanted if one not in self._answers]
            self._answers.update(zip(unknown, self._machine.ask(*unknown), strict=True))
            self._likely = {}
            for one in unknown:
                self._likely.update(dict.fromkeys(successors(one, self._answers[one])))
        return self._answers[request]


def companions(request: Request) -> list[Request]:
    """What is asked along with a request. Pure."""
    found = [other for group in _GROUPS if request in group for other in group]
    bridge = re.fullmatch(r"/sys/class/net/([^/]+)/(address|brif)", request[1]) if len(request) == 2 else None
    if bridge is not None:
        place = f"/sys/class/net/{bridge[1]}"
        found += [("read", f"{place}/address"), ("read", f"{place}/flags"), ("list", place), ("list", f"{place}/brif")]
        found += [("read", f"/proc/net/{table}") for table in ("fib_trie", "if_inet6")]
        found.append(("read", "/proc/1/comm"))
    return found


def successors(request: Request, answer: Answer) -> list[Request]:
    """What an answer makes likely to be asked next. Pure."""
    if answer.failure is not None or len(request) < 2:
        return []
    kind, place = request[:2]
    names = answer.text.rstrip("/").split("/") if kind == "list" and answer.text else []
    if place.endswith("/brif"):
        return [("read", f"/sys/class/net/{name}/address") for name in names]
    if match := re.fullmatch(r"/proc/sys/net/(ipv[46])/conf", place):
        return [("read", f"{place}/{name}/{key}") for name in names for key in _PARAMETERS[match[1]]]
    if place in DIRECTORIES:
        return [("read", f"{place}/{name}") for name in names if name.endswith(".conf")]
    if kind == "read" and re.fullmatch(r"/run/libvirt/network/[^/]+\.pid", place) and answer.text.strip().isdigit():
        return [("read", f"/proc/{answer.text.strip()}/{name}") for name in ("comm", "cmdline")]
    if request == ("run", "ip", "-json", "-details", "link", "show"):
        bridges = (link.name for link in parse_links(answer.text) if link.kind == "bridge")
        return [("read", f"/sys/class/net/{bridge}/bridge/stp_state") for bridge in bridges]
    return []
