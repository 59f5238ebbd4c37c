"""What others will drop of a network's packets that is to be made: told by a preview, as a create itself does not look.

The firewall is taken as it is, with the rules that libvirt will write where those decide: in iptables, before the
policies of the kernel's own chains. In nftables they decide nothing about what another table drops. The zone of
firewalld into which libvirt puts the bridge is libvirt's own choice, and taken to let the network's packets pass.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from virtnet.host.firewall.programs import Program, has_firewalld
from virtnet.host.firewall.ruleset import Action, Chain, Field, Hook, Rule, Ruleset, Table, Test
from virtnet.network.observe.firewall.libvirt_rules import (
    FILTERED_MODES,
    Backend,
    backends,
    configured_backend,
)
from virtnet.network.observe.firewall.paths import dropped_by_others, dropped_details, paths
from virtnet.network.observe.firewall.whole import surroundings, whole_firewall, zones
from virtnet.network.observe.reads import NETWORK_CONF, SECONDS_RULES_STAND
from virtnet.network.xml.definition import Definition, Subnet
from virtnet.spec.failures import Details

if TYPE_CHECKING:
    from virtnet.planning.clients.host import HostReader


def will_be_dropped(host: "HostReader", network: Definition, libvirt_version: int) -> Details | None:
    """What others will drop of a network that is to be made, as plain data. Raises HostFailure."""
    if not network.bridge:
        return None
    rules = whole_firewall(host, seconds_old=SECONDS_RULES_STAND)
    if not any(table.refusing for table in rules.tables):
        return None
    around = surroundings(host)
    configured = configured_backend(host.read_file(NETWORK_CONF))
    in_question = backends(configured, _with_chains_of_libvirt(rules), libvirt_version)
    found = [dropped_by_others(paths(network, as_started(rules, network, one), around)) for one in in_question]
    # Where it is not known which backend libvirt has, what either lets pass is not said.
    ways = [{(one.path, one.version) for one in dropped} for dropped in found]
    sure = [one for one in found[0] if all((one.path, one.version) in other for other in ways)]
    return dropped_details(network, sure, zones(host, sure)) if sure else None


def _with_chains_of_libvirt(rules: Ruleset) -> Sequence[Backend]:
    """Those in which libvirt has made its own chains."""
    tables = any(table.name == "libvirt_network" for table in rules.tables)
    chains = any("LIBVIRT_FWO" in table.chains for table in rules.tables)
    return tuple(one for one, there in ((Backend.IPTABLES, chains), (Backend.NFTABLES, tables)) if there)


def as_started(rules: Ruleset, network: Definition, backend: Backend) -> Ruleset:
    """The firewall as it is while the network runs, as far as what libvirt adds decides. Pure."""
    tables = rules.tables
    if has_firewalld(rules) and (network.mode != "open" or network.tree.get("bridge", {}).get("zone")):
        tables = tuple(table for table in tables if table.name != Program.FIREWALLD.value)
    if backend is Backend.IPTABLES and network.mode in FILTERED_MODES:
        versions = {subnet.version for subnet in network.subnets}
        tables = tuple(
            _with_chains(table, list(_chains(network, table.versions[0])))
            if table.name == "filter" and table.family in ("iptables", "ip6tables") and table.versions[0] in versions
            else table
            for table in tables
        )
    return Ruleset(tables)


def _with_chains(table: Table, chains: Sequence[tuple[str, Chain]]) -> Table:
    """A table with chains of libvirt's, before all else that is in the chains that lead to them."""
    found = dict(table.chains)
    for base, chain in chains:
        there = found.get(chain.name)
        found[chain.name] = replace(chain, rules=(*chain.rules, *(there.rules if there is not None else ())))
        kernels = found.get(base)
        if kernels is not None and not any(rule.target == chain.name for rule in kernels.rules):
            found[base] = replace(kernels, rules=(Rule((), Action.JUMP, chain.name), *kernels.rules))
    return Table(table.family, table.name, found)


def _chains(network: Definition, version: int) -> Iterator[tuple[str, Chain]]:
    """Libvirt's chains with what it writes of a network (network_iptables.c), each with the one that leads there."""
    comes, goes = (
        Test(field, frozenset({network.bridge})) for field in (Field.INPUT_INTERFACE, Field.OUTPUT_INTERFACE)
    )
    subnets = [one for one in network.subnets if one.version == version and network.mode in ("nat", "route")]
    known = (
        (Test(Field.STATE, frozenset({"related", "established"})),) if network.mode == "nat" and version == 4 else ()
    )
    out = [Rule((comes, _of(Field.SOURCE, one)), Action.ACCEPT) for one in subnets]
    inwards = [Rule((goes, _of(Field.TARGET, one), *known), Action.ACCEPT) for one in subnets]
    served = {4: (53, 67), 6: (53, 547)}[version]
    answered = {4: (53, 68), 6: (53, 546)}[version]
    yield "FORWARD", Chain("LIBVIRT_FWO", (*out, Rule((comes,), Action.REJECT)))
    yield "FORWARD", Chain("LIBVIRT_FWI", (*inwards, Rule((goes,), Action.REJECT)))
    yield "FORWARD", Chain("LIBVIRT_FWX", (Rule((comes, goes), Action.ACCEPT),))
    yield Hook.INPUT.name, Chain("LIBVIRT_INP", tuple(Rule((comes, *_port(one)), Action.ACCEPT) for one in served))
    yield Hook.OUTPUT.name, Chain("LIBVIRT_OUT", tuple(Rule((goes, *_port(one)), Action.ACCEPT) for one in answered))


def _of(field: Field, subnet: Subnet) -> Test:
    return Test(field, ranges=((int(subnet.network_address), int(subnet.broadcast_address)),), version=subnet.version)


def _port(port: int) -> tuple[Test, Test]:
    return Test(Field.PROTOCOL, frozenset({"udp"})), Test(Field.TARGET_PORT, ranges=((port, port),))
