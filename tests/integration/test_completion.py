"""Tab in real shells: what the scripts of `virtnet completion` offer. bash and zsh are typed into, on a terminal."""

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.hosts.sandboxed import Host

pytestmark = [pytest.mark.integration, pytest.mark.any_libvirt]

#: How each shell is started without anybody's settings, and gets the script.
SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], 'eval "$(virtnet completion bash)"'),
    "zsh": (["zsh", "-f", "-i"], 'autoload -Uz compinit; compinit -u -D; eval "$(virtnet completion zsh)"'),
}
SECONDS = 20


class Typed:
    """A shell on a terminal: what is typed, and what is seen since."""

    def __init__(self, keyboard: int) -> None:
        self._keyboard = keyboard
        self.seen = ""

    def types(self, keys: str) -> None:
        self.seen = ""
        os.write(self._keyboard, keys.encode())

    def shows(self, pattern: str) -> str:
        """Wait until what is seen fits."""
        until = time.monotonic() + SECONDS
        while not re.search(pattern, self.seen):
            assert time.monotonic() < until, f"no {pattern!r} in {self.seen!r}"
            if select.select([self._keyboard], [], [], 0.2)[0]:
                self.seen += os.read(self._keyboard, 4096).decode(errors="replace")
        return self.seen


@contextmanager
def shell(name: str, directory: Path) -> Iterator[Typed]:
    command, script = SHELLS[name]
    ours, theirs = pty.openpty()
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(directory),
        "TERM": "xterm",
        "COLUMNS": "200",
        "PS1": "ready> ",
    }
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=directory, env=environment, start_new_session=True
    )
    os.close(theirs)
    typed = Typed(ours)
    try:
        typed.types(f"{script}; echo is-$((40+2))\n")
        typed.shows("is-42")
        yield typed
    finally:
        process.kill()
        process.wait()
        os.close(ours)


@pytest.mark.parametrize("name", SHELLS)
@pytest.mark.parametrize(
    ("typed", "becomes"),
    [
        ("virtnet gu", "virtnet guests"),
        ("virtnet comp", "virtnet completion"),
        ("virtnet completion f", "virtnet completion fish"),
        ("virtnet doctor --js", "virtnet doctor --json"),
        ("virtnet review --at-most reco", "virtnet review --at-most recorded"),
    ],
)
def test_tab_completes_what_only_one_thing_begins_with(name: str, typed: str, becomes: str, tmp_path: Path) -> None:
    with shell(name, tmp_path) as keyboard:
        keyboard.types(f"{typed}\t")

        keyboard.shows(re.escape(becomes.removeprefix(typed)))


@pytest.mark.parametrize("name", SHELLS)
def test_tab_lists_the_commands(name: str, tmp_path: Path) -> None:
    with shell(name, tmp_path) as keyboard:
        keyboard.types("virtnet \t\t")

        keyboard.shows(r"(?s)(?=.*doctor)(?=.*import)(?=.*leases)")


def test_fish_completes_commands_options_and_values(tmp_path: Path) -> None:
    asked = ["virtnet gu", "virtnet doctor --js", "virtnet completion ", "virtnet review --at-most re"]
    lines = "; ".join(f"echo '= {line}'; complete -C '{line}'" for line in asked)

    offered = fish(f"virtnet completion fish | source; {lines}", tmp_path)

    assert offered == {
        "virtnet gu": ["guests"],
        "virtnet doctor --js": ["--json"],
        "virtnet completion ": ["bash", "fish", "zsh"],
        "virtnet review --at-most re": ["recorded", "replace", "restart"],
    }


def fish(script: str, directory: Path) -> dict[str, list[str]]:
    """What fish offers for each line, without the descriptions."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(directory)}
    done = subprocess.run(
        ["fish", "--no-config", "-c", script], capture_output=True, text=True, env=environment, check=True
    )
    offered: dict[str, list[str]] = {}
    for line in done.stdout.splitlines():
        if line.startswith("= "):
            offered[line.removeprefix("= ")] = []
        else:
            offered[next(reversed(offered))].append(line.split("\t")[0])
    return {line: sorted(words) for line, words in offered.items()}


def test_networks_of_a_local_host_are_offered_by_name(host: Host) -> None:
    host.run("virsh", "net-define", "/dev/stdin", given="<network><name>laboratory</name></network>")

    offered = host.sh(
        """bash --norc -c 'eval "$(virtnet completion bash)"
        COMP_WORDS=(virtnet guests la) COMP_CWORD=2 COMP_LINE="virtnet guests la" COMP_POINT=17 COMP_TYPE=9
        _python_argcomplete virtnet guests la; printf "%s\\n" "${COMPREPLY[@]}"'"""
    )

    assert offered.split() == ["laboratory"]


def test_a_host_that_is_asked_over_ssh_is_not_asked_by_tab(host: Host) -> None:
    uri = "qemu+ssh://nobody@192.0.2.1/system"

    began = time.monotonic()
    offered = host.sh(
        f"""bash --norc -c 'eval "$(virtnet completion bash)"
        line="virtnet guests --uri {uri} la"
        COMP_WORDS=($line) COMP_CWORD=4 COMP_LINE="$line" COMP_POINT=${{#line}} COMP_TYPE=9
        _python_argcomplete virtnet la {uri}; printf "%s" "${{COMPREPLY[@]}}"'"""
    )

    assert offered == ""
    assert time.monotonic() - began < 5
