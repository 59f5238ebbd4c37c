"""plan(desired, recorded, observed) of a HostForwarding: which parameters and which file change, and why not. Pure.

Every write is played through the kernel's own rules first (forwarding_keys.after_write), so the plan knows what a
write will do to other interfaces, puts back only what was someone's choice, and never writes a value that will be
there anyway. Imported by forwarding.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from virtnet.boot_sysctl import KERNEL_DEFAULT, assignments, by_procps, by_systemd
from virtnet.drop_in import DIRECTORY, DropIn, parse, path_of, render
from virtnet.forwarding_keys import (
    IPV4,
    IPV4_ALIAS,
    IPV6,
    accept_ra_of,
    after_write,
    in_writing_order,
    interface_of,
    is_accept_ra,
    is_ipv6,
    is_on,
    shown,
    touched_by,
    whole_of,
)
from virtnet.forwarding_report import (
    ForwardingReport,
    managed,
    previous_of,
    project,
    setting,
    wanted,
)
from virtnet.forwarding_steps import RemoveDropIn, WriteDropIn, WriteSysctl
from virtnet.ownership import differences
from virtnet.plan import Change, ChangeClass, Plan, Step
from virtnet.spec import UNKNOWN, Tree
from virtnet.spec_forwarding import HostForwardingSpec

WHOLE_HOST = (IPV4, IPV6)


def plan(
    desired: Mapping[str, Tree] | None,
    recorded: Mapping[str, Tree] | None,
    observed: ForwardingReport | None,
) -> Plan:
    """What to do, and what differs. None as observed means: just as recorded, so nothing but changes matters."""
    if desired is None:
        if observed is None or recorded is None:
            return Plan()
        return _delete(recorded, observed)
    if observed is None:
        return Plan(changes=_changes(desired, recorded or {}))
    return _Converging(desired, recorded or {}, observed).plan()


def _changes(desired: Mapping[str, Tree], found: Mapping[str, Tree]) -> tuple[Change, ...]:
    changes = differences(HostForwardingSpec, desired, found)
    if found and desired.get("__owner", "") != found.get("__owner", ""):
        changes += (Change(path="drop_in", kind="change", change_class=ChangeClass.LIVE, detail="its owner"),)
    return changes


@dataclass
class _Writes:
    """Steps for kernel parameters, and what the kernel will hold after them."""

    values: dict[str, str]
    steps: list[Step] = field(default_factory=list)

    def write(self, key: str, value: str, *, exactly: bool = False) -> bool:
        """Add a step, unless the value will be there anyway. Any non-zero value is as good as another."""
        now = self.values.get(key)
        if now is None or now == value or (not exactly and is_on(now) == is_on(value)):
            return False
        touched = touched_by(self.values, key)
        self.steps.append(WriteSysctl(key, value, tuple((name, self.values[name]) for name in touched)))
        self.values = after_write(self.values, key, value)
        return True

    def lost_by(self, key: str, value: str) -> dict[str, str]:
        """Values that writing `key`, and later writing back what it holds now, would not bring back."""
        there = after_write(self.values, key, value)
        back = after_write(there, key, self.values[key])
        return {name: held for name, held in self.values.items() if back[name] != held}


class _Converging:
    """One create or update being planned: the parameters, then the file, then what a reviewer should know."""

    def __init__(self, desired: Mapping[str, Tree], recorded: Mapping[str, Tree], observed: ForwardingReport) -> None:
        self.desired, self.recorded, self.observed = desired, recorded, observed
        self.writes = _Writes(dict(observed.values))
        self.files = dict(observed.files)
        self.refusals: list[str] = []
        self.notes: list[str] = []
        self.path = path_of(_known_text(desired.get("drop_in")))
        self.persist = setting(desired, "persist", default=True)
        self.owner = str(desired.get("__owner", ""))
        self.previous = previous_of(recorded) if recorded else self._left_behind()
        self.named = wanted(desired)
        self.targets = {key: value for key, value in self.named.items() if value is not None}

    def plan(self) -> Plan:
        """The whole of it."""
        self._refuse_what_cannot_be()
        self._preserve_advertisements()
        released = self._released()
        self._record_previous()
        parameters = self._write_parameters(released)
        drop_in = self._write_drop_in() if not self._is_unknown("persist", "drop_in") else []
        self._note_boot()
        found = project(self.recorded, self.observed) if self.recorded else {}
        return Plan(
            # The file first: it keeps the values found, should the rest be cut short.
            steps=(*drop_in, *parameters),
            changes=self._classed(_changes(self.desired, found), bool(drop_in)),
            refusals=tuple(self.refusals),
            notes=tuple(self.notes),
            details={"previous": json.dumps(self.previous, sort_keys=True)},
        )

    def _is_unknown(self, *names: str) -> bool:
        return any(self.desired.get(name) is UNKNOWN for name in names)

    def _left_behind(self) -> dict[str, str]:
        """What a create of ours that was cut short had found, from the header of the file it left."""
        left = parse(self.files.get(self.path, ""))
        return dict(left.previous) if left is not None and left.owner == self.owner != "" else {}

    def _refuse_what_cannot_be(self) -> None:
        host = self.observed.host
        for key, value in self.targets.items():
            now, interface = self.observed.values.get(key), interface_of(key)
            if now is None and not interface and is_on(value):
                self.refusals.append(f"{host} has no {shown(key)}: its kernel runs without IPv6; leave ipv6 out")
            if now is None and interface and self.persist is False:
                self.refusals.append(
                    f"{host} has no interface {interface}, and with persist false nothing would set its forwarding"
                    " when it comes; leave persist true"
                )
            elif now is None and interface:
                self.notes.append(f"{interface} is not there now; {self.path} sets its forwarding when it comes")
            if key in WHOLE_HOST and value == "0" and is_on(now) and self.observed.users[key]:
                name = "ipv6" if is_ipv6(key) else "ipv4"
                self.refusals.append(
                    f"{name} false is refused: {_and(self.observed.users[key])} of {host} needs {shown(key)} on;"
                    f" stop it first, or leave {name} out"
                )
        self.refusals += _other_owners(self.targets, self.files, self.owner, self._own_paths(), host)

    def _own_paths(self) -> set[str]:
        return {self.path, *_recorded_path(self.recorded)}

    def _preserve_advertisements(self) -> None:
        """Forwarding makes the kernel drop, on all interfaces, routes learnt by those whose accept_ra is 1."""
        going_on = [key for key in self.targets if is_ipv6(key) and self.targets[key] == "1"]
        if not going_on:
            return
        preserve = setting(self.desired, "preserve_router_advertisements", default=True)
        if preserve is True:
            self.targets.update({key: "2" for key in self.previous if is_accept_ra(key)})
        if all(is_on(self.observed.values.get(key)) for key in going_on):
            return
        for name in self.observed.routed_by_advertisement:
            if self.observed.values.get(accept_ra_of(name)) != "1":
                continue  # 2 holds already; with 0 something other than the kernel takes the advertisements
            if preserve is True:
                self.targets[accept_ra_of(name)] = "2"
            elif preserve is False:
                self.notes.append(
                    f"{name} of {self.observed.host} loses its routes learnt from router advertisements the moment"
                    " IPv6 forwarding goes on; preserve_router_advertisements keeps them"
                )

    def _released(self) -> dict[str, str]:
        """Values found at create of the parameters that are no longer named; taken out of what is remembered."""
        if self._is_unknown("interfaces"):
            return {}
        before = managed(self.recorded, self.previous) if self.recorded else {}
        names = [key for key in before if key not in self.targets and key not in self.named]
        released = {key: self.previous.pop(key) for key in names if key in self.previous}
        for key in [key for key in self.previous if _is_companion(key, before) and whole_of(key) in released]:
            released[key] = self.previous.pop(key)
        return released

    def _record_previous(self) -> None:
        for key in self.targets:
            if key in self.observed.values:
                self.previous.setdefault(key, self.observed.values[key])

    def _write_parameters(self, released: Mapping[str, str]) -> list[Step]:
        written = set()
        for key in in_writing_order(self.targets):
            value = self.targets[key]
            if key in WHOLE_HOST and key in self.writes.values and is_on(self.previous.get(key)) != is_on(value):
                # Leaving the state that was found: whatever did not follow the kernel's rule was someone's choice.
                lost = self.writes.lost_by(key, value) if not _same(self.writes.values[key], value) else {}
                for name, held in lost.items():
                    if name not in self.targets and name not in self.named:
                        self.previous.setdefault(name, held)
            if self.writes.write(key, value, exactly=is_accept_ra(key)) and key in WHOLE_HOST:
                written.add(key)
        restoring = _Restoring(released, self.observed, self.writes, self.path, self.targets)
        restoring.run()
        self.notes += restoring.notes
        for key, value in self.previous.items():
            whole = whole_of(key)
            came_back = whole in written and is_on(self.targets.get(whole)) == is_on(self.previous.get(whole))
            if came_back and key not in self.targets and key not in self.named:
                self.writes.write(key, value, exactly=True)
        return self.writes.steps

    def _write_drop_in(self) -> list[Step]:
        steps: list[Step] = []
        if self.persist is True:
            steps += self._write_own()
        for path in sorted(self._own_paths()):
            if path != self.path or self.persist is False:
                step, note = _remove(path, self.files, self.owner, self.observed.host)
                steps += [step] if step is not None else []
                self.notes += [note] if note else []
                if step is not None:
                    del self.files[path]
        return steps

    def _write_own(self) -> list[Step]:
        order = in_writing_order(self.targets)
        settings = tuple((key, self.targets[key]) for key in order)
        text = self.files.get(self.path)
        there = parse(text) if text is not None else None
        if text is not None and there is None:
            self.refusals.append(
                f"{self.path} on {self.observed.host} was not written by virtnet, or no longer is what virtnet wrote;"
                " move it away, or choose another drop_in"
            )
            return []
        if there is not None and not self._is_own(there):
            self.refusals.append(
                f"{self.path} on {self.observed.host} belongs to {_whose(there)}; choose another drop_in, or delete"
                " the other first"
            )
            return []
        content = render(DropIn(owner=self.owner, settings=settings, previous=self.previous))
        if there is not None and not there.edited and (there.owner, there.settings) == (self.owner, settings):
            return []
        self.files[self.path] = content
        return [WriteDropIn(self.path, content=content, found=text)]

    def _is_own(self, there: DropIn) -> bool:
        if self.recorded:
            return there.owner in (self.owner, str(self.recorded.get("__owner", self.owner)))
        return there.owner == self.owner != ""

    def _note_boot(self) -> None:
        """Name the file that beats ours at boot, if one does."""
        if self.persist is not True or self.path not in self.files:
            return
        interfaces = sorted({*self.observed.interfaces, *filter(None, map(interface_of, self.targets))})
        systemd, procps = by_systemd(self.files, interfaces), by_procps(self.files, interfaces)
        for key, value in self.targets.items():
            at_boot, by_hand = systemd[key], procps[key]
            if not _same(at_boot.value, value):
                place = "the kernel's default" if at_boot.source == KERNEL_DEFAULT else at_boot.source
                self.notes.append(
                    f"the next boot gives {shown(key)} = {at_boot.value}, not {value}: {place} beats {self.path};"
                    " change that file, or choose a drop_in whose name sorts after it"
                )
            elif not _same(by_hand.value, value):
                self.notes.append(
                    f"`sysctl --system` gives {shown(key)} = {by_hand.value} by {by_hand.source}, unlike the next boot"
                    " by systemd-sysctl; take the line out of that file"
                )

    def _classed(self, changes: tuple[Change, ...], drop_in: bool) -> tuple[Change, ...]:
        """Changes with what the host says: the same host makes a new uri a spelling."""
        same_host = self.recorded.get("host_uuid") == self.observed.host_uuid
        changes = tuple(
            replace(change, change_class=ChangeClass.RECORDED) if change.path == "uri" and same_host else change
            for change in changes
        )
        if drop_in and not changes:
            changes = (Change(path="persist", kind="change", change_class=ChangeClass.LIVE, detail="the drop-in"),)
        return changes


class _Restoring:
    """Parameters going back to the values found at create, as far as nobody else needs them as they are."""

    def __init__(
        self,
        released: Mapping[str, str],
        observed: ForwardingReport,
        writes: _Writes,
        path: str,
        targets: Mapping[str, str],
    ) -> None:
        self.released, self.observed, self.writes, self.targets = released, observed, writes, targets
        self.path = path
        self.notes: list[str] = []
        self.left_on: set[str] = set()

    def run(self) -> None:
        """The whole host first, then its parts, then the advertisements, which forwarding must not outlive."""
        keys = list(in_writing_order(self.released))
        wholes = [key for key in keys if key in WHOLE_HOST]
        advertisements = [key for key in keys if is_accept_ra(key)]
        for key in wholes:
            if not self._stays_on(key):
                self.writes.write(key, self.released[key], exactly=True)
        for key in keys:
            if key not in wholes and key not in advertisements and not self._follows(key):
                self.writes.write(key, self.released[key], exactly=True)
        for key in advertisements:
            if IPV6 not in self.left_on:
                self.writes.write(key, self.released[key], exactly=True)

    def _stays_on(self, key: str) -> bool:
        """Whether a parameter found off must stay on; says why."""
        if is_on(self.released[key]) or not is_on(self.writes.values.get(key)):
            return False
        reasons = self._reasons(whole_of(key))
        if not reasons:
            return False
        self.left_on.add(key)
        self.notes.append(f"{shown(key)} stays on, though it was off before: {_and(reasons)} needs it")
        return True

    def _reasons(self, whole: str) -> tuple[str, ...]:
        docker = ("Docker (interface docker0)",) if self.observed.docker else ()
        others = {path: text for path, text in self.observed.files.items() if not _is_ours(text)}
        boot = by_systemd(others, self.observed.interfaces)[whole]
        file = (boot.source,) if is_on(boot.value) else ()
        return (*self.observed.users[whole], *docker, *file)

    def _follows(self, key: str) -> bool:
        """Whether a part stays as its whole is now: it went with the whole when it was found, or must stay on."""
        whole = whole_of(key)
        if whole in self.left_on:
            return True
        if whole in self.targets and key.endswith("/forwarding"):
            # Still managed: it goes back to what the whole gives it.
            self.writes.write(key, self.targets[whole])
            return True
        return whole not in self.released and key.endswith("/forwarding") and self._stays_on(key)


def _delete(recorded: Mapping[str, Tree], observed: ForwardingReport) -> Plan:
    if setting(recorded, "on_delete", default="restore") == "keep":
        return Plan(notes=("the values and the drop-in stay as they are: on_delete is keep",))
    previous = previous_of(recorded)
    writes = _Writes(dict(observed.values))
    restoring = _Restoring(previous, observed, writes, path_of(recorded.get("drop_in")), {})
    restoring.run()
    steps, notes = list(writes.steps), list(restoring.notes)
    for path in sorted({path_of(recorded.get("drop_in")), *_recorded_path(recorded)}):
        step, note = _remove(path, observed.files, str(recorded.get("__owner", "")), observed.host)
        steps += [step] if step is not None else []
        notes += [note] if note else []
    return Plan(steps=tuple(steps), notes=tuple(notes))


def _remove(path: str, files: Mapping[str, str], owner: str, host: str) -> tuple[Step | None, str]:
    """The step that removes our file, or why it is kept; neither where there is none."""
    text = files.get(path)
    if text is None:
        return None, ""
    there = parse(text)
    if there is None:
        return None, f"{path} on {host} is kept: it was not written by virtnet, or no longer is what virtnet wrote"
    if there.owner != owner:
        return None, f"{path} on {host} is kept: it belongs to {_whose(there)}"
    if there.edited:
        return None, f"{path} on {host} is kept: it was edited by hand; remove it when its lines are not needed"
    return RemoveDropIn(path, found=text), ""


def _other_owners(
    targets: Iterable[str], files: Mapping[str, str], owner: str, own_paths: set[str], host: str
) -> Iterator[str]:
    """Other resources' drop-ins that set the same parameters: two owners would undo each other for ever."""
    for path, text in sorted(files.items()):
        there = parse(text) if path.startswith(DIRECTORY + "/") and path not in own_paths else None
        if there is None or (there.owner == owner != ""):
            continue
        keys = {IPV4 if item.key == IPV4_ALIAS else item.key for item in assignments(text, path)}
        both = [shown(key) for key in in_writing_order(keys & set(targets))]
        if both:
            yield (
                f"{_and(both)} of {host} is managed by {_whose(there)} already ({path}); leave it to one of the two,"
                " or delete the other first"
            )


def _recorded_path(recorded: Mapping[str, Tree]) -> set[str]:
    path = recorded.get("drop_in_path")
    return {path} if isinstance(path, str) and path else set()


def _is_companion(key: str, managed_keys: Mapping[str, Any]) -> bool:
    """Whether a remembered value is there only because the whole's change would have lost it."""
    return key not in managed_keys


def _is_ours(text: str) -> bool:
    return parse(text) is not None


def _same(one: str, other: str) -> bool:
    return one == other or (is_on(one) == is_on(other) and {one, other} != {"1", "2"})


def _known_text(value: Tree) -> str | None:
    return value if isinstance(value, str) else None


def _whose(there: DropIn) -> str:
    return f"HostForwarding '{there.owner}'" if there.owner else "another HostForwarding"


def _and(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
