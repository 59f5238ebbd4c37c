"""A PostgreSQL server in a sandbox, as a team has one for the state of its stacks."""

import contextlib
import os
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.hosts.sandboxed import Host

PLACE = "/run/postgresql-state"
#: The server refuses to run as root.
AS_NOBODY = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")


@dataclass(frozen=True)
class Database:
    """A database that is empty at first. `url` is what `pulumi login` takes."""

    host: Host
    root: str
    """Where the programs are, if not the machine's own: a tree that tools/setup unpacked."""
    url: str = "postgres://pulumi@127.0.0.1/state?sslmode=disable"

    def program(self, name: str, *arguments: str) -> tuple[str, ...]:
        """The command that runs one of PostgreSQL's programs."""
        found = max(Path(f"{self.root}/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
        if not self.root:
            return (str(found / name), *arguments)
        # nobody may not look into root's cache, so that the tree is seen elsewhere.
        libraries = ":".join(
            f"{PLACE}/root/{path.relative_to(self.root)}" for path in Path(self.root).glob("usr/lib/*")
        )
        there = f"{PLACE}/root/{found.relative_to(self.root)}"
        return ("env", f"LD_LIBRARY_PATH={libraries}", f"{there}/{name}", *arguments)

    def asked(self, query: str) -> str:
        """What psql prints: a line each row, with no names of columns."""
        return self.host.run(*self.program("psql", "-h", PLACE, "-U", "pulumi", "-At", "-c", query, "state")).stdout


@contextlib.contextmanager
def database(host: Host) -> Iterator[Database]:
    """The server runs until the block is left."""
    made = Database(host, os.environ["VIRTNET_POSTGRESQL"])
    host.sh(f"mkdir -p {PLACE}/root; chown nobody {PLACE}")
    if made.root:
        host.sh(f"mount --bind {shlex.quote(made.root)} {PLACE}/root")
    host.run(
        *AS_NOBODY,
        *made.program("initdb", f"--pgdata={PLACE}/data", "--username=pulumi", "--auth=trust", "--no-sync"),
    )
    listening = ("-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={PLACE}")
    server = subprocess.Popen(
        host.command(*AS_NOBODY, *made.program("postgres", "-D", f"{PLACE}/data", *listening)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        host.sh(f"until {shlex.join(made.program('pg_isready', '-q', '-h', PLACE))}; do sleep 0.1; done")
        host.run(*made.program("createdb", "-h", PLACE, "-U", "pulumi", "state"))
        yield made
    finally:
        # Immediately: nobody needs its data any more.
        host.sh(f"kill -QUIT $(head -n 1 {PLACE}/data/postmaster.pid)", check=False)
        server.wait(timeout=20)
        if made.root:
            host.sh(f"umount {PLACE}/root")
