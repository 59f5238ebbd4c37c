"""A key keeper for the state's secrets, of the kind that Pulumi reaches as `hashivault://`: it answers at once.

From a passphrase the engine derives its key anew at each command, by a million rounds of SHA-256, which is a third of
what it works. Here the key of each stack lies in its configuration as it is: nothing in a test's stack is secret.
"""

import json
import socket
from typing import Any

PREFIX = "vault:v1:"


def answer(connection: socket.socket) -> None:
    """Answer one request: https://developer.hashicorp.com/vault/api-docs/secret/transit."""
    connection.settimeout(5)
    with connection, connection.makefile("rwb") as stream:
        lines = list(iter(stream.readline, b"\r\n"))
        length = next(int(line.split(b":")[1]) for line in lines if line.lower().startswith(b"content-length:"))
        given: dict[str, Any] = json.loads(stream.read(length))
        if b"/encrypt/" in lines[0]:
            data = {"ciphertext": PREFIX + given["plaintext"]}
        else:
            data = {"plaintext": given["ciphertext"].removeprefix(PREFIX)}
        body = json.dumps({"data": data}).encode()
        stream.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
