"""The package's schema in Pulumi's format, with the examples of docs/native and the distribution's version.

JSON has no comments, and Pulumi's schema no field for a remark to its readers: only .gitattributes says that it is
generated.

What the spec calls a default is told in the descriptions and is no `default` of the schema: Pulumi's SDKs would send
it as if the program had named it, and what a program names it owns.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic.alias_generators import to_camel
from tools.codegen import choices, project
from tools.codegen.parts import must_be_given, none_words
from tools.codegen.project import Project

from virtnet.functions.catalogue import Function
from virtnet.planning.resource import Resource
from virtnet.plugin.virtual_network_host import Component
from virtnet.spec.part import LevelName, Part, Shape, shapes
from virtnet.spec.settings import ProviderSettings

PACKAGE = "virtnet"
PUBLISHER = "The virtnet maintainers"
DESCRIPTION = "Virtual networks of libvirt hosts, the hosts' IP forwarding, and ports that lead to guests."
PYTHON_PACKAGE = "pulumi_virtnet_native"
NODE_PACKAGE = "pulumi-virtnet"
#: A Maven group and a Java package. The artifact is named as the package, as Pulumi's own Gradle files name it.
JAVA_GROUP = "io.github.pulumivirtnet"
JAVA_DEPENDENCIES = {"com.pulumi:pulumi": "1.36.1", "com.google.code.findbugs:jsr305": "3.0.2"}

_TYPES = {str: "string", bool: "boolean", int: "integer"}

CHANGES: Mapping[LevelName, str] = {
    "recorded": "change touches nothing on the host.",
    "live": "change is applied live.",
    "restart": "change restarts the network.",
    "replace": "change replaces the resource.",
}
"""What a change of each class does, behind "A" or "Any"."""

Json = dict[str, Any]

_TEXT: Json = {"type": "string"}

#: Pulumi's names of the languages, in the order of its registry's pages: the suffix of a program in docs/native.
LANGUAGES: Mapping[str, str] = {
    "typescript": ".ts",
    "python": ".py",
    "go": ".go",
    "csharp": ".cs",
    "java": ".java",
    "yaml": ".yaml",
}


def schema(
    resources: Sequence[Resource[Any]], components: Sequence[Component], functions: Sequence[Function], repository: Path
) -> Json:
    """The schema as data. Raises ValueError if pyproject.toml names no version."""
    examples: dict[str, dict[str, str]] = {}
    for language, suffix in LANGUAGES.items():
        for path in sorted((repository / "docs" / "native").glob(f"*{suffix}")):
            examples.setdefault(path.stem, {})[language] = path.read_text(encoding="utf-8")
    return described(resources, components, functions, examples, project.read(repository))


def text(schema: Json) -> str:
    """The schema as its file has it."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def described(
    resources: Sequence[Resource[Any]],
    components: Sequence[Component],
    functions: Sequence[Function],
    examples: Mapping[str, Mapping[str, str]],
    published: Project,
) -> Json:
    """The schema as data. Pure.

    `examples`: by resource, component or function, the programs by language, of `LANGUAGES`.
    `published`: whose version and addresses the generated SDKs carry.
    """
    outputs = frozenset(resource.outputs_spec for resource in resources)
    owners = {part: resource.name for resource in resources for part in (resource.spec, resource.outputs_spec)}
    writer = _Writer(owners, outputs)
    types: Json = {}
    for resource in resources:
        writer.add_types(types, resource.spec)
        writer.add_types(types, resource.outputs_spec)
    components_parts = [part for each in components for part in (each.takes, each.gives)]
    functions_parts = [part for each in functions for part in (each.takes, each.gives)]
    for part in (*components_parts, *functions_parts):
        writer.add_types(types, part)
    return {
        "name": PACKAGE,
        "version": published.version,
        # Lets Pulumi's generators write whole packages: Go's go.mod, and the version where a package has one.
        "meta": {"supportPack": True},
        "displayName": "libvirt virtual networks",
        "publisher": PUBLISHER,
        "description": DESCRIPTION,
        "keywords": ["pulumi", "libvirt", "category/network", "kind/native"],
        "homepage": published.repository,
        "repository": published.repository,
        "logoUrl": published.file("docs/logo.svg"),
        "pluginDownloadURL": published.plugin_download_url,
        "license": "Apache-2.0",
        "language": _languages(published),
        "config": {"variables": _configuration()},
        "provider": {
            "description": ProviderSettings.__doc__,
            "inputProperties": _configuration(),
        },
        "types": dict(sorted(types.items())),
        "resources": {
            f"{PACKAGE}:index:{resource.name}": writer.resource(resource, examples.get(resource.name, {}))
            for resource in resources
        }
        | {
            f"{PACKAGE}:index:{component.name}": writer.component(component, examples.get(component.name, {}))
            for component in components
        },
        "functions": {
            f"{PACKAGE}:index:{function.name}": writer.function(function, examples.get(function.name, {}))
            for function in functions
        },
    }


def _languages(published: Project) -> Json:
    respected = {"respectSchemaVersion": True}
    return {
        # The module that programs of `pulumi import` get the package's classes from. Pulumi makes a folder of this name
        # too (`pulumi package add`), so it has no dot.
        "python": {
            "packageName": PYTHON_PACKAGE,
            "inputTypes": "classes-and-dicts",
            "pyproject": {"enabled": True},
            **respected,
        },
        "nodejs": {"packageName": NODE_PACKAGE, **respected},
        "go": {"importBasePath": f"{published.go_module}/{PACKAGE}", **respected},
        "csharp": {
            "rootNamespace": "PulumiVirtnet",
            "namespaces": {PACKAGE: "Libvirt"},
            "packageReferences": {"Pulumi": "3.*"},
            **respected,
        },
        "java": {"basePackage": JAVA_GROUP, "buildFiles": "gradle", "dependencies": JAVA_DEPENDENCIES},
    }


