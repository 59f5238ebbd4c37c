"""Requests as lines for a shell, answers as fields between delimiters; a shell that ends, and one that hangs."""

import errno
import os
import shlex
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.machine import FakeMachine

from virtnet.errors import AccessDenied, HostFailure, Unreachable
from virtnet.host.client import Host
from virtnet.host.machine import Answer, HostError
from virtnet.host.shell import NoShell, ShellMachine
from virtnet.host.shell_script import MOST_FILES, NO_PROGRAM, answers, call
from virtnet.planning.clients.reads import Reads, Request
from virtnet.transport.ssh import SshCommand, ssh_command
from virtnet.transport.uri import SshTarget


def shell(script: str) -> SshCommand:
    return SshCommand(name="far", argv=("sh", "-c", script), user="me")


@given(st.lists(st.text(st.characters(exclude_characters="\0"))))
def test_a_shell_takes_every_word_for_itself(words: list[str]) -> None:
    line = call(("run", "printf", *words))

    assert shlex.split(line) == ["vn_run", "printf", *words, "</dev/null"]


def test_words_arrive_as_they_were_given(tmp_path: Path) -> None:
    words = ["", " ", "-n", "$x", "`id`", "'", '"', "\\", "\n", "*", "; exit 3", "\udcff", "a\n\n", "&", "~", "#"]
    machine = ShellMachine(shell("exec sh"))

    (found,) = machine.read(("run", "printf", "<%s>", *words))
    machine.close()

    assert found == Answer("".join(f"<{word}>" for word in words))


def test_answers_are_read_from_their_fields() -> None:
    requests: list[Request] = [("read", "/a"), ("read", "/b"), ("run", "ip"), ("run", "ss"), ("list", "/c")]
    fields = [
        b"text\n",
        b"0",
        b"",
        b"",
        b"1",
        b"cat: /b: Permission denied\n",
        b"",
        b"2",
        b"a\n b",
        b"",
        str(NO_PROGRAM).encode(),
        b"",
    ]

    found = answers([*fields, b"x/y/", b"0", b"", b""], requests)

    assert found == [
        Answer("text\n"),
        Answer(error=HostError(13, "Permission denied")),
        Answer(error=HostError(None, "a b", 2)),
        Answer(error=HostError(2, "")),
        Answer("x/y/"),
    ]


def test_a_shell_that_greets_nobody_is_no_shell() -> None:
    machine = ShellMachine(shell("echo 'This account is for backups only.' >&2; exit 1"))

    for _ in range(2):
        with pytest.raises(NoShell, match=r"far doesn't give this user a shell: This account is for backups only\."):
            machine.open()


def test_a_shell_that_greets_nobody_in_time_is_a_host_that_is_not_reached() -> None:
    with pytest.raises(Unreachable, match=r"far can't be reached by ssh .far didn't answer in time") as raised:
        ShellMachine(shell("exec sleep 60"), seconds_to_log_in=0.3).open()

    assert not isinstance(raised.value, NoShell)


@pytest.mark.parametrize(
    ("said", "kind", "sentence"),
    [
        (
            "root@far: Permission denied (publickey).",
            AccessDenied,
            "far doesn't let this user log in .root@far: Permission",
        ),
        (
            "Host key for far has changed and you have requested strict checking.\nHost key verification failed.",
            AccessDenied,
            "If the host was reinstalled, remove the old key with ssh-keygen -R",
        ),
        ("Host key verification failed.", AccessDenied, "this user's ssh doesn't know the host key of far"),
        ("ssh: Could not resolve hostname far", Unreachable, "Make sure that `ssh far` works"),
    ],
)
def test_what_ssh_says_becomes_a_sentence(said: str, kind: type[Exception], sentence: str) -> None:
    with pytest.raises(kind, match=sentence):
        ShellMachine(shell(f"echo '{said}' >&2; exit 255")).open()


