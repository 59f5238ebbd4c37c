"""What a preview can promise of a HostForwarding: its outputs, and what the plan means for others. Pure."""

from collections.abc import Iterator, Sequence

from virtnet.forwarding.boot_files.drop_in import path_of
from virtnet.forwarding.observed import drop_in_of
from virtnet.planning.findings import Effect, EffectKind, Note
from virtnet.spec.part import UNKNOWN, Values, as_group


def predict(recorded: Values | None, desired: Values) -> dict[str, object]:
    """The outputs that are known before a create, or an update, is done; UNKNOWN those that it may change."""
    changing = {} if recorded is None else dict.fromkeys(("runtime", "previous", "at_boot"), UNKNOWN)
    return {**changing, "drop_in_path": _drop_in_path(desired)}


def _drop_in_path(desired: Values) -> object:
    persist = desired.get("persist", True)
    if UNKNOWN in (desired.get("drop_in"), persist):
        return UNKNOWN
    return path_of(drop_in_of(desired)) if persist else ""


def effects(before: Values | None, after: Values, _notes: Sequence[Note]) -> Iterator[Effect]:
    """Where packets are forwarded from now on, and where no longer, as far as it is known."""
    was = dict(_named(before)) if before else {}
    for (family, interface), forwards in _named(after):
        if was.get((family, interface), False) is not forwards:
            kind = EffectKind.FORWARDING_ON if forwards else EffectKind.FORWARDING_OFF
            yield Effect(kind, details={"family": family, "interface": interface})


def in_brief(desired: Values) -> Iterator[str]:
    """What is on and what is off."""
    for (family, interface), forwards in _named(desired):
        yield f"{family}{f' of {interface}' if interface else ''} {'on' if forwards else 'off'}"


def _named(values: Values) -> Iterator[tuple[tuple[str, str], bool]]:
    """Whether each family is forwarded, of the whole host ("") or of an interface, as far as it is named and known."""
    named = [name for name in ("ipv4", "ipv6", "interfaces") if values.get(name) is not None]
    whole = values if named else {"ipv4": True}
    interfaces = whole.get("interfaces")
    parts = {"": whole, **(as_group(interfaces) if interfaces not in (None, UNKNOWN) else {})}
    for interface, part in parts.items():
        for name, family in (("ipv4", "IPv4"), ("ipv6", "IPv6")):
            value = UNKNOWN if part is UNKNOWN else as_group(part).get(name)
            if isinstance(value, bool):
                yield (family, interface), value
