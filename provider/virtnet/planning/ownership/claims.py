"""Which resources of one run have which objects on hosts, so that none of them takes another's."""

import threading
from collections.abc import Iterable, Mapping


def key_of(values: Mapping[str, object]) -> str:
    """What tells a resource from the others of a run: its URN, or project/stack/resource where that is not told.

    `values` are inputs or outputs, also as they travel.
    """
    return str(values.get("__urn") or values.get("__owner") or "")


class Claims:
    """What this run's resources have, by the tokens in the marks. Calls may come from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys: dict[str, str] = {}

    def claim(self, token: object, key: str) -> None:
        """Note that the resource of that key has the object with this token; a resource without a token has none."""
        if isinstance(token, str) and token:
            with self._lock:
                self._keys[token] = key

    def holder(self, tokens: Iterable[str], key: str) -> str | None:
        """The key of a resource that has one of the objects, where it is another than the given one."""
        with self._lock:
            found = [self._keys.get(token, key) for token in tokens]
        return next((one for one in found if one != key), None)
