"""The examples of docs/native as programs in each of Pulumi's languages: the SDKs, the plugin and the real engine."""

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.stack import PRELOADED, Stack
from tests.hosts.sandboxed import REPOSITORY, Host
from tools.codegen import project as published
from tools.codegen.everything import from_specs, with_languages
from tools.codegen.files import differences
from tools.release import java
from tools.release.archives import zipped
from tools.release.node import compile_sdk

VERSION = published.read(REPOSITORY).version

#: In the program in Go that Pulumi builds itself, for three seconds at each command; others are built when written.
LEFT_TO_PULUMI = "NewHostForwarding("
#: Types of a program in TypeScript are checked by the first command that runs it: that takes seconds of a processor.
TYPES_WERE_CHECKED = {"PULUMI_NODEJS_TRANSPILE_ONLY": "true"}
#: A program in Java, and Maven, run for seconds: they are compiled for a quick start.
_QUICK = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
START_OF_JAVA = {"JDK_JAVA_OPTIONS": _QUICK, "MAVEN_OPTS": _QUICK}
#: A dozen commands of Pulumi in a test.
pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(900)]

EXAMPLES = REPOSITORY / "docs" / "native"
#: The folder in examples of each language that Pulumi runs.
FOLDERS = {"python": "python", "yaml": "yaml", "nodejs": "typescript", "go": "go", "java": "java"}
MODULE = Path(__file__).with_name("languages")
PROJECT: dict[str, Any] = {
    "name": "project",
    "plugins": {"providers": [{"name": "virtnet", "path": str(PRELOADED / "bin")}]},
}


@dataclass(frozen=True)
class Language:
    """A language: its name for Pulumi, and how a program in it is laid out in a project's directory."""

    runtime: str
    suffix: str
    lay_out: Callable[[Path, str], None]


def project(directory: Path, runtime: Any) -> None:
    # JSON is YAML too.
    (directory / "Pulumi.yaml").write_text(json.dumps({**PROJECT, "runtime": runtime}))


def lay_out_python(directory: Path, program: str) -> None:
    project(directory, "python")
    (directory / "__main__.py").write_text(program)


def lay_out_yaml(directory: Path, program: str) -> None:
    (directory / "Pulumi.yaml").write_text(f"{program}\nruntime: yaml\n" + _as_yaml(PROJECT))


def _as_yaml(values: dict[str, Any]) -> str:
    return "".join(f"{name}: {json.dumps(value)}\n" for name, value in values.items())


def lay_out_go(directory: Path, program: str) -> None:
    built = LEFT_TO_PULUMI not in program
    project(directory, {"name": "go", "options": {"binary": "program"}} if built else "go")
    (directory / "main.go").write_text(program)
    shutil.copy(MODULE / "go.sum", directory)
    module = (MODULE / "go.mod").read_text()
    (directory / "go.mod").write_text(module.replace("../../../sdk/go", str(REPOSITORY / "sdk" / "go")))
    if built:
        command = ["go", "build", "-o", "program", "."]
        subprocess.run(command, cwd=directory, env={**os.environ, **go_environment()}, check=True)


def go_environment() -> dict[str, str]:
    return {
        # The home of the test has no Go modules, and the sandbox no network to fetch them through.
        "GOMODCACHE": subprocess.check_output(["go", "env", "GOMODCACHE"], text=True).strip(),
        "GOCACHE": str(languages() / "go.cache"),
        "GOFLAGS": "-mod=readonly -trimpath -buildvcs=false -ldflags=-s",
        "GOPROXY": "off",
        "CGO_ENABLED": "0",
    }


def lay_out_typescript(sdk: Path, directory: Path, program: str) -> None:
    project(directory, "nodejs")
    (directory / "index.ts").write_text(program)
    for name in ("package.json", "tsconfig.json"):
        shutil.copy(MODULE / name, directory)
    modules = directory / "node_modules"
    modules.mkdir(exist_ok=True)
    for entry in (sdk, *languages().joinpath("node_modules").iterdir()):
        if not (modules / entry.name).exists():
            (modules / entry.name).symlink_to(entry)


