"""The SDKs of C# and Java have the names of the schema, and `pulumi package` gives the one of Java.

There is no .NET here, so what is in C# is compared and not compiled.
"""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.stack import PRELOADED
from tests.acceptance.test_languages import (
    EXAMPLES,
    VERSION,
    Language,
    LanguageStack,
    ask_no_network,
    java_tools,
    lay_out_yaml,
    project,
)
from tests.hosts.sandboxed import REPOSITORY, Host
from tools.codegen.everything import SCHEMA
from tools.release import java

#: What each of them asks of libvirt, other tests ask too.
pytestmark = [pytest.mark.acceptance, pytest.mark.any_libvirt, pytest.mark.compiled, pytest.mark.timeout(900)]

PAGE = (REPOSITORY / "docs" / "plugin.md").read_text()
PLUGIN = Path(sys.executable).with_name("pulumi-resource-virtnet")
#: What the language hosts that the set-up builds say at the end of `pulumi package add`.
LINKS_NOTHING = "error: linking package: method Link not implemented"
#: What a program that has the SDK's sources replaces in its pom, and with what.
(OF_THE_SOURCES,) = re.findall(r"```xml\n( *<dependency>\n *<groupId>com\.google.*?)```", PAGE, re.DOTALL)
OF_THE_PACKAGE = r"(?s) *<dependency>\s*<groupId>io\.github\.pulumivirtnet</groupId>.*?</dependency>\n"
DESCRIBED: dict[str, Any] = json.loads((REPOSITORY / SCHEMA).read_text())
#: The folder of a package's classes in Java.
JAVA = Path("src/main/java/io/github/pulumivirtnet/virtnet")


@dataclass(frozen=True)
class Spelling:
    """How an SDK spells the schema's names, and in which of its files."""

    inputs: str
    outputs: str
    taken: str
    given: str
    enumerations: str
    described_value: str


SPELLINGS = {
    "csharp": Spelling(
        inputs="{}.cs",
        outputs="{}.cs",
        taken=r'\[Input\("(\w+)"',
        given=r'\[Output\("(\w+)"',
        enumerations="Enums.cs",
        described_value=r'/// </summary>\n +public static (\w+) \S+ \{ get; \} = new \1\("([^"]+)"\);',
    ),
    "java": Spelling(
        inputs=f"{JAVA}/{{}}Args.java",
        outputs=f"{JAVA}/{{}}.java",
        taken=r'@Import\(name="(\w+)"',
        given=r'@Export\(name="(\w+)"',
        enumerations=f"{JAVA}/enums/*.java",
        described_value=r'\*/\n +()\w+\("([^"]+)"\)[,;]',
    ),
}


