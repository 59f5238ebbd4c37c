"""Hypothesis strategies: networks as a program names them, valid by construction.

Each is made once, and not at each draw: Hypothesis looks through one before it draws from it for the first time, which
took more than half of the time of a draw.
"""

import ipaddress
import re
from functools import cache
from typing import Any

from hypothesis import strategies as st

NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,8}[a-z0-9]", fullmatch=True)
#: What the kernel has a name of its own for is no bridge's name. Hypothesis finds such words in our own source.
BRIDGES = NAMES.filter(lambda name: name not in ("all", "default", "lo"))
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="\ufffe\uffff"),
    min_size=1,
    max_size=20,
)
#: What dnsmasq takes as one value of an option.
VALUES = TEXTS.filter(lambda text: not re.search(r'[",]|\s#', text) and text == text.strip())
PORTS = st.integers(1, 65535)
BOOLEANS = st.booleans()


def _tree(**values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=values)


@cache
def macs() -> st.SearchStrategy[str]:
    return st.binary(min_size=3, max_size=3).map(lambda tail: "52:54:00:" + ":".join(f"{byte:02x}" for byte in tail))


LEASES = st.fixed_dictionaries(
    {"expiry": st.integers(120, 5000)}, optional={"unit": st.sampled_from(["seconds", "minutes", "hours"])}
)
WITH_A_LEASE = _tree(lease=LEASES)
CUTS = st.sets(st.integers(100, 250), min_size=2, max_size=4)
NUMBERS_OF_HOSTS = st.lists(st.integers(2, 99), unique=True, max_size=4)


@st.composite
def dhcp(draw: st.DrawFn, network: ipaddress.IPv4Network) -> dict[str, Any]:
    """DHCP of a /24 whose own address is .1: ranges and reservations beside it."""
    values: dict[str, Any] = {}
    if draw(BOOLEANS):
        cuts = sorted(draw(CUTS))
        pairs = list(zip(cuts[::2], cuts[1::2], strict=False))
        values["ranges"] = [
            {"start": str(network[first]), "end": str(network[last]), **draw(WITH_A_LEASE)} for first, last in pairs
        ]
    if draw(BOOLEANS):
        numbers = draw(NUMBERS_OF_HOSTS)
        addresses = draw(st.lists(macs(), unique=True, min_size=len(numbers), max_size=len(numbers)))
        values["hosts"] = [
            {"mac": mac, "ip": str(network[number]), **named, **draw(WITH_A_LEASE)}
            for number, mac in zip(numbers, addresses, strict=True)
            for named in [{"name": f"guest{number}"} if draw(BOOLEANS) else {}]
        ]
    return values


SUBNETS = st.lists(st.integers(0, 255), unique=True, min_size=1, max_size=3)
LOCAL_PTR = _tree(local_ptr=BOOLEANS)
GROUPS_OF_IPV6 = st.integers(1, 0xFFFF)


@cache
@st.composite
def ips(draw: st.DrawFn) -> list[dict[str, Any]]:
    numbers = draw(SUBNETS)
    served = draw(st.integers(-1, len(numbers) - 1))
    found = []
    for place, number in enumerate(numbers):
        network = ipaddress.ip_network(f"10.77.{number}.0/24")
        assert isinstance(network, ipaddress.IPv4Network)
        ip: dict[str, Any] = {"address": f"{network[1]}/24", **draw(LOCAL_PTR)}
        if place == served:
            ip["dhcp"] = draw(dhcp(network))
        found.append(ip)
    if draw(BOOLEANS):
        found.append({"address": f"fd00:77:{draw(GROUPS_OF_IPV6):x}::1/64"})
    return found


