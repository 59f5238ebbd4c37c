"""The SDKs of C# and Java have the names of the schema, and `pulumi package add` gives the one of Java.

There is no .NET here, so what is in C# is compared and not compiled.
"""

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.stack import PRELOADED
from tests.acceptance.test_languages import (
    EXAMPLES,
    Language,
    LanguageStack,
    java_tools,
    language_of_java,
    project,
)
from tests.hosts.sandboxed import REPOSITORY, Host
from tools.codegen.everything import SCHEMA
from tools.release import java

#: What each of them asks of libvirt, other tests ask too.
pytestmark = [pytest.mark.acceptance, pytest.mark.any_libvirt, pytest.mark.compiled, pytest.mark.timeout(900)]

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


def test_the_sdk_that_pulumi_adds_to_a_project_in_java_runs_a_network(host: Host, tmp_path: Path) -> None:
    """The host that the set-up builds writes the SDK, and can't name it in the project's own files as newer ones do."""
    libraries = java.libraries(java_tools())
    before = host.trace()
    stack = LanguageStack(host, Language("java", ".java", without_program), "LibvirtNetwork")

    added = stack.pulumi("package", "add", str(PRELOADED / "bin" / "pulumi-resource-virtnet"), check=False)

    assert "Successfully generated an SDK for the virtnet package" in added.stdout + added.stderr
    source, classes = stack.directory / "sdks" / "virtnet" / "src" / "main", tmp_path / "classes"
    java.compile_sources(sorted((source / "java").rglob("*.java")), libraries, classes)
    shutil.copytree(source / "resources", classes, dirs_exist_ok=True)
    stack.language = language_of_java(classes)
    stack.language.lay_out(stack.directory, stack.program)
    stack.up()
    assert "192.168.123.1/24" in host.sh(f"ip -brief address show dev {stack.output('bridge')}")
    assert stack.unchanged()
    stack.edit("192.168.123.254", "192.168.123.200")
    stack.up()
    assert "end='192.168.123.200'" in host.virsh("net-dumpxml", "management")
    stack.destroy()
    assert host.trace() == before


def without_program(directory: Path, program: str) -> None:
    """A project in Java that has no program yet, because that needs the SDK."""
    del program
    project(directory, "java")
