"""The Maven package of the Java SDK: the compiled classes, sources, documentation, the pom and a bill of materials.

The SDK is no part of the repository. A Go module has to be there, because it is a repository's content, and a Maven
package is uploaded. So it is generated when it is built, and no change of a spec rewrites 130 files of Java.
"""

import hashlib
import json
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from tools.codegen import project
from tools.codegen.everything import SCHEMA
from tools.codegen.project import Project
from tools.codegen.schema import DESCRIPTION, JAVA_DEPENDENCIES, JAVA_GROUP, PACKAGE
from tools.release.archives import zipped
from tools.release.project import LICENSE

#: The oldest Java that runs com.pulumi:pulumi.
RELEASE = "11"

_NAMESPACE = "http://maven.apache.org/POM/4.0.0"


def package(repository: Path, tools: Path, into: Path, epoch: int) -> list[Path]:
    """The package's files. `tools` is what tools/java fills. Raises CalledProcessError where a program fails."""
    published = project.read(repository)
    name = into / f"{PACKAGE}-{published.version}"
    pom = name.with_name(f"{name.name}.pom")
    pom.write_text(_pom(published), encoding="utf-8")
    bill = name.with_name(f"{name.name}-maven.cdx.json")
    bill.write_text(bill_of_materials(published, libraries(tools), tools / "repository", epoch), encoding="utf-8")
    with tempfile.TemporaryDirectory() as place:
        sources, content = Path(place) / "sources", Path(place) / "content"
        generate(repository, tools, sources)
        compile_sources(sorted(sources.rglob("*.java")), libraries(tools), content)
        shutil.copytree(sources / "src" / "main" / "resources", content, dirs_exist_ok=True)
        (content / Path(*JAVA_GROUP.split("."), PACKAGE) / "plugin.json").write_text(_plugin(published))
        pages = Path(place) / "pages"
        document(sources / "src" / "main" / "java", libraries(tools), pages, published)
        # Maven Central takes no package without the last two.
        packed = [
            (content, name.with_name(f"{name.name}.jar")),
            (sources / "src" / "main" / "java", name.with_name(f"{name.name}-sources.jar")),
            (pages, name.with_name(f"{name.name}-javadoc.jar")),
        ]
        for folder, _ in packed:
            (folder / "META-INF").mkdir()
            (folder / "META-INF" / "MANIFEST.MF").write_text("Manifest-Version: 1.0\n")
            shutil.copy(repository / LICENSE, folder / "META-INF")
        jars = [zipped(folder, jar, epoch) for folder, jar in packed]
    return [*jars, pom, bill]


def generate(repository: Path, tools: Path, folder: Path) -> None:
    """Write the SDK's sources, as Pulumi's generator makes them of the schema."""
    program = tools / "bin" / "generate-csharp-java"
    subprocess.run([program, "sdk", "java", repository / SCHEMA, folder], check=True)


def libraries(tools: Path) -> list[Path]:
    """What the SDK and programs are compiled with and run with."""
    return [tools / "repository" / line for line in (tools / "classpath").read_text().splitlines()]


def compile_sources(sources: Iterable[Path], classpath: Iterable[Path], folder: Path) -> None:
    """Compile Java into a folder. A warning is an error, but for one: generated code calls what Pulumi deprecated."""
    paths = ":".join(map(str, classpath))
    command = ["javac", "--release", RELEASE, "-encoding", "UTF-8", "-Xlint:all,-deprecation", "-Werror"]
    subprocess.run([*command, "-classpath", paths, "-d", folder, *sources], check=True, capture_output=True)


def document(source: Path, classpath: Iterable[Path], folder: Path, published: Project) -> None:
    """Write the pages that javadoc makes of the sources. Raises CalledProcessError where it fails or warns."""
    paths = ":".join(map(str, classpath))
    title = f"{PACKAGE} {published.version}"
    # The locale has to come first. Pulumi generates builders without comments.
    command = ["javadoc", "-locale", "en_US", "--release", RELEASE, "-encoding", "UTF-8", "-docencoding", "UTF-8"]
    command += [
        "-Xdoclint:all,-missing",
        "-Werror",
        "-quiet",
        "-notimestamp",
        "-windowtitle",
        title,
        "-doctitle",
        title,
    ]
    command += ["-classpath", paths, "-subpackages", f"{JAVA_GROUP}.{PACKAGE}"]
    subprocess.run([*command, "-sourcepath", source, "-d", folder], check=True, capture_output=True)


def bill_of_materials(published: Project, jars: Iterable[Path], repository: Path, epoch: int) -> str:
    """What users of the package get besides it, as CycloneDX: the libraries that Maven resolves."""
    bill: dict[str, Any] = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(epoch, timezone.utc).isoformat(),
            "component": _component(JAVA_GROUP, PACKAGE, published.version),
        },
        "components": [
            {
                **_component(".".join(jar.relative_to(repository).parts[:-3]), *jar.parts[-3:-1]),
                "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(jar.read_bytes()).hexdigest()}],
            }
            for jar in jars
        ],
    }
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(bill, sort_keys=True)).urn
    return json.dumps({**bill, "serialNumber": serial}, indent=2) + "\n"


def _component(group: str, name: str, version: str) -> dict[str, str]:
    reference = f"pkg:maven/{group}/{name}@{version}"
    return {
        "type": "library",
        "bom-ref": reference,
        "group": group,
        "name": name,
        "version": version,
        "purl": reference,
    }


def _plugin(published: Project) -> str:
    """What Pulumi reads in a program's libraries: the plugin that the program needs, and where it is."""
    described = {
        "resource": True,
        "name": PACKAGE,
        "version": published.version,
        "server": published.plugin_download_url,
    }
    return json.dumps(described, indent=2) + "\n"


def _pom(published: Project) -> str:
    """With all that Maven Central asks of one."""
    dependencies = "".join(
        _POM_DEPENDENCY.format(group=group, artifact=artifact, version=version)
        for coordinates, version in JAVA_DEPENDENCIES.items()
        for group, artifact in [coordinates.split(":")]
    )
    return _POM.format(
        namespace=_NAMESPACE,
        group=JAVA_GROUP,
        artifact=PACKAGE,
        version=published.version,
        repository=published.repository,
        description=DESCRIPTION,
        dependencies=dependencies,
    )


_POM_DEPENDENCY = """\
        <dependency>
            <groupId>{group}</groupId>
            <artifactId>{artifact}</artifactId>
            <version>{version}</version>
        </dependency>
"""

_POM = """\
<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="{namespace}">
    <modelVersion>4.0.0</modelVersion>
    <groupId>{group}</groupId>
    <artifactId>{artifact}</artifactId>
    <version>{version}</version>
    <packaging>jar</packaging>
    <name>virtnet for Pulumi</name>
    <description>{description}</description>
    <url>{repository}</url>
    <licenses>
        <license>
            <name>Apache-2.0</name>
            <url>https://www.apache.org/licenses/LICENSE-2.0.txt</url>
        </license>
    </licenses>
    <developers>
        <developer>
            <name>The virtnet maintainers</name>
            <url>{repository}</url>
        </developer>
    </developers>
    <scm>
        <connection>scm:git:{repository}.git</connection>
        <url>{repository}</url>
    </scm>
    <dependencies>
{dependencies}    </dependencies>
</project>
"""
