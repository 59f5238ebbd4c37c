"""What the host reports of its IP forwarding, and what a HostForwarding's inputs mean in kernel parameters. Pure.

Imported by forwarding, which fills the report, and by the planner, which decides on it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from virtnet.forwarding_keys import IPV4, IPV6, ipv4_of, ipv6_of, is_accept_ra
from virtnet.spec import UNKNOWN, Tree


@dataclass(frozen=True, kw_only=True)
class ForwardingReport:
    """The forwarding of one host as it is now."""

    host: str
    """The host's name, for messages."""
    host_uuid: str
    values: Mapping[str, str]
    """Every forwarding parameter of the kernel, of the host and of each interface."""
    files: Mapping[str, str]
    """Paths and texts of everything that sets parameters at boot."""
    users: Mapping[str, tuple[str, ...]]
    """Who needs forwarding now, by IPV4 and IPV6, in the words of a sentence: "the active nat network 'default'"."""
    docker: bool
    routed_by_advertisement: tuple[str, ...]
    """Interfaces with routes that the kernel learnt from router advertisements."""

    @property
    def interfaces(self) -> tuple[str, ...]:
        """The names of all interfaces that have forwarding parameters."""
        names = {key.split("/")[3] for key in self.values if key.count("/") >= 4}
        return tuple(sorted(names - {"all", "default"}))


def wanted(inputs: Mapping[str, Tree]) -> dict[str, str | None]:
    """The parameters that inputs name, with their values; None for one that only the apply will know."""
    keys: dict[str, str | None] = {}
    for name, key in (("ipv4", IPV4), ("ipv6", IPV6)):
        if name in inputs:
            keys[key] = _value(inputs[name])
    for interface, group in _known(inputs.get("interfaces")).items():
        for name, value in _known(group).items():
            keys[ipv4_of(interface) if name == "ipv4" else ipv6_of(interface)] = _value(value)
    return keys


def previous_of(recorded: Mapping[str, Tree]) -> dict[str, str]:
    """The values found at create, from recorded outputs or from a plan's details."""
    previous = recorded.get("previous") or {}
    return dict(json.loads(previous) if isinstance(previous, str) else previous)


def managed(inputs: Mapping[str, Tree], previous: Mapping[str, str]) -> dict[str, str | None]:
    """The parameters that are a resource's own: those its inputs name, and the advertisements it takes care of."""
    keys = wanted(inputs)
    keys.update({key: "2" for key in previous if is_accept_ra(key)})
    return keys


def setting(inputs: Mapping[str, Tree], name: str, default: Any) -> Any:
    """One input, or what leaving it out means. May be UNKNOWN."""
    return inputs.get(name, default)


def _value(value: Tree) -> str | None:
    return None if value is UNKNOWN else "1" if value else "0"


def _known(value: Tree) -> Mapping[str, Tree]:
    return {} if value is None or value is UNKNOWN else value  # type: ignore[no-any-return]