def _unique(items: st.SearchStrategy[dict[str, Any]], *names: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(items, max_size=3, unique_by=lambda item: tuple(item.get(name) for name in names))


@cache
def dns() -> st.SearchStrategy[dict[str, Any]]:
    hosts = st.fixed_dictionaries(
        {
            "ip": st.integers(2, 250).map(lambda number: f"10.77.1.{number}"),
            "hostnames": st.lists(NAMES, min_size=1, max_size=3, unique=True),
        }
    )
    values = TEXTS.filter(lambda text: '"' not in text and "#" not in text)
    txts = st.fixed_dictionaries({"name": NAMES, "value": values})
    # Few names, so that there are records of which one says less than another, or differs in its port alone.
    named = {"service": st.sampled_from(["ldap", "sip"]), "protocol": st.sampled_from(["tcp", "udp"])}
    domains = {"domain": st.sampled_from(["x.test", "y.test"])}
    targets = {"target": st.sampled_from(["a.test", "b.test"]), "port": st.integers(1, 2)}
    srvs = st.one_of(
        st.fixed_dictionaries(named, optional=domains), st.fixed_dictionaries(named | targets, optional=domains)
    )
    forwarders = st.fixed_dictionaries(
        {"address": st.integers(1, 250).map(lambda n: f"192.0.2.{n}")}, optional={"domain": NAMES}
    )
    return _tree(
        forward_plain_names=BOOLEANS,
        forwarders=_unique(forwarders, "address", "domain"),
        hosts=_unique(hosts, "ip"),
        txts=_unique(txts, "name", "value"),
        srvs=_unique(srvs, "service", "protocol", "domain", "target", "port"),
    )


MODES = st.sampled_from(["", "nat", "route", "open"])
DEVICES = st.sampled_from(["eth0", "eno1", "br0"])
FIRST_PORTS = st.integers(1024, 30000)
REST_OF_A_NETWORK = _tree(
    bridge=_tree(stp=BOOLEANS, delay=st.integers(0, 30)),
    mtu=st.integers(1280, 9000),
    domain=st.fixed_dictionaries({"name": NAMES}, optional={"local_only": BOOLEANS}),
    dns=dns(),
    autostart=BOOLEANS,
    description=TEXTS,
    port_groups=_unique(
        st.fixed_dictionaries({"name": NAMES}, optional={"bandwidth": st.just({"inbound": {"average": 1000}})}),
        "name",
    ),
)


@cache
@st.composite
def networks(draw: st.DrawFn, name: str = "lab") -> dict[str, Any]:
    """Inputs of a network with a bridge of its own."""
    mode = draw(MODES)
    values: dict[str, Any] = {"name": name, "uri": "qemu:///system"}
    if mode:
        values["forward"] = {"mode": mode}
    if mode in ("nat", "route") and draw(BOOLEANS):
        values["forward"]["interfaces"] = [{"dev": draw(DEVICES)}]
    if mode == "nat" and draw(BOOLEANS):
        first = draw(FIRST_PORTS)
        values["forward"]["nat"] = {"port": {"start": first, "end": first + 100}}
    values["ips"] = draw(ips())
    return values | draw(REST_OF_A_NETWORK)


# --- Every part of the spec ------------------------------------------------------------------------

UUIDS = st.uuids().map(str)
INTERFACES = st.sampled_from(["eth0", "eth1", "eno1", "bond0.42"])
RATES = st.integers(1, 2**54)
PROFILES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters="&<'"), min_size=1).map(
    lambda text: text[:39]
)
DIRECT = ("private", "vepa", "passthrough")


@cache
def bandwidths() -> st.SearchStrategy[dict[str, Any]]:
    limits = st.fixed_dictionaries({"average": RATES}, optional={"peak": RATES, "burst": st.integers(1, 4194303)})
    return _tree(inbound=limits, outbound=limits)


TAGS = st.sets(st.integers(0, 4095), min_size=1, max_size=3)
NATIVE_MODES = st.sampled_from(["tagged", "untagged"])
TRUNKS, TRUNK = _tree(trunk=BOOLEANS), _tree(trunk=st.just(True))


@cache
@st.composite
def vlans(draw: st.DrawFn) -> dict[str, Any]:
    tags: list[dict[str, Any]] = [{"id": tag} for tag in draw(TAGS)]
    if draw(BOOLEANS):
        draw(st.sampled_from(tags))["native_mode"] = draw(NATIVE_MODES)
    plain = len(tags) == 1 and "native_mode" not in tags[0]
    return {"tags": tags, **draw(TRUNKS if plain else TRUNK)}


@cache
def virtual_ports(*types: str) -> st.SearchStrategy[dict[str, Any]]:
    bytes_ = st.integers(0, 255)
    qbg = {"managerid": bytes_, "typeid": st.integers(0, 2**24 - 1), "typeidversion": bytes_, "instanceid": UUIDS}
    of_type = {
        "802.1Qbg": st.one_of(st.fixed_dictionaries(qbg), _tree(**qbg)),
        "802.1Qbh": _tree(profileid=PROFILES),
        "openvswitch": _tree(profileid=PROFILES, interfaceid=UUIDS),
        "midonet": _tree(interfaceid=UUIDS),
    }
    return st.sampled_from(types or tuple(of_type)).flatmap(
        lambda name: st.fixed_dictionaries({"type": st.just(name), "parameters": of_type[name]})
    )


def _groups(**values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[dict[str, Any]]]:
    group = st.fixed_dictionaries({"name": NAMES}, optional={"trust_guest_rx_filters": BOOLEANS, **values})
    return st.lists(group, max_size=3, unique_by=lambda group: group["name"])


