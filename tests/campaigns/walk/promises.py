"""Whether a preview spoke of what then became of a host, by its steps and lines.

A line of a note promises nothing of a definition, so that only changes ("… [live]") and steps ("will …") count for one.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from tests.campaigns.walk.machines import guest_address
from tests.campaigns.walk.stacks import DESTRUCTIVE, Declared, Done, Step
from tests.campaigns.walk.witnesses import FORWARDS, Effect, Sight, effects

from virtnet.port_forward.restore.files import path_of
from virtnet.port_forward.restore.record import id_for

OF_FORWARD = "port forward '"
#: The engine's previews do not tell of records that go because what they depend on is replaced.
DELETED_FIRST = "Pulumi deletes it first, and the ports are closed"
CHANGE = re.compile(r"\[(?:recorded|live|restart|replace)\]$")
#: By which words a line names a part of a definition.
OF_PARTS: Mapping[str, str] = {
    "ip": r"\bips\b|\bhosts\[|DHCP reservation",
    "metadata": r"\bmetadata\b|\bmark\b",
}
#: The property of a HostForwarding that a kernel parameter follows from.
PROPERTIES: Mapping[str, str] = {"net/ipv4/ip_forward": "ipv4", "net/ipv6/conf/all/forwarding": "ipv6"}
#: What of a HostForwarding is in its files.
IN_FILES = re.compile(r"\b(?:ipv4|ipv6|persist|drop_in|at_boot|owner)\b")
RUNTIME_RECORDS = "/run/virtnet/"
#: Where all is that a PortForward writes, but for its rules.
OF_PORT_FORWARDS = ("/etc/virtnet/", "/etc/systemd/system/")
#: libvirt turns IPv4 forwarding on when it starts a network.
STARTS = frozenset({"started", "restarted", "made", "made anew"})


class Promises(NamedTuple):
    """All that previews said of one subject."""

    steps: Sequence[Step]
    lines: Sequence[str]

    @property
    def destroys(self) -> bool:
        """Whether it is deleted, or made anew."""
        return any(step.op in DESTRUCTIVE for step in self.steps) or self.says(r"\[replace\]$")

    @property
    def disconnects(self) -> bool:
        """Whether it is deleted whatever is plugged in."""
        return any(step.disconnects and step.op in DESTRUCTIVE for step in self.steps)

    @property
    def changes(self) -> Sequence[str]:
        """The lines of what is to be done."""
        return [line for line in self.lines if CHANGE.search(line) or ": will " in line]

    def says(self, pattern: str) -> bool:
        """Whether a line does."""
        return any(re.search(pattern, line) for line in self.lines)

    def will(self, pattern: str) -> bool:
        """Whether a line of what is to be done says so."""
        return any(re.search(pattern, line) for line in self.changes)


def unannounced(before: Sight, after: Sight, previews: Iterable[Done]) -> Sequence[Effect]:
    """What has become of the host, and no preview named."""
    steps = [step for preview in previews for step in preview.steps]
    lines = [line for preview in previews for line in preview.lines]
    found = list(effects(before, after))
    starts = any(effect.kind in STARTS for effect in found)
    replaces = any("replace" in step.op for step in steps)
    left = []
    for effect in found:
        if effect.network:
            mine = [step for step in steps if effect.network in step.networks]
            about = [line for line in lines if f"network '{effect.network}' " in line]
            named = _of_network(effect, Promises(mine, about))
        elif effect.port:
            mine = [step for step in steps if effect.port in step.ports]
            having = [step for step in steps if effect.port in step.ports | step.wanted_ports]
            of_port = re.compile(_of_tcp(effect.port))
            about = [line for line in lines if OF_FORWARD in line and (of_port.search(line) or _is_of(line, having))]
            said = Promises(mine, about)
            named = _of_port(effect, said) or (replaces and said.says(DELETED_FIRST))
        elif effect.detail.startswith(OF_PORT_FORWARDS):
            mine = [step for step in steps if step.kind == "PortForward"]
            said = Promises(mine, [line for line in lines if OF_FORWARD in line])
            named = _of_forwards_file(effect, said) or (replaces and _is_deleted_first(effect.detail, said))
        else:
            mine = [step for step in steps if step.kind == "HostForwarding"]
            about = [line for line in lines if line.startswith("IP forwarding on ")]
            named = _of_host(effect, Promises(mine, about), starts=starts)
        if not named:
            left.append(effect)
    return left


def untold_guests(before: Sight, after: Sight, previews: Iterable[Done]) -> Sequence[str]:
    """Who was plugged into a network that was restarted, and is in no line about it."""
    lines = [line for preview in previews for line in preview.lines]
    return [
        f"{effect.network}: {port}"
        for effect in effects(before, after)
        if effect.kind == "restarted"
        for port in sorted(before.networks[effect.network].plugged)
        if not any(f"network '{effect.network}' " in line and re.search(rf"\b{port}\b", line) for line in lines)
    ]


def _of_network(effect: Effect, said: Promises) -> bool:
    if effect.network.startswith("virtnet-"):
        # What a restart that was cut short has left goes in any update.
        return effect.kind == "removed"
    match effect.kind:
        case "removed" | "not persistent" | "made anew":
            return said.destroys
        case "stopped":
            for_good = said.will("will stop the network") and not said.will("will start the network")
            return said.destroys or for_good or said.will(r"\bactive changes .*\[restart\]")
        case "unplugged":
            # Of who is plugged in again after a restart it says for how long.
            return said.disconnects or said.says(
                rf"\b{re.escape(effect.detail)}\b.* disconnected, because on_delete is \"disconnect\""
            )
        case "restarted":
            return said.destroys or said.will(r"\[restart\]$|will stop the network")
    if said.destroys:
        return True
    match effect.kind:
        case "made":
            return any(step.op == "create" for step in said.steps) and said.will("will define ")
        case "started":
            return said.will(r"\bactive\b|\bproblems\b|will (?:re)?start the network")
        case "persistent":
            return said.will("persistent")
        case "autostart":
            return said.will("autostart")
        case "mark":
            return said.says(r"\bowner\b|\bbelongs\b|\btakes\b")
    return said.will(OF_PARTS.get(effect.detail, rf"\b{effect.detail}\b"))


def _is_of(line: str, steps: Iterable[Step]) -> bool:
    """Whether a line is about the port forward of one of these steps."""
    return any(f"{OF_FORWARD}{step.name}' " in line for step in steps)


def _of_tcp(port: int) -> str:
    """How a line names a port, alone or within a range."""
    spans = "|".join(f"{first}-{last}" for first in range(8080, 8082) for last in range(first + 1, 8082)
                     if first <= port <= last)  # fmt: skip
    return rf" tcp ({port}{'|' * bool(spans)}{spans}) of "


def _of_port(effect: Effect, said: Promises) -> bool:
    """A port is opened, closed, or led elsewhere by a line that names it; it is closed as well with its record."""
    goes = any(step.op in DESTRUCTIVE for step in said.steps)
    named = _of_tcp(effect.port)
    match effect.kind:
        case "closed":
            return goes or said.says(f" closes{named}")
        case "opened" | "leads elsewhere":
            return said.says(f" opens{named}")
        case "open to others":
            return said.says(r"\bthis opens (more|less) than before: ") or said.says(f" opens{named}")
    return False


def _of_forwards_file(effect: Effect, said: Promises) -> bool:
    """Files go with the records of forwards, and are written by steps and changes that are named."""
    goes = any(step.op in DESTRUCTIVE for step in said.steps)
    if effect.kind == "file removed":
        # Who takes over what another has keeps one file of the two.
        return goes or said.says(rf"\btakes the ports of {re.escape(effect.detail)} over from ")
    # With what is deleted the script may be written anew that removes its links.
    again = goes and not effect.detail.startswith(f"{FORWARDS}/")
    return again or said.will(re.escape(effect.detail)) or bool(said.changes)


def _is_deleted_first(path: str, said: Promises) -> bool:
    """Whether a file may go or be made anew with a record that goes first: the one that is named, or its forward's own.

    What all forwards share goes with the last of them, and comes back with the next.
    """
    lines = [line for line in said.lines if DELETED_FIRST in line]
    if not path.startswith(f"{FORWARDS}/"):
        return bool(lines)
    made = [step for step in said.steps if path == path_of(id_for(step.urn))]
    return any(f" {path}: " in line or _is_of(line, made) for line in lines)


def _of_host(effect: Effect, said: Promises, *, starts: bool) -> bool:
    match effect.kind:
        case "forwarding on" | "forwarding off":
            by_libvirt = starts and effect.kind == "forwarding on" and effect.detail == "net/ipv4/ip_forward"
            return by_libvirt or _of_parameter(effect, said)
        case "file removed":
            return _of_removed_file(effect.detail, said)
    # What is replaced is written anew where it was.
    again = any(step.op in DESTRUCTIVE and effect.detail == step.recorded.get("dropInPath") for step in said.steps)
    return again or said.will(re.escape(effect.detail)) or said.will(IN_FILES.pattern)


def _of_parameter(effect: Effect, said: Promises) -> bool:
    """A parameter is set by a step or a change that names it, or goes back with a record to what that says."""
    value = "1" if effect.kind == "forwarding on" else "0"
    restored = any(
        step.op in DESTRUCTIVE and step.recorded.get("previous", {}).get(effect.detail) == value for step in said.steps
    )
    dotted = re.escape(effect.detail.replace("/", "."))
    return restored or said.will(rf"(?:set|put) {dotted} |\b{PROPERTIES[effect.detail]}\b")


def _of_removed_file(path: str, said: Promises) -> bool:
    """A file goes with the record that has it, or with what is changed so that it is another one or none."""
    goes = any(
        step.op in DESTRUCTIVE and (path == step.recorded.get("dropInPath") or path.startswith(RUNTIME_RECORDS))
        for step in said.steps
    )
    # A runtime record has its owner's name, which goes with that.
    renamed = path.startswith(RUNTIME_RECORDS) and said.will(r"\bowner\b")
    return goes or renamed or said.will(rf"\bpersist\b|\bdrop_in\b|will remove {re.escape(path)}")


def missing_of(one: Declared, after: Sight) -> Iterator[str]:
    """What the program names of a resource, and the host does not show."""
    ignored = {str(path) for path in one.options.get("ignore_changes") or ()}
    if one.kind == "HostForwarding":
        for key, name in PROPERTIES.items():
            if name in one.args and after.forwarding[key] != str(int(one.args[name])):
                yield f"{name}={one.args[name]}: {key} is {after.forwarding[key]}"
        return
    if one.kind == "PortForward":
        yield from _missing_of_forward(one, after)
        return
    found = after.networks.get(one.on_host)
    if found is None:
        yield f"network {one.on_host} is gone"
        return
    if found.active != one.args.get("active", True):
        yield f"network {one.on_host} is {'active' if found.active else 'not active'}"
    if "autostart" in one.args and "autostart" not in ignored and found.autostart != one.args["autostart"]:
        yield f"autostart of {one.on_host} is {found.autostart}"
    for parts in filter(None, (found.config, found.live)):
        if "mtu" in one.args and "mtu" not in ignored and f'size="{one.args["mtu"]}"' not in parts.get("mtu", ""):
            yield f"mtu of {one.on_host} is {parts.get('mtu')}"
        if "domain" in one.args and f'name="{one.args["domain"]["name"]}"' not in parts.get("domain", ""):
            yield f"domain of {one.on_host} is {parts.get('domain')}"
        wanted = {host["mac"] for host in one.args["ips"][0]["dhcp"]["hosts"]}
        reserved = {*re.findall(r'<host[^>]* mac="([^"]+)"', parts.get("ip", ""))}
        if wanted != reserved and "ips[0].dhcp.hosts" not in ignored:
            yield f"reservations of {one.on_host} are for {sorted(reserved)}"


def _missing_of_forward(one: Declared, after: Sight) -> Iterator[str]:
    """Rules that are not there or lead elsewhere, and a guest that does not get what comes in."""
    for port, leads_to in one.ports.items():
        found = after.ports.get(port)
        wanted = f"{guest_address(one.args['network'])}:{leads_to}"
        if found is None or found.target != wanted:
            yield f"tcp {port} is to lead to {wanted} and leads to {found and found.target}"
            continue
        if found.listens.partition("/")[0] != one.args.get("listen_address", "0.0.0.0"):  # noqa: S104 - compared
            yield f"tcp {port} listens on {found.listens}"
        if not all(source.partition("/")[0] in found.sources for source in one.args.get("sources", ())):
            yield f"tcp {port} is open to {found.sources or 'anybody'}"
        if after.reached[port] != after.leads_to(port):
            yield f"tcp {port} reaches '{after.reached[port]}' and not '{after.leads_to(port)}'"
