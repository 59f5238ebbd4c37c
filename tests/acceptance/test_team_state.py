"""A team's state in PostgreSQL: one stack from two workstations, and two updates of it that do not meet."""

import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.acceptance.postgresql import Database, database
from tests.acceptance.stack import Stack
from tests.hosts.sandboxed import REPOSITORY, Host, wait_until

pytestmark = pytest.mark.acceptance

STACK = "organization/tutorial/host"
KEPT = """\
select convert_from(decode(data->>'data', 'base64'), 'UTF8') from pulumi_state
where key like '%/stacks/tutorial/host.json'
"""
LOCKS = "select count(*) from pulumi_state where key like '%/locks/%.json'"


@pytest.fixture
def state(host: Host) -> Iterator[Database]:
    with database(host) as made:
        yield made


def colleague(host: Host, state: Database, name: str) -> Stack:
    """Someone with a clone of the tutorial's program, and a Pulumi home of their own."""
    made = Stack(host, name, backend=state.url)
    for file in ("Pulumi.yaml", "__main__.py"):
        shutil.copy(REPOSITORY / "examples" / "tutorial" / file, made.directory / file)
    made.pulumi("stack", "select", "--create", STACK)
    return made


def test_the_tutorial_with_its_state_in_postgresql(host: Host, state: Database) -> None:
    before = host.trace()
    alice, bob = colleague(host, state, "alice"), colleague(host, state, "bob")

    alice.up()
    seen_by_bob = bob.unchanged_by_each()
    uuid = (host.network("management") or {})["UUID"]
    kept = state.asked(KEPT)

    assert seen_by_bob
    assert uuid in kept
    assert not list(Path(alice.directory).glob("state/.pulumi/**/*.json")), "nothing is kept in files"
    bob.destroy()
    assert host.trace() == before
    assert alice.pulumi("stack", "output", "--json").stdout.strip() == "{}"


@pytest.mark.further
def test_two_updates_of_one_stack_at_once(host: Host, state: Database) -> None:
    alice, bob = colleague(host, state, "alice"), colleague(host, state, "bob")
    host.sh("mkdir -p /run/virtnet")
    # As another process of virtnet's that changes the host: alice's update waits for the lock, and is under way.
    busy = subprocess.Popen(host.command("flock", "/run/virtnet/lock", "cat"), stdin=subprocess.PIPE)
    assert busy.stdin is not None
    with busy, ThreadPoolExecutor(1) as aside:
        running = aside.submit(alice.up)
        wait_until(lambda: state.asked(LOCKS) == "1\n")
        refused = bob.up(check=False)
        untouched = host.network("management")
        busy.stdin.close()
        running.result()

    assert "the stack is currently locked by 1 lock(s)" in refused
    assert untouched is None
    assert host.network("management") is not None
    assert bob.unchanged_by_each()
    bob.destroy()