def lay_out_java(sdk: Path, directory: Path, program: str) -> None:
    """A jar that refers to the SDK, a jar or a folder, and to the libraries. Maven takes seconds at each command."""
    project(directory, "java")
    source, content = directory / "App.java", directory / "classes"
    source.write_text(program)
    (content / "META-INF").mkdir(parents=True, exist_ok=True)
    classpath = [sdk, *java.libraries(java_tools())]
    java.compile_sources([source], classpath, content)
    places = f"Class-Path: {' '.join(path.as_uri() + '/' * path.is_dir() for path in classpath)}"
    # A line of a manifest has 72 bytes at most, and a space before what goes on.
    lines = ["Main-Class: myproject.App", "\n ".join(re.findall(".{1,70}", places))]
    (content / "META-INF" / "MANIFEST.MF").write_text("\n".join(["Manifest-Version: 1.0", *lines, ""]))
    zipped(content, directory / "program.jar", 1_700_000_000)


def java_tools() -> Path:
    """Where the set-up keeps what programs in Java need. Skips where it didn't bring that."""
    place = os.environ.get("VIRTNET_JAVA")
    if place is None or shutil.which("javac") is None:
        pytest.skip("there are no JDK, Maven and Pulumi's host of Java; make setup-campaigns brings them")
    return Path(place)


def languages() -> Path:
    """Where the set-up keeps the language hosts and what programs import."""
    place = os.environ.get("VIRTNET_LANGUAGES")
    assert place, "Pulumi's other languages are missing; make setup brings them"
    return Path(place)


