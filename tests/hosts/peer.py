"""A machine on a network that serves and connects: one process in its namespace, told what to do line by line.

Started as a program of its own, with nothing but the standard library. Each order and each answer is a line of JSON.
It listens where it is told, and answers whoever comes with its name and the address that it sees them at.
"""

import json
import socket
import sys
import threading
from typing import Any

HELD: dict[str, socket.socket] = {}


def serve(name: str, protocol: str, port: int) -> str:
    """Answer on a port, on all addresses of both versions of IP."""
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    listener = socket.socket(socket.AF_INET6, kind)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    listener.bind(("::", port))
    if protocol == "tcp":
        listener.listen(64)
        threading.Thread(target=accept, args=(name, listener), daemon=True).start()
    else:
        threading.Thread(target=answer_datagrams, args=(name, listener), daemon=True).start()
    return "ok"


def accept(name: str, listener: socket.socket) -> None:
    """Take every connection."""
    while True:
        connection, peer = listener.accept()
        threading.Thread(target=answer, args=(name, connection, seen(peer)), daemon=True).start()


def answer(name: str, connection: socket.socket, peer: str) -> None:
    """Say who came, for each line of theirs."""
    with connection:
        while connection.recv(1000):
            connection.sendall(f"{name} {connection.getsockname()[1]} {peer}\n".encode())


def answer_datagrams(name: str, listener: socket.socket) -> None:
    """Say who came, for each datagram."""
    while True:
        _, peer = listener.recvfrom(1000)
        listener.sendto(f"{name} {listener.getsockname()[1]} {seen(peer)}\n".encode(), peer)


def seen(peer: tuple[Any, ...]) -> str:
    """The address of who came, an IPv4 one as such."""
    return str(peer[0]).removeprefix("::ffff:")


def connect(protocol: str, address: str, port: int, seconds: float, held: str = "") -> str:
    """What the other side says: its name, its port, and the address that it sees; or why it says nothing."""
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    connection = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)
    connection.settimeout(seconds)
    try:
        connection.connect((address, port))
        said = talk(connection)
    except OSError as error:
        connection.close()
        return f"{type(error).__name__}"
    if held:
        HELD[held] = connection
    else:
        connection.close()
    return said


def talk(connection: socket.socket) -> str:
    """Say something and hear the answer."""
    try:
        connection.sendall(b"hello\n")
        return connection.recv(1000).decode().strip() or "closed"
    except OSError as error:
        return f"{type(error).__name__}"


def carry_out(order: dict[str, Any]) -> str:
    """One order."""
    match order.pop("do"):
        case "serve":
            return serve(**order)
        case "connect":
            return connect(**order)
        case "talk":
            return talk(HELD[order["held"]])
        case "hang up":
            HELD.pop(order["held"]).close()
            return "ok"
    raise ValueError(order)


def say(answer: str) -> None:
    """A line."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Until nobody gives orders any more."""
    say("ready")
    for line in iter(sys.stdin.readline, ""):
        say(carry_out(json.loads(line)))


if __name__ == "__main__":
    main()
