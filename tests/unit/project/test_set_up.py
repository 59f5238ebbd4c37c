"""The set-up finds the parts where they are, takes none that does not serve, and knows which packages are missing."""

import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
LIST = REPOSITORY / "tools/setup.d/system-packages.txt"
FIREWALLS = LIST.with_name("firewalls.txt")
SHELLS = LIST.with_name("shells.txt")
BROWSER = LIST.with_name("browser.txt")
JAVA = LIST.with_name("java.txt")
PULUMI_PROGRAMS = ("pulumi", "pulumi-language-python", "pulumi-language-python-exec", "pulumi-resource-pulumi-python")
# All that the scripts call, so that nothing else of the machine is found.
TOOLS = (
    "bash",
    "cat",
    "cut",
    "dirname",
    "env",
    "grep",
    "head",
    "id",
    "python3",
    "readlink",
    "sed",
    "sha256sum",
    "sh",
    "sort",
    "tail",
    "uname",
)
PROOFS = {
    "program": r"\S+",
    "file": r"/\S+",
    "pkg-config": r"\S+",
    "python": "headers|ensurepip",
    "found": "pulumi|uv|libvirt_python|udhcpc",
    "no": "guests",
}


def pinned_pulumi() -> str:
    """The version of Pulumi that the tests run with."""
    pin = re.search(r"github.com/pulumi/pulumi/pkg/v3 v(\S+)", (REPOSITORY / "tools/pulumi/go.mod").read_text())
    assert pin is not None
    return pin[1]


def program(path: Path, said: str = "") -> Path:
    """A program that only says something."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho {said}\n")
    path.chmod(0o755)
    return path


def pulumi(directory: Path, version: str) -> Path:
    """A directory with all programs of a Pulumi."""
    for name in PULUMI_PROGRAMS:
        program(directory / name, f"v{version}")
    return directory


class Place:
    """A home whose name is hard on a shell, with a virtual environment, and a PATH without what the set-up brings."""

    def __init__(self, root: Path) -> None:
        self.root = root / "it's a home"
        self.python = program(self.root / "venv/bin/python")
        self.bin = self.root / "bin"
        self.bin.mkdir()
        for name in TOOLS:
            (self.bin / name).symlink_to(shutil.which(name) or name)
        self.cached_pulumi = self.root / f"cache/virtnet/pulumi-{pinned_pulumi()}-{platform.machine()}/bin"

    def run(self, *command: str, path: Path | None = None) -> "subprocess.CompletedProcess[str]":
        environment = {
            "HOME": str(self.root),
            "XDG_CACHE_HOME": str(self.root / "cache"),
            "VIRTNET_VENV": str(self.root / "venv"),
            "PATH": f"{path or self.bin}{os.pathsep}{self.bin}",
        }
        return subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)

    def shell(self, command: str, path: Path | None = None) -> list[str]:
        """What a command says in a shell with the set-up's environment, by lines."""
        done = self.run("bash", "-euc", f'eval "$(tools/setup --env)"\n{command}', path=path)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    def missing(self, packages: Path) -> "subprocess.CompletedProcess[str]":
        return self.run("tools/setup.d/system-packages.sh", "--missing", str(packages))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_shell_finds_the_virtual_environment_and_the_pinned_pulumi(place: Place) -> None:
    pulumi(place.cached_pulumi, pinned_pulumi())

    found = place.shell('command -v python; command -v pulumi; echo "$VIRTUAL_ENV"')

    assert found == [str(place.python), str(place.cached_pulumi / "pulumi"), str(place.root / "venv")]


def test_a_shell_finds_the_uv_of_the_cache(place: Place) -> None:
    pulumi(place.cached_pulumi, pinned_pulumi())
    uv = program(place.root / "cache/virtnet/uv/bin/uv")
    # It must not hide the environment's own.
    program(uv.with_name("python"))

    assert place.shell("command -v uv; command -v python") == [str(uv), str(place.python)]


