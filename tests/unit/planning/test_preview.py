"""What a look that fails leaves of a preview: all that was found before it, and all that does not need it."""

from collections.abc import Iterator
from enum import Enum

from tests.fakes.libvirt import FakeLibvirt
from tests.unit.planning.resources import DESIRED, resource

from virtnet.errors import HostFailure
from virtnet.planning import lifecycle
from virtnet.planning.clients.clients import Clients
from virtnet.planning.findings import Note, Refusal
from virtnet.planning.plan import Plan
from virtnet.planning.resource import Resource
from virtnet.spec.part import Values


class Kind(Enum):
    TAKEN = "taken"
    FORESEEN = "foreseen"
    RESUMED = "resumed"


TAKEN, RESUMED = Refusal(Kind.TAKEN, {}), Note(Kind.RESUMED, {})


def connect(_uri: str) -> Clients:
    return Clients(libvirt=FakeLibvirt(), host=None)


def foresee(clients: Clients, desired: Values) -> Iterator[Note]:
    yield Note(Kind.FORESEEN, {"look": 1})
    yield Note(Kind.FORESEEN, {"look": 2})
    raise HostFailure("could not look a third time")


def observe(clients: Clients, desired: Values | None, recorded: Values) -> str:
    """Once what is there is looked at by its own record, the host fails."""
    if "__token" in recorded:
        raise HostFailure("could not look at what is there")
    return "there"


def planned(plan: Plan) -> Resource[str]:
    return resource(observe=observe, plan=lambda desired, recorded, observed: plan, foresee=foresee)


def test_what_was_foreseen_before_a_look_failed_is_told() -> None:
    found = lifecycle.preview(planned(Plan()), None, DESIRED, connect)

    assert found.error is None
    assert found.notes == (Note(Kind.FORESEEN, {"look": 1}), Note(Kind.FORESEEN, {"look": 2}))


def test_what_a_create_is_refused_for_is_told_where_nobody_can_say_what_a_replacement_would_be() -> None:
    plan = Plan(refusals=(TAKEN,), notes=(RESUMED,), takes=("token",), found_own=True)

    found = lifecycle.preview(planned(plan), None, DESIRED, connect)

    assert (found.error, found.refusals, found.notes, found.is_refused) == (None, (TAKEN,), (RESUMED,), True)
    assert found.if_replaced is not None
    assert (str(found.if_replaced.error), found.if_replaced.replaced) == (
        "could not look at what is there",
        found.subject,
    )


def test_anothers_is_refused_where_nobody_can_say_what_a_replacement_would_be() -> None:
    plan = Plan(refusals=(TAKEN,), held_by_other={"__token": "token"})

    found = lifecycle.preview(planned(plan), None, DESIRED, connect)

    assert (found.error, found.refusals, found.is_refused) == (None, (TAKEN,), True)
    assert found.if_moved is not None
    assert str(found.if_moved.error) == "could not look at what is there"


def test_what_may_be_created_is_not_refused_because_a_replacement_could_not_be_looked_at() -> None:
    plan = Plan(notes=(RESUMED,), takes=("token",), found_own=True)

    found = lifecycle.preview(planned(plan), None, DESIRED, connect)

    assert (found.error, found.is_refused, found.notes[0]) == (None, False, RESUMED)
