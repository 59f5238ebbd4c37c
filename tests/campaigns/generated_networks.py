"""Networks in which every property has its turn: what check accepts, libvirt takes and gives back as it was meant.

Run inside a sandbox: `virtnet sandbox -- python -m tests.campaigns.generated_networks --networks 300 --seed 1`. Prints
what is wrong, one JSON object a line with the seed and the inputs, and at the end how many networks were defined and
started, and less which properties; ends with 1 when something was. With --starts some are started too, and looked at
while they run. The same seed makes the same networks as long as the code is the same: Hypothesis also tries words that
it finds there.
"""

import argparse
import contextlib
import copy
import itertools
import json
import re
import shlex
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import libvirt
from hypothesis import HealthCheck, Phase, given, seed, settings
from tests.campaigns.schema_walk import lend_virtual_functions
from tests.hosts.daemons import WRITES_NFTABLES, choose_firewall, daemon_version
from tests.hosts.sandboxed import LIST_NFT, Host
from tests.unit.strategies import whole_networks

from virtnet.network._generated.trees import NetworkTree
from virtnet.network.messages.problems import rules as rules_sentence
from virtnet.network.messages.refusals import advice
from virtnet.network.observe.firewall.libvirt_rules import (
    FILTERED_MODES,
    Backend,
    backend_by_rules,
    missing_rules,
    uses_nft,
)
from virtnet.network.plan.new import new_tree
from virtnet.network.plan.preflight import needs_newer_libvirt
from virtnet.network.resource import NETWORK
from virtnet.network.spec import NetworkSpec
from virtnet.network.tree import mode_of, network_tree
from virtnet.network.versions import LIBVIRT_OF_PROPERTY, LIBVIRT_OF_USE
from virtnet.network.xml import write as network_edit
from virtnet.network.xml.definition import Definition, definition
from virtnet.planning.merge import differences, merge
from virtnet.spec.part import as_group

UUID = "6f1c2a3e-0000-4000-8000-00000012ab34"
#: Networks that ask of their start more than libvirt and any kernel, by the property that does.
DEMANDS = {
    # The kernel's queueing disciplines htb and sfq, and ingress with act_police; or a tc that does nothing.
    "bandwidth.inbound": "<bridge name='vn-asks'/><bandwidth><inbound average='1000'/></bandwidth>",
    "bandwidth.outbound": "<bridge name='vn-asks'/><bandwidth><outbound average='1000'/></bandwidth>",
    # A kernel with bridges that filter VLANs.
    "bridge.mac_table_manager": "<bridge name='vn-asks' macTableManager='libvirt'/>",
    # systemd-resolved, which is asked over D-Bus.
    "domain.register": "<domain name='asks.test' localOnly='yes' register='yes'/><bridge name='vn-asks'/>"
    "<ip address='10.98.0.1' prefix='24'/>",
    # firewalld, which is asked over D-Bus as well.
    "bridge.zone": "<bridge name='vn-asks' zone='public'/>",
}
#: Raw lines that dnsmasq takes; what is generated is any text.
DNSMASQ_OPTIONS = ("log-dhcp", "cache-size=200", "no-negcache")


@dataclass(frozen=True)
class Starts:
    """What there is to know of a host on which networks are to be started."""

    unmet: frozenset[str]
    """Those of DEMANDS with which no network starts here."""
    backend: str
    """Where libvirt writes its rules, if it was told: "iptables" or "nftables"."""


def without_what_is_too_new(tree: NetworkTree, version: int) -> NetworkTree:
    """The tree less what we refuse on a libvirt of this version, so that it gets to see all the rest."""
    fitting: dict[str, Any] = copy.deepcopy({**tree})
    for path in LIBVIRT_OF_PROPERTY | LIBVIRT_OF_USE:
        if path not in {refusal.details["path"] for refusal in needs_newer_libvirt(network_tree(fitting), version)}:
            continue
        *_, name = path.split(".")
        holders = [fitting]
        if path == "vlan":
            holders += fitting.get("port_groups", [])
        elif path == "dns.forwarders":
            name, holders = "port", fitting["dns"]["forwarders"]
        elif path == "ips":
            name = "forward"
        else:
            for part in path.split(".")[:-1]:
                inside = [holder[part] for holder in holders if part in holder]
                holders = [item for found in inside for item in (found if isinstance(found, list) else [found])]
        for holder in holders:
            holder.pop(name, None)
    return network_tree(fitting)


