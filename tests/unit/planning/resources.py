"""A resource of nothing but what a test is about: how it is observed and planned."""

from collections.abc import Callable, Iterable

from tests.kinds import IN_KINDS

from virtnet.planning.clients.clients import Clients
from virtnet.planning.findings import Note
from virtnet.planning.plan import Plan
from virtnet.planning.resource import Resource
from virtnet.spec.part import Part, Values

DESIRED = {"name": "lab", "uri": "test:///"}


def resource(
    *,
    observe: Callable[[Clients, Values | None, Values], str],
    plan: Callable[[Values | None, Values | None, str | None], Plan],
    foresee: Callable[[Clients, Values], Iterable[Note]] | None = None,
) -> Resource[str]:
    """It takes all inputs, and its outputs are its inputs."""
    return Resource(
        messages=lambda: IN_KINDS,
        name="Kind",
        subject="kind",
        spec=Part,
        description="",
        outputs_spec=Part,
        settled=frozenset(),
        predict=lambda recorded, desired: {},
        check=lambda inputs, recorded: (dict(inputs), []),
        observe=observe,
        plan=plan,
        foresee=foresee,
        outputs=lambda inputs, recorded, observed: dict(inputs),
        recorded_inputs=dict,
        identity=lambda outputs: "id",
    )