@pytest.mark.parametrize("layout", ["go/bin", "go/go/bin"])
def test_the_go_of_the_cache_is_found_wherever_its_package_has_it(place: Place, layout: str) -> None:
    cached = place.root / "cache/virtnet"
    program(cached / "go/bin/go", "runs only as a module" if layout == "go/go/bin" else "go")
    go = program(cached / layout / "go", "go")

    done = place.run("bash", "-euc", ". tools/setup.d/find.sh; find_go")

    assert (done.stdout, done.stderr) == (f"{go.parent}\n", "")


@pytest.mark.parametrize(
    ("programs", "found"),
    [
        ({"udhcpc": ""}, "udhcpc"),
        ({"udhcpc": "", "busybox": "udhcpc"}, "udhcpc"),
        ({"busybox": "udhcp udhcpc udhcpc6"}, "busybox"),
        ({"busybox": "udhcpc6"}, None),
        ({}, None),
    ],
)
def test_a_busybox_that_has_it_is_a_udhcpc(place: Place, programs: dict[str, str], found: str | None) -> None:
    for name, applets in programs.items():
        program(place.bin / name, "'{}'".format(applets.replace(" ", "\n")))

    # Not the machine's own, where root's programs are.
    done = place.run("bash", "-euc", '. tools/setup.d/find.sh; have() { command -v "$1" >/dev/null; }; find_udhcpc')

    assert (done.returncode, done.stderr) == (0 if found else 1, "")
    assert done.stdout.strip() == (str(place.bin / found) if found == "busybox" else found or "")


@pytest.mark.parametrize(
    ("version", "serves"),
    [("0.9.0", False), ("3.99.0", False), (pinned_pulumi(), True), ("3.1000.0", True), ("4.0.0-dev.0", True)],
)
def test_a_pulumi_on_the_path_is_taken_when_it_is_new_enough(place: Place, version: str, serves: bool) -> None:
    pulumi(place.cached_pulumi, pinned_pulumi())
    own = pulumi(place.root / "own", version)

    (found,) = place.shell("command -v pulumi", path=own)

    assert found == str((own if serves else place.cached_pulumi) / "pulumi")


@pytest.mark.parametrize("name", PULUMI_PROGRAMS)
def test_a_pulumi_that_is_not_whole_is_not_taken(place: Place, name: str) -> None:
    (pulumi(place.cached_pulumi, pinned_pulumi()) / name).unlink()

    done = place.run("tools/setup", "--env")

    assert (done.returncode, done.stdout) == (1, "")


def test_without_a_virtual_environment_there_is_nothing_to_print(place: Place) -> None:
    pulumi(place.cached_pulumi, pinned_pulumi())
    place.python.unlink()

    done = place.run("tools/setup", "--env")

    assert (done.returncode, done.stdout) == (1, "")


@pytest.mark.parametrize(
    ("proofs", "proved"),
    [
        ("program sh", True),
        ("program no-such-program", False),
        ("program no-such-program | program sh", True),
        ("file /bin/s*", True),
        ("file /bin/no-such-*", False),
        ("file /bin/no-such-* | file /no-such | file /bin/sh", True),
        ("pkg-config no-such-library", False),
        ("found pulumi", False),
        ("python ensurepip | program sh", True),
    ],
)
def test_a_package_is_missing_when_nothing_proves_that_it_is_there(
    place: Place, tmp_path: Path, proofs: str, proved: bool
) -> None:
    packages = tmp_path / "packages.txt"
    packages.write_text(f"# a comment\n\nsome-package  newer  {proofs}\nlast-package  every  program no-such-program\n")

    done = place.missing(packages)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == [*([] if proved else ["some-package"]), "last-package"]


def test_a_pulumi_in_the_cache_is_a_proof(place: Place, tmp_path: Path) -> None:
    pulumi(place.cached_pulumi, pinned_pulumi())
    packages = tmp_path / "packages.txt"
    packages.write_text("curl  every  program no-such-program | found pulumi\n")

    done = place.missing(packages)

    assert (done.returncode, done.stdout) == (0, "")


