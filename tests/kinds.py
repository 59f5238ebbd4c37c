"""Resources that say kinds and details instead of sentences, for tests of who is told what, whatever the words."""

from dataclasses import replace
from typing import Any

from virtnet.network.resource import NETWORK
from virtnet.planning import lifecycle, messages
from virtnet.planning.findings import Advice, Message, Messages, Subject
from virtnet.planning.plan import Change
from virtnet.planning.resource import Resource
from virtnet.spec.failures import Failure
from virtnet.spec.part import Values


def said(message: Message | Failure) -> str:
    """A value as these resources say it."""
    return f"{message.kind.name} {dict(message.details)}"


IN_KINDS = Messages(
    sentence=said,
    advice=lambda refusal: Advice(said(refusal)),
    failure=lambda failure, **_: said(failure),
    replacement="is replaced",
)

NETWORK_IN_KINDS = replace(NETWORK, messages=lambda: IN_KINDS)

KIND_NAMES = Messages(
    sentence=lambda message: message.kind.name,
    advice=lambda refusal: Advice(refusal.kind.name),
    failure=lambda failure, **_: failure.kind.name,
    replacement="",
)
"""Kinds by their names alone."""

FORWARDING = Subject("IP forwarding", None, None)


def preview_lines(
    resource: Resource[Any],
    recorded: Values | None,
    desired: Values,
    connect: lifecycle.Connect,
    changes: tuple[Change, ...] = (),
) -> list[str]:
    """What a reviewer reads, as the adapters print it."""
    found = lifecycle.preview(resource, recorded, desired, connect, changes)
    return list(messages.lines(found, resource.messages()))
