"""The native plugin `pulumi-resource-virtnet`: the process that Pulumi's engine starts and talks to over gRPC.

The same core as the dynamic provider, in any of Pulumi's languages, with `pulumi import`, detailed diffs, outputs at
preview, functions, lines on the resource that they are about, and failures that keep what is left in the state. Nobody
imports this; it is the entry point of the script.
"""

import gc
import os
import signal
import sys
from concurrent import futures

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from virtnet.plugin.engine_log import EngineLog
from virtnet.plugin.service import CHANNEL_OPTIONS, Plugin

#: The engine says how many calls come at a time, by `--parallel`. Besides, a component waits for the calls of what is
#: inside: if components had all threads, none would be left for these calls. A thread begins when it is needed.
WORKERS = 2048

#: What is being taken back when the plugin is told to end gets this long.
SECONDS_TO_END = 60.0


def _import_the_rest() -> None:
    """Import what the verbs need, in this one thread."""
    from virtnet import connect as clients  # noqa: F401
    from virtnet.functions import catalogue  # noqa: F401
    from virtnet.planning import lifecycle  # noqa: F401
    from virtnet.plugin import struct as plugin_values  # noqa: F401
    from virtnet.spec import properties as wire  # noqa: F401


def main() -> int:
    """Serve until the engine goes away or a signal comes. The port is the first line on stdout."""
    arguments = sys.argv[1:]
    if "--help" in arguments or "-h" in arguments:
        sys.stdout.write(f"{(__doc__ or '').partition(chr(10))[0]}\nPulumi starts it; see docs/plugin.md.\n")
        return 0
    address = arguments[-1] if arguments and not arguments[-1].startswith("-") else ""
    plugin = Plugin(EngineLog(address), os.environ)
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=WORKERS), options=CHANNEL_OPTIONS)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(plugin, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    # A byte in a pipe: an event's lock may be held by this very thread, and an exception in the middle of an import can
    # make Python end by the signal (a string that is executed, as dataclasses do, marks it as not handled).
    told, tell = os.pipe()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os.write(tell, b"."))
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    # While the engine reads the line and shakes hands.
    try:
        _import_the_rest()
    finally:
        plugin.ready.set()
    os.read(told, 1)
    plugin.cancel()
    server.stop(SECONDS_TO_END).wait()
    # Python would look through everything for garbage before it ends, and the engine waits for that.
    gc.freeze()
    return 0


if __name__ == "__main__":
    sys.exit(main())
