"""plan(desired, recorded, observed) of a HostForwarding: which parameters and which file change, and why not. Pure.

How parameters are written and restored is in writes, whose a file is in drop_in_owners, and what others do
to it in notes.
"""

import json
from collections.abc import Mapping
from dataclasses import replace

from virtnet.forwarding.drop_in import DropIn, parse, path_of, render, runtime_record_of
from virtnet.forwarding.drop_in_owners import other_owners, remove, whose
from virtnet.forwarding.notes import beaten_as_recorded, overridden_at_boot, overridden_at_runtime, what_docker_does
from virtnet.forwarding.observed import (
    ForwardingReport,
    drop_in_of,
    managed,
    parameters,
    previous_of,
    project,
    setting,
    wanted,
)
from virtnet.forwarding.spec import HostForwardingSpec
from virtnet.forwarding.steps import WriteDropIn
from virtnet.forwarding.sysctl import (
    WHOLE_HOST,
    accept_ra_of,
    in_writing_order,
    interface_of,
    is_accept_ra,
    is_ipv6,
    is_on,
    shown,
    whole_of,
)
from virtnet.forwarding.writes import Restoring, SimulatedWrites, listed
from virtnet.planning.merge import differences
from virtnet.planning.plan import Change, ChangeClass, Plan, Step
from virtnet.spec.part import UNKNOWN, Values


def plan(
    desired: Values | None,
    recorded: Values | None,
    observed: ForwardingReport | None,
) -> Plan:
    """What to do, and what differs. None as observed means: just as recorded, so nothing but changes matters."""
    if desired is None:
        if observed is None or recorded is None:
            return Plan()
        return _delete(recorded, observed)
    if observed is None:
        return Plan(changes=_changes(desired, recorded or {}), notes=tuple(beaten_as_recorded(desired, recorded or {})))
    if recorded:
        reviewed_class = [change for change in _changes(desired, recorded) if change.path != "uri"]
        if all(change.change_class is ChangeClass.RECORDED for change in reviewed_class):
            # Nobody was shown that anything happens on the host, so nothing does; drift waits for a refresh.
            drifted = differences(HostForwardingSpec, recorded, project(recorded, recorded, observed))
            left = (
                f"{change.path} differs on the host and mending it is more than was reviewed; run pulumi refresh, then "
                "pulumi up"
                for change in drifted
            )
            return Plan(changes=tuple(reviewed_class), notes=tuple(left))
    return _Converging(desired, recorded or {}, observed).plan()


def _changes(desired: Values, found: Values) -> tuple[Change, ...]:
    changes = differences(HostForwardingSpec, desired, found)
    if found and desired.get("__owner", "") != found.get("__owner", ""):
        changes += (Change(path="drop_in", kind="change", change_class=ChangeClass.LIVE, detail="its owner"),)
    return changes


