"""A stack without an engine: the same words as of tests.acceptance.stack.Stack, so that tests read alike."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.hosts.sandboxed import Host
from tests.integration.engine import Command, Declaration, Recorded
from tests.integration.forks import Forks


class Stack:
    """A stack with a state of its own, and a list of resources in the place of a program."""

    def __init__(self, host: Host, forks: Forks, name: str = "test") -> None:
        self.host = host
        self.name = name
        self.config: dict[str, str] = {}
        self.failed = False
        """Whether the last command failed."""
        self._forks = forks
        self._program: Sequence[Declaration] = ()
        self._state: dict[str, Recorded] = {}

    def declare(self, *resources: Mapping[str, Any]) -> None:
        """Take the place of the program: dicts with type, name, args and depends_on."""
        self._program = resources

    def network(self, name: str, /, **args: Any) -> None:
        """Declare one network and nothing else."""
        self.declare({"type": "LibvirtNetwork", "name": name, "args": args})

    def preview(self, *, check: bool = True) -> str:
        """What a preview prints: the provider's own lines, and each failure."""
        return self._run("preview", check=check)[0]

    def up(self, *, check: bool = True) -> str:
        """What `pulumi up --skip-preview` prints."""
        return self._run("up", check=check)[0]

    def refresh(self, *, check: bool = True) -> str:
        """What a refresh prints, and each output that is another now."""
        return self._run("refresh", check=check)[0]

    def destroy(self, *, check: bool = True) -> str:
        """What a destroy prints."""
        return self._run("destroy", check=check)[0]

    def unchanged(self) -> bool:
        """Whether a preview shows no change, and a refresh finds none."""
        preview, to_change = self._run("preview", check=True)
        if to_change:
            print(preview)  # noqa: T201 - shown by pytest when the assertion fails
        return self.finds_nothing() and not to_change

    def finds_nothing(self) -> bool:
        """Whether a refresh finds no change."""
        refresh, found_changed = self._run("refresh", check=True)
        if found_changed:
            print(refresh)  # noqa: T201 - shown by pytest when the assertion fails
        return not found_changed

    def outputs(self, name: str) -> dict[str, Any]:
        """The recorded outputs of a resource."""
        outputs: dict[str, Any] = self._state[name]["outputs"]
        return outputs

    def resources(self) -> Sequence[str]:
        """The names of the resources in the state."""
        return list(self._state)

    def program(self, printed: str) -> None:
        """Declare what a program of the user's declares."""
        self._program = self._forks.program(printed)

    def forget(self, name: str) -> None:
        """Drop a resource from the state, as `pulumi state delete` does."""
        del self._state[name]

    def _run(self, verb: str, *, check: bool) -> tuple[str, list[str]]:
        command = Command(verb, self.name, self._program, self._state, self.config)
        done = self._forks.run(self.host.pid, self.host.directory, command)
        self._state, self.failed = done["state"], done["failed"]
        text: str = done["text"]
        assert not (check and self.failed), f"{verb} failed:\n{text}"
        return text, done["changes"]
