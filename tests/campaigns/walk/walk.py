"""One walk: operations in turn, each `up` previewed, and the host looked at before and after.

What is wrong is judged by the host (`witnesses`), against what the preview just before said.
"""

import json
import os
import random
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.campaigns.walk.machines import PLACES, Machines
from tests.campaigns.walk.operations import DOES, HARMLESS, OUTSIDE, PORTS, PROGRAM, Operation, World
from tests.campaigns.walk.promises import missing_of, unannounced, untold_guests
from tests.campaigns.walk.stacks import LONGEST, Done, Place, Stack, Up, end_plugins
from tests.campaigns.walk.witnesses import LOSSES, Sight, effects, look
from tests.hosts.sandboxed import REPOSITORY

PROJECTS = ("shop", "depot")
STOP = REPOSITORY / "tests" / "campaigns" / "faults" / "stop"
#: Mistakes of ours: what Python calls errors that nobody raised on purpose.
MISTAKES = re.compile(
    r"virtnet made a mistake|^\s*(\w+\.)*(?!VirtnetError)(Key|Attribute|Type|Value|Index|Assertion|Name)Error\b.*", re.M
)
CLEAN = """\
for pid in $(ps -eo pid=,comm= | awk '$2 ~ /^(pulumi|cat)$/ { print $1 }'); do kill -KILL $pid; done
pgrep -x libvirtd >/dev/null || { libvirtd --daemon; sleep 1; }
virsh -q net-list --all --name | while read -r network; do
  [ -n "$network" ] || continue
  virsh -q net-destroy "$network"; virsh -q net-undefine "$network"
done
systemctl disable --now -- virtnet-port-forwards.service
rm -f /etc/virtnet/port-forwards/*.nft; [ ! -e /etc/virtnet/port-forwards.sh ] || sh /etc/virtnet/port-forwards.sh links
for link in $(ls /sys/class/net | grep -E '^(plug-|vn-|virbr|vnp)'); do ip link delete $link; done
for family in inet netdev; do nft delete table $family virtnet_port_forwards; done
for version in 4 6; do ip -$version rule delete priority 767; done
sysctl -q -w net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
rm -rf /run/virtnet /etc/sysctl.d/* /etc/virtnet/* /etc/systemd/system/*; mkdir -p /run/systemd/system
"""


class _Seen:
    """What the host was like when a preview was over."""

    before: Sight
    unknown: frozenset[str] = frozenset()
    """Networks that were made by hand since."""


