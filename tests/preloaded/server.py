"""The process that has imported what Pulumi's Pythons import, and forks for each that is to be started.

Nothing runs in this process itself, so that it has one thread and no connection when it forks. gRPC starts its threads
with the first channel or server, in the fork.
"""

import ast
import atexit
import contextlib
import ctypes
import gc
import importlib
import io
import os
import pkgutil
import select
import signal
import socket
import struct
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, NoReturn

from tests.control_group import OF_THE_CALLER, join
from tests.hosts.entered import enter
from tests.preloaded import keeper
from tests.preloaded.running import running

ADDRESS = "VIRTNET_PRELOADED"
"""The variable that names the server's socket to whoever may ask it."""
OF_KEYS = ".keys"
"""What follows the name of the socket in that of the one where the state's keys are asked for."""
STARTED_BY = "VIRTNET_STARTED_BY"
"""The variable in which a fork finds the process that it stands for, as it is no child of the one that started that."""
#: What Pulumi's own programs import, and ours with all that is in them; some of it late, as gRPC and pydantic do.
MODULES = (
    "argparse",
    "asyncio",
    "dill",
    "grpc",
    "grpc._channel",
    "grpc._interceptor",
    "grpc._server",
    "grpc.experimental",
    "importlib.metadata",
    "libvirt",
    "pulumi",
    "pulumi.dynamic",
    "pulumi.runtime._grpc_settings",
    "pydantic.plugin._loader",
    "resource",
    "runpy",
)
PACKAGES = ("pulumi_virtnet", "virtnet")
#: The server's own script has the name of the one that is at the bottom of a program's stack.
SCRIPT = Path(__file__).with_name("pulumi-language-python-exec")
#: What a process has of its own beside its namespaces (proc_pid_status(5)); with another, Python is started there.
RIGHTS = ("Uid:", "Gid:", "CapBnd:", "NoNewPrivs:")
#: So that a fork can write the command line that it stands for over its own, this one is long.
ROOM = "-" * 1000
#: The answer to who may do other things than this process.
DECLINED = b"\xff" * 4


@contextlib.contextmanager
def preloaded(directory: Path | None = None) -> Iterator[None]:
    """Have such a process for all that is started until the block is left: one for all who give the same directory."""
    with contextlib.ExitStack() as stack:
        place = directory or stack.enter_context(tempfile.TemporaryDirectory(prefix="virtnet-preloaded."))
        address = f"{place}/pythons"
        stack.enter_context(running(address, str(SCRIPT), address, ROOM))
        os.environ[ADDRESS] = address
        stack.callback(os.environ.pop, ADDRESS, None)
        yield


def forked(address: str) -> list[str]:
    """Fork for each connection, until standard input ends; returns in each fork, with the arguments of a Python."""
    _import_all()
    gc.collect()
    gc.freeze()  # a fork that looked for garbage would copy it all
    assert len(list(Path("/proc/self/task").iterdir())) == 1, "a fork has one thread, whatever the others hold"
    name = _command_line()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as keys:
        for listening, place in ((server, address), (keys, address + OF_KEYS)):
            Path(place).unlink(missing_ok=True)
            listening.bind(place)
            listening.listen(64)
        print("ready", flush=True)  # noqa: T201
        while True:
            readable, _, _ = select.select([server.fileno(), keys.fileno(), 0], [], [])
            if 0 in readable:
                os._exit(0)
            if keys.fileno() in readable:
                keeper.answer(keys.accept()[0])
                continue
            connection, _ = server.accept()
            if os.fork() == 0:
                server.close()
                keys.close()
                return _served(connection, name)
            connection.close()


def _import_all() -> None:
    for name in MODULES:
        importlib.import_module(name)
    for package in map(importlib.import_module, PACKAGES):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)


