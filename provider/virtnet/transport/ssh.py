"""The arguments of the user's own ssh. Pure; host.shell and libvirtd.ssh_tunnel run it."""

from dataclasses import dataclass
from enum import Enum, auto

from virtnet.transport.uri import SshTarget

SECONDS_TO_CONNECT = 10

#: A host that is gone is noticed after three times as many seconds, before an answer is given up.
SECONDS_BETWEEN_SIGNS_OF_LIFE = 5


@dataclass(frozen=True, kw_only=True)
class SshCommand:
    """How a program on a host is started."""

    name: str
    """The host, for messages."""
    argv: tuple[str, ...]
    user: str
    """Who that is there where it is not root, for messages."""


class SshRefusal(Enum):
    """Why ssh does not let a user in."""

    DENIED = auto()
    """The host takes none of the user's keys; or, behind it, a program may not use the daemon's socket."""
    HOST_KEY_CHANGED = auto()
    HOST_KEY_UNKNOWN = auto()


#: In this order: whoever has another key than the known one is told so, and then that it was not verified.
_REFUSALS = {
    "Permission denied": SshRefusal.DENIED,
    "has changed and you have requested strict checking": SshRefusal.HOST_KEY_CHANGED,
    "Host key verification failed": SshRefusal.HOST_KEY_UNKNOWN,
}


def ssh_refusal(stderr: str) -> SshRefusal | None:
    """Why ssh let nobody in; None if it failed otherwise.

    Told by the words of OpenSSH, which knows no language but English: it ends with 255 for every failure of its own.
    """
    return next((refusal for words, refusal in _REFUSALS.items() if words in stderr), None)


def ssh_command(target: SshTarget, remote_command: str = "exec sh") -> SshCommand:
    """The user's own OpenSSH with the user's configuration, keys, agent and known hosts; never a question.

    The remote command goes through the user's login shell, whichever that is.
    """
    port = () if target.port is None else ("-p", str(target.port))
    user = () if target.user is None else ("-l", target.user)
    options = {
        "BatchMode": "yes",
        "ConnectTimeout": SECONDS_TO_CONNECT,
        "ServerAliveInterval": SECONDS_BETWEEN_SIGNS_OF_LIFE,
        "ServerAliveCountMax": 2,
        # Another's connection may be used; ours must not go on behind our back for others.
        "ControlMaster": "no",
        # What a user's configuration may want of every login, and no other program can.
        "RequestTTY": "no",
        "RemoteCommand": "none",
        "PermitLocalCommand": "no",
        "ClearAllForwardings": "yes",
        # A host must not use this user's keys for others.
        "ForwardAgent": "no",
        "ForwardX11": "no",
        "EscapeChar": "none",
    }
    settings = [f"-o{name}={value}" for name, value in options.items()]
    argv = (target.command, *settings, *target.options, *port, *user, "--", target.host, remote_command)
    return SshCommand(name=target.name, argv=argv, user=target.user or "that user")
