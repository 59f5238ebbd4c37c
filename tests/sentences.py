"""The sentences of a package's `messages` module: constants in capitals, and functions with an example of each."""

from collections.abc import Callable, Iterator, Mapping
from inspect import isfunction
from types import ModuleType


def sentences(module: ModuleType, examples: Mapping[Callable[..., str], str]) -> Iterator[tuple[str, str]]:
    """All of a module, in its order, by their names. Fails where an example is missing, or is none of the module's."""
    own = {
        name: value
        for name, value in vars(module).items()
        if (isfunction(value) and value.__module__ == module.__name__) or (name.isupper() and name[0] != "_")
    }
    functions = {value for value in own.values() if isfunction(value)}
    assert functions == set(examples), f"examples are missing, or of no use: {functions ^ set(examples)}"
    for name, value in own.items():
        yield name, examples[value] if isfunction(value) else value
