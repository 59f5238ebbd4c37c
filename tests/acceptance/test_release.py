"""What a release publishes, installed from its files into empty environments: the life of a network with each."""

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tests.acceptance.test_languages import Language, LanguageStack, java_tools, languages, lay_out_yaml, made_once
from tests.hosts.sandboxed import REPOSITORY, Host
from tools.codegen import project
from tools.release.__main__ import build
from tools.release.archives import checksums

#: The plugin is packed for a minute or more, once for all of them.
# It builds with the language hosts, which the trees of other releases don't have.
pytestmark = [pytest.mark.acceptance, pytest.mark.any_libvirt, pytest.mark.compiled, pytest.mark.timeout(900)]

VERSION = project.read(REPOSITORY).version
EPOCH = 1_700_000_000


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artefacts."""
    return made_once("dist", _build, tmp_path_factory)


def _build(folder: Path) -> None:
    tools = java_tools()
    folder.mkdir()
    build(folder, languages(), tools, uv(), EPOCH)


def uv() -> str:
    found = shutil.which("uv")
    assert found, "uv is missing; make setup brings it"
    return found


def without_python(*programs: str) -> dict[str, str]:
    """The environment of a user who has these programs and no Python of the project."""
    folders = {str(Path(shutil.which(program) or "").parent) for program in programs}
    path = ":".join([*sorted(folders), "/usr/sbin", "/usr/bin", "/sbin", "/bin"])
    return {"PATH": path, "PYTHONPATH": "", "VIRTUAL_ENV": ""}


def live(stack: LanguageStack, host: Host) -> None:
    """A network made, found as it is, and destroyed."""
    before = host.trace()
    stack.up()
    assert "192.168.123.1/24" in host.sh(f"ip -brief address show dev {stack.output('bridge')}")
    assert stack.unchanged()
    stack.destroy()
    assert host.trace() == before


def unplugged(stack: LanguageStack) -> None:
    """Take the plugin's place out of the project, as Pulumi finds it by itself."""
    (stack.directory / "Pulumi.yaml").write_text(f"{stack.program}\nname: project\nruntime: yaml\n")


def test_all_that_a_release_publishes_is_there_with_its_checksum(dist: Path) -> None:
    done = subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=dist, capture_output=True, check=True)

    names = sorted(line.partition(":")[0] for line in done.stdout.decode().splitlines())
    assert names == [
        f"pulumi-resource-virtnet-v{VERSION}-linux-amd64.tar.gz",
        f"pulumi-virtnet-{VERSION}.cdx.json",
        f"pulumi-virtnet-{VERSION}.tgz",
        f"pulumi_virtnet-{VERSION}-py3-none-any.whl",
        f"pulumi_virtnet-{VERSION}.tar.gz",
        f"virtnet-{VERSION}-javadoc.jar",
        f"virtnet-{VERSION}-maven.cdx.json",
        f"virtnet-{VERSION}-sources.jar",
        f"virtnet-{VERSION}.jar",
        f"virtnet-{VERSION}.pom",
    ]
    assert {path.name for path in dist.iterdir()} == {*names, "SHA256SUMS"}


def test_a_byte_that_changed_in_any_artefact_is_found(dist: Path, tmp_path: Path) -> None:
    for artefact in sorted(path for path in dist.iterdir() if path.name != "SHA256SUMS"):
        folder = tmp_path / artefact.name
        folder.mkdir()
        for path in dist.iterdir():
            (folder / path.name).symlink_to(path)
        content = bytearray(artefact.read_bytes())
        content[len(content) // 2] ^= 1
        (folder / artefact.name).unlink()
        (folder / artefact.name).write_bytes(content)

        done = subprocess.run(
            ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )

        assert (done.returncode, done.stdout) == (1, f"{artefact.name}: FAILED\n")


def test_another_folder_with_the_same_files_gives_the_same_packages(tmp_path: Path) -> None:
    """The plugin's archive is left out, because it takes minutes on a busy machine."""
    folder = tmp_path / "folder"
    folder.mkdir()
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, check=True).stdout
    copy = ["cp", "--parents", "--no-dereference", "--target-directory", str(folder)]
    subprocess.run([*copy, *tracked.decode().rstrip("\0").split("\0")], cwd=REPOSITORY, check=True)
    script = (
        "import sys; from pathlib import Path; from tools.release.__main__ import packages; "
        "packages(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4], int(sys.argv[5]))"
    )

    sums = []
    for repository, into in ((REPOSITORY, tmp_path / "here"), (folder, tmp_path / "there")):
        into.mkdir()
        subprocess.run(
            [sys.executable, "-c", script, into, languages(), java_tools(), uv(), str(EPOCH)],
            cwd=repository,
            env={**os.environ, "PYTHONPATH": ":".join(str(repository / part) for part in ("", "provider", "sdk"))},
            check=True,
        )
        sums.append(checksums(into.iterdir()))

    assert sums[0].count("\n") == 9
    assert sums[1] == sums[0]


