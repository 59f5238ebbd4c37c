"""The list of the kinds of resources. A new kind is one file and one entry here."""

from collections.abc import Mapping
from pkgutil import resolve_name
from typing import Any

from virtnet.planning.resource import Resource

RESOURCES: Mapping[str, str] = {
    "LibvirtNetwork": "virtnet.network.resource:NETWORK",
    "HostForwarding": "virtnet.forwarding.resource:HOST_FORWARDING",
}
"""Where the record of each kind is, by its name: a run imports those of the kinds that it has."""


def resource(kind: str) -> Resource[Any]:
    """The record of a kind. Raises KeyError where there is no such kind."""
    found: Resource[Any] = resolve_name(RESOURCES[kind])
    return found
