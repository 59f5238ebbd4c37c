"""What each command of ten networks asks for, counted: prints JSON by command, in the process that asks.

Counted are calls that libvirt's daemon answers, questions to the host that are asked at once (over ssh a round trip
each), and programs that are started for them. The clock hardly moves and one network comes after the other, so a busy
machine counts the same.
"""

import importlib
import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.integration import engine
from tests.integration.engine import Command, Declaration, Recorded

from virtnet import dynamic
from virtnet.host.local import LocalMachine

NETWORKS = 10
#: Which libvirt's client answers by itself.
NO_CALLS = ("Free", "GetConnect", "GetName", "GetUUID", "GetUUIDString", "IsAlive", "LastError", "KeepAlive")

counted: Counter[str] = Counter()


def count_calls() -> None:
    def counting(call: Callable[..., Any]) -> Callable[..., Any]:
        def asked(*arguments: Any) -> Any:
            counted["calls"] += 1
            return call(*arguments)

        return asked

    libvirtmod = importlib.import_module("libvirtmod")  # libvirt's binding, below its classes
    for name, call in vars(libvirtmod).copy().items():
        of_daemon = name.startswith(("virNetwork", "virConnect", "virDomain")) and not name.endswith(NO_CALLS)
        if of_daemon and callable(call):
            setattr(libvirtmod, name, counting(call))


class CountedMachine(LocalMachine):
    """This host, with what is asked of it counted."""

    def read(self, *requests: tuple[str, ...]) -> Any:
        counted["round trips"] += 1
        counted["programs"] += sum(request[0] == "run" for request in requests)
        return super().read(*requests)


def declared(hosts: int) -> list[Declaration]:
    """Ten networks with so many reservations each."""
    return [
        {
            "type": "LibvirtNetwork",
            "name": f"lab{number}",
            "args": {
                "forward": {"mode": "nat"},
                "bridge": {"stp": False},
                "dns": {"forwarders": [{"address": "192.0.2.53"}]},
                "ips": [
                    {
                        "address": f"10.91.{number}.1/24",
                        "dhcp": {
                            "hosts": [
                                {"mac": f"52:54:00:00:00:0{host}", "ip": f"10.91.{number}.{host + 2}"}
                                for host in range(hosts)
                            ]
                        },
                    }
                ],
            },
        }
        for number in range(NETWORKS)
    ]


def main() -> None:
    count_calls()
    started = time.monotonic()
    wall = time.monotonic
    time.monotonic = lambda: started + (wall() - started) / 10_000
    import virtnet.connect

    virtnet.connect.LocalMachine = CountedMachine  # type: ignore[attr-defined]
    engine.WORKERS = 1
    state: dict[str, Recorded] = {}
    found = {}
    for what, verb, hosts in (
        ("create", "up", 1),
        ("no-op", "up", 1),
        ("refresh", "refresh", 1),
        ("live edit of each", "up", 2),
        ("destroy", "destroy", 2),
    ):
        counted.clear()
        dynamic._hosts.cache_clear()  # each command is a process of its own
        dynamic._announcements.cache_clear()
        outcome, printed = engine.run(Command(verb, "test", declared(hosts), state, {}))
        if outcome.failed or (what in ("no-op", "refresh") and outcome.changes):
            sys.exit(f"{what}: {outcome.changes}\n{printed}")
        state = outcome.state
        found[what] = {name: counted[name] for name in ("calls", "round trips", "programs")}
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
