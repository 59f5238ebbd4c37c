"""A process that has imported Pulumi's SDK and the provider, and forks for each process that Pulumi's engine starts.

The engine is the real one, with its own command line. Of what a command takes, most is the start of three Pythons; here
a program found on PATH under the names of Pulumi's plugins (`SCRIPT`) tells the warm process who is wanted, and passes
on what the fork prints. The fork runs what the real process runs: `pulumi.dynamic.__main__`, `virtnet.plugin.main`, and
a program with the SDK's own `run_in_stack`. The language host, in Pulumi a Go program, is `Language` below.

A fork is told by its environment what a command is to suffer: VIRTNET_STEPS and VIRTNET_KILL are those of
`tests/campaigns/faults/stop/sitecustomize.py`.
"""

import asyncio
import gc
import importlib
import importlib.util
import io
import os
import pkgutil
import queue
import runpy
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable
from concurrent import futures
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
import pulumi
import pulumi.dynamic
import pulumi.runtime.stack
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

import virtnet

#: Stands on PATH under the name of each plugin. The engine ends it, and with that its connection.
SCRIPT = """\
#!/bin/bash
exec 3<>/dev/tcp/127.0.0.1/{port}
printf '%s\\0' "$$" "${{0##*/}}" "$@" >&3
printf '\\0' >&3
exec cat <&3
"""
STOPPER = Path(__file__).parents[1] / "faults" / "stop" / "sitecustomize.py"


class Language(language_pb2_grpc.LanguageRuntimeServicer):
    """Runs Python programs, in the thread that calls `work`."""

    def __init__(self) -> None:
        self._programs: queue.Queue[tuple[Any, queue.Queue[Any]]] = queue.Queue()

    def GetPluginInfo(self, _request: Any, _context: Any) -> Any:  # noqa: N802 - the protocol's names
        """A version."""
        return plugin_pb2.PluginInfo(version="3.78.0")

    def GetRequiredPackages(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """None: what is on PATH is found when it is needed."""
        return language_pb2.GetRequiredPackagesResponse()

    def GetRequiredPlugins(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """None, likewise."""
        return language_pb2.GetRequiredPluginsResponse()

    def InstallDependencies(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """Nothing to install."""
        return iter(())

    def Cancel(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """The process is ended next."""
        return empty_pb2.Empty()

    def Run(self, request: Any, _context: Any) -> Any:  # noqa: N802
        """What came of the program."""
        answer: queue.Queue[Any] = queue.Queue()
        self._programs.put((request, answer))
        return answer.get()

    def work(self) -> None:
        """Run the programs that are asked for, until the process ends."""
        while True:
            request, answer = self._programs.get()
            answer.put(_run_program(request))


def _run_program(request: Any) -> Any:
    """As `pulumi-language-python-exec` does."""
    runtime = pulumi.runtime
    runtime.set_all_config(dict(request.config), list(request.configSecretKeys))
    runtime.configure(
        runtime.Settings(
            monitor=request.monitor_address,
            project=request.project,
            stack=request.stack,
            parallel=request.parallel,
            dry_run=request.dryRun,
            organization=request.organization,
        )
    )
    os.chdir(request.info.program_directory or request.pwd)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    program = str(Path.cwd() / "__main__.py")
    try:
        loop.run_until_complete(runtime.run_in_stack(lambda: (runpy.run_path(program, run_name="__main__"), None)[1]))
    except pulumi.RunError as error:
        return language_pb2.RunResponse(error=str(error))
    except Exception:  # the program's own
        print(traceback.format_exc(limit=-1), flush=True)
        return language_pb2.RunResponse(error="the program raised", bail=False)
    finally:
        loop.close()
    return language_pb2.RunResponse()


def _language(_arguments: list[str]) -> None:
    language = Language()
    server = grpc.server(futures.ThreadPoolExecutor(4))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(language, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    language.work()


def _dynamic(_arguments: list[str]) -> None:
    runpy.run_module("pulumi.dynamic", run_name="__main__", alter_sys=True)


def _native(arguments: list[str]) -> None:
    from virtnet.plugin.main import main

    sys.argv = ["pulumi-resource-virtnet", *arguments]
    main()


PLUGINS: dict[str, Callable[[list[str]], None]] = {
    "pulumi-language-python": _language,
    "pulumi-resource-pulumi-python": _dynamic,
    "pulumi-resource-virtnet": _native,
}


def _fork(connection: socket.socket) -> None:
    """Become the plugin that a script asks for."""
    given = b""
    while not given.endswith(b"\0\0"):
        given += connection.recv(1 << 16)
    pid, name, *arguments = given.decode().removesuffix("\0\0").split("\0")
    place = Path("/proc", pid)
    environment = place.joinpath("environ").read_bytes().decode().split("\0")
    os.chdir(place.joinpath("cwd").readlink())
    os.environ.clear()
    os.environ.update((name, value) for name, _, value in (entry.partition("=") for entry in environment) if name)
    log = os.environ.get("WALK_LOG")
    if log:
        with Path(log).open("a") as noted:
            noted.write(f"{os.getpid()} {name}\n")
    os.dup2(connection.fileno(), 1)
    os.dup2(connection.fileno(), 2)
    sys.stdout = io.TextIOWrapper(os.fdopen(1, "wb", 0), write_through=True)
    sys.stderr = io.TextIOWrapper(os.fdopen(2, "wb", 0), write_through=True)
    threading.Thread(target=_end_with, args=(connection,), daemon=True).start()
    if os.environ.get("VIRTNET_STEPS") and name.startswith("pulumi-resource"):
        _install_stopper(int(pid))
    PLUGINS[name](arguments)


def _end_with(connection: socket.socket) -> None:
    """Be told by SIGINT, as the engine tells its plugins, that the script has ended."""
    with suppress(OSError):
        connection.recv(1)
    os.kill(os.getpid(), signal.SIGINT)


def _engine(script: int) -> int:
    """The engine's process, which has started the script."""
    pid = script
    while Path(f"/proc/{pid}/comm").read_text().strip() != "pulumi":
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return pid


def _install_stopper(script: int) -> None:
    engine = _engine(script)
    spec = importlib.util.spec_from_file_location("stopper", STOPPER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    vars(module)["_pulumi"] = lambda: engine  # a fork's ancestor is the warm process
    stopper = module.Stopper(os.environ["VIRTNET_STEPS"], os.environ.get("VIRTNET_KILL", ""))
    sys.addaudithook(stopper.hear)
    threading.setprofile(stopper.watch)


def main(directory: str) -> None:
    """Write the scripts into a directory, and fork for each that is run, until killed."""
    ours = (module.name for module in pkgutil.walk_packages(virtnet.__path__, "virtnet."))
    for name in (*ours, "dill", "pulumi_virtnet.native"):
        importlib.import_module(name)
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(64)
        for name in PLUGINS:
            script = Path(directory, name)
            script.write_text(SCRIPT.format(port=server.getsockname()[1]))
            script.chmod(0o755)
        gc.collect()
        gc.freeze()  # a fork that looked for garbage would copy it all
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
        print("ready", flush=True)
        while True:
            connection, _ = server.accept()
            if os.fork() == 0:
                server.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                signal.signal(signal.SIGINT, signal.default_int_handler)
                code = 1
                try:
                    _fork(connection)
                    code = 0
                except KeyboardInterrupt:
                    code = 0
                except BaseException:
                    traceback.print_exc()
                finally:
                    os._exit(code)
            connection.close()


if __name__ == "__main__":
    main(sys.argv[1])