PLAIN_GROUPS, LIMITED_GROUPS = _groups(), _groups(bandwidth=bandwidths())


@cache
@st.composite
def port_groups(draw: st.DrawFn, *, tagged: bool, switched: bool, limited: bool) -> list[dict[str, Any]]:
    """Port groups, one of them the default at most; those with a VLAN are of Open vSwitch where they are switched."""
    groups: list[dict[str, Any]] = draw(LIMITED_GROUPS if limited else PLAIN_GROUPS)
    for group in groups:
        if tagged and draw(BOOLEANS):
            group["vlan"] = draw(vlans())
        if (switched or "vlan" not in group) and draw(BOOLEANS):
            group["virtual_port"] = draw(virtual_ports("openvswitch") if "vlan" in group else virtual_ports())
    if draw(BOOLEANS) and groups:
        draw(st.sampled_from(groups))["default"] = True
    return groups


@cache
def _pci_addresses() -> st.SearchStrategy[list[dict[str, Any]]]:
    whole = st.fixed_dictionaries(
        {"bus": st.integers(0, 255), "slot": st.integers(0, 31), "function": st.integers(0, 7)},
        optional={"domain": st.integers(1, 65535)},
    )
    return st.lists(whole, min_size=1, max_size=3, unique_by=lambda one: tuple(sorted(one.items())))


NAT = _tree(ipv6=BOOLEANS, address=st.just({"start": "192.0.2.1", "end": "192.0.2.9"}))
OF_A_BRIDGE = _tree(name=BRIDGES, zone=NAMES, mac_table_manager=st.sampled_from(["kernel", "libvirt"]))
NUMBERS_OF_GUESTS = st.sets(st.integers(0, 0xFFFF), max_size=3)
TFTP = _tree(tftp_root=st.sampled_from(["/srv/tftp", "/srv/it's <here> & 'there'"]))
BOOTP = _tree(bootp=st.fixed_dictionaries({"file": VALUES}, optional={"server": st.just("192.0.2.7")}))
REST_OF_SERVED = _tree(
    ipv6=BOOLEANS,
    mac=macs(),
    port_isolated=BOOLEANS,
    bandwidth=bandwidths(),
    dnsmasq_options=st.lists(TEXTS, max_size=3),
    virtual_port=virtual_ports(),
    port_groups=port_groups(tagged=False, switched=True, limited=True),
)


@cache
@st.composite
def _served(draw: st.DrawFn) -> dict[str, Any]:
    """A network with a bridge of its own, and all that libvirt serves on it."""
    values: dict[str, Any] = draw(networks())
    forward = values.get("forward", {})
    if forward.get("mode") == "nat":
        forward["nat"] = {
            **forward.get("nat", {}),
            **draw(NAT),
        }
    if "interfaces" in forward and draw(BOOLEANS):
        forward["dev"] = forward["interfaces"][0]["dev"]
    values["bridge"] = {
        **values.get("bridge", {}),
        **draw(OF_A_BRIDGE),
    }
    for ip in values["ips"]:
        six = ":" in ip["address"]
        if six and draw(BOOLEANS):
            prefix = ip["address"].partition("/")[0][:-1]
            ids = draw(NUMBERS_OF_GUESTS)
            ip["dhcp"] = {
                "ranges": [{"start": f"{prefix}100", "end": f"{prefix}1ff"}],
                "hosts": [{"id": f"0:3:0:1:52:54:0:0:{n >> 8:x}:{n & 255:x}", "ip": f"{prefix}{n:x}:5"} for n in ids],
            }
        if not six:
            ip.update(draw(TFTP))
        if not six and ip.get("dhcp", {}).get("ranges"):
            ip["dhcp"].update(draw(BOOTP))
    values["routes"] = draw(_routes(values["ips"]))
    if draw(BOOLEANS):
        values["domain"] = {"name": draw(NAMES), "local_only": True, "register": draw(BOOLEANS)}
    if draw(BOOLEANS):
        values["dns"] = draw(_whole_dns())
    return values | draw(REST_OF_SERVED)


METRIC = _tree(metric=st.integers(1, 4294967295))


@st.composite
def _routes(draw: st.DrawFn, addresses: list[dict[str, Any]]) -> list[dict[str, Any]]:
    routes = []
    for number, ip in enumerate(addresses):
        if not draw(BOOLEANS):
            continue
        own = ipaddress.ip_interface(ip["address"])
        destination = f"fd00:99:{number}::/48" if own.version == 6 else f"10.99.{number}.0/24"
        metric = draw(METRIC)
        routes.append({"address": destination, "gateway": str(own.ip + 6), **metric})
    return routes


