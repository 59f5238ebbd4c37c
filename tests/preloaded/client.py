"""Stands for a Python that is started: asks for a fork of one that is running, and ends as the fork does.

Run with -I and -S, and with nothing imported that is written in Python, so that it starts in 10 ms.
"""

import _signal  # type: ignore[import-not-found]  # what the module signal is made of
import _socket
import os
import sys

#: The fork is in this process's group, so that it has got them too.
FOR_THE_GROUP = (_signal.SIGHUP, _signal.SIGINT, _signal.SIGQUIT, _signal.SIGTERM)
DESCRIPTORS = (0, 1, 2)
#: The server's answer where this process may do other things than it: Python is started after all.
DECLINED = b"\xff" * 4


def start(arguments: list[str]) -> None:
    """Start Python after all."""
    for number in FOR_THE_GROUP:
        _signal.signal(number, _signal.SIG_DFL)
    os.execv(os.environ["VIRTNET_PYTHON"], [os.environ["VIRTNET_PYTHON"], *arguments])  # noqa: S606


def main(address: str, arguments: list[str]) -> None:
    """Ask, wait, and end."""
    for number in FOR_THE_GROUP:
        _signal.signal(number, _signal.SIG_IGN)
    if not address:
        start(arguments)
    connection = _socket.socket(_socket.AF_UNIX)
    connection.connect(address)
    # The directory and the rest without pathlib and enumerations, which take longer to import than all of this.
    request = repr((os.getpid(), os.getcwd(), arguments, dict(os.environ))).encode()  # noqa: PTH109
    rights = b"".join(number.to_bytes(4, sys.byteorder) for number in DESCRIPTORS)
    connection.sendmsg([len(request).to_bytes(4, "big")], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, rights)])
    connection.sendall(request)
    answer = connection.recv(4)
    if not answer:
        sys.exit("The process that forks gave no answer; see tests/preloaded.")
    if answer == DECLINED:
        start(arguments)
    status = int.from_bytes(answer, "big")
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number != _signal.SIGKILL:
            _signal.signal(number, _signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.WEXITSTATUS(status))


main(os.environ.get("VIRTNET_PRELOADED", ""), sys.argv[1:])
