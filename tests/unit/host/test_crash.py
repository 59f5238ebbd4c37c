"""Killed at any step of a write, a host has the old file or the new one, whole: on this machine and over a shell."""

import itertools
import subprocess
import sys
from pathlib import Path

import pytest

from virtnet.errors import Unreachable
from virtnet.host.client import Host, local_host
from virtnet.host.local import LocalMachine
from virtnet.host.machine import Machine
from virtnet.host.shell import ShellMachine
from virtnet.transport.ssh import SshCommand

OLD, NEW = "# old\n" * 3000, "# new\n" * 3000
#: Ends itself, without any last words, when its Nth system event of the write comes (sys.audit: open, rename, …).
DYING = """\
import os, signal, sys
from virtnet.host.client import local_host
path, content, last = sys.argv[1], sys.stdin.read(), int(sys.argv[2])
host, count, watching = local_host(), 0, False
def watch(event, _arguments):
    global count
    if watching:
        count += 1
        if count == last:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(watch)
watching = True
host.write_file(path, content)
"""
#: Stands for a program; the Nth call of any of them ends the whole session, before or after the program has run.
WRAPPER = """\
#!/bin/sh
echo >> {directory}/calls
if [ "$(wc -l < {directory}/calls)" = "{last}" ]; then {before} kill -9 0; fi
exec {program} "$@"
"""


def left(path: Path) -> str:
    """The file's text; what lies beside it must be nothing that systemd-sysctl or procps would read."""
    others = [other.name for other in path.parent.iterdir() if other != path]
    assert not [name for name in others if name.endswith(".conf") or not name.startswith(".90-ours.conf.")]
    assert path.stat().st_mode & 0o777 == 0o644
    return path.read_text()


def clear_up(host: Host, path: Path) -> None:
    """The next write, or the removal, leaves nothing of the one that was killed."""
    killed = [other for other in path.parent.iterdir() if other != path]
    unrelated = path.parent / ".90-ours.conf.swp"
    unrelated.touch()

    host.write_file(str(path), NEW)

    assert set(path.parent.iterdir()) == {path, unrelated}
    for other in killed:
        other.touch()

    host.remove_file(str(path))

    assert set(path.parent.iterdir()) == {unrelated}


def test_on_this_machine(tmp_path: Path) -> None:
    texts = []
    for last in itertools.count(1):
        path = tmp_path / str(last) / "90-ours.conf"
        path.parent.mkdir()
        path.write_text(OLD)
        path.chmod(0o644)

        done = subprocess.run(
            [sys.executable, "-c", DYING, str(path), str(last)], input=NEW, text=True, timeout=60, check=False
        )

        texts.append(left(path))
        clear_up(local_host(), path)
        if done.returncode == 0:
            break
    assert set(texts) == {OLD, NEW}
    assert len(texts) > 5
    assert texts == sorted(texts, key=[OLD, NEW].index), "the new file comes once, and stays"


@pytest.mark.parametrize("after", [False, True])
def test_over_a_shell(tmp_path: Path, after: bool) -> None:
    texts = []
    for last in itertools.count(1):
        path, programs = tmp_path / str(last) / "90-ours.conf", tmp_path / f"programs-{last}"
        path.parent.mkdir()
        path.write_text(OLD)
        path.chmod(0o644)
        programs.mkdir()
        for name in ("mkdir", "mktemp", "tee", "chmod", "sync", "mv"):
            before = f'/usr/bin/env PATH=/usr/bin:/bin {name} "$@";' if after else ""
            program = f"/usr/bin/env PATH=/usr/bin:/bin {name}"
            (programs / name).write_text(WRAPPER.format(directory=programs, last=last, before=before, program=program))
            (programs / name).chmod(0o755)
        command = ("env", f"PATH={programs}:/usr/bin:/bin", "sh")
        machine = ShellMachine(SshCommand(name="far", argv=command, user="me"))

        try:
            Host(machine).write_file(str(path), NEW)
            died = False
        except Unreachable:
            died = True
        machine.close()

        texts.append(left(path))
        whole = ShellMachine(SshCommand(name="far", argv=("sh",), user="me"))
        clear_up(Host(whole), path)
        whole.close()
        if not died:
            break
    assert set(texts) == {OLD, NEW}
    # mkdir, mktemp, tee, chmod, sync, mv, sync: each was the last once, and then none.
    assert len(texts) == 8
    assert texts == sorted(texts, key=[OLD, NEW].index)


@pytest.mark.parametrize("found", [False, True])
@pytest.mark.parametrize("over_a_shell", [False, True])
def test_the_turn_on_a_host_is_nothing_that_others_could_hold(tmp_path: Path, over_a_shell: bool, found: bool) -> None:
    way = SshCommand(name="far", argv=("sh",), user="me")
    machine: Machine = ShellMachine(way) if over_a_shell else LocalMachine()
    lock = tmp_path / "virtnet" / "lock"
    if found:
        lock.parent.mkdir()
        lock.touch(0o644)

    answer = machine.execute(("lock", str(lock)))

    assert answer.error is None
    # Who can open the file, if only to read it, can lock it, and keep every change of the host waiting.
    assert lock.stat().st_mode & 0o777 == 0o600
    assert lock.parent.stat().st_mode & 0o777 == 0o755
    machine.execute(("unlock",))
    if isinstance(machine, ShellMachine):
        machine.close()