def test_a_list_that_cannot_be_read_is_not_taken_for_one_of_which_nothing_is_missing(
    place: Place, tmp_path: Path
) -> None:
    packages = tmp_path / "packages.txt"

    assert place.missing(packages).returncode != 0

    packages.write_text("some-package  every  sight unseen\n")
    assert place.missing(packages).returncode != 0


@pytest.mark.parametrize(
    ("packages_file", "at_least"), [(LIST, 20), (FIREWALLS, 2), (SHELLS, 1), (BROWSER, 0), (JAVA, 1)]
)
def test_each_line_of_a_list_can_be_read(packages_file: Path, at_least: int) -> None:
    lines = [line for line in packages_file.read_text().splitlines() if line and not line.startswith("#")]
    packages = [line.split(maxsplit=2) for line in lines]

    for package, releases, proofs in packages:
        assert releases in ("every", "newer"), package
        for proof in proofs.split(" | "):
            kind, what = proof.split(" ")
            assert re.fullmatch(PROOFS[kind], what), (package, proof)
    names = [package for package, _, _ in packages]
    assert len(names) == len(set(names)) > at_least


@pytest.mark.parametrize(
    ("manager", "command", "names"),
    [
        ("dnf", "sudo dnf install", {"libvirt-client", "iputils"}),
        ("zypper", "sudo zypper install", {"libvirt-client", "iputils"}),
        ("pacman", "sudo pacman -S --needed", {"libvirt", "iputils"}),
    ],
)
def test_where_there_is_no_apt_the_machines_own_packages_are_named(
    place: Place, manager: str, command: str, names: set[str]
) -> None:
    for name in (manager, "awk", "paste"):
        (place.bin / name).symlink_to(shutil.which(name) or "/bin/true")

    done = place.run("tools/setup.d/system-packages.sh")

    assert done.returncode == 1
    (said,) = [line for line in done.stderr.splitlines() if command in line]
    # virsh and ping, which none of the places has where root's programs are.
    assert names <= set(said.partition(command)[2].split())


#: An apt-get that writes down how it is called. What it installs enables services; of packages named ufw it knows that
#: another has to go for them.
APT_GET = """\
#!/bin/bash
echo "$* $SYSTEMD_OFFLINE" >>"$HOME/calls"
if [[ $* == *--simulate*ufw* ]]; then exit 100; fi
if [[ $* == *install* && $* != *--simulate* ]]; then echo >"$HOME/enabled"; exit {code}; fi
"""
SYSTEMCTL = """\
#!/bin/bash
echo "systemctl $*" >>"$HOME/calls"
if [[ $1 == is-enabled ]]; then [[ -e $HOME/enabled ]]; fi
"""


@pytest.fixture
def debian(place: Place) -> Place:
    """A place on a machine with apt-get and systemd, whose user is root."""
    (place.root / "cache/virtnet").mkdir(parents=True)
    for name, text in {"apt-get": APT_GET.format(code=0), "systemctl": SYSTEMCTL}.items():
        program(place.bin / name).write_text(text)
    program(place.bin / "apt-cache")
    (place.bin / "id").unlink()
    program(place.bin / "id", "0")
    return place


def calls(place: Place) -> list[str]:
    """All that was asked of apt-get and systemctl."""
    file = place.root / "calls"
    return file.read_text().splitlines() if file.exists() else []


def installs(place: Place) -> list[str]:
    return [call for call in calls(place) if " install " in call and "--simulate" not in call]


def test_no_package_of_the_machine_goes_for_one_that_is_installed(debian: Place) -> None:
    debian.run("tools/setup.d/system-packages.sh")

    (install,) = installs(debian)
    assert "--no-remove" in install.split()


def test_nobody_gets_a_firewall_by_the_set_up(debian: Place) -> None:
    debian.run("tools/setup.d/system-packages.sh")

    (install,) = installs(debian)
    assert "libvirt-clients" in install.split()
    assert {"firewalld", "ufw", "dbus-daemon"}.isdisjoint(install.split())


def test_services_that_came_are_disabled_where_apt_fails_half_way(debian: Place) -> None:
    program(debian.bin / "apt-get").write_text(APT_GET.format(code=100))

    done = debian.run("tools/setup.d/system-packages.sh")

    assert (done.returncode, "apt-get failed" in done.stderr) == (1, True)
    assert [call for call in calls(debian) if call.startswith("systemctl --quiet disable ")]