@pytest.fixture(params=list(SPELLINGS))
def sdk(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Spelling]:
    """The SDK, made without an error or a warning."""
    folder = tmp_path / "sdk"
    program = java_tools() / "bin" / "generate-csharp-java"
    done = subprocess.run(
        [program, "sdk", request.param, REPOSITORY / SCHEMA, folder], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return folder, SPELLINGS[request.param]


def test_resources_and_functions_are_those_of_the_schema(sdk: tuple[Path, Spelling]) -> None:
    folder, _ = sdk

    sources = [path.read_text() for path in folder.rglob("*") if path.suffix in (".cs", ".java")]

    called = {token for source in sources for token in re.findall(r'"(virtnet:index:\w+)"', source)}
    assert called == {*DESCRIBED["resources"], *DESCRIBED["functions"]}


@pytest.mark.parametrize("token", DESCRIBED["resources"])
def test_inputs_and_outputs_are_those_of_the_schema(sdk: tuple[Path, Spelling], token: str) -> None:
    folder, spelled = sdk
    name = token.rpartition(":")[2]

    taken = re.findall(spelled.taken, (folder / spelled.inputs.format(name)).read_text())
    given = re.findall(spelled.given, (folder / spelled.outputs.format(name)).read_text())

    assert sorted(taken) == sorted(DESCRIBED["resources"][token]["inputProperties"])
    assert sorted(given) == sorted(DESCRIBED["resources"][token]["properties"])


def test_each_value_of_an_enumeration_is_there_with_its_description(sdk: tuple[Path, Spelling]) -> None:
    folder, spelled = sdk

    text = "".join(path.read_text() for path in folder.glob(spelled.enumerations))

    values = [value for _, value in re.findall(spelled.described_value, text)]
    assert sorted(values) == sorted(
        value["value"] for described in DESCRIBED["types"].values() for value in described.get("enum", [])
    )


def test_the_programs_in_csharp_are_what_pulumi_makes_of_those_in_yaml(tmp_path: Path) -> None:
    """Up to white space, and a line for functions that names a package other than the schema's."""
    program = java_tools() / "bin" / "generate-csharp-java"
    in_yaml = sorted(EXAMPLES.glob("*.yaml"))

    subprocess.run([program, "programs", REPOSITORY / SCHEMA, tmp_path, *in_yaml], check=True)

    made = {path.name: path.read_text().replace("using Libvirt = Pulumi.Libvirt;\n", "") for path in tmp_path.iterdir()}
    written = {path.name: path.read_text() for path in EXAMPLES.glob("*.cs")}
    assert len(written) == len(in_yaml)
    assert {name: text.split() for name, text in written.items()} == {name: text.split() for name, text in made.items()}


def test_the_sdk_of_java_that_pulumi_generates_is_that_of_the_maven_package(tmp_path: Path) -> None:
    """Of the plugin and of the schema, up to the line that names the generator, and to files of Gradle."""
    environment = {**os.environ, "PULUMI_HOME": str(tmp_path), "PULUMI_BACKEND_URL": f"file://{tmp_path}"}
    packaged, (of_plugin, of_schema) = tmp_path / "packaged", (tmp_path / "plugin", tmp_path / "schema")
    java.generate(REPOSITORY, java_tools(), packaged)

    for source, into in ((PLUGIN, of_plugin), (REPOSITORY / SCHEMA, of_schema)):
        command = ["pulumi", "package", "gen-sdk", "--language", "java"]
        subprocess.run(
            [*command, source, "--out", into], env=environment, cwd=tmp_path, capture_output=True, check=True
        )

    assert len(sources_below(packaged)) > 100
    assert sources_below(of_plugin) == sources_below(packaged)
    assert sources_below(of_schema) == sources_below(packaged)
    java.compile_sources(sorted(of_plugin.rglob("*.java")), java.libraries(java_tools()), tmp_path / "classes")


def sources_below(folder: Path) -> dict[str, str]:
    """Each file of Java by its name, without the first line, which says what generated it."""
    return {path.name: path.read_text().partition("\n")[2] for path in folder.rglob("*.java")}


def test_the_sdk_that_pulumi_adds_to_a_project_in_java_runs_a_network(host: Host) -> None:
    """Docs/plugin.md says what to type when the language host has written the SDK, which can't link it."""
    before = host.trace()
    stack = LanguageStack(host, Language("java", ".java", lay_out_maven), "LibvirtNetwork")
    stack.environment["PATH"] = os.environ["PATH"]  # the language host has Maven build and run it
    (copy,) = re.findall(r"^\$ (cp -r sdks/.*)$", PAGE, re.MULTILINE)

    added = stack.pulumi("package", "add", str(plugin_of(stack)), check=False)

    assert LINKS_NOTHING in added.stderr
    host.run("bash", "-ec", copy, directory=stack.directory)
    stack.up()
    assert "192.168.123.1/24" in host.sh(f"ip -brief address show dev {stack.output('bridge')}")
    assert stack.unchanged()
    stack.edit("192.168.123.254", "192.168.123.200")
    stack.up()
    assert "end='192.168.123.200'" in host.virsh("net-dumpxml", "management")
    stack.destroy()
    assert host.trace() == before


def test_a_package_that_pulumi_adds_to_a_project_in_yaml_leaves_it_running(host: Host) -> None:
    before = host.trace()
    stack = LanguageStack(host, Language("yaml", ".yaml", lay_out_yaml), "LibvirtNetwork")
    plugin, description = plugin_of(stack), stack.directory / "Pulumi.yaml"
    description.write_text(description.read_text().replace(str(PRELOADED / "bin"), str(plugin.parent)))

    added = stack.pulumi("package", "add", str(plugin), check=False)

    assert LINKS_NOTHING in added.stderr
    assert [path.name for path in (stack.directory / "sdks").rglob("*.*")] == [f"virtnet-{VERSION}.yaml"]
    stack.up()
    assert stack.unchanged()
    stack.destroy()
    assert host.trace() == before


def plugin_of(stack: LanguageStack) -> Path:
    """The plugin in a folder of the stack's own: Pulumi keeps the schema beside a plugin that it asks by its path."""
    plugin = stack.directory / "plugin" / "bin" / PLUGIN.name
    plugin.parent.mkdir(parents=True)
    plugin.write_text(f'#!/bin/sh\nexec {PRELOADED}/bin/{PLUGIN.name} "$@"\n')
    plugin.chmod(0o755)
    return plugin


def lay_out_maven(directory: Path, program: str) -> None:
    """The pom of examples/java, with what docs/plugin.md has instead of the package; Maven asks no network."""
    project(directory, "java")
    pom = (REPOSITORY / "examples" / "java" / "pom.xml").read_text().replace("services.App", "myproject.App")
    (directory / "pom.xml").write_text(re.sub(OF_THE_PACKAGE, OF_THE_SOURCES, pom))
    source = directory / "src" / "main" / "java" / "myproject" / "App.java"
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(program)
    ask_no_network(directory)
