"""One observation of a host: each answer is kept until it ends, and what is likely to be asked next is read with it.

A round trip over ssh takes as long as many answers do. What is asked beyond need is only read, and an answer that
nobody wants is thrown away.
"""

import re
import threading
import time
from collections.abc import Mapping

from virtnet.host.machine import Answer, Machine, Request
from virtnet.host.paths import DIRECTORIES, RUNTIME_RECORDS

_ROUTES = ("route", "show", "table", "main")

_PARAMETERS = {"ipv4": ("forwarding",), "ipv6": ("forwarding", "accept_ra")}

#: Requests of which each is asked together with all others of its group.
#: The first group that has a request counts.
_GROUPS: tuple[frozenset[Request], ...] = (
    # Before a new network starts.
    frozenset(
        {
            ("run", "ip", "-json", "-brief", "address", "show"),
            ("run", "ip", "-json", *_ROUTES),
            ("run", "ss", "-Hlntu"),
            *(("has", program) for program in ("dnsmasq", "iptables", "nft")),
            ("dhcp-port",),
            ("list", "/sys/class/net"),
            ("read", "/proc/self/status"),
        }
    ),
    frozenset({("run", "ip", "-json", *_ROUTES), ("run", "ip", "-json", "-6", *_ROUTES)}),
    # A network's firewall rules.
    frozenset({("has", "iptables-save"), ("run", "iptables-save")}),
    # Before one that was there starts again.
    frozenset(
        {
            ("run", "ip", "-json", *_ROUTES),
            ("run", "ip", "-json", "-6", *_ROUTES),
            ("run", "ip", "-json", "-details", "link", "show"),
            ("run", "ip", "-json", "-brief", "address", "show"),
            ("run", "ss", "-Hlntu"),
            *(("has", program) for program in ("dnsmasq", "iptables", "nft")),
            ("dhcp-port",),
            ("list", "/sys/class/net"),
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
            *(("list", directory) for directory in (*DIRECTORIES, RUNTIME_RECORDS)),
        }
    ),
    # A network that is there.
    frozenset({("list", "/etc/libvirt/qemu/networks"), ("list", "/etc/libvirt/qemu/networks/autostart")}),
)


_PROGRAMS = ("run", "has")


class ReadCache:
    """The answers of one observation. Raises what the machine raises."""

    def __init__(self, machine: Machine, known: Mapping[Request, Answer] | None = None) -> None:
        """`known` are answers of an earlier observation that will do for this one."""
        self._machine = machine
        self._answers: dict[Request, Answer] = dict(known or {})
        self._likely: dict[Request, None] = {}

    @property
    def answers(self) -> Mapping[Request, Answer]:
        """What was answered so far."""
        return self._answers

    def answer(self, request: Request) -> Answer:
        """The answer to one question, asked now or with an earlier one."""
        if request not in self._answers:
            wanted = dict.fromkeys((request, *grouped_with(request), *self._likely))
            unknown = [one for one in wanted if one not in self._answers]
            self._answers.update(zip(unknown, self._machine.read(*unknown), strict=True))
            self._likely = {}
            for one in unknown:
                self._likely.update(dict.fromkeys(likely_next(one, self._answers[one])))
        return self._answers[request]


class RecentCommands:
    """What the last observation of a process had from programs, for the next previews, which decide nothing.

    A preview of a hundred new networks would ask the same a hundred times, for 10 ms and more each time.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since = 0.0
        self._answers: Mapping[Request, Answer] = {}

    def answers(self, max_age: float) -> Mapping[Request, Answer]:
        """The answers, if they are less than `max_age` seconds old."""
        with self._lock:
            return self._answers if time.monotonic() - self._since < max_age else {}

    def keep(self, cache: ReadCache) -> None:
        """Keep an observation's answers, less those that are had in microseconds anyway."""
        found = {request: answer for request, answer in cache.answers.items() if request[0] not in ("read", "list")}
        with self._lock:
            # An observation that lived on what is kept makes it no younger.
            if found and found.items() - self._answers.items():
                self._answers, self._since = found, time.monotonic()


class Prefetched:
    """What programs said to the thread that was next in the queue for the lock, for all that were in it by then.

    Not for a thread that came later: it has to see what happened before it came.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._began, self._answers = 0.0, dict[Request, Answer]()

    def answers(self, since: float, max_age: float) -> tuple[float, Mapping[Request, Answer]]:
        """When they were read, and the answers read after `since`, less than `max_age` seconds ago; or now and none."""
        with self._lock:
            now = time.monotonic()
            if self._began >= since and now - self._began < max_age:
                return self._began, self._answers
            return now, {}

    def keep(self, began: float, cache: ReadCache) -> None:
        """Keep what programs said, and which there are; the rest is had in microseconds.

        Not what failed: it would fail everybody in the queue, and asked again it may not.
        """
        found = cache.answers.items()
        with self._lock:
            self._began = began
            self._answers = {one: answer for one, answer in found if one[0] in _PROGRAMS and answer.error is None}


def grouped_with(request: Request) -> list[Request]:
    """What is asked along with a request. Pure."""
    found = list(next((group for group in _GROUPS if request in group), ()))
    bridge = re.fullmatch(r"/sys/class/net/([^/]+)/(address|brif)", request[1]) if len(request) == 2 else None
    if bridge is not None:
        place = f"/sys/class/net/{bridge[1]}"
        found += [("read", f"{place}/address"), ("read", f"{place}/flags"), ("list", place), ("list", f"{place}/brif")]
        found += [("read", f"{place}/bridge/{attribute}") for attribute in ("stp_state", "vlan_filtering")]
        found += [("read", f"/proc/net/{table}") for table in ("fib_trie", "if_inet6")]
        found += [("read", "/proc/1/comm"), ("list", "/sys/class/net")]
    return found


def likely_next(request: Request, answer: Answer) -> list[Request]:
    """What an answer makes likely to be asked next. Pure."""
    if answer.error is not None or len(request) < 2:
        return []
    kind, place = request[:2]
    names = answer.text.rstrip("/").split("/") if kind == "list" and answer.text else []
    if place.endswith("/brif"):
        return [("read", f"/sys/class/net/{name}/address") for name in names]
    if match := re.fullmatch(r"/proc/sys/net/(ipv[46])/conf", place):
        return [("read", f"{place}/{name}/{key}") for name in names for key in _PARAMETERS[match[1]]]
    if place in (*DIRECTORIES, RUNTIME_RECORDS):
        return [("read", f"{place}/{name}") for name in names if name.endswith(".conf")]
    if kind == "read" and re.fullmatch(r"/run/libvirt/network/[^/]+\.pid", place) and answer.text.strip().isdigit():
        return [("read", f"/proc/{answer.text.strip()}/{name}") for name in ("comm", "cmdline")]
    return []
