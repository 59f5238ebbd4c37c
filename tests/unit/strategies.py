"""Hypothesis strategies: networks as a program names them, valid by construction."""

import ipaddress
from typing import Any

from hypothesis import strategies as st

NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,8}[a-z0-9]", fullmatch=True)
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=20)
PORTS = st.integers(1, 65535)


def _tree(**values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=values)


def macs() -> st.SearchStrategy[str]:
    return st.binary(min_size=3, max_size=3).map(lambda tail: "52:54:00:" + ":".join(f"{byte:02x}" for byte in tail))


@st.composite
def dhcp(draw: st.DrawFn, network: ipaddress.IPv4Network) -> dict[str, Any]:
    """DHCP of a /24 whose own address is .1: ranges and reservations beside it."""
    leases = _tree(unit=st.sampled_from(["seconds", "minutes", "hours"])).flatmap(
        lambda some: st.integers(120, 5000).map(lambda expiry: {"expiry": expiry, **some})
    )
    values: dict[str, Any] = {}
    if draw(st.booleans()):
        cuts = sorted(draw(st.sets(st.integers(100, 250), min_size=2, max_size=4)))
        pairs = list(zip(cuts[::2], cuts[1::2], strict=False))
        values["ranges"] = [
            {"start": str(network[first]), "end": str(network[last]), **draw(_tree(lease=leases))}
            for first, last in pairs
        ]
    if draw(st.booleans()):
        numbers = draw(st.lists(st.integers(2, 99), unique=True, max_size=4))
        addresses = draw(st.lists(macs(), unique=True, min_size=len(numbers), max_size=len(numbers)))
        values["hosts"] = [
            {"mac": mac, "ip": str(network[number]), **draw(_tree(name=st.just(f"guest{number}"), lease=leases))}
            for number, mac in zip(numbers, addresses, strict=True)
        ]
    return values


@st.composite
def ips(draw: st.DrawFn) -> list[dict[str, Any]]:
    numbers = draw(st.lists(st.integers(0, 255), unique=True, min_size=1, max_size=3))
    served = draw(st.integers(-1, len(numbers) - 1))
    found = []
    for place, number in enumerate(numbers):
        network = ipaddress.ip_network(f"10.77.{number}.0/24")
        assert isinstance(network, ipaddress.IPv4Network)
        ip: dict[str, Any] = {"address": f"{network[1]}/24", **draw(_tree(local_ptr=st.booleans()))}
        if place == served:
            ip["dhcp"] = draw(dhcp(network))
        found.append(ip)
    if draw(st.booleans()):
        found.append({"address": f"fd00:77:{draw(st.integers(1, 0xFFFF)):x}::1/64"})
    return found


def _unique(items: st.SearchStrategy[dict[str, Any]], *names: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(items, max_size=3, unique_by=lambda item: tuple(item.get(name) for name in names))


def dns() -> st.SearchStrategy[dict[str, Any]]:
    hosts = st.fixed_dictionaries(
        {
            "ip": st.integers(2, 250).map(lambda number: f"10.77.1.{number}"),
            "hostnames": st.lists(NAMES, min_size=1, max_size=3, unique=True),
        }
    )
    values = TEXTS.filter(lambda text: '"' not in text and "#" not in text)
    txts = st.fixed_dictionaries({"name": NAMES, "value": values})
    srvs = st.fixed_dictionaries(
        {"service": NAMES, "protocol": st.sampled_from(["tcp", "udp"])},
        optional={"domain": NAMES},
    )
    forwarders = st.fixed_dictionaries(
        {"address": st.integers(1, 250).map(lambda n: f"192.0.2.{n}")}, optional={"domain": NAMES}
    )
    return _tree(
        forward_plain_names=st.booleans(),
        forwarders=_unique(forwarders, "address", "domain"),
        hosts=_unique(hosts, "ip"),
        txts=_unique(txts, "name"),
        srvs=_unique(srvs, "service", "protocol", "domain"),
    )


@st.composite
def networks(draw: st.DrawFn, name: str = "lab") -> dict[str, Any]:
    """Inputs of a network with a bridge of its own."""
    mode = draw(st.sampled_from(["", "nat", "route", "open"]))
    values: dict[str, Any] = {"name": name, "uri": "qemu:///system"}
    if mode:
        values["forward"] = {"mode": mode}
    if mode in ("nat", "route") and draw(st.booleans()):
        values["forward"]["interfaces"] = [{"dev": draw(st.sampled_from(["eth0", "eno1", "br0"]))}]
    if mode == "nat" and draw(st.booleans()):
        first = draw(st.integers(1024, 30000))
        values["forward"]["nat"] = {"port": {"start": first, "end": first + 100}}
    values["ips"] = draw(ips())
    rest = _tree(
        bridge=_tree(stp=st.booleans(), delay=st.integers(0, 30)),
        mtu=st.integers(1280, 9000),
        domain=st.fixed_dictionaries({"name": NAMES}, optional={"local_only": st.booleans()}),
        dns=dns(),
        autostart=st.booleans(),
        description=TEXTS,
        port_groups=_unique(
            st.fixed_dictionaries({"name": NAMES}, optional={"bandwidth": st.just({"inbound": {"average": 1000}})}),
            "name",
        ),
    )
    return values | draw(rest)
