"""The texts of the secrets that a run was told, for no line, no error and no output to repeat."""

import threading
from collections.abc import Iterable, Mapping


class Secrets:
    """What is secret in any resource of the run. Calls may come from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._texts: frozenset[str] = frozenset()

    def keep(self, texts: Iterable[str]) -> None:
        """Take note of more of them."""
        with self._lock:
            self._texts = self._texts.union(texts)

    def redacted(self, text: str) -> str:
        """A text with each of them replaced."""
        from virtnet.spec.text import redact  # no text is shown where nothing changes

        return redact(text, self._texts)

    def repeated_in(self, values: Mapping[str, object]) -> frozenset[str]:
        """The names of the values that hold one of them, at any depth."""
        from virtnet.spec.text import strings

        held = {name: strings(value) for name, value in values.items()}
        return frozenset(name for name, texts in held.items() if any(self.redacted(text) != text for text in texts))
