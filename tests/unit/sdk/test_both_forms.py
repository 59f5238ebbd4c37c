"""A program moves between the dynamic form and the native plugin by its import line alone.

Programs that ask a host something are moved on a real one, in tests/acceptance/test_both_forms.py.
"""

import importlib
import inspect
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
import pytest
from tests.programs import ASKS, FORMS, IMPORT, PROGRAMS

import pulumi_virtnet
from pulumi_virtnet import native, outputs

ALPHA = {"uri": "qemu:///system", "number": 64}
CONFIGURATION = {
    "shop:hosts": json.dumps({"alpha": ALPHA}),
    **{f"shop:{name}": str(value) for name, value in ALPHA.items()},
}
MADE = {"bridgeName": "virbr7", "uuid": "11111111-2222-3333-4444-555555555555"}


@dataclass
class Engine(pulumi.runtime.Mocks):
    """Keeps what came over the wire."""

    made: dict[str, tuple[str, Mapping[str, Any]]] = field(default_factory=dict)

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        named = {key: value for key, value in args.inputs.items() if value is not None and not key.startswith("__")}
        self.made[args.name] = (args.typ.rpartition(":")[2], named)
        return "an-id", args.inputs | MADE

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"the program called {args.token}")


@pytest.fixture(autouse=True)
def configuration() -> Iterator[None]:
    pulumi.runtime.set_all_config(dict(CONFIGURATION))
    yield
    pulumi.runtime.set_all_config({})
    pulumi.runtime.settings.reset_options()


def run(program: Callable[[], Any]) -> Engine:
    engine = Engine()
    pulumi.runtime.set_mocks(engine, project="shop", stack="dev", preview=False)
    pulumi.runtime.test(program)()  # type: ignore[no-untyped-call]
    return engine


@pytest.mark.parametrize("place", [place for place, text in PROGRAMS.items() if not ASKS.search(text)])
def test_a_program_declares_the_same_in_either_form(place: str) -> None:
    declared = {}
    for form, line in FORMS.items():
        code = compile(IMPORT.sub(line, PROGRAMS[place]), place, "exec")
        declared[form] = run(lambda code=code: exec(code, {})).made  # type: ignore[misc]  # noqa: S102

    assert declared["native"] == declared["dynamic"] != {}


def test_the_programs_are_those_of_the_examples_and_the_documents() -> None:
    folders = {place.partition("/")[0] if "/" in place else place for place in PROGRAMS}

    assert folders == {"README.md-1", "docs", "examples"}
    assert any("VirtualNetworkHost" in text for text in PROGRAMS.values())


def test_the_native_form_has_all_that_the_dynamic_one_has() -> None:
    assert set(pulumi_virtnet.__all__) - set(native.__all__) == set()
    for name in pulumi_virtnet.__all__:
        ours, theirs = getattr(native, name), getattr(pulumi_virtnet, name)
        assert list(parameters(theirs)) == [each for each in parameters(ours) if each in parameters(theirs)], name


def parameters(called: Any) -> dict[str, Any]:
    is_dict = isinstance(called, type) and dict in called.__mro__
    return {} if is_dict else dict(inspect.signature(called).parameters)


@pytest.mark.parametrize("module", [pulumi_virtnet, native], ids=lambda module: module.__name__)
def test_a_module_lists_what_programs_use_and_nothing_else(module: Any) -> None:
    shown = [name for name in dir(module) if not name.startswith("__")]

    assert sorted(shown) == sorted([*module.__all__, "outputs"])
    assert module.outputs is outputs
    with pytest.raises(AttributeError, match="has no attribute 'LibvirtNetworks'"):
        module.LibvirtNetworks  # noqa: B018


def test_what_is_inside_an_output_has_a_type() -> None:
    for name in ("libvirt_network", "host_forwarding", "port_forward"):
        source = Path(importlib.import_module(f"pulumi_virtnet._generated.{name}").__file__ or "").read_text()
        assert re.findall(r"pulumi\.Output\[.*dict\[str, Any\]", source) == []
