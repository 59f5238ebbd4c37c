"""The interface between what is asked of a host (client) and how that is done.

`local` does it in this process, `shell` in a shell on the host. A request is a tuple of words, its kind first:

    read:     ("read", path)  ("list", directory)  ("has", program)  ("dhcp-port",)  ("run", program, argument, …)
    execute:  ("write", path, text)  ("replace", directory, name, text)  ("remove", path)  ("end", pid, seconds)
              ("run", program, argument, …)  ("lock", path)  ("unlock",)

A read may be repeated. An execution is never repeated, even if it fails.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from virtnet.planning.clients.reads import Request

#: A service's PATH on some distributions leaves these out.
SBIN = ("/usr/local/sbin", "/usr/sbin", "/sbin")

#: `ip` and `ss` answer in milliseconds; a netlink dump that takes this long will never end.
SECONDS_FOR_A_PROGRAM = 20.0

DHCP_SERVER_PORT = 67


class HostError(NamedTuple):
    """Why a request failed."""

    number: int | None
    """The system's error number (errno); None for the failure of a program."""
    message: str
    status: int | None = None
    """What a program ended with; None if none did."""


class Answer(NamedTuple):
    """What became of one request: text, which is "" for what has none, or an error."""

    text: str = ""
    error: HostError | None = None


class ConnectionLost(Exception):
    """The way to the host broke while a request was on it; whether it was done is unknown."""


class NoAnswer(Exception):
    """The host did not answer in time."""


class Machine(Protocol):
    """One host, no matter how requests reach it."""

    @property
    def name(self) -> str:
        """The host, for messages."""

    @property
    def root_hint(self) -> str:
        """What to do where the host does not let this user, for messages."""

    def read(self, *requests: Request) -> Sequence[Answer]:
        """An answer a request, in their order. Raises Unreachable or NoAnswer."""

    def execute(self, request: Request) -> Answer:
        """Do one thing, once. Raises Unreachable before it was begun, ConnectionLost or NoAnswer after that."""