class Walk:
    """The stacks, what was done to them, and what was seen to be wrong."""

    def __init__(self, place: Place, machines: Machines, *, told: bool = False) -> None:
        self._place, self._machines, self._told = place, machines, told
        self.world = World({name: Stack(place.directory, name, "dynamic", place.environment) for name in PROJECTS})
        self.wrong: list[str] = []
        self.done: list[Operation] = []
        self._drifted: set[str] = set()
        """Stacks whose host changed without them since they looked at all of it."""
        self._quiet: dict[str, tuple[str, Sequence[Any], Sight]] = {}
        """By stack the program, the state and the host with which nothing was left to do."""
        self._templates = {name: self._template(stack) for name, stack in self.world.stacks.items()}
        self._stories: list[str] = []
        self.commands = 0
        self.answered = 0
        """How often a guest answered at a port of the host."""

    def _template(self, stack: Stack) -> Mapping[Path, bytes]:
        done = stack.pulumi("stack", "init", "dev", "--secrets-provider", "hashivault://tests")
        assert done.code == 0, done.text
        made = [stack.directory / "Pulumi.dev.yaml", *(self._place.directory / "state").rglob("*")]
        return {path: path.read_bytes() for path in made if path.is_file()}

    def begin(self, form: str) -> None:
        """A host without networks, and stacks without resources."""
        environment = self._place.environment_of_host
        subprocess.run(["bash", "-c", CLEAN], check=False, capture_output=True, env=environment, timeout=LONGEST)
        shutil.rmtree(self._place.directory / "state")
        for name, stack in self.world.stacks.items():
            stack.reset(self._templates[name])
            stack.form = form
        self.wrong, self.done, self._stories = [], [], []
        self._drifted = set()
        self._quiet = {}

    @property
    def story(self) -> str:
        """All that was done and came of it."""
        return "\n".join(self._stories)

    # --- Operations ---------------------------------------------------------------------------------

    def chosen(self, chance: random.Random, rounds: int) -> Iterator[Operation]:
        """Operations that fit what is there when each is asked for."""
        made = chance.random() < 0.5
        if made:
            # Who answers at a port is lost by much, so much is to happen to it.
            stack, network = (chance.choice([*names]) for names in (PROJECTS, PLACES))
            yield {"do": "add", "stack": stack, "name": "a", "network": network}
            yield {"do": "add", "stack": stack, "name": "b", "network": network, "ports": chance.choice(PORTS)}
            yield {"do": "up", "stack": stack}
            yield {"do": "by_hand", "what": "plug", "network": network}
        for number in range(made, rounds):
            if number and chance.random() < 0.35:
                yield from self._offered(chance, OUTSIDE, 1)
            yield from self._offered(chance, PROGRAM, 2 if number == 0 else chance.choice([1, 1, 2]))
            stacks = [name for name, stack in self.world.stacks.items() if stack.program or stack.records()]
            if stacks:
                yield self._some_up(chance, chance.choice(stacks))

    def _offered(self, chance: random.Random, table: Mapping[Any, int], count: int) -> Iterator[Operation]:
        for _ in range(count):
            for offer in chance.choices(list(table), weights=list(table.values()), k=20):
                found = offer(chance, self.world)
                if found is not None:
                    yield found
                    break

    def _some_up(self, chance: random.Random, stack: str) -> Operation:
        operation: dict[str, Any] = {"do": "up", "stack": stack}
        names = [one.name for one in self.world.stacks[stack].records()]
        roll = chance.random()
        if roll < 0.12 and names:
            operation["replace"] = chance.choice(names)
        elif roll < 0.18 and names:
            operation["target"] = chance.choice(names)
        elif roll < 0.22:
            operation["raises"] = True
        elif roll < 0.32:
            who = chance.choice(["provider", "libvirtd", "pulumi"])
            when = chance.choice(["before", "after"])
            operation["kill"] = [who, when, chance.choice([0, 0, 1, 1, 2, 3])]
        elif roll < 0.40:
            from tests.campaigns.walk.operations import offer_by_hand

            operation["between"] = offer_by_hand(chance, self.world)
        if (stack in self._drifted and chance.random() < 0.6) or chance.random() < 0.1:
            operation["refresh"] = True
        return operation

    def run(self, form: str, operations: Sequence[Operation]) -> Sequence[str]:
        """Begin anew and do these; what is wrong."""
        self.begin(form)
        for operation in operations:
            self.do(operation)
            if self.wrong:
                break
        return self.wrong

    def do(self, operation: Operation) -> None:
        """Do one, where it fits, and look at what came of it; a command that does not end is wrong as well."""
        try:
            self._do(operation)
        except AssertionError as error:
            self._violation(str(error))

    def _do(self, operation: Operation) -> None:
        self.done.append(operation)
        self._tell(f"## {json.dumps(operation)}")
        given = {name: value for name, value in operation.items() if name != "do"}
        if operation["do"] == "up":
            self._up(**given)
            return
        looks = operation["do"] in ("state_delete", "state_rename", "state_move", "stack_rename", "read", "bring_in")
        before = self._look() if looks else None
        done = DOES[operation["do"]](self.world, **given)
        if operation["do"] == "by_hand" and operation["what"] not in HARMLESS:
            self._drifted = set(PROJECTS)
        if operation["do"] == "bring_in":
            self._drifted |= set(PROJECTS)
        if done is not None:
            self._heard(done)
        if before is not None:
            for effect in effects(before, self._look()):
                self._violation(f"{operation['do']} has an effect on the host: {effect}")

    def _up(
        self,
        *,
        stack: str,
        replace: str = "",
        target: str = "",
        raises: bool = False,
        kill: Sequence[Any] = (),
        between: Operation | None = None,
        refresh: bool = False,
    ) -> None:
        place = self.world.stacks[stack]
        options = []
        if replace or target:
            record = next((one for one in place.records() if one.name == (replace or target)), None)
            if record is not None:
                options = ["--replace" if replace else "--target", record.urn]
        if refresh:
            options.append("--refresh")
        place.raises = raises
        self._tell(place.text())
        at_first, seen = self._look(), _Seen()

        def reviewed(preview: Done) -> None:
            seen.before = self._look()
            self._heard(preview)
            self._judge_review(at_first, seen.before)
            if between is None:
                return
            self.do(between)
            # Of what is made by hand after the preview that cannot know: a create with `adopt` takes it over.
            before, known = self._look(), seen.before.networks
            seen.unknown = frozenset({*before.networks} - {*known})
            networks = {name: one for name, one in before.networks.items() if name in known}
            seen.before = before._replace(networks=networks)

        preview, up = self._brought_up(place, options, kill, reviewed)
        if up is None:
            # The preview failed, and nothing began.
            self._heard(preview)
            self._judge_review(at_first, self._look())
            place.raises = False
            return
        self._heard(up)
        previews = [preview]
        if kill:
            previews += self._recovered(place, up, refresh=refresh)
            up = self._heard(place.pulumi("up", "--yes", "--skip-preview", *(["--refresh"] if refresh else [])))
        place.raises = False
        after = self._look()
        known = {name: one for name, one in after.networks.items() if name not in seen.unknown}
        self._judge(seen.before, after._replace(networks=known), previews, edited=between is not None)
        self._judge_others(stack, seen.before, after)
        if up.code == 0 and not raises and not target and between is None:
            if refresh:
                self._drifted.discard(stack)
            self._judge_rest(place, after)
        self._judge_marks(after)

    def _brought_up(
        self, place: Stack, options: Sequence[str], kill: Sequence[Any], reviewed: Callable[[Done], None]
    ) -> Up:
        if not kill:
            return place.up(*options, reviewed=reviewed)
        steps = self._place.directory / "steps"
        who, when, number = kill
        environment = {
            "VIRTNET_STEPS": str(steps),
            "VIRTNET_FAULT": f"{who} killed {when} {number} 0 0",
            "PYTHONPATH": os.pathsep.join([str(STOP), *filter(None, [os.environ.get("PYTHONPATH")])]),
        }
        done = place.up(*options, reviewed=reviewed, environment=environment)
        end_plugins(2.0 if who == "pulumi" else 0.3)
        killed = Path(f"{steps}.broken")
        self._tell(f"(killed: {killed.exists()})")
        killed.unlink(missing_ok=True)
        steps.unlink(missing_ok=True)
        DOES["by_hand"](self.world, what="restart libvirtd", network="lab0")
        return done

    def _recovered(self, place: Stack, up: Done, *, refresh: bool) -> Sequence[Done]:
        """What a user does after a command was killed; gives what was previewed then."""
        if "operations" in up.text or up.code < 0:
            self._heard(place.pulumi("cancel", "--yes"))
            self._heard(place.pulumi("refresh", "--yes", "--skip-preview", "--clear-pending-creates"))
        return [self._heard(place.pulumi("preview", "--json", *(["--refresh"] if refresh else [])))]

    def _heard(self, done: Done) -> Done:
        self.commands += 1
        self._tell(f"$ {done.command} -> {done.code}\n{done.shown}")
        if mistake := MISTAKES.search(done.text):
            self._violation(f"{done.command}: {mistake[0].strip()}")
        return done

    def _look(self) -> Sight:
        seen = look(self._machines)
        self.answered += sum(map(bool, seen.reached.values()))
        return seen

    # --- Judgement ---------------------------------------------------------------------------------

    def _judge_review(self, before: Sight, after: Sight) -> None:
        for effect in effects(before, after):
            self._violation(f"a preview has an effect on the host: {effect}")

    def _judge(self, before: Sight, after: Sight, previews: Sequence[Done], *, edited: bool) -> None:
        for effect in unannounced(before, after, previews):
            if not edited or effect.kind in LOSSES:
                self._violation(f"no preview named: {effect}")
        for guest in () if edited else untold_guests(before, after, previews):
            self._violation(f"no preview named who was plugged in during a restart: {guest}")

    def _judge_others(self, stack: str, before: Sight, after: Sight) -> None:
        """Whoever else has what this stack changed finds it otherwise."""
        found = list(effects(before, after))
        networks, ports = ({getattr(effect, what) for effect in found} for what in ("network", "port"))
        for name, other in self.world.stacks.items():
            own = {one.on_host for one in other.program} if name == stack else set()
            for one in other.program:
                # A forward that names no resource of its program for its network is not told what becomes of that.
                if one.kind == "PortForward":
                    of_others = name != stack and not ports.isdisjoint(one.ports)
                    drifted = of_others or one.args["network"] in networks - own
                else:
                    drifted = name != stack and one.on_host in networks
                if drifted:
                    self._drifted.add(name)

    def _judge_rest(self, place: Stack, after: Sight) -> None:
        """A success: all is there, and nothing is left to do."""
        if place.name in self._drifted:
            return
        for one in place.program:
            for missing in missing_of(one, after):
                self._violation(f"up succeeded, and of {one.name} {missing}")
        # As it was when that was asked last, it is quiet still.
        asked = (place.text(), place.recorded(), after)
        if self._quiet.get(place.name) == asked:
            return
        # In one command, which takes half the time; told apart where it is not quiet.
        if self._heard(place.pulumi("preview", "--refresh", "--expect-no-changes")).code == 0:
            self._quiet[place.name] = asked
            return
        preview = self._heard(place.pulumi("preview", "--expect-no-changes"))
        if preview.code:
            self._violation(f"a preview right after up shows changes: {preview.shown}")
        refresh = self._heard(place.pulumi("refresh", "--preview-only", "--expect-no-changes"))
        if refresh.code or not preview.code:
            self._violation(f"a refresh right after up finds changes: {refresh.shown}")

    def _judge_marks(self, after: Sight) -> None:
        records = [record for stack in self.world.stacks.values() for record in stack.records()]
        for path, token in after.tokens.items():
            holders = [one for one in records if one.token == token and one.kind == "PortForward"]
            if len(holders) > 1:
                self._violation(f"the token of {path} is in {len(holders)} records: {[one.urn for one in holders]}")
        for name, network in after.networks.items():
            if network.mark is None or network.mark.creating or not network.mark.token:
                continue
            holders = [one for one in records if one.token == network.mark.token and one.kind == "LibvirtNetwork"]
            if len(holders) > 1:
                self._violation(f"the token of {name} is in {len(holders)} records: {[one.urn for one in holders]}")

    def _violation(self, text: str) -> None:
        self.wrong.append(text)
        self._tell(f"!! {text}")

    def _tell(self, text: str) -> None:
        self._stories.append(text)
        if self._told:
            print(text, flush=True)


def shrunk(walk: Walk, form: str, tries: int = 60) -> Sequence[Operation]:
    """Of the operations of a walk that is wrong, fewer with which it still is."""
    kind = _kind(walk.wrong[0])
    best = list(walk.done)
    index = len(best) - 2
    while index >= 0 and tries > 0:
        fewer = best[:index] + best[index + 1 :]
        tries -= 1
        wrong = walk.run(form, fewer)
        if wrong and _kind(wrong[0]) == kind:
            best = fewer
        index -= 1
    return best


def _kind(text: str) -> str:
    """What a violation is of, whatever the names in it."""
    return re.sub(r"lab\d|[a-d]\b", "", text)[:45]


def workplace() -> Path:
    """A directory for a run, which the caller removes."""
    return Path(tempfile.mkdtemp(prefix="walk."))
