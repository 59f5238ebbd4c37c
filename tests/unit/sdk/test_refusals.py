"""How a program ends whose preview is to fail by refusals, run by a script of the language host's name, or another."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """\
import atexit, sys
from pathlib import Path
import pulumi
from pulumi_virtnet._refusals import told_in

mode, dry_run, refused = sys.argv[1:]
pulumi.runtime.set_mocks(object(), project="shop", stack="dev", preview=dry_run == "preview")
pulumi.runtime.set_all_config({"virtnet:refusals": mode})
atexit.register(print, "what the program registered was run")
place = told_in()
print("told in a file" if place else "told in none")
if place:
    assert told_in() == place
    Path(place).write_bytes(b"." if refused == "refused" else b"")
    atexit.register(print, place)
"""


@pytest.mark.parametrize(
    ("script", "arguments", "told", "status"),
    [
        ("pulumi-language-python-exec", ("fail", "preview", "refused"), "a file", 32),
        ("pulumi-language-python-exec", ("fail", "preview", "nothing"), "a file", 0),
        ("pulumi-language-python-exec", ("show", "preview", "refused"), "none", 0),
        ("pulumi-language-python-exec", ("fail", "update", "refused"), "none", 0),
        ("automation.py", ("fail", "preview", "refused"), "none", 0),
    ],
)
def test_the_end_of_a_program(tmp_path: Path, script: str, arguments: tuple[str, ...], told: str, status: int) -> None:
    place = tmp_path / script
    place.write_text(PROGRAM)

    done = subprocess.run([sys.executable, place, *arguments], capture_output=True, text=True, check=False)

    first, *rest = done.stdout.splitlines()
    assert (first, done.returncode, done.stderr) == (f"told in {told}", status, "")
    assert rest[-1] == "what the program registered was run"
    assert not any(Path(line).exists() for line in rest[:-1])