def test_the_plugin_is_installed_from_its_archive_and_needs_no_python(host: Host, dist: Path) -> None:
    stack = LanguageStack(host, Language("yaml", ".yaml", lay_out_yaml), "LibvirtNetwork")
    stack.environment |= without_python("pulumi", "pulumi-language-yaml")
    archive = dist / f"pulumi-resource-virtnet-v{VERSION}-linux-amd64.tar.gz"

    stack.pulumi("plugin", "install", "resource", "virtnet", f"v{VERSION}", "--file", str(archive))

    unplugged(stack)
    live(stack, host)


def test_the_wheel_is_all_that_a_program_in_python_needs(host: Host, dist: Path, tmp_path: Path) -> None:
    environment = tmp_path / "venv"
    (wheel,) = dist.glob("*.whl")
    # What it depends on is locked, and comes from the cache of the set-up.
    locked = ["sync", "--frozen", "--offline", "--no-dev", "--no-install-project", "--inexact"]
    commands: list[list[str | Path]] = [
        [sys.executable, "-m", "venv", environment],
        [uv(), *locked, "--project", REPOSITORY],
        [uv(), "pip", "install", "--offline", "--no-deps", "--python", environment / "bin" / "python", wheel],
    ]
    for command in commands:
        subprocess.run(command, env={**os.environ, "UV_PROJECT_ENVIRONMENT": str(environment)}, check=True)
    stack = LanguageStack(host, Language("python", ".py", in_environment(environment)), "LibvirtNetwork")
    stack.environment |= {"PULUMI_PYTHON_CMD": str(environment / "bin" / "python"), "PYTHONPATH": "", "VIRTUAL_ENV": ""}

    live(stack, host)


def in_environment(environment: Path) -> Callable[[Path, str], None]:
    """How a project is laid out whose plugin is that of a virtual environment."""

    def lay_out(directory: Path, program: str) -> None:
        (directory / "Pulumi.yaml").write_text(
            f"name: project\nruntime: python\nplugins: {{providers: [{{name: virtnet, path: {environment}/bin}}]}}\n"
        )
        (directory / "__main__.py").write_text(program)

    return lay_out


def test_the_maven_package_has_what_maven_central_takes(dist: Path) -> None:
    """A pom that says whose it is, and the sources and pages of all that programs can name."""
    maven = {"": "http://maven.apache.org/POM/4.0.0"}
    pom = ElementTree.parse(dist / f"virtnet-{VERSION}.pom")  # noqa: S314 - this repository's own
    asked = ["name", "description", "url", "licenses/license/name", "developers/developer/name", "scm/url"]
    classes, sources, pages = (
        {Path(name) for name in zipfile.ZipFile(dist / f"virtnet-{VERSION}{which}.jar").namelist()}
        for which in ("", "-sources", "-javadoc")
    )

    assert [name for name in asked if not pom.findtext(name, namespaces=maven)] == []
    compiled = {path for path in classes if path.suffix == ".class" and "$" not in path.name}
    assert {path.with_suffix(".java") for path in compiled} == {path for path in sources if path.suffix == ".java"}
    # Utilities is the one class that programs can't name.
    described = {path for path in compiled if path.stem != "Utilities"}
    assert {path.with_suffix(".html") for path in described} <= pages


def test_the_npm_package_holds_what_programs_import_compiled(dist: Path, tmp_path: Path) -> None:
    modules = tmp_path / "node_modules"
    modules.mkdir()
    for entry in languages().joinpath("node_modules").iterdir():
        (modules / entry.name).symlink_to(entry)
    subprocess.run(["tar", "-xzf", dist / f"pulumi-virtnet-{VERSION}.tgz", "-C", tmp_path], check=True)
    (tmp_path / "package").rename(modules / "pulumi-virtnet")
    program = (
        "const v = require('pulumi-virtnet');"
        "console.log(v.LibvirtNetwork.name, v.Provider.name, require('pulumi-virtnet/utilities').getVersion())"
    )

    done = subprocess.run(["node", "-e", program], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert done.stdout == f"LibvirtNetwork Provider {VERSION}\n"
    assert (modules / "pulumi-virtnet" / "index.d.ts").exists()
