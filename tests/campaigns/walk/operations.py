"""What happens to stacks and their host in a walk: each operation is plain data, chosen by chance where it fits."""

import copy
import random
import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.campaigns.walk.machines import HOST_ADDRESS, OUTSIDE_ADDRESS, PLACES, PLUG, guest_address
from tests.campaigns.walk.stacks import TYPES, Declared, Done, Stack

Operation = Mapping[str, Any]
COMPONENTS = ("office", "annex")
NAMES = ("a", "b", "c", "d")
NETWORKS = tuple(PLACES)


def arguments(network: str) -> dict[str, Any]:
    """A NAT network of that name, in a subnet of its own."""
    place = PLACES[network]
    dhcp = {"ranges": [{"start": f"{place}.100", "end": f"{place}.200"}], "hosts": []}
    return {
        "name": network,
        "forward": {"mode": "nat"},
        "ips": [{"address": f"{place}.1/24", "dhcp": dhcp}],
    }


#: What a forward has of the host's ports.
PORTS: Sequence[Sequence[Mapping[str, str]]] = (
    ({"protocol": "tcp", "listen_port": "8080", "target_port": "80"},),
    ({"protocol": "tcp", "listen_port": "8081", "target_port": "81"},),
    (
        {"protocol": "tcp", "listen_port": "8080", "target_port": "80"},
        {"protocol": "tcp", "listen_port": "8081", "target_port": "80"},
    ),
    ({"protocol": "tcp", "listen_port": "8080-8081", "target_port": "80-81"},),
)


