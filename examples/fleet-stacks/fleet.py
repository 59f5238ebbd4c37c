"""Run Pulumi for each host of hosts.json, in a stack of its own, several at a time, by Pulumi's Automation API.

A host that fails changes nothing for the others. What each host's run printed is in logs/HOST.log. The results are in
last-run.json, as soon as each is known, so that `--resume` continues after a failure or an interrupt.
"""

import argparse
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any, TextIO

from pulumi import automation

HERE = Path(__file__).resolve().parent
HOSTS, LAST_RUN, LOGS = HERE / "hosts.json", HERE / "last-run.json", HERE / "logs"

#: `pulumi stack select` writes one file of the workspace, whichever stack it is for.
SELECTING = threading.Lock()


def stack_of(name: str, host: Mapping[str, Any]) -> automation.Stack:
    """The host's stack, made if need be, with its configuration from hosts.json."""
    with SELECTING:
        stack = automation.create_or_select_stack(stack_name=name, work_dir=str(HERE))
    stack.set_all_config({key: automation.ConfigValue(value=str(value)) for key, value in host.items()})
    return stack


def changes(summary: Mapping[Any, int] | None) -> str:
    """How many resources were created, updated and so on."""
    counted = {getattr(kind, "value", kind): count for kind, count in (summary or {}).items()}
    return ", ".join(f"{count} {kind}" for kind, count in counted.items()) or "no resources"


def preview(stack: automation.Stack, log: Callable[[str], Any]) -> str:
    return changes(stack.preview(on_output=log, on_error=log).change_summary)


def up(stack: automation.Stack, log: Callable[[str], Any]) -> str:
    return changes(stack.up(on_output=log, on_error=log, suppress_outputs=True).summary.resource_changes)


def refresh(stack: automation.Stack, log: Callable[[str], Any]) -> str:
    return changes(stack.refresh(on_output=log, on_error=log, suppress_outputs=True).summary.resource_changes)


def destroy(stack: automation.Stack, log: Callable[[str], Any]) -> str:
    return changes(stack.destroy(on_output=log, on_error=log, suppress_outputs=True).summary.resource_changes)


COMMANDS = {command.__name__: command for command in (preview, up, refresh, destroy)}


def run(command: str, name: str, host: Mapping[str, Any]) -> str:
    """Run one command for one host; what it made."""
    with (LOGS / f"{name}.log").open("w", buffering=1) as file:
        try:
            return COMMANDS[command](stack_of(name, host), logger(file))
        except Exception as error:
            file.write(f"{error}\n")
            raise


def logger(file: TextIO) -> Callable[[str], None]:
    """What takes the lines that Pulumi prints."""

    def write(line: str) -> None:
        file.write(f"{line}\n")

    return write


def why(name: str) -> str:
    """What follows the first `error: ` in a host's log."""
    lines = (LOGS / f"{name}.log").read_text().splitlines()
    errors = (line.partition("error: ")[2] for line in lines)
    return next(filter(None, errors), f"see {LOGS.name}/{name}.log")


def side_by_side(command: str, hosts: Mapping[str, Any], at_a_time: int) -> Iterator[tuple[str, str | None]]:
    """Each host as soon as it is over, with what it made; None after a failure.

    An interrupt (Ctrl-C) reaches the runs of Pulumi too: each ends as it does in a terminal, and no other is begun.
    """
    with ThreadPoolExecutor(at_a_time) as pool:
        running: dict[Future[str], str] = {pool.submit(run, command, name, host): name for name, host in hosts.items()}
        try:
            for future in as_completed(running):
                yield running[future], None if future.exception() else future.result()
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            raise


def chosen(given: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    """The hosts to run for, and those that an interrupted or failed run had finished."""
    hosts: dict[str, Any] = json.loads(HOSTS.read_text())
    if unknown := sorted(set(given.hosts) - hosts.keys()):
        sys.exit(f"not in {HOSTS.name}: {', '.join(unknown)}")
    names = given.hosts or list(hosts)
    last: dict[str, Any] = json.loads(LAST_RUN.read_text()) if given.resume and LAST_RUN.exists() else {}
    finished = (
        [name for name in names if name in last.get("finished", ())] if last.get("command") == given.command else []
    )
    return {name: hosts[name] for name in names if name not in finished}, finished


def record(command: str, finished: list[str]) -> None:
    """Write the results down, whole or not at all."""
    written = LAST_RUN.with_suffix(".new")
    written.write_text(json.dumps({"command": command, "finished": finished}))
    written.replace(LAST_RUN)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("hosts", nargs="*", help="hosts of hosts.json (all)")
    parser.add_argument(
        "--at-a-time", type=int, default=os.cpu_count() or 1, help="as many hosts side by side (%(default)s)"
    )
    parser.add_argument("--resume", action="store_true", help="leave out the hosts that the last run finished")
    given = parser.parse_args()
    hosts, finished = chosen(given)
    LOGS.mkdir(exist_ok=True)
    record(given.command, finished)
    begun, failed = time.monotonic(), list[str]()
    try:
        for number, (name, result) in enumerate(side_by_side(given.command, hosts, given.at_a_time), start=1):
            if result is None:
                failed.append(name)
            else:
                finished.append(name)
                record(given.command, finished)
            shown = f"failed: {why(name)}" if result is None else result
            print(f"[{number}/{len(hosts)}] {time.monotonic() - begun:.0f} s {name}: {shown}", flush=True)
    except KeyboardInterrupt:
        print("interrupted. To continue, run this again with --resume")
        return 130
    print(
        f"{given.command}: {len(finished)} finished, {len(failed)} failed"
        + (f" ({', '.join(failed)})" if failed else "")
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
