"""What was done to a fake, in order, and where that breaks."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Effects:
    """The effects of a host, or of a libvirt: whatever changes one of its fakes happens here."""

    error: Callable[[str], Exception]
    """The exception of an effect that fails, from what it says."""
    log: list[str] = field(default_factory=list)
    fail_at: int | None = None
    """The effect, counted from 0, that fails."""
    fail_after: bool = False
    """Whether it fails once it has happened."""
    kill_at: str = ""
    """Whoever is about to cause an effect whose name begins so is killed; "" for nobody."""
    kill_after: int | None = None
    """Whoever has caused so many more effects is killed before the next; None for nobody."""

    @contextmanager
    def happen(self, name: str) -> Iterator[None]:
        """An effect, which the caller carries out inside."""
        if self.kill_at and name.startswith(self.kill_at):
            raise KeyboardInterrupt(name)
        if self.kill_after is not None:
            self.kill_after -= 1
            if self.kill_after < 0:
                raise KeyboardInterrupt(name)
        failing = self.fail_at == len(self.log)
        self.log.append(name)
        if failing and not self.fail_after:
            raise self.error(f"{name}: declared to fail")
        yield
        if failing:
            raise self.error(f"{name}: declared to fail afterwards")