class _Converging:
    """One create or update being planned: the parameters, then the file, then what a reviewer should know."""

    def __init__(self, desired: Values, recorded: Values, observed: ForwardingReport) -> None:
        self.desired, self.recorded, self.observed = desired, recorded, observed
        self.writes = SimulatedWrites(dict(observed.values))
        self.files = dict(observed.files)
        self.refusals: list[str] = []
        self.notes: list[str] = []
        self.path = path_of(_known_text(desired.get("drop_in")))
        self.persist = setting(desired, "persist", default=True)
        self.owner = str(desired.get("__owner", ""))
        self.previous = {**self._left_behind(), **(previous_of(recorded) if recorded else {})}
        self.found_before = dict(self.previous)
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
        if self.persist is True and self.path in self.files and not self.refusals:
            self.notes += overridden_at_boot(self.path, self.files, self.observed, self.targets)
        self.notes += overridden_at_runtime(self.observed, self.targets)
        if drop_in or parameters:
            self.notes += what_docker_does(self.observed, self.targets)
        refuse_without_root((*drop_in, *parameters), self.observed, self.refusals)
        found = project(self.recorded, self.recorded, self.observed) if self.recorded else {}
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
        """What a create or update of ours that was cut short had found, from the header of the file or mark it left."""
        for text in (self.files.get(self.path, ""), self.observed.marks.get(runtime_record_of(self.owner), "")):
            left = parse(text)
            if left is not None and left.owner == self.owner != "":
                return parameters(left.previous)
        return {}

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
                    f"{name} false is refused: {listed(self.observed.users[key])} of {host} needs {shown(key)} on;"
                    f" stop it first, or leave {name} out"
                )
        files = {**self.files, **self.observed.marks}
        self.refusals += other_owners(self.targets, files, self.owner, self._own_paths(), host)

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
        released = {key: self.previous[key] for key in names if key in self.previous}
        # What was remembered beside a released parameter goes back with it.
        beside = [key for key in self.previous if key not in before and whole_of(key) in released]
        released.update({key: self.previous[key] for key in beside if key not in self.named})
        for key in released:
            # A part whose whole is still managed goes on being remembered: its own value may have to come back.
            if is_accept_ra(key) or whole_of(key) not in self.targets:
                del self.previous[key]
        return released

    def _record_previous(self) -> None:
        before = self.found_before
        for key in self.targets:
            now, whole = self.observed.values.get(key), whole_of(key)
            if now is None:
                continue
            if whole in before and key.endswith("/forwarding") and now == self.observed.values[whole] != before[whole]:
                # It went with the whole when we changed that: what it had is what the whole had.
                now = before[whole]
            self.previous.setdefault(key, now)

    def _write_parameters(self, released: Mapping[str, str]) -> list[Step]:
        order = in_writing_order(self.targets)
        parts = [key for key in order if key not in WHOLE_HOST and not is_accept_ra(key)]
        written = [key for key in order if key not in parts and self._write(key)]
        restoring = Restoring(released, self.observed, self.writes, self.owner, self.targets)
        restoring.run()
        self.notes += restoring.notes
        for key in parts:
            self._write(key)
        for key, value in self.previous.items():
            whole = whole_of(key)
            came_back = whole in written and is_on(self.targets[whole]) == is_on(self.previous.get(whole))
            if came_back and key not in self.named and key not in self.targets:
                self.writes.write(key, value, exactly=True)
        return self.writes.steps

    def _write(self, key: str) -> bool:
        value, now = self.targets[key], self.writes.values.get(key)
        if key in WHOLE_HOST and now is not None and is_on(self.previous.get(key)) == is_on(now) != is_on(value):
            # Leaving the state that was found: whatever did not follow the kernel's rule was someone's choice.
            for name, held in self.writes.not_restored_by(key, value).items():
                if name not in self.targets and name not in self.named:
                    self.previous.setdefault(name, held)
        return self.writes.write(key, value, exactly=is_accept_ra(key))

    def _write_drop_in(self) -> list[Step]:
        steps: list[Step] = []
        if self.persist is True:
            steps += self._write_own()
        for path in sorted(_recorded_path(self.recorded)):
            if path != self.path or self.persist is False:
                owner = str(self.recorded.get("__owner", self.owner))
                step, note = remove(path, self.files, owner, self.observed.host)
                steps += [step] if step is not None else []
                self.notes += [note] if note else []
                if step is not None:
                    del self.files[path]
        return [*steps, *self._write_mark()]

    def _write_mark(self) -> list[Step]:
        """Where no file tells it: whose the values are, and what they were, should the rest be cut short."""
        path = runtime_record_of(self.owner)
        found = self.observed.marks.get(path)
        if self.persist is True:
            step, _ = remove(path, self.observed.marks, self.owner, self.observed.host)
            return [step] if step is not None else []
        content = self._text()
        return [] if found == content else [WriteDropIn(path, content=content, found=found)]

    def _write_own(self) -> list[Step]:
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
                f"{self.path} on {self.observed.host} belongs to {whose(there)}; choose another drop_in, or delete"
                " the other first"
            )
            return []
        name = self.path.rpartition("/")[2]
        hidden = [path for path in self.files if path != self.path and path.rpartition("/")[2] == name]
        if hidden and text is None:
            self.refusals.append(
                f"{self.path} on {self.observed.host} would hide {listed(hidden)}: of two files of one name only the"
                " first counts; choose another drop_in"
            )
            return []
        if there is not None and there.edited:
            self.notes.append(f"{self.path} was edited by hand; it is written anew, and what was changed there is lost")
        content = self._text()
        if there is not None and not there.edited and (there.owner, there.settings) == (self.owner, self._settings()):
            return []
        self.files[self.path] = content
        return [WriteDropIn(self.path, content=content, found=text)]

    def _settings(self) -> tuple[tuple[str, str], ...]:
        return tuple((key, self.targets[key]) for key in in_writing_order(self.targets))

    def _text(self) -> str:
        return render(DropIn(owner=self.owner, settings=self._settings(), previous=self.previous))

    def _is_own(self, there: DropIn) -> bool:
        if self.recorded:
            return there.owner in (self.owner, str(self.recorded.get("__owner", self.owner)))
        return there.owner == self.owner != ""

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


def _delete(recorded: Values, observed: ForwardingReport) -> Plan:
    owner = str(recorded.get("__owner", ""))
    if setting(recorded, "on_delete", default="restore") == "keep":
        kept = ("the values and the drop-in stay as they are: on_delete is keep",)
        step, _ = remove(runtime_record_of(owner), observed.marks, owner, observed.host)
        return Plan(steps=(step,) if step is not None else (), notes=kept)
    previous = previous_of(recorded)
    writes = SimulatedWrites(dict(observed.values))
    restoring = Restoring(previous, observed, writes, owner, {})
    restoring.run()
    steps, notes = list(writes.steps), list(restoring.notes)
    files = {**observed.files, **observed.marks}
    for path in sorted({path_of(drop_in_of(recorded)), *_recorded_path(recorded), runtime_record_of(owner)}):
        step, note = remove(path, files, owner, observed.host)
        steps += [step] if step is not None else []
        notes += [note] if note else []
    refusals: list[str] = []
    refuse_without_root(tuple(steps), observed, refusals)
    return Plan(steps=tuple(steps), refusals=tuple(refusals), notes=tuple(notes))


def refuse_without_root(steps: tuple[Step, ...], observed: ForwardingReport, refusals: list[str]) -> None:
    """Say before the first effect, and so in a preview, that this user may not do any of it."""
    if steps and not observed.may_change:
        refusals.append(
            f"{observed.host} does not let this user set its kernel parameters; run as root, or name root in the uri"
        )


def _recorded_path(recorded: Values) -> set[str]:
    path = recorded.get("drop_in_path")
    return {path} if isinstance(path, str) and path else set()


def _known_text(value: object) -> str | None:
    return value if isinstance(value, str) else None