@pytest.fixture(params=["awk", ""], ids=["with awk", "without awk"])
def far(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ShellMachine]:
    """A host with awk, or without it."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, program in {"awk": request.param, "cat": "cat", "id": "id", "ls": "ls"}.items():
        if program:
            (programs / name).symlink_to(str(shutil.which(program)))
    # No awk of this machine's own is found where the daemons' programs are.
    machine = ShellMachine(shell(f"PATH={programs}; export PATH; exec /bin/sh"))
    yield machine
    machine.close()


TEXTS = [
    "one\n",
    "",
    "no end",
    "\n",
    "\n\nlast\n\n",
    "two\nlines\n",
    " % \\ $x `id` \"'\n",
    "\udcff\udcfe\n",
    "x" * 200_000,
]


def test_files_that_are_read_together_are_as_they_would_be_alone(far: ShellMachine, tmp_path: Path) -> None:
    paths = [tmp_path / f"a file's {number}" for number in range(len(TEXTS))]
    for path, text in zip(paths, TEXTS, strict=True):
        path.write_text(text, errors="surrogateescape")
    requests: list[Request] = [
        ("read", str(tmp_path / "not there")),
        *(("read", str(path)) for path in paths),
        ("read", str(tmp_path)),
        ("list", str(tmp_path / "programs")),
        *[("read", str(paths[0]))] * (MOST_FILES + 1),
        ("read", str(paths[0] / "inside of a file")),
    ]

    together = far.read(*requests)
    alone = [far.read(one)[0] for one in requests]

    assert together == alone
    assert [answer.text for answer in together[1 : 1 + len(TEXTS)]] == TEXTS
    numbers = {request: answer.error.number for request, answer in zip(requests, together, strict=True) if answer.error}
    assert numbers == {requests[0]: errno.ENOENT, ("read", str(tmp_path)): errno.EISDIR, requests[-1]: errno.ENOTDIR}


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(Unreachable, match=r"far can't be reached: /nowhere/ssh can't be run \(No such file"):
        ShellMachine(SshCommand(name="far", argv=("/nowhere/ssh",), user="me")).open()


def test_a_host_that_failed_once_is_not_tried_again(tmp_path: Path) -> None:
    machine = ShellMachine(shell(f"echo tried >> {tmp_path}/tries; exit 255"))

    for _ in range(3):
        with pytest.raises(Unreachable):
            Host(machine).read_file("/etc/hostname")

    assert (tmp_path / "tries").read_text() == "tried\n"


def test_what_a_host_says_at_login_is_passed_over() -> None:
    machine = ShellMachine(shell("echo Welcome; echo; exec sh"))

    assert Host(machine).read_file("/proc/1/comm")
    machine.close()


def test_a_shell_that_ends_is_asked_again_and_told_once(tmp_path: Path) -> None:
    host = Host(machine := ShellMachine(shell(f"echo started >> {tmp_path}/starts; exec sh")))
    host.has_program("sh")

    # The shell ends itself, as when the connection is cut while it works.
    with pytest.raises(
        Unreachable, match=r"was lost during an attempt to bring the interface x up \(.*\)\. It may or may not"
    ):
        Host(Dying(machine)).set_link_up("x", True)

    assert host.has_program("sh")
    assert (tmp_path / "starts").read_text() == "started\n" * 2
    machine.close()


class Dying:
    """A machine whose effects end their shell."""

    name = "far"
    root_hint = ""

    def __init__(self, machine: ShellMachine) -> None:
        self._machine = machine

    def read(self, *requests: Request) -> Sequence[Answer]:
        return self._machine.read(*requests)

    def execute(self, request: Request) -> Answer:
        return self._machine.execute(("run", "eval", "kill -9 $$"))


def test_neither_side_waits_for_the_other_to_read(tmp_path: Path) -> None:
    (tmp_path / "much").write_text("x" * 5000)
    machine, path = ShellMachine(shell("exec sh"), seconds=20), f"{tmp_path}{'/.' * 2000}/much"

    # Both directions hold far more than a pipe does.
    found = machine.read(*[("read", path)] * 100)
    machine.close()

    assert {answer.text for answer in found} == {"x" * 5000}


def test_a_shell_that_hangs_is_given_up_in_time_and_another_one_asked(tmp_path: Path) -> None:
    machine = ShellMachine(shell("exec sh"), seconds=0.5)
    began = time.monotonic()

    with pytest.raises(HostFailure, match=r"could not read .*fifo on far: far didn't answer in time. Try again"):
        Host(machine).read_file(fifo(tmp_path))

    assert time.monotonic() - began < 3
    assert Host(machine).has_program("sh")
    machine.close()
    assert not processes_that_name(tmp_path / "fifo")


def processes_that_name(file: Path) -> list[str]:
    """Command lines that name this file, once those that are ending have had a moment."""
    for _ in range(100):
        found = [line for line in map(command_line, Path("/proc").glob("[0-9]*")) if str(file) in line]
        if not found:
            return []
        time.sleep(0.02)
    return found


def command_line(process: Path) -> str:
    try:
        return (process / "cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile
        return ""


def fifo(directory: Path) -> str:
    os.mkfifo(directory / "fifo")
    return str(directory / "fifo")


def test_nothing_of_a_uri_is_an_option_for_ssh() -> None:
    target = SshTarget(host="-oProxyCommand=x", user="-oX", port=22, command="/opt/ssh", options=("-i/a b",))

    command = ssh_command(target).argv

    assert command[0] == "/opt/ssh"
    assert command[-7:] == ("-p", "22", "-l", "-oX", "--", "-oProxyCommand=x", "exec sh")
    assert {"-oBatchMode=yes", "-oConnectTimeout=10", "-i/a b"} <= set(command)


def test_each_answer_stands_until_the_observation_ends() -> None:
    machine = FakeMachine(files={"/etc/x": "1"})
    host = Host(machine)

    with host.cached_reads(Reads()):
        before = host.read_file("/etc/x")
        machine.files["/etc/x"] = "2"
        during = host.read_file("/etc/x")
    after = host.read_file("/etc/x")

    assert (before, during, after) == ("1", "1", "2")
