"""Rules of others that send a host's ports elsewhere, from what iptables-save, ip6tables-save and nft print. Pure.

What can be read with certainty is told: rules that name their ports, whoever sends the packets and wherever they come
in. A rule for some sources or interfaces alone may have nothing to do with a forward, so it is left out.
"""

import re
import shlex
from collections.abc import Iterator
from itertools import pairwise

from virtnet.planning.clients.host import FirewallLister
from virtnet.port_forward.forward import LAST_PORT
from virtnet.port_forward.observed import ForeignForward
from virtnet.port_forward.ports import Span
from virtnet.port_forward.rules.names import TABLE

_NFT_PORTS = re.compile(r"\b(tcp|udp) dport (\{[^}]*\}|[0-9]+(?:-[0-9]+)?)(?=\s)")

_NFT_ADDRESS = re.compile(r"\bip6? daddr ([0-9a-f:.]+)(?=\s)")

_NFT_LIMITED = re.compile(r"\b(?:ip6? saddr|iif(?:name)?) (?!!=)")


def foreign_forwards(program: FirewallLister, listed: str) -> Iterator[ForeignForward]:
    """Each port that a rule in what this program lists sends elsewhere."""
    return _nft(listed) if program == "nft" else _iptables(program, listed)


def _iptables(program: str, listed: str) -> Iterator[ForeignForward]:
    table = ""
    for line in listed.splitlines():
        if line.startswith("*"):
            table = line[1:].strip()
        if table != "nat" or not line.startswith("-A ") or not re.search(r" -j (?:DNAT|REDIRECT)\b", line):
            continue
        try:
            words = shlex.split(line)
        except ValueError:
            continue
        options = dict(pairwise(words))
        limited = any(words[index - 1] != "!" for index, word in enumerate(words) if word in ("-s", "-i"))
        address = options.get("-d", "").removesuffix("/32").removesuffix("/128")
        if limited or "/" in address or words[max(words.index("-d") - 1, 0) if "-d" in words else 0] == "!":
            continue
        for span in _spans(options.get("--dport") or options.get("--dports") or "", ":"):
            yield ForeignForward(program, line, address, options.get("-p", ""), span.first, span.last)


def _nft(listed: str) -> Iterator[ForeignForward]:
    table = ""
    for line in listed.splitlines():
        if line.startswith("table "):
            table = " ".join(line.split()[1:3])
        rule = line.strip()
        ports = _NFT_PORTS.search(rule)
        if table == f"inet {TABLE}" or ports is None or not re.search(r"\b(?:dnat|redirect)\b", rule):
            continue
        if _NFT_LIMITED.search(rule):
            continue
        address = _NFT_ADDRESS.search(rule)
        for span in _spans(ports[2].strip("{ }"), "-"):
            told = re.sub(r"\bcounter packets \d+ bytes \d+", "counter", rule)
            yield ForeignForward(
                "nft", f"{table}: {told}", address[1] if address else "", ports[1], span.first, span.last
            )


def _spans(text: str, separator: str) -> Iterator[Span]:
    for one in filter(None, re.split(r"[,\s]+", text)):
        first, _, last = one.partition(separator)
        if first.isdecimal() and (last or first).isdecimal() and int(last or first) <= LAST_PORT:
            yield Span(int(first), int(last or first))
