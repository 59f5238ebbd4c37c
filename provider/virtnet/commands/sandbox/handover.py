"""What the launcher passes to process 1 of a sandbox, and the words of their protocol.

Both sides import it; it runs nothing.
"""

import json
import signal
from dataclasses import asdict, dataclass

FORWARDED = (
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGUSR1,
    signal.SIGUSR2,
)
"""Signals that reach CMD when they are sent to the sandbox."""

FROM_TERMINAL = 0x80
"""Added to a signal's number when the terminal sent it: CMD, in the same process group, has it already."""

ENTERED = "virtnet-sandbox-entered"
"""Reported once the namespaces exist and process 1 runs in them."""

READY = "virtnet-sandbox-ready"
"""Reported when libvirtd answers and CMD was started: every exit code after it is CMD's."""


@dataclass(frozen=True, kw_only=True)
class Handover:
    """Everything that process 1 gets, as one JSON argument."""

    command: tuple[str, ...]
    control: int
    """Descriptor of a pipe: one byte for each signal, and its end when the launcher is gone."""
    errors: int
    """Descriptor of the caller's standard error; until CMD starts, number 2 leads to the launcher."""
    blocked: tuple[int, ...]
    """Signals that the caller had blocked, and that CMD therefore starts with blocked."""

    def to_text(self) -> str:
        """Write the argument."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> "Handover":
        """Read the argument."""
        fields = json.loads(text)
        return cls(
            command=tuple(fields["command"]),
            control=fields["control"],
            errors=fields["errors"],
            blocked=tuple(fields["blocked"]),
        )
