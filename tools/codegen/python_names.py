"""The modules of the SDK that bring generated names together."""

from collections.abc import Iterator, Sequence
from typing import Any

from tools.codegen.python_resources import input_names, module_name
from tools.codegen.python_source import MARK, docstring

from virtnet.planning.resource import Resource


def package(about: str) -> Iterator[str]:
    """The lines of a package's __init__.py, a docstring alone."""
    yield MARK
    yield from docstring([about])


def inputs(resources: Sequence[Resource[Any]]) -> Iterator[str]:
    """The lines of the module that has the names of all groups of inputs, for programs to import."""
    yield MARK
    yield '"""The Args classes and TypedDicts of all resources\' inputs."""'
    yield ""
    for module, names in sorted((module_name(resource), input_names(resource)) for resource in resources):
        yield f"from pulumi_virtnet._generated.{module} import {', '.join(sorted(names, key=_imports_order))}"
    yield ""
    yield f"__all__ = {sorted(name for resource in resources for name in input_names(resource))!r}"


def _imports_order(name: str) -> str:
    return name.lower()
