"""A process that has imported the provider, and forks for each command: the fork enters a sandbox and runs it there.

A fork is what the engine's provider process is: it begins with nothing remembered and ends with the command. One that
is forked has its imports done, which take longer than most commands. Nothing runs in this process itself, so that it
has one thread and no connection when it forks.
"""

import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.control_group import OF_THE_CALLER, join
from tests.hosts.entered import enter
from tests.hosts.sandboxed import REPOSITORY
from tests.integration.engine import Command, Declaration, declarations, run
from tests.preloaded.running import running

import virtnet

PROGRAM = "import sys; sys.path[0] = sys.argv[1]; from tests.integration import forks; forks.main(sys.argv[2])"


class Forks:
    """The caller's side: commands go to the process, and what became of them comes back."""

    def __init__(self, address: str) -> None:
        self._address = address

    def run(self, pid: int, directory: Path, command: Command) -> dict[str, Any]:
        """Run a command in the namespaces of a process; gives `state`, `failed`, `changes` and `text`."""
        request = {"pid": pid, "directory": str(directory), "command": asdict(command)}
        found: dict[str, Any] = self._asked({**request, "group": os.environ.get(OF_THE_CALLER, "")})
        return found

    def program(self, text: str) -> Sequence[Declaration]:
        """What a user's program declares."""
        found: Sequence[Declaration] = self._asked({"program": text})
        return found

    def _asked(self, request: Mapping[str, Any]) -> Any:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(180)
            connection.connect(self._address)
            connection.sendall(json.dumps(request).encode())
            connection.shutdown(socket.SHUT_WR)
            answer = json.loads(_received(connection) or '{"crashed": "the fork ended without an answer"}')
        assert "crashed" not in answer, answer["crashed"]
        return answer["answer"]


@contextmanager
def forks(directory: Path) -> Iterator[Forks]:
    """Have the process until the block is left: one for all who give the same directory."""
    address = f"{directory}/forks"
    with running(address, "-c", PROGRAM, str(REPOSITORY), address):
        yield Forks(address)


def main(address: str) -> None:
    """Fork for each connection, until standard input ends."""
    for module in pkgutil.walk_packages(virtnet.__path__, "virtnet."):
        importlib.import_module(module.name)
    importlib.import_module("pydantic.plugin._loader")  # which pydantic imports at the first check
    gc.freeze()  # a fork that looked for garbage would copy it all
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    with socket.socket(socket.AF_UNIX) as server:
        Path(address).unlink(missing_ok=True)
        server.bind(address)
        server.listen(64)
        print("ready", flush=True)  # noqa: T201
        while 0 not in select.select([server.fileno(), 0], [], [])[0]:
            connection, _ = server.accept()
            if os.fork() == 0:
                server.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                _serve(connection)
            connection.close()


def _serve(connection: socket.socket) -> None:
    """In the first fork: enter the namespaces, and fork once more, as only children are in the pid namespace."""
    try:
        request = json.loads(_received(connection))
        if "program" in request:
            answer: dict[str, Any] = {"answer": declarations(request["program"])}
        else:
            join(request["group"])
            enter(request["pid"], request["directory"])
            child = os.fork()
            if child:
                os.waitpid(child, 0)
                os._exit(0)
            answer = {"answer": _outcome(request["command"])}
    except BaseException:
        answer = {"crashed": traceback.format_exc()}
    connection.sendall(json.dumps(answer).encode())
    connection.close()
    os._exit(0)


def _outcome(given: Mapping[str, Any]) -> dict[str, Any]:
    outcome, text = run(Command(**given))
    return {"state": outcome.state, "failed": outcome.failed, "changes": outcome.changes, "text": text}


def _received(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(1 << 16), b""))