def _served(connection: socket.socket, name: tuple[int, int]) -> list[str]:
    """In the first fork: enter the namespaces, fork once more, as only children are in the pid namespace, and wait."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    asking = struct.unpack("iii", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
    header, descriptors, _, _ = socket.recv_fds(connection, 4, 3)
    request = b""
    while len(request) < int.from_bytes(header, "big"):
        request += connection.recv(1 << 16)
    pid, directory, arguments, environment = ast.literal_eval(request.decode())
    if _rights(asking) != _rights(os.getpid()):
        connection.sendall(DECLINED)
        os._exit(0)
    join(environment.get(OF_THE_CALLER, ""))
    enter(asking, directory)
    child = os.fork()
    if child == 0:
        connection.close()
        for number, descriptor in enumerate(descriptors):
            os.dup2(descriptor, number)
            os.close(descriptor)
        os.setpgid(0, os.getpgid(pid))
        _write_command_line(name, [sys.executable, *arguments])
        _begin(arguments, {**environment, STARTED_BY: str(pid)})
        return list(arguments)
    for descriptor in descriptors:
        os.close(descriptor)
    with contextlib.suppress(BrokenPipeError):
        connection.sendall(_status(child, connection).to_bytes(4, "big"))
    os._exit(0)


def _status(child: int, connection: socket.socket) -> int:
    """How the child ended, which is killed when who asked for it is gone."""
    ended = os.pidfd_open(child)
    readable, _, _ = select.select([connection.fileno(), ended], [], [])
    if ended not in readable:
        os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]


def _rights(pid: int) -> Sequence[str]:
    return [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith(RIGHTS)]


def _begin(arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    """In the second fork: have what Python has at its start with these arguments."""
    for number in (signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(environment)
    sys.orig_argv[:] = [sys.executable, *arguments]
    unbuffered = arguments[0] == "-u"
    sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False), encoding="utf-8")
    sys.stdout = _output(1, unbuffered=unbuffered)
    sys.stderr = _output(2, unbuffered=True)
    sys.argv = list(arguments[unbuffered:])
    _go_through_python_path(sys.argv)


def program() -> tuple[CodeType, dict[str, Any]]:
    """The code that Python would run, and its module."""
    if sys.argv[0] == "-c":
        source, file = sys.argv.pop(1), "<string>"
    elif sys.argv[0] == "-m":
        sys.argv.pop(0)
        source, file = "import runpy, sys; runpy._run_module_as_main(sys.argv[0])", __file__
    else:
        source, file = Path(sys.argv[0]).read_text(), sys.argv[0]
    module = sys.modules["__main__"] = ModuleType("__main__")
    if file != "<string>":
        module.__file__ = file
    return compile(source, file, "exec"), vars(module)


def end(error: BaseException | None = None) -> NoReturn:
    """End as Python does by an exception, or without one, less the taking down of all modules."""
    code: Any = 0
    if isinstance(error, SystemExit):
        code = error.code or 0
        if isinstance(code, str):
            print(code, file=sys.stderr)  # noqa: T201
            code = 1
    elif error is not None:
        code = 1
        frames = error.__traceback__
        while frames and frames.tb_frame.f_code.co_filename in (str(SCRIPT), __file__):
            frames = frames.tb_next
        traceback.print_exception(type(error), error, frames)
    if isinstance(error, KeyboardInterrupt):
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _go_through_python_path(arguments: Sequence[str]) -> None:
    """Find modules where a Python with these arguments and this environment would, and run its sitecustomize."""
    given = [place for place in os.environ.get("PYTHONPATH", "").split(os.pathsep) if place]
    further = [place for place in given if place not in sys.path]
    first = str(Path.cwd()) if arguments[0] in ("-c", "-m") else str(Path(arguments[0]).parent)
    sys.path[:1] = [first, *further]
    if any(Path(place, "sitecustomize.py").exists() for place in further):
        sys.modules.pop("sitecustomize", None)
        importlib.import_module("sitecustomize")


def _output(descriptor: int, *, unbuffered: bool) -> io.TextIOWrapper:
    raw = io.FileIO(descriptor, "w", closefd=False)
    buffer = raw if unbuffered else io.BufferedWriter(raw)
    return io.TextIOWrapper(buffer, encoding="utf-8", errors="backslashreplace", write_through=unbuffered)


def _command_line() -> tuple[int, int]:
    """Where in memory the kernel reads this process's command line, and how long it is (proc_pid_stat(5))."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    begin, end = int(fields[45]), int(fields[46])
    return begin, end - begin


def _write_command_line(place: tuple[int, int], words: Sequence[str]) -> None:
    """Have ps and pgrep find a fork by the command line it stands for."""
    begin, length = place
    text = b"\0".join(word.encode() for word in words)[: length - 1]
    ctypes.memset(begin, 0, length)
    ctypes.memmove(begin, text, len(text))