def what_libvirt_makes_of(connection: libvirt.virConnect, tree: NetworkTree) -> list[str]:
    """Its words against a network, or what its dump has lost of it; nothing of the network is left."""
    try:
        network = connection.networkDefineXML(network_edit.render(tree))
    except libvirt.libvirtError as error:
        return [str(error)]
    try:
        found = definition(network.XMLDesc(libvirt.VIR_NETWORK_XML_INACTIVE)).tree
    finally:
        network.undefine()
    lost = differences(NetworkSpec, merge(NetworkSpec, tree, {}, found), found)
    return [f"{change.path} is lost: {change.detail}" for change in lost]


def wrong(connection: libvirt.virConnect, inputs: dict[str, Any]) -> list[str]:
    """What is wrong with a network between check and dump."""
    canonical, failures = NETWORK.check(inputs, {})
    if failures:
        return [f"{failure.path}: {NETWORK.messages().failure(failure)}" for failure in failures]
    addresses: Any = as_group(canonical.get("forward", {})).get("addresses", [])
    lend_virtual_functions(
        frozenset(f"{a.get('domain', 0):04x}:{a['bus']:02x}:{a['slot']:02x}.{a['function']:x}" for a in addresses)
    )
    target = new_tree(network_tree(canonical), inputs.get("uuid", UUID))
    version = connection.getLibVersion()
    found = []
    if (too_new := needs_newer_libvirt(target, version)) and not what_libvirt_makes_of(connection, target):
        found.append(f"is taken as it is, and was refused: {'; '.join(str(advice(one)) for one in too_new)}")
    return found + what_libvirt_makes_of(connection, without_what_is_too_new(target, version))


def unmet_demands(connection: libvirt.virConnect) -> frozenset[str]:
    """Those of DEMANDS with which no network starts here, seen by one that has nothing else."""
    unmet = set()
    for path, parts in DEMANDS.items():
        network = connection.networkDefineXML(f"<network><name>asks</name>{parts}</network>")
        try:
            network.create()
            network.destroy()
        except libvirt.libvirtError:
            unmet.add(path)
        finally:
            network.undefine()
    return frozenset(unmet)


def may_start(inputs: Mapping[str, Any]) -> bool:
    """Whether it is one that can be started here: of a card with virtual functions (pf) libvirt counts those first."""
    return "pf" not in inputs.get("forward", {})


def startable(inputs: Mapping[str, Any], starts: Starts) -> dict[str, Any]:
    """The inputs less what cannot be met here, with raw options that dnsmasq takes."""
    fitting = copy.deepcopy(dict(inputs))
    for path in starts.unmet:
        *group, name = path.split(".")
        (fitting.get(group[0], {}) if group else fitting).pop(name, None)
    if "dnsmasq_options" in fitting:
        fitting["dnsmasq_options"] = list(DNSMASQ_OPTIONS[: len(fitting["dnsmasq_options"])])
    for ip in fitting.get("ips", []):
        if "tftp_root" in ip:
            Path(ip["tftp_root"]).mkdir(parents=True, exist_ok=True)
    return fitting


@contextlib.contextmanager
def lent_links(tree: NetworkTree) -> Iterator[None]:
    """The bridge of the host's and the interfaces that a network names, there meanwhile; all of them are bridges."""
    names = {interface["dev"] for interface in tree.get("forward", {}).get("interfaces", [])}
    if mode_of(tree) == "bridge" and "bridge" in tree:
        names.add(tree["bridge"]["name"])
    for name in names:
        subprocess.run(["ip", "link", "add", "name", name, "up", "type", "bridge"], check=True)
    try:
        yield
    finally:
        for name in names:
            subprocess.run(["ip", "link", "del", "dev", name], check=True)


