"""The first network in each language, typed as docs/install.md says, in empty folders and with an empty home; timed.

    python -m tests.campaigns.first_networks [--files dist] [--only Go …] [--publish]

It takes the files that `make release-artifacts` built, the language's own programs, Pulumi and its language hosts, and
no package that this machine has already: the registries give them all. `pulumi up` runs in a sandbox with a real
libvirtd. Then the program is edited, previewed, updated and destroyed. With `--publish` it writes the times into
docs/install.md. It needs a network and minutes: a Go program compiles the whole of Pulumi's module.
"""

import argparse
import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.report import between_markers
from tests.hosts.sandboxed import REPOSITORY, Host, sandboxed_host

PAGE = REPOSITORY / "docs" / "install.md"
SECTION = "The first network in each language"
MARKER = "first networks"
#: The language, what Pulumi calls it, the program's file, and the file with the program.
ROW = r"^ *\| (\w+) \| `(\w+)` \| `([^`]+)`[^|]*\| \[[^]]+\]\((native/[^)]+)\) \|"
#: Another program in Python needs the same package, and no plugin.
DYNAMIC = "Python, dynamic"
#: What a user's PATH has besides Pulumi.
PATH = "/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
TOOLS = {
    "Python": ["python3 --version"],
    "TypeScript": ["echo Node.js $(node --version)", "echo npm $(npm --version)"],
    "Go": ["go version"],
    "Java": ["java -version 2>&1 | grep version", "mvn --version | grep -o 'Apache Maven [0-9.]*'"],
    "YAML": [],
}


@dataclass(frozen=True)
class Steps:
    """What the page has a user of a language write and type."""

    language: str
    runtime: str
    program: Path
    text: str
    install: Sequence[str]
    plugin: Sequence[str]
    start: Sequence[str]


@dataclass
class Typed:
    """How long the commands of a language took, in seconds."""

    tools: str
    lines: int = 0
    installing: float = 0
    starting: float = 0
    changing: float = 0
    written: list[str] = field(default_factory=list)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--files", type=Path, default=REPOSITORY / "dist", help="what make release-artifacts built")
    parser.add_argument("--only", nargs="*", help="languages; left out: all")
    parser.add_argument("--publish", action="store_true", help="write the table into docs/install.md")
    given = parser.parse_args(arguments)
    found = steps(PAGE.read_text(encoding="utf-8"))
    results = {}
    for each in found:
        if not given.only or each.language in given.only:
            results[each.language] = tried(each, given.files.resolve())
            print(row(each.language, results[each.language]), flush=True)
    if given.publish:
        text = f"{table(results)}\n\n{how(given.files)}"
        PAGE.write_text(between_markers(PAGE.read_text(encoding="utf-8"), MARKER, text), encoding="utf-8")
    return 0


def steps(page: str) -> list[Steps]:
    """Those of all languages, in the page's order. Raises ValueError where the page has no steps."""
    _, found, rest = page.partition(f"\n## {SECTION}\n")
    if not found:
        raise ValueError(f"{PAGE} has no section {SECTION}")
    section = rest.partition("\n## ")[0]
    common, *parts = section.split("\n### ")
    of_languages = {part.partition("\n")[0]: commands(part) for part in parts}
    plugin, start = blocks(common)
    listed = []
    for language, runtime, file, program in re.findall(ROW, common, re.MULTILINE):
        text = (PAGE.parent / program).read_text(encoding="utf-8")
        install = of_languages.get(language, [])
        listed.append(Steps(language, runtime, Path(file), text, install, [] if runtime == "python" else plugin, start))
        if runtime == "python":
            dynamic = text.replace("import pulumi_virtnet.native as virtnet", "import pulumi_virtnet as virtnet")
            listed.append(Steps(DYNAMIC, runtime, Path(file), dynamic, install, [], start))
    return listed


