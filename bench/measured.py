"""One command, timed, with the most memory that it and a provider's process took meanwhile, and what it printed."""

import os
import resource
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SECONDS_BETWEEN_LOOKS = 0.25


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one command took."""

    seconds: float
    processor: float = 0.0
    """Seconds of a processor that it and all that it started took, which a busy machine does not change much."""
    provider_mib: float = 0.0
    """The most memory of one provider process (its VmHWM); 0 where there was none."""
    whole_mib: float = 0.0
    """The most memory of the command and everything it started, together (sum of PSS)."""
    output: str = ""


def run(command: Sequence[str], *, directory: Path, environment: Mapping[str, str], provider: str) -> Run:
    """Run a command to its end. `provider` is a part of the provider process's command line. Raises when it fails."""
    memory = _Memory(provider)
    started, before = time.perf_counter(), _processor()
    # In files, so that nothing has to read while the command is timed.
    log = directory / "output.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            command, cwd=directory, env=dict(environment), stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        watch = threading.Thread(target=memory.watch, args=(process.pid,), daemon=True)
        watch.start()
        status = process.wait()
    taken = time.perf_counter() - started
    memory.stop()
    watch.join()
    text = log.read_text(errors="replace")
    if status != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {status}:\n{text[-3000:]}")
    processor = _processor() - before
    return Run(seconds=taken, processor=processor, provider_mib=memory.provider, whole_mib=memory.whole, output=text)


def _processor() -> float:
    """Seconds that children of this process took, with theirs, as far as they have ended and were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class _Memory:
    """Looks at a process and its descendants until told to stop."""

    def __init__(self, provider: str) -> None:
        self._provider = provider.encode()
        self._over = threading.Event()
        self.provider = 0.0
        self.whole = 0.0

    def stop(self) -> None:
        self._over.set()

    def watch(self, pid: int) -> None:
        while not self._over.wait(SECONDS_BETWEEN_LOOKS):
            family = descendants(pid)
            self.whole = max(self.whole, sum(_kilobytes(one, "smaps_rollup", "Pss:") for one in family) / 1024)
            for one in family:
                if self._provider and self._provider in _read(one, "cmdline"):
                    self.provider = max(self.provider, _kilobytes(one, "status", "VmHWM:") / 1024)


def descendants(pid: int) -> list[int]:
    """A process and everything it started."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):  # noqa: PTH208 - names are wanted, not paths
        stat = _read(int(entry), "stat").rpartition(b")")[2].split() if entry.isdigit() else []
        if len(stat) > 1:
            children.setdefault(int(stat[1]), []).append(int(entry))
    found = [pid]
    for one in found:
        found += children.get(one, ())
    return found


def _kilobytes(pid: int, file: str, key: str) -> int:
    for line in _read(pid, file).decode().splitlines():
        if line.startswith(key):
            return int(line.split()[1])
    return 0


def _read(pid: int, file: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{file}").read_bytes()
    except OSError:  # ended meanwhile
        return b""
