"""The outputs of a HostForwarding that a preview can promise. Pure."""

from virtnet.forwarding.boot_files.drop_in import path_of
from virtnet.forwarding.observed import drop_in_of
from virtnet.spec.part import UNKNOWN, Values


def predict(recorded: Values | None, desired: Values) -> dict[str, object]:
    """The outputs that are known before a create, or an update, is done; UNKNOWN those that it may change."""
    changing = {} if recorded is None else dict.fromkeys(("runtime", "previous", "at_boot"), UNKNOWN)
    return {**changing, "drop_in_path": _drop_in_path(desired)}


def _drop_in_path(desired: Values) -> object:
    persist = desired.get("persist", True)
    if UNKNOWN in (desired.get("drop_in"), persist):
        return UNKNOWN
    return path_of(drop_in_of(desired)) if persist else ""