def blocks(text: str) -> list[list[str]]:
    """The commands of each block of a terminal."""
    found = re.findall(r"^ *```console\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)
    return [[line.strip()[2:] for line in block.splitlines() if line.strip().startswith("$ ")] for block in found]


def commands(text: str) -> list[str]:
    return [line for block in blocks(text) for line in block]


class User:
    """A user with an empty home and a folder, who types into a shell that keeps its environment."""

    def __init__(self, place: Path, files: Path) -> None:
        self.folder, self._home, self._files = place / "network", place / "home", files
        self._state, tools = place / "state", place / "tools"
        for made in (self.folder, self._home, self._state, tools):
            made.mkdir()
        for program in pulumi_programs():
            (tools / program.name).symlink_to(program)
        self._environment = {
            "HOME": str(self._home),
            "PATH": f"{tools}:{PATH}",
            "LANG": "C.UTF-8",
            "PULUMI_HOME": str(self._home / ".pulumi"),
            "PULUMI_CONFIG_PASSPHRASE": "what pulumi stack init asks for",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            # Java takes the account's own home for it, whatever HOME says.
            "JAVA_TOOL_OPTIONS": f"-Duser.home={self._home}",
        }

    def type(self, line: str, host: Host | None = None) -> str:
        """What a line prints. Questions are answered with yes. On the host of a sandbox, or on this machine."""
        line = line.replace("FILES/", f"{shlex.quote(str(self._files))}/")
        # Pulumi does the same as Java.
        line = line.replace("pulumi login --local", f"pulumi login file://{self._state}")
        line += " --yes" if line in ("pulumi up", "pulumi destroy") else ""
        venv = "if [ -d venv ]; then . venv/bin/activate; fi\n"
        variables = [f"{name}={value}" for name, value in self._environment.items()]
        command = ["env", "-i", "-C", str(self.folder), *variables, "bash", "-ec", f"{venv}{line}"]
        # No limit of time: a program in Go is compiled for minutes.
        done = subprocess.run(host.command(*command) if host else command, check=False, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{line} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout


def pulumi_programs() -> Iterator[Path]:
    """Pulumi and its language hosts, as an installation of Pulumi has them in one folder."""
    names = {"pulumi", "pulumi-resource-pulumi-python", "pulumi-language-python-exec"}
    names |= {f"pulumi-language-{runtime}" for runtime in ("python", "nodejs", "go", "java", "yaml")}
    for name in sorted(names):
        program = shutil.which(name)
        if program is None:
            raise FileNotFoundError(f"{name} is missing; make setup-campaigns brings it")
        yield Path(program).resolve()


def tried(each: Steps, files: Path) -> Typed:
    """The times of one language. Raises RuntimeError or AssertionError where a line doesn't do what the page says."""
    with tempfile.TemporaryDirectory() as place, contextlib.ExitStack() as stack:
        host = stack.enter_context(sandboxed_host(made(Path(place) / "host")))
        user = User(Path(place), files)
        before = host.trace()
        typed = Typed(
            tools=", ".join(user.type(line).splitlines()[0] for line in TOOLS[each.language.split(",")[0]])
            or "nothing else"
        )
        write(each, user.folder)

        # Installing the plugin needs no registry, and what Pulumi installs needs the plugin.
        install = sorted([*each.install, *each.plugin], key=lambda line: line == "pulumi install")
        typed.installing = timed(user, install)
        typed.starting = timed(user, each.start, host)
        typed.lines = len(install) + len(each.start)
        assert "192.168.123.1/24" in host.sh("ip -brief address show dev vn-management")
        assert "management" in host.virsh("net-list", "--name")

        program = user.folder / each.program
        program.write_text(program.read_text().replace("192.168.123.254", "192.168.123.200"))
        began = time.monotonic()
        preview = user.type("pulumi preview --color never", host)
        user.type("pulumi up", host)
        typed.changing = time.monotonic() - began
        assert "dhcp.ranges[192.168.123.2 192.168.123.200] is added" in preview
        assert "end='192.168.123.200'" in host.virsh("net-dumpxml", "management")
        user.type("pulumi destroy", host)
        assert host.trace() == before
        # Go writes what it downloads read-only.
        subprocess.run(["chmod", "-R", "u+w", place], check=True)
    return typed


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def write(each: Steps, folder: Path) -> None:
    """The files that the page has a user write."""
    program = folder / each.program
    program.parent.mkdir(parents=True, exist_ok=True)
    (folder / "Pulumi.yaml").write_text(f"name: network\nruntime: {each.runtime}\n")
    with program.open("a", encoding="utf-8") as file:
        file.write(each.text)


def timed(user: User, lines: Sequence[str], host: Host | None = None) -> float:
    began = time.monotonic()
    for line in lines:
        user.type(line, host)
    return time.monotonic() - began


def table(results: dict[str, Typed]) -> str:
    head = [
        "| language | commands | installing | `pulumi login` to the network | preview and update of an edit | with |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    return "\n".join([*head, *(row(language, typed) for language, typed in results.items())])


def row(language: str, typed: Typed) -> str:
    seconds = (f"{each:.0f} s" for each in (typed.installing, typed.starting, typed.changing))
    return f"| {language} | {typed.lines} | {' | '.join(seconds)} | {typed.tools} |"


def how(files: Path) -> str:
    """How it was measured."""
    size = sum(path.stat().st_size for path in files.glob("pulumi-resource-*.tar.gz")) // 1_000_000
    version = subprocess.run(["pulumi", "version"], check=True, capture_output=True, text=True).stdout.strip()
    return (
        "`python -m tests.campaigns.first_networks --publish` typed these commands, in an empty folder and with an\n"
        f"empty home, on {os.cpu_count()} cores, with Pulumi {version} and its language hosts. The column\n"
        f"*installing* has all downloads from the registries, and the plugin's archive of {size} MB. The other\n"
        "commands ran in a sandbox with a real libvirtd and no way to the Internet. `pulumi destroy` left the host\n"
        "as it was."
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
