"""A machine in memory: its answers are tables, and it notes what it is asked."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from virtnet.host.machine import Answer, HostError
from virtnet.planning.clients.reads import Request

NO_SUCH_FILE = HostError(2, "No such file or directory")


@dataclass
class FakeMachine:
    """Implements host.machine.Machine."""

    files: dict[str, str] = field(default_factory=dict)
    """By path. A directory is there as long as a file is in it."""
    printed: dict[Request, str] = field(default_factory=dict)
    """What programs print, by their arguments, the program first. Each of them is installed."""
    fails: bool = False
    """Whether programs fail for now."""
    trips: list[tuple[Request, ...]] = field(default_factory=list)
    """What was asked at once, in order."""
    name: str = "far"
    root_hint: str = "run as root"

    def read(self, *requests: Request) -> Sequence[Answer]:
        self.trips.append(requests)
        return [self._answer(request) for request in requests]

    def execute(self, request: Request) -> Answer:
        raise AssertionError(f"{request} was executed, and no test declared it")

    @property
    def asked(self) -> list[Request]:
        return [request for trip in self.trips for request in trip]

    @property
    def programs(self) -> list[str]:
        """The programs that were run, with their arguments."""
        return [" ".join(request[1:]) for request in self.asked if request[0] == "run"]

    def _answer(self, request: Request) -> Answer:
        kind, *words = request
        if kind == "run":
            return Answer(error=HostError(None, "cannot fork")) if self.fails else Answer(self.printed[tuple(words)])
        if kind == "has":
            return Answer("/usr/sbin/there" if words[0] in {command[0] for command in self.printed} else "")
        if kind == "dhcp-port":
            return Answer()
        if kind == "list":
            inside = {path[len(words[0]) + 1 :].partition("/")[0] for path in self.files if path.startswith(words[0])}
            return Answer("".join(f"{name}/" for name in sorted(inside)))
        text = self.files.get(words[0])
        return Answer(error=NO_SUCH_FILE) if text is None else Answer(text)
