"""A process that forks for others: started by who needs it first, and ended when the last who needed it is done.

The processes in which the tests of a run go side by side share one of each kind, as its imports take seconds of a
processor.
"""

import contextlib
import fcntl
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path


@contextlib.contextmanager
def running(address: str, *arguments: str) -> Iterator[None]:
    """Have a Python with such arguments run until the block is left, by everyone who named this address.

    It is to say "ready" when it listens at the address, and to end with its standard input.
    """
    # A pipe whose only reader is that process, and whose writers are all who need it.
    pipe = f"{address}.needed"
    with Path(f"{address}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with contextlib.suppress(FileExistsError):
            os.mkfifo(pipe, 0o600)
        needed = _needed(pipe) or _started(pipe, arguments)
    try:
        yield
    finally:
        os.close(needed)


def _needed(pipe: str) -> int | None:
    """An end of the pipe to hold, where the process runs (fifo(7))."""
    try:
        return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return None


def _started(pipe: str, arguments: Sequence[str]) -> int:
    read = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    needed = os.open(pipe, os.O_WRONLY)
    ready, said = os.pipe()
    # Nobody waits for it: it may go on when this process has ended.
    os.posix_spawn(
        sys.executable,
        [sys.executable, *arguments],
        os.environ,
        file_actions=[(os.POSIX_SPAWN_DUP2, read, 0), (os.POSIX_SPAWN_DUP2, said, 1)],
    )
    os.close(read)
    os.close(said)
    with os.fdopen(ready) as answer:
        assert answer.readline() == "ready\n", "the process that forks did not start"
    return needed
