"""Applying a plan: refused before the first effect, or done, or taken back; and the one sentence that says which."""

import sys
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import pytest

from virtnet.errors import AccessDenied, ApplyFailed, HostFailure, Left, Refused, Unreachable
from virtnet.planning.apply import apply
from virtnet.planning.clients.clients import Clients
from virtnet.planning.findings import Advice, Messages, Refusal, Subject, Summary
from virtnet.planning.plan import Plan, Step

CLIENTS: Any = None
LAB = Subject("network", "lab", "qemu:///system")


class Doing(Enum):
    DO = "do"
    UNDO = "undo"


class Wrong(Enum):
    ONE_THING = "one thing"
    ANOTHER = "another"


MESSAGES = Messages(
    sentence=lambda message: f"{message.kind.value} {message.details['what']}",
    advice=lambda refusal: Advice(f"{refusal.kind.value} is wrong"),
    failure=lambda failure: failure.kind.name,
    replacement="",
)


@dataclass(frozen=True)
class Noted:
    """A step that notes what it does, and fails with what it is given."""

    name: str
    done: list[str] = field(default_factory=list)
    fails: Exception | None = None
    undo_fails: Exception | None = None
    taking_back: bool = False
    can_undo: bool = True

    def describe(self) -> Summary:
        return Summary(Doing.UNDO if self.taking_back else Doing.DO, {"what": self.name})

    def execute(self, clients: Clients) -> None:
        self.done.append(MESSAGES.sentence(self.describe()))
        if self.fails is not None:
            raise self.fails

    def undo(self) -> Step | None:
        return Noted(self.name, self.done, self.undo_fails, taking_back=True) if self.can_undo else None


def failing(*steps: Step) -> str:
    with pytest.raises(ApplyFailed) as raised:
        apply(Plan(steps=steps), CLIENTS, LAB, messages=lambda: MESSAGES)
    return str(raised.value)


def test_a_refused_plan_takes_no_step() -> None:
    done: list[str] = []
    plan = Plan(steps=(Noted("a", done),), refusals=(Refusal(Wrong.ONE_THING), Refusal(Wrong.ANOTHER)))

    with pytest.raises(Refused, match=r" was not changed: one thing is wrong\. another is wrong$"):
        apply(plan, CLIENTS, LAB, messages=lambda: MESSAGES)

    assert done == []


def test_the_first_step_fails_and_nothing_was_changed() -> None:
    said = failing(Noted("a", fails=HostFailure("no room")))

    assert said == "network 'lab' on qemu:///system: could not do a: no room (nothing was changed)"


def test_a_later_step_fails_and_all_is_taken_back_last_first() -> None:
    done: list[str] = []

    said = failing(Noted("a", done), Noted("b", done, can_undo=False), Noted("c", done, HostFailure("no room")))

    assert said == "network 'lab' on qemu:///system: could not do c: no room (all changes were rolled back)"
    assert done == ["do a", "do b", "do c", "undo c", "undo a"]


def test_what_cannot_be_taken_back_is_said_and_the_rest_is_tried() -> None:
    done: list[str] = []
    denied = AccessDenied("this host does not let this user do it")

    said = failing(
        Noted("a", done), Noted("b", done, undo_fails=denied), Noted("c", done, HostFailure("no room"))
    )  # fmt: skip

    assert said == (
        "network 'lab' on qemu:///system: could not do c: no room (not everything was rolled back: could not undo "
        "b: this host does not let this user do it)"
    )
    assert done[-1] == "undo a"


def test_what_is_left_is_told_by_kinds_and_errors() -> None:
    denied, lost = AccessDenied("not allowed"), Unreachable("gone")

    with pytest.raises(ApplyFailed) as raised:
        apply(
            Plan(
                steps=(Noted("a"), Noted("b", undo_fails=lost), Noted("c", undo_fails=denied, fails=HostFailure("x")))
            ),
            CLIENTS,
            LAB,
            messages=lambda: MESSAGES,
        )

    assert raised.value.left == (
        Left(Doing.UNDO, {"what": "c"}, denied),
        Left(Doing.UNDO, {"what": "b"}, lost),
        Left(Doing.UNDO, {"what": "a"}, None),
    )


def test_a_host_that_is_lost_is_asked_once_and_said_once() -> None:
    done: list[str] = []
    lost = Unreachable("libvirt cannot be reached")

    said = failing(Noted("a", done), Noted("b", done, Unreachable("the connection was lost"), undo_fails=lost))

    assert said == (
        "network 'lab' on qemu:///system: could not do b: the connection was lost (not everything was rolled back: "
        "could not undo b: libvirt cannot be reached; did "
        "not try to undo a; run pulumi up when the host can be reached again)"
    )
    assert "undo a" not in done


def test_an_interruption_takes_everything_back_too() -> None:
    done: list[str] = []

    with pytest.raises(KeyboardInterrupt):
        apply(Plan(steps=(Noted("a", done), _Interrupted())), CLIENTS, LAB, messages=lambda: MESSAGES)

    assert done == ["do a", "undo a"]


class _Interrupted:
    def describe(self) -> Summary:
        return Summary(Doing.DO, {"what": "an interruption"})

    def execute(self, clients: Clients) -> None:
        raise KeyboardInterrupt

    def undo(self) -> None:
        return None


HEARD: list[tuple[str, object]] = []


def hear(event: str, arguments: tuple[object, ...]) -> None:
    if event.startswith("virtnet."):
        HEARD.append((event, arguments[0]))


def test_audit_hooks_hear_of_each_step_and_of_nothing_that_is_taken_back() -> None:
    one, two = Noted("a"), Noted("b", fails=HostFailure("no room"))
    sys.addaudithook(hear)
    HEARD.clear()

    failing(one, two)

    assert [(f"virtnet.step.{when}", step) for step in (one, two) for when in ("begin", "end")] == HEARD