def _configuration() -> Json:
    # Plain texts: a value that is none of those there are is for the provider to refuse, with its fix.
    described = {
        to_camel(name): {**_TEXT, "description": shape.description} for name, shape in shapes(ProviderSettings).items()
    }
    described["uri"]["defaultInfo"] = {"environment": ["LIBVIRT_DEFAULT_URI"]}
    return described


def _shown(examples: Mapping[str, str]) -> str:
    """Programs as Pulumi's registry and its code generators find them in a description."""
    if not examples:
        return ""
    blocks = "\n".join(f"```{language}\n{program.strip()}\n```" for language, program in examples.items())
    opening, closing = "{{% examples %}}\n## Example Usage\n{{% example %}}", "{{% /example %}}\n{{% /examples %}}"
    return f"\n\n{opening}\n\n{blocks}\n{closing}"


def _required(part: type[Part], more: Iterable[str] = ()) -> Json:
    given = {name for name, shape in shapes(part).items() if must_be_given(part, shape)}
    names = {to_camel(name) for name in (*given, *more)}
    return {"required": sorted(names)} if names else {}


def _token(part: type[Part]) -> str:
    return f"{PACKAGE}:index:{part.__name__}"


@dataclass(frozen=True)
class _Writer:
    """Describes parts."""

    owners: Mapping[type[Part], str]
    """The names of the resources whose inputs or outputs a part is."""
    outputs: frozenset[type[Part]]
    """The outputs of resources: what is secret in them is marked."""

    def resource(self, resource: Resource[Any], examples: Mapping[str, str]) -> Json:
        inputs = self.properties(resource.spec, resource.spec.default_level)
        settled = set(map(to_camel, resource.settled))
        given, made = (_required(part).get("required", []) for part in (resource.spec, resource.outputs_spec))
        return {
            "description": resource.description + _shown(examples),
            "inputProperties": inputs,
            "properties": {**inputs, **self.properties(resource.outputs_spec, None)},
            "required": sorted({*settled, *given, *made}),
            **({"requiredInputs": asked} if (asked := sorted(set(given) - settled)) else {}),
        }

    def component(self, component: Component, examples: Mapping[str, str]) -> Json:
        takes = {
            name: {**described, "plain": True}
            if "$ref" in described or "additionalProperties" in described
            else described
            for name, described in self.properties(component.takes, None).items()
        }
        for described in takes.values():
            # Which resources there are has to be known when the program runs; what they are given need not.
            if "additionalProperties" in described:
                described["additionalProperties"] = {**described["additionalProperties"], "plain": True}
        return {
            "isComponent": True,
            "description": component.description + _shown(examples),
            "inputProperties": takes,
            "properties": self.properties(component.gives, None),
            **_required(component.gives),
        }

    def function(self, function: Function, examples: Mapping[str, str]) -> Json:
        takes, gives = self.properties(function.takes, None), self.properties(function.gives, None)
        return {
            "description": function.summary + _shown(examples),
            "inputs": {"type": "object", "properties": takes, **_required(function.takes)},
            "outputs": {"type": "object", "properties": gives, **_required(function.gives, function.always)},
        }

    def add_types(self, types: Json, part: type[Part]) -> None:
        """The types of everything inside a part, each once."""
        for shape in shapes(part).values():
            if shape.choices:
                types[self.enum_token(part, shape)] = {
                    "type": "string",
                    "description": shape.description,
                    "enum": choices.described(self.enum_token(part, shape).rpartition(":")[2], shape.choices),
                }
            if shape.part is None:
                continue
            if _token(shape.part) not in types:
                types[_token(shape.part)] = {
                    "type": "object",
                    "description": (shape.part.__doc__ or "").strip(),
                    "properties": self.properties(shape.part, None),
                    **_required(shape.part),
                }
            self.add_types(types, shape.part)

    def properties(self, part: type[Part], level: LevelName | None) -> Json:
        """A part's fields. `level` is the class of a change of those that have none; None if none is told."""
        return {to_camel(name): self.property(part, shape, level) for name, shape in shapes(part).items()}

    def property(self, part: type[Part], shape: Shape, level: LevelName | None) -> Json:
        one: Json = {"$ref": "pulumi.json#/Any"} if shape.base is object else {"type": _TYPES[shape.base]}
        if shape.choices:
            one = {"type": "string", "$ref": f"#/types/{self.enum_token(part, shape)}"}
        if shape.part is not None:
            one = {"$ref": f"#/types/{_token(shape.part)}"}
        described: Json = one
        if shape.kind in ("parts", "scalars"):
            described = {"type": "array", "items": one}
        elif shape.kind == "map":
            described = {"type": "object", "additionalProperties": one}
        words = shape.description
        if shape.default is not None:
            words += f" Default: {str(shape.default).lower() if isinstance(shape.default, bool) else shape.default}."
        if none := none_words(part, shape):
            words += f" None: `{none}`."
        change = shape.level or level
        if change is not None:
            words += f" {shape.change or f'A {CHANGES[change]}'}"
        described = {**described, "description": words}
        if shape.level == "replace" and shape.name != "uri":
            described["willReplaceOnChanges"] = True
        if shape.secret and part in self.outputs:
            described["secret"] = True
        return described

    def enum_token(self, part: type[Part], shape: Shape) -> str:
        # The facts of a network are its inputs and more: the names of the values are those of the inputs.
        declared = next(base for base in part.__mro__ if shape.name in vars(base).get("__annotations__", {}))
        words = to_camel(shape.name)
        return f"{PACKAGE}:index:{self.owners.get(declared, declared.__name__)}{words[0].upper()}{words[1:]}"