def _printed(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def wrong_rules(live: Definition, backend: str) -> list[str]:
    """What is wrong with the firewall's rules while one network runs, and no other does."""
    rules = {name: _printed(name) for name in ("iptables-save", "ip6tables-save")}
    rules["nft"] = _printed("bash", "-c", LIST_NFT)
    rules["nft-json"] = _printed("bash", "-c", "if command -v nft >/dev/null; then nft --json list ruleset; fi")
    found = []
    if backend and uses_nft(rules["nft-json"]) != (backend == "nftables"):
        found.append(f"libvirt's rules are not where {backend} has them")
    by = Backend(backend) if backend else backend_by_rules(live.bridge, rules) or Backend.IPTABLES
    missing = missing_rules(live, rules, by)
    found += [f"its firewall has lost its {rules_sentence(**part.as_details())}" for part in missing]
    bridge, devices = live.bridge, {one["dev"] for one in live.tree.get("forward", {}).get("interfaces", [])}
    if not {bridge} <= (named := _interfaces_in(rules)) <= {bridge, *devices}:
        found.append(f"libvirt's rules name the interfaces {sorted(named)}")
    return found


def _interfaces_in(rules: Mapping[str, str]) -> set[str]:
    """The interfaces that libvirt's rules name, as the firewall's own programs tell them."""
    if uses_nft(rules["nft-json"]):
        tables = re.findall(r"^table ip6? libvirt_network \{.*?^\}", rules["nft"], re.MULTILINE | re.DOTALL)
        return set(re.findall(r'\b[io]if(?:name)? "([^"]*)"', "".join(tables)))
    lines = f"{rules['iptables-save']}{rules['ip6tables-save']}".splitlines()
    pairs = (pair for line in lines if line.startswith("-A LIBVIRT_") for pair in itertools.pairwise(shlex.split(line)))
    return {word for option, word in pairs if option in ("-i", "-o")}


def wrong_at_start(connection: libvirt.virConnect, inputs: Mapping[str, Any], starts: Starts) -> list[str]:
    """Libvirt's words when the network does not start, or does not run as it was meant; nothing of it is left."""
    canonical, failures = NETWORK.check(startable(inputs, starts), {})
    assert not failures, failures
    target = without_what_is_too_new(
        new_tree(network_tree(canonical), inputs.get("uuid", UUID)), connection.getLibVersion()
    )
    network = connection.networkDefineXML(network_edit.render(target))
    wrong = []
    try:
        with lent_links(target):
            network.create()
            try:
                found = definition(network.XMLDesc(0))
                if found.mode in FILTERED_MODES:
                    wrong = wrong_rules(found, starts.backend)
            finally:
                network.destroy()
    except libvirt.libvirtError as error:
        return [f"does not start: {error}"]
    finally:
        network.undefine()
    lost = differences(NetworkSpec, merge(NetworkSpec, target, {}, found.tree), found.tree)
    return wrong + [f"{change.path} is lost while it runs: {change.detail}" for change in lost]


@contextlib.contextmanager
def with_firewall(backend: str) -> Iterator[None]:
    """The sandbox's libvirtd started anew with a backend for its rules; as it is for ""."""
    with tempfile.TemporaryDirectory() as directory:
        host = Host(0, Path(directory))
        if backend == "nftables" and daemon_version(host) < WRITES_NFTABLES:
            raise SystemExit(f"libvirt {'.'.join(map(str, daemon_version(host)))} has no nftables backend")
        if backend:
            choose_firewall(host, backend)
        yield
        # Only now: the tc that is mounted lies there.


def main() -> int:
    """Define as many networks as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--starts", type=int, default=0, help="how many to start that libvirt serves, and of others")
    parser.add_argument(
        "--backend", choices=["", "iptables", "nftables"], default="", help="libvirt's firewall_backend"
    )
    arguments = parser.parse_args()
    with with_firewall(arguments.backend):
        return generate(arguments)


def generate(arguments: argparse.Namespace) -> int:
    """Define them, start some of them, and tell of it."""
    connection = libvirt.open("qemu:///system")
    libvirt.registerErrorHandler(lambda context, error: None, None)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/srv"], check=True)
    starts = Starts(unmet_demands(connection) if arguments.starts else frozenset(), arguments.backend)
    defined = failed = 0
    started: Counter[str] = Counter()

    # Not derandomized, which Hypothesis is by itself where a variable CI is set: it goes by the seed given.
    @seed(arguments.seed)
    @settings(
        max_examples=arguments.networks,
        derandomize=False,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(whole_networks())
    def define(inputs: dict[str, Any]) -> None:
        nonlocal defined, failed
        found = wrong(connection, inputs)
        kind = "served" if inputs.get("ips") else "others"
        if not found and may_start(inputs) and started[kind] < arguments.starts:
            started[kind] += 1
            found = wrong_at_start(connection, inputs, starts)
        if found:
            print(json.dumps({"seed": arguments.seed, "wrong": found, "inputs": inputs}), flush=True)
            failed += 1
        defined += 1

    define()
    print(json.dumps({"defined": defined, "started": started, "started without": sorted(starts.unmet)}))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
