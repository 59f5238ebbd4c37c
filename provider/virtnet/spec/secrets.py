"""The secret texts of a run, which no line, no error and no plain output may repeat."""

import threading
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from virtnet.spec.part import Part


class Secrets:
    """The secret texts of all resources of the run. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._texts: frozenset[str] = frozenset()

    def keep(self, texts: Iterable[str]) -> None:
        """Add secret texts, and what sentences make of them."""
        told = frozenset(form for text in texts for form in (text, *_derived(text)))
        with self._lock:
            self._texts |= told

    def redacted(self, text: str) -> str:
        """A text with each secret replaced."""
        from virtnet.spec.text import redact  # no text is shown where nothing changes

        return redact(text, self._texts)

    def repeated_in(self, values: Mapping[str, object]) -> frozenset[str]:
        """The names of the values that contain a secret, at any depth."""
        from virtnet.spec.text import strings

        held = {name: strings(value) for name, value in values.items()}
        return frozenset(name for name, texts in held.items() if any(self.redacted(text) != text for text in texts))


def _derived(text: str) -> tuple[str, ...]:
    """The address and the subnet of an address with its prefix length; nothing of another text."""
    if "/" not in text:
        return ()
    import ipaddress

    try:
        interface = ipaddress.ip_interface(text)
    except ValueError:
        return ()
    return str(interface.ip), str(interface.network)


def repeating(outputs: "type[Part]", secret: Collection[str]) -> frozenset[str]:
    """The names of the outputs that hold the value of one of these inputs."""
    from virtnet.spec.part import shapes

    if not secret:
        return frozenset()
    return frozenset(shape.name for shape in shapes(outputs).values() if any(name in secret for name in shape.repeats))