@pytest.mark.parametrize(("there", "code"), [("update", 0), ("never", 3)])
def test_what_the_archives_do_not_have_is_asked_for_once_more_by_new_lists(
    debian: Place, there: str, code: int
) -> None:
    common = LIST.with_name("common.sh")
    script = f'. {common}; from_archives "$HOME/log" grep -e {there} "$HOME/calls" || exit 3'

    done = debian.run("bash", "-euc", script)

    assert [call for call in calls(debian) if " update " in call] == ["-o DPkg::Lock::Timeout=300 -qq update "]
    assert (done.returncode, "No such file" in done.stderr) == (code, code != 0)


def test_a_firewall_for_tests_that_would_put_another_package_out_is_left_out(debian: Place) -> None:
    # As none of the machine's own programs.
    packages = debian.root / "firewalls.txt"
    packages.write_text("firewalld  every  program no-such-firewalld\nufw  every  program no-such-ufw\n")

    done = debian.run("tools/setup.d/system-packages.sh", "--firewalls", str(packages))

    (install,) = installs(debian)
    assert install.endswith("--no-remove firewalld 1")
    assert [call for call in calls(debian) if call.startswith("systemctl --quiet disable ")]
    assert (done.returncode, done.stderr) == (0, "")
    assert "left out, and skipped by the tests: firewalld ufw\n" in done.stdout


def test_who_is_not_root_is_told_a_command_that_starts_nothing_and_adds_no_firewall(debian: Place) -> None:
    program(debian.bin / "id", "1000")
    program(debian.bin / "sudo").write_text("#!/bin/sh\nexit 1\n")

    done = debian.run("tools/setup.d/system-packages.sh")
    firewalls = debian.run("tools/setup.d/system-packages.sh", "--firewalls")

    (said,) = [line for line in done.stderr.splitlines() if "sudo apt-get update" in line]
    words = said.partition("&& sudo ")[2].split()
    assert done.returncode == 1
    assert {"SYSTEMD_OFFLINE=1", "RUNLEVEL=1", "--no-remove", "libvirt-clients"} <= set(words)
    assert words[0] == "env"
    assert {"firewalld", "ufw", "dbus-daemon"}.isdisjoint(words)
    assert (firewalls.returncode, firewalls.stderr, installs(debian)) == (0, "", [])


#: What `apt-get indextargets` says on a machine of Debian 12, as it is asked.
TARGETS = """\
Debian|http://archive.example/debian bookworm main
Debian|http://archive.example/debian bookworm-updates main
Debian|http://archive.example/debian bookworm-backports main
Debian Backports|http://archive.example/debian bookworm-backports contrib
Debian|http://archive.example/debian bookworm-backports-sloppy main
Debian|http://archive.example/debian bookworm-proposed-updates main
Debian|http://security.example/debian-security bookworm-security main
Others|http://others.example bookworm main
"""


@pytest.mark.parametrize(
    ("release", "suites"),
    [
        ("trixie", ["trixie", "trixie-security", "trixie-updates"]),
        (
            "bookworm",
            [
                "bookworm",
                "bookworm-backports",
                "bookworm-backports-sloppy",
                "bookworm-proposed-updates",
                "bookworm-security",
                "bookworm-updates",
            ],
        ),
    ],
)
def test_another_release_is_not_asked_for_backports(place: Place, release: str, suites: list[str]) -> None:
    (place.root / "targets").write_text(TARGETS)
    program(place.bin / "apt-get").write_text('#!/bin/sh\ncat "$HOME/targets"\n')
    (place.bin / "awk").symlink_to(shutil.which("awk") or "awk")
    source = ". tools/setup.d/common.sh; . tools/setup.d/archives.sh; codename() { echo bookworm; }"

    done = place.run("bash", "-euc", f"{source}; archives_of {release}")

    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(line.split()[1] for line in done.stdout.splitlines()) == suites