@cache
def _whole_dns() -> st.SearchStrategy[dict[str, Any]]:
    whole = st.fixed_dictionaries(
        {"service": NAMES, "protocol": st.sampled_from(["tcp", "udp"]), "target": NAMES},
        optional={
            "domain": NAMES,
            "port": PORTS,
            "priority": st.integers(1, 65535),
            "weight": st.integers(1, 65535),
        },
    )
    forwarders = st.fixed_dictionaries({"domain": NAMES}, optional={"address": st.just("2001:db8::53"), "port": PORTS})
    return st.one_of(
        st.just({"enable": False}),
        _tree(
            enable=st.just(True),
            srvs=st.lists(whole, min_size=1, max_size=3, unique_by=lambda srv: tuple(sorted(srv.items()))),
            forwarders=_unique(forwarders.filter(lambda one: "address" in one or "port" not in one), "domain"),
        ),
    )


PLUGGED_MODES = st.sampled_from(["bridge", *DIRECT, "hostdev"])
POOLS: dict[str, st.SearchStrategy[Any]] = {
    "dev": INTERFACES,
    "interfaces": _unique(st.fixed_dictionaries({"dev": INTERFACES}), "dev").filter(bool),
    "pf": st.fixed_dictionaries({"dev": INTERFACES}),
}
DRIVERS = _tree(name=st.sampled_from(["kvm", "vfio", "xen"]), model=st.sampled_from(["mlx5_vfio_pci", "v-1"]))
OF_HOSTDEV = _tree(managed=BOOLEANS, driver=DRIVERS)


@cache
def _rest_of_plugged(mode: str, *, tagged: bool, bridged: bool, plain: bool) -> st.SearchStrategy[dict[str, Any]]:
    # Where a network has VLANs (`plain`), its groups have none of their own here, and no port of another kind.
    groups = port_groups(tagged=tagged and not plain, switched=mode == "bridge", limited=bridged).map(
        lambda found: [
            {name: value for name, value in group.items() if name != "virtual_port" or not plain} for group in found
        ]
    )
    ports = virtual_ports("openvswitch") if mode == "bridge" else virtual_ports()
    rest: dict[str, st.SearchStrategy[Any]] = {"virtual_port": ports, "port_groups": groups}
    if mode == "bridge":
        rest["port_isolated"] = BOOLEANS
    if bridged:
        rest["bandwidth"] = bandwidths()
    return _tree(**rest)


@cache
@st.composite
def _plugged(draw: st.DrawFn) -> dict[str, Any]:
    """A network of a host's bridge, interfaces or PCI devices, on which libvirt serves nothing."""
    mode = draw(PLUGGED_MODES)
    forward: dict[str, Any] = {"mode": mode}
    values: dict[str, Any] = {"name": "lab", "uri": "qemu:///system", "forward": forward}
    pools = POOLS
    if mode == "hostdev":
        pools = {"pf": POOLS["pf"], "addresses": _pci_addresses()}
        forward.update(draw(OF_HOSTDEV))
    if mode == "bridge" and draw(BOOLEANS):
        values["bridge"] = {"name": draw(BRIDGES)}
    else:
        pool = draw(st.sampled_from(sorted(pools)))
        forward[pool] = draw(pools[pool])
    tagged, bridged = mode in ("bridge", "passthrough", "hostdev"), "bridge" in values
    if tagged and draw(BOOLEANS):
        values["vlan"] = draw(vlans())
    return values | draw(_rest_of_plugged(mode, tagged=tagged, bridged=bridged, plain="vlan" in values))


POLICIES: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {},
        {"adopt": True, "on_delete": "restore"},
        {"adopt": False, "on_delete": "keep", "on_restart": "refuse", "on_many_updates": "live"},
        {"allow_overlap": True, "active": False, "autostart": False},
    ]
)
ELEMENTS = st.dictionaries(
    NAMES.map(lambda name: f"urn:{name}"),
    st.sampled_from(["", "text", "&lt;&amp;'", '<x:inner a="1"/>']),
    max_size=2,
)
REST_OF_ANY = _tree(
    uuid=UUIDS,
    title=TEXTS,
    description=TEXTS,
    metadata=ELEMENTS.map(
        lambda found: {name: f'<x:note xmlns:x="{name}">{text}</x:note>' for name, text in found.items()}
    ),
    trust_guest_rx_filters=BOOLEANS,
)


SERVED_OR_PLUGGED = st.one_of(_served(), _plugged())


@cache
@st.composite
def whole_networks(draw: st.DrawFn) -> dict[str, Any]:
    """Inputs of any network, in which every property of the spec has its turn."""
    values: dict[str, Any] = draw(SERVED_OR_PLUGGED)
    return values | draw(POLICIES) | draw(REST_OF_ANY)
