"""Files in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.fakes.effects import Effects


@dataclass
class FakeFiles:
    """Implements planning.host_client.Files. Only what is below the declared places may be looked at."""

    effects: Effects
    texts: dict[str, str] = field(default_factory=dict)
    """By path. A directory is there as long as a file is in it."""
    places: Sequence[str] = ()
    """Files and directories that a test expects to be looked at, whether or not they are there."""
    dangling: list[str] = field(default_factory=list)
    """Paths of links that lead nowhere."""
    removed: list[str] = field(default_factory=list)
    """Directories that were to go if nothing is in them."""

    def read_file(self, path: str) -> str | None:
        self._expect(path)
        return self.texts.get(path)

    def list_directory(self, path: str) -> Sequence[str]:
        self._expect(path)
        below = [file.removeprefix(f"{path}/") for file in (*self.texts, *self.dangling) if file.startswith(f"{path}/")]
        return sorted({name.partition("/")[0] for name in below})

    def write_file(self, path: str, content: str) -> None:
        self._expect(path)
        with self.effects.happen(f"write {path}"):
            self.texts[path] = content

    def remove_file(self, path: str) -> None:
        self._expect(path)
        with self.effects.happen(f"remove {path}"):
            del self.texts[path]

    def remove_directory(self, path: str) -> None:
        self._expect(path)
        with self.effects.happen(f"remove {path}"):
            self.removed.append(path)

    def _expect(self, path: str) -> None:
        declared = any(path == place or path.startswith(f"{place}/") for place in self.places)
        assert declared, f"{path} was looked at, and no test declared it"


@dataclass
class FakeProcesses:
    """Implements planning.host_client.Processes, by the files of /proc."""

    effects: Effects
    files: FakeFiles

    def end_process(self, pid: int) -> None:
        """As the kernel: nothing is left of it in /proc."""
        with self.effects.happen(f"end process {pid}"):
            for path in [path for path in self.files.texts if path.startswith(f"/proc/{pid}/")]:
                del self.files.texts[path]