def made_once(name: str, make: Callable[[Path], None], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the function makes of a path that isn't there, once for all processes that test."""
    own = tmp_path_factory.getbasetemp()
    place = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    made = place / "made" / name
    with (place / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            make(own / f"{name}.new")
            made.parent.mkdir(exist_ok=True)
            (own / f"{name}.new").rename(made)
    return made


@pytest.fixture(scope="session")
def typescript_sdk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The SDK as npm installs it: compiled, with the packages that it imports."""
    return made_once("pulumi-virtnet", _compile, tmp_path_factory)


def _compile(sdk: Path) -> None:
    modules = languages() / "node_modules"
    try:
        compile_sdk(REPOSITORY, modules, sdk)
    except subprocess.CalledProcessError as error:
        raise AssertionError(error.stdout + error.stderr) from None
    (sdk / "node_modules").symlink_to(modules)


@pytest.fixture(scope="session")
def maven_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the files of the Maven package."""
    return made_once("maven", _package, tmp_path_factory)


def _package(folder: Path) -> None:
    tools = java_tools()
    folder.mkdir()
    try:
        java.package(REPOSITORY, tools, folder, 1_700_000_000)
    except subprocess.CalledProcessError as error:
        raise AssertionError(error.stderr.decode()) from None


#: Those whose programs are compiled.
COMPILED = [pytest.param(name, marks=pytest.mark.compiled) for name in ("typescript", "go", "java")]


#: What is in Python here, other tests show of the native form too.
@pytest.fixture(params=[pytest.param("python", marks=pytest.mark.further), "yaml", *COMPILED])
def language(request: pytest.FixtureRequest) -> Language:
    if request.param == "typescript":
        sdk = request.getfixturevalue("typescript_sdk")
        return Language("nodejs", ".ts", partial(lay_out_typescript, sdk))
    if request.param == "java":
        return language_of_java(request.getfixturevalue("maven_package") / f"virtnet-{VERSION}.jar")
    return {
        "python": Language("python", ".py", lay_out_python),
        "yaml": Language("yaml", ".yaml", lay_out_yaml),
        "go": Language("go", ".go", lay_out_go),
    }[request.param]


def language_of_java(sdk: Path) -> Language:
    """Java, with the SDK in a jar or a folder."""
    return Language("java", ".java", partial(lay_out_java, sdk))


class LanguageStack(Stack):
    """A stack whose program is an example in a language."""

    def __init__(self, host: Host, language: Language, example: str) -> None:
        super().__init__(host)
        for name in ("__main__.py", "resources.json", "Pulumi.yaml"):
            (self.directory / name).unlink()
        self.language = language
        self.program = (EXAMPLES / f"{example}{language.suffix}").read_text()
        language.lay_out(self.directory, self.program)
        if language.runtime == "go":
            self.environment |= go_environment()
            if LEFT_TO_PULUMI not in self.program:
                self._have_host_run("program")
        if language.runtime == "java":
            self.environment |= START_OF_JAVA
            self._have_host_run("program.jar")

    def _have_host_run(self, built: str) -> None:
        """The language hosts that the set-up builds read none of the project's options, and have one of their own."""
        script = self.directory / "hosts" / f"pulumi-language-{self.language.runtime}"
        script.parent.mkdir()
        script.write_text(f'#!/bin/sh\nexec {shutil.which(script.name)} -binary={built} "$@"\n')
        script.chmod(0o755)
        self.environment["PATH"] = f"{script.parent}:{os.environ['PATH']}"

    def pulumi(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = super().pulumi(*arguments, check=check)
        if arguments[0] in ("preview", "up") and done.returncode == 0:
            self.environment |= TYPES_WERE_CHECKED
        return done

    def edit(self, old: str, new: str) -> None:
        """Change the program, as its author would."""
        assert old in self.program
        self.program = self.program.replace(old, new)
        self.language.lay_out(self.directory, self.program)
        for name in TYPES_WERE_CHECKED:
            self.environment.pop(name, None)

    def output(self, name: str) -> Any:
        return self.exports()[name]

    def ids(self) -> dict[str, str]:
        """The ids of the package's resources in the state, by name."""
        return {
            resource["urn"].rpartition("::")[2]: resource.get("id", "")
            for resource in self.recorded()
            if resource["type"].startswith("virtnet:")
        }


def test_a_network_lives_from_its_preview_to_its_destroy(host: Host, language: Language) -> None:
    before = host.trace()
    stack = LanguageStack(host, language, "LibvirtNetwork")

    preview = stack.preview()
    assert host.trace() == before
    stack.up()

    assert "network 'management' on qemu:///system: will define a nat network with 192.168.123.1/24" in preview
    uuid = host.virsh("net-uuid", "management").strip()
    assert stack.ids() == {"management": uuid}
    assert "192.168.123.1/24" in host.sh(f"ip -brief address show dev {stack.output('bridge')}")
    assert stack.unchanged_by_each()

    host.virsh("net-update", "management", "delete", "ip-dhcp-range", HANDED_OUT.format("254"), "--live", "--config")
    refreshed = stack.refresh()
    assert "~ virtnet:index:LibvirtNetwork management" in " ".join(refreshed.split())
    stack.edit("192.168.123.254", "192.168.123.200")
    changing = stack.preview()
    stack.up()

    assert "dhcp.ranges[192.168.123.2 192.168.123.200] is added" in changing
    assert "end='192.168.123.200'" in host.virsh("net-dumpxml", "management")
    assert host.virsh("net-uuid", "management").strip() == uuid
    assert stack.unchanged_by_each()

    host.run(
        "virsh", "net-define", "/dev/stdin", given="<network><name>found</name><ip address='10.93.0.1'/></network>"
    )
    stack.pulumi("import", "virtnet:index:LibvirtNetwork", "taken", "found", "--yes", "--generate-code=false")
    assert stack.ids()["taken"] == host.virsh("net-uuid", "found").strip()
    stack.pulumi("state", "unprotect", "--all", "--yes")

    stack.destroy()

    assert host.trace() == before


HANDED_OUT = "<range start='192.168.123.2' end='192.168.123.{}'/>"


def test_a_subnet_is_asked_for_and_used(host: Host, language: Language) -> None:
    stack = LanguageStack(host, language, "getFreeSubnet")

    stack.up()

    [subnet] = host.sh(f"ip -4 -brief address show dev {stack.output('bridge')}").split()[2:]
    assert subnet.endswith(".1/24")
    assert f"start='{subnet.replace('.1/24', '.2')}'" in host.virsh("net-dumpxml", "lab")
    assert stack.unchanged_by_each()
    stack.destroy()
    assert host.network("lab") is None


def test_a_host_forwards_and_is_put_back(host: Host, language: Language) -> None:
    host.sh("echo 0 > /proc/sys/net/ipv4/ip_forward")
    stack = LanguageStack(host, language, "HostForwarding")

    stack.up()

    assert host.sh("cat /proc/sys/net/ipv4/ip_forward") == "1\n"
    assert stack.unchanged_by_each()
    stack.destroy()
    assert host.sh("cat /proc/sys/net/ipv4/ip_forward") == "0\n"


def test_a_port_of_the_host_leads_to_a_guest(host: Host, language: Language) -> None:
    host.virsh("net-start", "default")
    host.sh("echo 1 > /proc/sys/net/ipv4/ip_forward")
    before = host.trace()
    stack = LanguageStack(host, language, "PortForward")

    preview = stack.preview()
    stack.up()

    opens = "opens tcp 8080 of every IPv4 address of the host to 192.168.122.50:80, from 203.0.113.0/24"
    assert opens in preview
    assert "dnat ip to 192.168.122.50:80" in host.sh("nft list table inet virtnet_port_forwards")
    assert stack.unchanged_by_each()
    stack.destroy()
    assert host.trace() == before


def test_a_host_gets_all_that_a_component_holds(host: Host, language: Language) -> None:
    host.sh("echo 0 > /proc/sys/net/ipv4/ip_forward")
    before = host.trace()
    stack = LanguageStack(host, language, "VirtualNetworkHost")

    preview = stack.preview()
    assert host.trace() == before
    stack.up()

    assert "network 'storage' on qemu:///system: will define an isolated network with 10.64.2.1/24" in preview
    assert "opens tcp 8080 of every IPv4 address of the host to 10.64.1.10:80" in preview
    assert stack.output("bridges") == {"management": "vn-management", "storage": "vn-storage"}
    assert set(stack.ids()) == {"alpha-forwarding", "alpha-management", "alpha-storage", "alpha-web", "alpha"}
    assert "dnat ip to 10.64.1.10:80" in host.sh("nft list table inet virtnet_port_forwards")
    assert host.sh("cat /proc/sys/net/ipv4/ip_forward") == "1\n"
    assert stack.unchanged_by_each()

    stack.edit("9000", "1400")
    stack.up()
    assert "<mtu size='1400'/>" in host.virsh("net-dumpxml", "storage")
    assert stack.unchanged_by_each()

    stack.destroy()
    assert host.trace() == before
    assert host.sh("cat /proc/sys/net/ipv4/ip_forward") == "0\n"


@pytest.mark.further
def test_a_component_moves_from_python_to_another_language_as_it_is(host: Host) -> None:
    """In Python the program makes what is inside, elsewhere the plugin does."""
    stack = LanguageStack(host, Language("python", ".py", lay_out_python), "VirtualNetworkHost")
    stack.up()
    made = stack.ids()

    lay_out_yaml(stack.directory, (EXAMPLES / "VirtualNetworkHost.yaml").read_text())

    assert stack.unchanged_by_each()
    assert stack.ids() == made
    stack.destroy()


OPTIONS = {
    "python": (
        '    "alpha",\n',
        '    "alpha",\n    opts=pulumi.ResourceOptions(\n        retain_on_delete=True,\n'
        '        custom_timeouts=pulumi.CustomTimeouts(create="10m", delete="20m"),\n    ),\n',
    ),
    "yaml": (
        "    properties:\n      uri",
        "    options: {retainOnDelete: true, customTimeouts: {create: 10m, delete: 20m}}\n    properties:\n      uri",
    ),
}


@pytest.mark.parametrize(
    "language",
    [
        pytest.param(Language("python", ".py", lay_out_python), marks=pytest.mark.further),
        Language("yaml", ".yaml", lay_out_yaml),
    ],
    ids=["python", "yaml"],
)
def test_options_of_a_component_hold_for_what_is_inside(host: Host, language: Language) -> None:
    stack = LanguageStack(host, language, "VirtualNetworkHost")
    stack.edit(*OPTIONS[language.runtime])
    stack.up()
    recorded = [each for each in stack.recorded() if each["type"].startswith("virtnet:") and each["custom"]]
    made = host.trace()

    stack.destroy()

    assert [(each["retainOnDelete"], each["customTimeouts"]) for each in recorded] == [
        (True, {"create": 600, "delete": 1200})
    ] * 4
    assert host.trace() == made


def test_what_is_wrong_inside_a_component_is_said_of_it(host: Host) -> None:
    before = host.trace()
    stack = LanguageStack(host, Language("yaml", ".yaml", lay_out_yaml), "VirtualNetworkHost")
    stack.edit("10.64.1.1/24", "10.64.1.0/24")

    said = stack.preview(check=False)

    wrong = (
        "error: virtnet:index:LibvirtNetwork resource 'alpha-management' has a problem: ips[0].address=\"10.64.1.0/24\""
    )
    assert wrong in said
    # The engine waits for a component that does not end when it is told to, and takes its plugin for one that crashed.
    assert "exited prematurely" not in said
    assert "virtnet made a mistake" not in said
    assert host.trace() == before


def test_the_folder_of_a_language_publishes_a_guest(
    host: Host, language: Language, request: pytest.FixtureRequest
) -> None:
    host.sh("echo 0 > /proc/sys/net/ipv4/ip_forward")
    before = host.trace()
    # It has what is installed beside a program; the folder's files replace the rest.
    stack = LanguageStack(host, language, "HostForwarding")
    folder = REPOSITORY / "examples" / FOLDERS[language.runtime]
    for file in (path for path in folder.rglob("*") if path.is_file()):
        target = stack.directory / file.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(file.read_text().replace("=> ../../sdk/go", f"=> {REPOSITORY}/sdk/go"))
    if language.runtime == "java":
        install_with_maven(request.getfixturevalue("maven_package"), stack.directory)
    # The folder's Pulumi.yaml doesn't say where the plugin is.
    stack.environment |= {"PATH": f"{PRELOADED}/bin:{os.environ['PATH']}", "PULUMI_STACK": "example"}
    if "GOFLAGS" in stack.environment:
        # As `go mod tidy` does: what it adds to go.mod is in go.sum already.
        stack.environment["GOFLAGS"] = stack.environment["GOFLAGS"].replace("-mod=readonly", "-mod=mod")
    stack.init("example")

    preview = stack.preview()
    assert host.trace() == before
    stack.up()

    assert "opens tcp 8080 of every IPv4 address of the host to guest web (192.168.131.10:80), from anywhere" in preview
    assert stack.output("bridge") == "vn-services"
    assert "dnat ip to 192.168.131.10:80" in host.sh("nft list table inet virtnet_port_forwards")
    assert host.sh("cat /proc/sys/net/ipv4/ip_forward") == "1\n"
    assert stack.unchanged_by_each()
    stack.destroy()
    assert host.trace() == before
    assert host.sh("cat /proc/sys/net/ipv4/ip_forward") == "0\n"


def install_with_maven(package: Path, directory: Path) -> None:
    """Put the package's files where `mvn install:install-file` puts them, and have Maven ask no network."""
    place = ask_no_network(directory) / "io" / "github" / "pulumivirtnet" / "virtnet" / VERSION
    place.mkdir(parents=True)
    for suffix in (".jar", ".pom"):
        shutil.copy(package / f"virtnet-{VERSION}{suffix}", place)


def ask_no_network(directory: Path) -> Path:
    """Have Maven use a repository of the project's own, which has all but the package. Its folder."""
    repository = directory / "repository"
    if not repository.exists():
        shutil.copytree(java_tools() / "repository", repository)
        (directory / ".mvn").mkdir()
        (directory / ".mvn" / "maven.config").write_text(f"--offline\n-Dmaven.repo.local={repository}\n")
    return repository


@pytest.mark.compiled
def test_the_sdk_that_pulumi_generates_for_python_runs_a_network(host: Host, tmp_path: Path) -> None:
    """`pulumi package add` calls this generator through the language host; the one that the set-up builds has none."""
    generated, sdk = tmp_path / "generated", tmp_path / "sdk"
    schema = REPOSITORY / "provider/virtnet/plugin/schema.json"
    subprocess.run([languages() / "bin" / "generate-sdk", "python", schema, generated], check=True)
    # pip compiles each module. What builds the package is in the environment of developers, so no index is asked.
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--target", sdk, generated], check=True)
    before = host.trace()
    stack = LanguageStack(host, Language("python", ".py", lay_out_python), "LibvirtNetwork")
    stack.edit("import pulumi_virtnet.native as virtnet", "import pulumi_virtnet_native as virtnet")
    stack.edit('pulumi.export("bridge"', 'pulumi.export("sdk", virtnet.__file__)\npulumi.export("bridge"')
    stack.environment |= {"PULUMI_PYTHON_CMD": sys.executable, "PYTHONPATH": str(sdk)}

    stack.up()

    assert stack.output("sdk") == str(sdk / "pulumi_virtnet_native" / "__init__.py")
    assert "192.168.123.1/24" in host.sh(f"ip -brief address show dev {stack.output('bridge')}")
    assert stack.unchanged_by_each()
    stack.edit("192.168.123.254", "192.168.123.200")
    stack.up()
    assert "end='192.168.123.200'" in host.virsh("net-dumpxml", "management")
    stack.destroy()
    assert host.trace() == before


def test_the_sdks_are_up_to_date() -> None:
    program = languages() / "bin" / "generate-sdk"

    different = list(differences(with_languages(from_specs(REPOSITORY), str(program)), REPOSITORY))

    assert "".join(different) == ""


def test_an_import_prints_a_program_that_changes_nothing_but_the_mark(host: Host) -> None:
    """In YAML, whose language host writes programs; the others that the set-up builds are too old to."""
    host.run("virsh", "net-define", "/dev/stdin", given=FOUND)
    host.sh("virsh net-start found; virsh net-autostart found")
    uuid, before = host.virsh("net-uuid", "found").strip(), host.trace()
    stack = LanguageStack(host, Language("yaml", ".yaml", lay_out_yaml), "LibvirtNetwork")
    stack.program = "{}"

    stack.pulumi("import", "virtnet:index:LibvirtNetwork", "found", "found", "--yes", "--out", "printed.yaml")

    printed = (stack.directory / "printed.yaml").read_text()
    assert stack.ids() == {"found": uuid}
    assert "10.93.0.1/24" in printed
    lay_out_yaml(stack.directory, printed)
    preview = stack.preview()
    stack.pulumi("state", "unprotect", "--all", "--yes")
    stack.up()
    assert "owner is added (the network was imported" in preview
    assert preview.count("network 'found' on") == 1
    assert stack.unchanged_by_each()
    assert host.trace() == before


FOUND = """<network><name>found</name><forward mode='route'/><bridge name='odd0' stp='off' delay='3'/>
    <domain name='odd.test' localOnly='yes'/><dns forwardPlainNames='no'><txt name='note' value='v=1'/>
    <host ip='10.93.0.9'><hostname>b</hostname><hostname>a</hostname></host></dns>
    <ip address='10.93.0.1' netmask='255.255.255.0' localPtr='yes'><dhcp><range start='10.93.0.100'
    end='10.93.0.200'><lease expiry='2' unit='hours'/></range></dhcp></ip></network>"""
