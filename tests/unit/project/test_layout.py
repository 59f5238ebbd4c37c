"""A stranger finds the way: few entries in the provider's folder, few modules in each, a docstring in every package."""

import ast
from pathlib import Path

import virtnet

PROVIDER = Path(virtnet.__file__).parent
MOST_ENTRIES = 18
MOST_MODULES = 14


def packages() -> list[Path]:
    return [PROVIDER, *(path.parent for path in PROVIDER.glob("*/**/__init__.py"))]


def test_the_providers_folder_has_few_entries() -> None:
    # A folder that git knows no file of may stay behind with bytecode.
    entries = sorted(path.name for path in PROVIDER.iterdir() if path.is_file() or [*path.glob("*.py")])

    assert len(entries) <= MOST_ENTRIES, entries


def test_no_folder_has_more_modules_than_can_be_taken_in() -> None:
    modules = {str(package): len(list(package.glob("*.py"))) for package in packages()}

    assert {package: count for package, count in modules.items() if count > MOST_MODULES} == {}


def test_a_package_says_what_it_is_for_and_imports_nothing() -> None:
    inits = [package / "__init__.py" for package in packages()]

    bodies = {str(init): ast.parse(init.read_text()).body for init in inits}

    assert {path for path, body in bodies.items() if len(body) != 1 or not isinstance(body[0], ast.Expr)} == set()
