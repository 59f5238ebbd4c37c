"""All that is generated, each kind by a writer of its own."""

from pathlib import Path, PurePosixPath
from typing import Any

from tools.codegen import (
    commands,
    examples,
    git_attributes,
    languages,
    project,
    reference,
    registry,
    schema,
    trees,
)
from tools.codegen.files import Generated
from tools.codegen.python import enumerations as python_enumerations
from tools.codegen.python import outputs as python_outputs
from tools.codegen.python import provider as python_provider
from tools.codegen.python import resources as python_resources
from tools.codegen.python.source import formatted, package

from virtnet.cli import COMMANDS
from virtnet.functions.catalogue import FUNCTIONS
from virtnet.planning.resource import Resource
from virtnet.plugin.virtual_network_host import VIRTUAL_NETWORK_HOST
from virtnet.resources import CATALOGUE
from virtnet.spec.settings import ProviderSettings

SDK = PurePosixPath("sdk/pulumi_virtnet/_generated")
PROVIDER = PurePosixPath("provider/virtnet")
SCHEMA = PROVIDER / "plugin/schema.json"
REFERENCE = PurePosixPath("docs/reference.md")
COMMANDS_PAGE = PurePosixPath("docs/commands.md")
EXAMPLES = PurePosixPath("docs/examples.md")
#: The pages of Pulumi's registry, whose names it gives.
REGISTRY_INDEX = PurePosixPath("docs/_index.md")
REGISTRY_INSTALLATION = PurePosixPath("docs/installation-configuration.md")
ATTRIBUTES = PurePosixPath(".gitattributes")
#: The folders with the SDKs of other languages, by Pulumi's names of these.
LANGUAGES = {"go": PurePosixPath("sdk/go"), "nodejs": PurePosixPath("sdk/nodejs")}


def from_specs(repository: Path) -> Generated:
    """All but the SDKs of other languages. Examples and the version are read in the repository."""
    published = project.read(repository)
    resources: list[Resource[Any]] = [CATALOGUE.resource(kind) for kind in CATALOGUE.kinds]
    described = schema.schema(resources, [VIRTUAL_NETWORK_HOST], FUNCTIONS, repository)
    sources = {
        SDK / "__init__.py": package("Types that are made of the provider's specs."),
        SDK / "outputs.py": python_outputs.module(resources, FUNCTIONS),
        SDK / "provider.py": python_provider.module(ProviderSettings, published),
        SDK / "enumerations.py": python_enumerations.module(described["types"]),
        **{SDK / f"{python_resources.module_name(each)}.py": python_resources.module(each) for each in resources},
    }
    folders = {SDK}
    for part in trees.TREES:
        folder = PROVIDER / part.package / "_generated"
        sources[folder / "__init__.py"] = package("Types that are made of the package's spec.")
        sources[folder / "trees.py"] = trees.module(part)
        folders.add(folder)
    files = {path: formatted("\n".join(lines), repository / path) for path, lines in sources.items()}
    files[SCHEMA] = schema.text(described)
    files[REFERENCE] = reference.text(resources, repository)
    files[COMMANDS_PAGE] = commands.text(COMMANDS)
    files[EXAMPLES] = examples.text(repository)
    files[REGISTRY_INDEX] = registry.index(repository, published)
    files[REGISTRY_INSTALLATION] = registry.installation(published)
    single = [SCHEMA, REFERENCE, COMMANDS_PAGE, EXAMPLES, REGISTRY_INDEX, REGISTRY_INSTALLATION, ATTRIBUTES]
    files[ATTRIBUTES] = git_attributes.text([*folders, *LANGUAGES.values()], single)
    return Generated(files, frozenset(folders))


def with_languages(generated: Generated, program: str) -> Generated:
    """The same with the SDKs of other languages, which the program generate-sdk makes of the schema."""
    return generated | languages.sdks(program, generated.files[SCHEMA], LANGUAGES)
