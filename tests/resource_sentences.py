"""What tests of a resource's sentences share: how each kind reads, and that nothing depends on it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from enum import Enum
from typing import Any

from tests.fakes.host import FakeHost

from virtnet.errors import VirtnetError
from virtnet.planning import lifecycle
from virtnet.planning.clients.clients import Clients
from virtnet.planning.findings import Messages, Refusal
from virtnet.planning.resource import Resource
from virtnet.spec.failures import Failure

Makes = Mapping[type[Enum], Callable[[Any, Any], Any]]
"""By a class of kinds, what makes the value of a kind and its details."""


def failed(kind: Enum, details: Mapping[str, Any]) -> Failure:
    """The failure of some property."""
    return Failure("uri", kind, details)


def read(messages: Messages, makes: Makes, kind: Enum, details: Mapping[str, Any]) -> str:
    """The sentence of a kind."""
    value = makes[type(kind)](kind, details)
    if isinstance(value, Failure):
        return messages.failure(value)
    return str(messages.advice(value)) if isinstance(value, Refusal) else messages.sentence(value)


def carried_out(
    resource: Resource[Any],
    host: FakeHost,
    connect: Callable[[FakeHost], Clients],
    state: Callable[[FakeHost], object],
    history: Sequence[dict[str, Any]],
    fails_at: int | None,
    worded: Messages,
) -> list[object]:
    """Everything that comes of what was desired of a host in turn, and of a delete, but for what is shown."""

    def observed(connected: Clients, desired: Mapping[str, Any] | None, recorded: Mapping[str, Any]) -> Any:
        return resource.observe(connected, desired, recorded)._replace(fresh_token="a-token")

    told = replace(resource, observe=observed, messages=lambda: worded)
    came_of_it: list[object] = []
    recorded: dict[str, Any] | None = None

    def connected(_: str) -> Clients:
        return connect(host)

    def shown(line: str) -> None:
        assert line

    for desired in history:
        host.effects.log, host.effects.fail_at = [], fails_at
        came_of_it.append(told.plan(desired, recorded, told.observe(connect(host), desired, recorded or {})))
        try:
            if recorded is None:
                recorded = lifecycle.create(told, desired, connected, shown, progress=shown)
            else:
                recorded = lifecycle.update(told, recorded, desired, connected, shown, progress=shown)
        except VirtnetError as error:
            came_of_it.append(type(error))
        came_of_it += [recorded, list(host.effects.log), state(host)]
    if recorded is not None:
        host.effects.log, host.effects.fail_at = [], None
        lifecycle.delete(told, recorded, connected, shown)
        came_of_it += [list(host.effects.log), state(host)]
    return came_of_it
