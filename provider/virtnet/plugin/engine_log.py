"""The engine's log service: lines on the line of the resource that they are about.

Nothing is ever raised from here: a line that cannot be delivered must not fail what it reports.
"""

import threading
from typing import Literal

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

Severity = Literal["DEBUG", "INFO", "WARNING", "ERROR"]

#: The engine answers at once; one that does not is gone.
SECONDS_FOR_A_LINE = 5.0


class EngineLog:
    """The log service of the engine at an address; silent without one (a plugin that is started by hand)."""

    def __init__(self, address: str = "") -> None:
        self._lock = threading.Lock()
        self._address = address
        self._service: engine_pb2_grpc.EngineStub | None = None

    def attach(self, address: str) -> None:
        """Report to the engine at another address from now on."""
        with self._lock:
            if address and address != self._address:
                self._address, self._service = address, None

    def _engine(self) -> engine_pb2_grpc.EngineStub | None:
        with self._lock:
            if self._service is None and self._address:
                self._service = engine_pb2_grpc.EngineStub(grpc.insecure_channel(self._address))
            return self._service

    def say(self, urn: str, text: str, severity: Severity = "INFO") -> bool:
        """Show a text under a resource, and keep it in the summary. Whether the engine took it."""
        return self._send(urn, text, severity, ephemeral=False)

    def progress(self, urn: str, text: str) -> None:
        """Show a text on a resource's line for as long as it is worked on."""
        self._send(urn, text, "INFO", ephemeral=True)

    def _send(self, urn: str, text: str, severity: Severity, *, ephemeral: bool) -> bool:
        engine = self._engine()
        if engine is None:
            return False
        request = engine_pb2.LogRequest(
            severity=engine_pb2.LogSeverity.Value(severity), message=text, urn=urn, ephemeral=ephemeral
        )
        try:
            engine.Log(request, timeout=SECONDS_FOR_A_LINE)
        except grpc.RpcError:
            return False
        return True
