"""`make audit` asks of every locked package, says what was found, and never takes silence for good news."""

import json
import os
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[3]
ADVISORY = {
    "id": "PYSEC-2026-1",
    "modified": "2026-01-01T00:00:00Z",
    "summary": "an entity is expanded",
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "lxml"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99"}]}],
        }
    ],
}


class Service(HTTPServer):
    """A service that speaks OSV's API and knows one advisory, of the packages in `vulnerable`."""

    def __init__(self, *vulnerable: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.vulnerable = vulnerable
        self.asked: list[str] = []


class _Handler(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        queries = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
        names = [query["package"]["name"] for query in queries]
        self.server.asked += names
        known = {"vulns": [{"id": ADVISORY["id"], "modified": ADVISORY["modified"]}]}
        self._answer({"results": [known if name in self.server.vulnerable else {} for name in names]})

    def do_GET(self) -> None:
        self._answer(ADVISORY)

    def _answer(self, value: Any) -> None:
        text = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(*vulnerable: str) -> Iterator[Service]:
    with Service(*vulnerable) as service:
        thread = threading.Thread(target=service.serve_forever)
        thread.start()
        try:
            yield service
        finally:
            service.shutdown()
            thread.join()


def audit(port: int) -> "subprocess.CompletedProcess[str]":
    command = ["make", "audit", f"ARGS=--service-url http://127.0.0.1:{port}"]
    # A make that runs the tests has no say in this one.
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL")}
    # Asked once: retries would only make the tests wait.
    environment |= {"UV_HTTP_RETRIES": "0", "LC_ALL": "C"}
    return subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=120, env=environment
    )


def locked() -> set[str]:
    """The names of the packages in uv.lock, less our own."""
    names = re.findall(r'^\[\[package\]\]\nname = "(.+)"$', (REPOSITORY / "uv.lock").read_text(), re.MULTILINE)
    return set(names) - {"pulumi-virtnet"}


def test_every_locked_package_is_asked_about() -> None:
    with serving() as service:
        done = audit(service.server_port)

    assert done.returncode == 0, done.stderr
    assert set(service.asked) == locked()
    assert f"in {len(service.asked)} packages" in done.stdout + done.stderr


def test_a_package_with_a_known_vulnerability_is_named() -> None:
    with serving("lxml") as service:
        done = audit(service.server_port)

    # make's own status is 2, whatever the command's was.
    assert done.returncode == 2
    assert "audit] Error 1" in done.stderr
    assert "lxml" in done.stdout
    assert "PYSEC-2026-1: an entity is expanded" in done.stdout


def test_a_service_that_is_not_reached_is_no_good_news() -> None:
    with serving() as service:
        nobody = service.server_port

    done = audit(nobody)

    assert done.returncode == 2
    assert "audit] Error 2" in done.stderr
    assert done.stdout == ""
    assert "Connection refused" in done.stderr