def ports_to(network: str, ports: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """A forward of these to the guest of that network."""
    return {"network": network, "target_address": guest_address(network), "ports": [dict(one) for one in ports]}


class World:
    """The stacks that operations are done to."""

    def __init__(self, stacks: Mapping[str, Stack]) -> None:
        self.stacks = stacks

    def declared(self) -> Sequence[tuple[str, Declared]]:
        """All resources of all programs, behind their stacks' names."""
        return [(name, one) for name, stack in self.stacks.items() for one in stack.program]

    def networks(self) -> Sequence[tuple[str, Declared]]:
        """Those that are networks."""
        return [(name, one) for name, one in self.declared() if one.kind == "LibvirtNetwork"]


# --- Edits of a program: the operation is offered where it fits, and done where it still does. ---------


def _free(stack: Stack, chance: random.Random) -> str | None:
    names = [name for name in NAMES if stack.find(name) is None]
    return chance.choice(names) if names else None


def offer_add(chance: random.Random, world: World) -> Operation | None:
    stack = _some_stack(chance, world)
    name = _free(world.stacks[stack], chance)
    if name is None:
        return None
    forwards = any(one.kind == "HostForwarding" for one in world.stacks[stack].program)
    if not forwards and chance.random() < 0.15:
        return {"do": "add", "stack": stack, "name": name, "network": ""}
    adopts = chance.random() < 0.3
    if world.networks() and chance.random() < 0.4:
        leads_to = chance.choice(world.networks())[1].on_host
        return {"do": "add", "stack": stack, "name": name, "network": leads_to, "adopt": adopts,
                "ports": chance.choice(PORTS)}  # fmt: skip
    taken = {one.on_host for _, one in world.networks()}
    free = [network for network in NETWORKS if network not in taken]
    # Another resource for a network that is somebody's is rarer, and stays an accident.
    network = chance.choice(free) if free and chance.random() < 0.8 else chance.choice(NETWORKS)
    return {"do": "add", "stack": stack, "name": name, "network": network, "adopt": adopts}


def add(
    world: World,
    *,
    stack: str,
    name: str,
    network: str,
    adopt: bool = False,
    ports: Sequence[Mapping[str, str]] | None = None,
) -> None:
    if world.stacks[stack].find(name) is not None:
        return
    if not network:
        declared = Declared("HostForwarding", name, {"uri": "qemu:///system", "ipv4": True})
    elif ports is not None:
        declared = Declared("PortForward", name, {"uri": "qemu:///system", **ports_to(network, ports)})
    else:
        declared = Declared("LibvirtNetwork", name, arguments(network))
    if adopt:
        declared.args["adopt"] = True
    world.stacks[stack].program.append(declared)


def offer_remove(chance: random.Random, world: World) -> Operation | None:
    return _of_some(chance, world, "remove")


def remove(world: World, *, stack: str, name: str) -> None:
    world.stacks[stack].program[:] = [one for one in world.stacks[stack].program if one.name != name]


FORWARD_EDITS: Mapping[str, Sequence[Any]] = {
    "ports": tuple([dict(one) for one in ports] for ports in PORTS),
    "sources": ([OUTSIDE_ADDRESS], ["203.0.113.0/24"], [OUTSIDE_ADDRESS, "203.0.113.0/24"], None),
    "listen_address": (HOST_ADDRESS, None),
    "network": NETWORKS,
    "description": ("the shop", None),
    "adopt": (True, None),
}
EDITS: Mapping[str, Sequence[Any]] = {
    "autostart": (False, None),
    "mtu": (1400, None),
    "domain": ({"name": "lab.example"}, None),
    "hosts": (0, 1, 2),
    "adopt": (True, None),
    "on_delete": ("refuse", "disconnect", "keep", None),
    "active": (False, None, None),
    "name": NETWORKS,
}


def offer_edit(chance: random.Random, world: World) -> Operation | None:
    found = _of_some(chance, world, "edit")
    if found is None:
        return None
    declared = world.stacks[found["stack"]].find(found["name"])
    assert declared is not None
    if declared.kind == "HostForwarding":
        what = chance.choice(
            [("ipv6", True), ("ipv6", None), ("persist", False), ("persist", None), ("on_delete", "keep")]
        )
        return {**found, "what": what[0], "value": what[1]}
    if declared.kind == "PortForward":
        name = chance.choice([*FORWARD_EDITS, "ports", "sources"])
        values = [value for value in FORWARD_EDITS[name] if value != declared.args.get(name)]
        return {**found, "what": name, "value": chance.choice(values)}
    name = chance.choice([*EDITS, "hosts", "hosts", "hosts"])
    values = [value for value in EDITS[name] if value != declared.args.get(name)]
    if name == "name" and chance.random() < 0.7:  # it is a replacement, and mostly refused
        return None
    return {**found, "what": name, "value": chance.choice(values)} if values else None


def edit(world: World, *, stack: str, name: str, what: str, value: Any) -> None:
    declared = world.stacks[stack].find(name)
    if declared is None:
        return
    if what == "hosts" and declared.kind == "LibvirtNetwork":
        place = declared.args["ips"][0]["address"].rpartition(".")[0]
        declared.args["ips"][0]["dhcp"]["hosts"] = [
            {"mac": f"52:54:00:00:00:{number:02x}", "ip": f"{place}.{number}"} for number in range(10, 10 + value)
        ]
    elif value is None:
        declared.args.pop(what, None)
    elif what == "network":
        declared.args |= {"network": value, "target_address": guest_address(value)}
    else:
        declared.args[what] = value


#: How a program says that a resource is the one of before; {urn} is what the state has.
ALIASES: Mapping[str, str | None] = {
    "none": None,
    "urn": "'{urn}'",
    "name": "pulumi.Alias(name={old!r})",
    "root": "pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)",
    "name at root": "pulumi.Alias(name={old!r}, parent=pulumi.ROOT_STACK_RESOURCE)",
}


def offer_rename(chance: random.Random, world: World) -> Operation | None:
    found = _of_some(chance, world, "rename")
    to = _free(world.stacks[found["stack"]], chance) if found else None
    return None if found is None or to is None else {**found, "to": to, "alias": chance.choice([*ALIASES])}


def rename(world: World, *, stack: str, name: str, to: str, alias: str) -> None:
    declared = world.stacks[stack].find(name)
    if declared is None or world.stacks[stack].find(to) is not None:
        return
    _give_alias(world.stacks[stack], declared, alias)
    declared.name = to


def offer_move(chance: random.Random, world: World) -> Operation | None:
    found = _of_some(chance, world, "move")
    if found is None:
        return None
    declared = world.stacks[found["stack"]].find(found["name"])
    places = [place for place in (*COMPONENTS, "") if declared is not None and place != declared.component]
    return {**found, "component": chance.choice(places), "alias": chance.choice([*ALIASES])}


def move(world: World, *, stack: str, name: str, component: str, alias: str) -> None:
    declared = world.stacks[stack].find(name)
    if declared is None or declared.component == component:
        return
    _give_alias(world.stacks[stack], declared, alias)
    declared.component = component


def _give_alias(stack: Stack, declared: Declared, alias: str) -> None:
    text = ALIASES[alias]
    record = next((one for one in stack.records() if one.name == declared.name and not one.pending_delete), None)
    if text is None or (alias == "urn" and record is None):
        declared.aliases = []
    else:
        declared.aliases = [text.format(urn=record.urn if record else "", old=declared.name)]


OPTIONS: Mapping[str, Sequence[Any]] = {
    "protect": (True, None, None),
    "retain_on_delete": (True, None),
    "ignore_changes": (["ips[0].dhcp.hosts"], ["autostart"], ["mtu"], None),
    "replace_on_changes": (["ips[*].dhcp.hosts"], ["autostart"], None),
    "delete_before_replace": (True, False, None),
}


def offer_option(chance: random.Random, world: World) -> Operation | None:
    found = _of_some(chance, world, "option")
    if found is None:
        return None
    declared = world.stacks[found["stack"]].find(found["name"])
    assert declared is not None
    option = chance.choice([*OPTIONS])
    values = [value for value in OPTIONS[option] if value != declared.options.get(option)]
    return {**found, "option": option, "value": chance.choice(values)} if values else None


def option(world: World, *, stack: str, name: str, option: str, value: Any) -> None:
    declared = world.stacks[stack].find(name)
    of_networks = option in ("ignore_changes", "replace_on_changes")
    if declared is None or (declared.kind != "LibvirtNetwork" and of_networks):
        return
    if value is None:
        declared.options.pop(option, None)
    else:
        declared.options[option] = value


def offer_form(chance: random.Random, world: World) -> Operation | None:
    stack = _some_stack(chance, world)
    return {"do": "form", "stack": stack} if world.stacks[stack].program else None


def form(world: World, *, stack: str) -> None:
    world.stacks[stack].form = "native" if world.stacks[stack].form == "dynamic" else "dynamic"


# --- Commands on a state ---------------------------------------------------------------------------


def offer_state_delete(chance: random.Random, world: World) -> Operation | None:
    return _of_some(chance, world, "state_delete")


def state_delete(world: World, *, stack: str, name: str) -> Done | None:
    urn = _urn(world.stacks[stack], name)
    return world.stacks[stack].pulumi("state", "delete", urn, "--yes", "--force") if urn else None


def offer_state_rename(chance: random.Random, world: World) -> Operation | None:
    found = _of_some(chance, world, "state_rename")
    to = _free(world.stacks[found["stack"]], chance) if found else None
    return None if found is None or to is None else {**found, "to": to, "too": chance.random() < 0.7}


def state_rename(world: World, *, stack: str, name: str, to: str, too: bool) -> Done | None:
    """`too`: in the program as well."""
    urn = _urn(world.stacks[stack], name)
    if not urn or world.stacks[stack].find(to) is not None:
        return None
    done = world.stacks[stack].pulumi("state", "rename", urn, to, "--yes")
    if too and done.code == 0 and (declared := world.stacks[stack].find(name)) is not None:
        declared.name, declared.aliases = to, []
    return done


def offer_state_move(chance: random.Random, world: World) -> Operation | None:
    found = _of_some(chance, world, "state_move")
    return None if found is None else {**found, "too": chance.random() < 0.8}


def state_move(world: World, *, stack: str, name: str, too: bool) -> Done | None:
    """`too`: from program to program as well."""
    source = world.stacks[stack]
    (target,) = (one for one in world.stacks.values() if one is not source)
    urn = _urn(source, name)
    if not urn:
        return None
    done = source.pulumi(
        "state", "move", "--source", source.full_name, "--dest", target.full_name, urn, "--yes", "--include-parents"
    )
    declared = source.find(name)
    if too and done.code == 0 and declared is not None and target.find(name) is None:
        source.program.remove(declared)
        moved = copy.deepcopy(declared)
        moved.aliases = []
        target.program.append(moved)
    return done


def offer_stack_rename(chance: random.Random, world: World) -> Operation | None:
    return {"do": "stack_rename", "stack": _some_stack(chance, world), "to": chance.choice(["dev", "live"])}


def stack_rename(world: World, *, stack: str, to: str) -> Done | None:
    """Every URN has the stack's name."""
    place = world.stacks[stack]
    if place.stack == to:
        return None
    done = place.pulumi("stack", "rename", to)
    if done.code == 0:
        place.stack = to
    return done


def offer_read(chance: random.Random, world: World) -> Operation | None:
    return {"do": "read", "stack": _some_stack(chance, world)}


def read(world: World, *, stack: str) -> Done | None:
    """`pulumi refresh`."""
    return world.stacks[stack].pulumi("refresh", "--yes", "--skip-preview")


def offer_bring_in(chance: random.Random, world: World) -> Operation | None:
    stack = _some_stack(chance, world)
    name = _free(world.stacks[stack], chance)
    if name is None or world.stacks[stack].form != "native":
        return None
    return {"do": "bring_in", "stack": stack, "name": name, "network": chance.choice(NETWORKS)}


def bring_in(world: World, *, stack: str, name: str, network: str) -> Done | None:
    """`pulumi import`, and the resource into the program."""
    place = world.stacks[stack]
    if place.form != "native" or place.find(name) is not None:
        return None
    kind = TYPES["native"].format("LibvirtNetwork")
    done = place.pulumi(
        "import", kind, name, network, "--yes", "--skip-preview", "--generate-code=false", "--protect=false"
    )
    if done.code == 0:
        place.program.append(Declared("LibvirtNetwork", name, arguments(network)))
    return done


# --- By hand on the host ---------------------------------------------------------------------------

DEFINED_BY_HAND = (
    "<network><name>{network}</name><forward mode='nat'/><bridge name='vn-{network}'/>"
    "<ip address='{place}.1' prefix='24'/></network>"
)
FORWARDS_BY_HAND: Mapping[str, str] = {
    "close ports": "nft delete table inet virtnet_port_forwards",
    "alter rules": "nft list table inet virtnet_port_forwards | sed -n 's/^.*chain \\(forward_[^ ]*\\) .*/\\1/p' |"
    "while read -r chain; do nft flush chain inet virtnet_port_forwards $chain; done",
    # With what the service does about it at the next change of a link, which may be long after.
    "remove records": "rm -f /etc/virtnet/port-forwards/*.nft; "
    "[ ! -e /etc/virtnet/port-forwards.sh ] || sh /etc/virtnet/port-forwards.sh links",
    "edit records": "for file in /etc/virtnet/port-forwards/*.nft; do ! [ -e $file ] || echo '# mine' >>$file; done",
    "remove the script": "rm -f /etc/virtnet/port-forwards.sh",
    "remove own links": "for link in $(ls /sys/class/net | grep vnpf); do ip link delete $link; done",
}
BY_HAND: Mapping[str, str] = {
    "reserve": "virsh -q net-update {network} add ip-dhcp-host "
    "\"<host mac='52:54:00:00:01:01' ip='{place}.77'/>\" --live --config",
    "destroy": "virsh -q net-destroy {network}",
    "start": "virsh -q net-start {network}",
    "undefine": "virsh -q net-undefine {network}",
    "remove": "virsh -q net-destroy {network}; virsh -q net-undefine {network}",
    "define": 'echo "{xml}" >/run/by-hand.xml; virsh -q net-define /run/by-hand.xml; virsh -q net-start {network}',
    "no autostart": "virsh -q net-autostart {network} --disable",
    "forwarding off": "sysctl -q -w net.ipv4.ip_forward=0",
    "forwarding on": "sysctl -q -w net.ipv4.ip_forward=1",
    "plug": PLUG,
    "unplug": "ip link delete plug-{network}",
    "restart libvirtd": "kill -KILL $(cat /run/libvirtd.pid); sleep 0.1; libvirtd --daemon;"
    "for i in $(seq 100); do virsh -q list >/dev/null 2>&1 && break; sleep 0.1; done",
    **FORWARDS_BY_HAND,
}
#: Plugs come and go without a wish of any program's.
HARMLESS = frozenset({"plug", "unplug", "restart libvirtd"})


def offer_by_hand(chance: random.Random, world: World) -> Operation | None:
    networks = [one.on_host for _, one in world.networks()] or list(NETWORKS)
    there = any(one.kind == "PortForward" for _, one in world.declared())
    possible = [what for what in BY_HAND if there or what not in FORWARDS_BY_HAND]
    # A guest that is plugged in is lost by much.
    what = chance.choice([*possible, "plug", "plug", "plug", "reserve"])
    return {"do": "by_hand", "what": what, "network": chance.choice(networks)}


def by_hand(_world: World, *, what: str, network: str) -> None:
    place = PLACES[network]
    xml = DEFINED_BY_HAND.format(network=network, place=place)
    script = BY_HAND[what].format(network=network, place=place, xml=xml)
    subprocess.run(["bash", "-c", script], check=False, capture_output=True)


# --- Which there are ---------------------------------------------------------------------------------


def _some_stack(chance: random.Random, world: World) -> str:
    return chance.choice([*world.stacks, next(iter(world.stacks))])


def _of_some(chance: random.Random, world: World, do: str) -> dict[str, Any] | None:
    declared = world.declared()
    if not declared:
        return None
    stack, one = chance.choice(declared)
    return {"do": do, "stack": stack, "name": one.name}


def _urn(stack: Stack, name: str) -> str:
    return next((one.urn for one in stack.records() if one.name == name), "")


Offer = Callable[[random.Random, World], Operation | None]
#: Edits of programs, which an `up` follows: what offers them, and how often.
PROGRAM: Mapping[Offer, int] = {
    offer_add: 6, offer_remove: 4, offer_edit: 8, offer_rename: 6, offer_move: 7, offer_option: 6, offer_form: 1,
}  # fmt: skip
#: What comes between.
OUTSIDE: Mapping[Offer, int] = {
    offer_state_delete: 2, offer_state_rename: 3, offer_state_move: 4, offer_stack_rename: 2, offer_bring_in: 2,
    offer_read: 2, offer_by_hand: 8,
}  # fmt: skip
DOES: Mapping[str, Callable[..., Done | None]] = {
    name: globals()[name]
    for name in ("add", "remove", "edit", "rename", "move", "option", "form", "state_delete", "state_rename",
                 "state_move", "stack_rename", "read", "bring_in", "by_hand")
}  # fmt: skip
