"""The types that the generator writes for answers and outputs."""

from dataclasses import replace
from typing import Any

import pytest
from tools.codegen.python.outputs import may_be_missing, module, typed_dict, value_type
from tools.codegen.python.resources import described

from virtnet.functions.catalogue import Function
from virtnet.spec.part import Part, optional, required, shapes
from virtnet.spec.values import Bool, Integer, Text


class Texts(Part):
    """Texts alone."""

    one: Text = required("The first.")
    other: Text = required("The second.")


class Mixed(Part):
    """Values of several types."""

    one: Text = required("A text.")
    count: Integer = required("A number.")
    texts: tuple[Texts, ...] = required("Groups.")


class Outputs(Part):
    """Outputs of each kind."""

    text: Text = required("A text.")
    flags: tuple[Bool, ...] = required("Flags.")
    group: Texts = required("A group.")
    mixed: Mixed = required("A group of several types.")
    groups: tuple[Texts, ...] = required("Groups.")
    by_name: dict[Text, Texts] = required("Groups by name.")
    anything: dict[Text, Any] = required("What there is.")


class Answer(Part):
    """An answer."""

    found: Text | None = optional("What was found.")


TYPES = {
    "text": "str",
    "flags": "list[bool]",
    "group": "outputs.Texts",
    "mixed": "outputs.Mixed",
    "groups": "list[outputs.Texts]",
    "by_name": "dict[str, outputs.Texts]",
    "anything": "dict[str, Any]",
}


def test_an_output_has_the_type_of_what_comes_over_the_wire() -> None:
    assert {name: value_type(shape, "outputs.") for name, shape in shapes(Outputs).items()} == TYPES


def test_an_output_tells_the_keys_inside_it() -> None:
    lines = described(shapes(Outputs)["groups"])

    assert lines[0] == "Groups."
    assert lines[-2:] == ["    one: The first.", "    other: The second."]


def test_an_answer_is_a_dict_of_known_keys_each_with_its_words() -> None:
    lines = list(typed_dict(Mixed))

    assert lines == [
        "class Mixed(TypedDict):",
        '    """Values of several types."""',
        "    one: str",
        '    """A text."""',
        "    count: int",
        '    """A number."""',
        "    texts: list[Texts]",
        '    """Groups."""',
        "",
    ]


def test_a_key_that_may_be_missing_says_so() -> None:
    assert may_be_missing(Answer) == {"found"}
    assert "    found: NotRequired[str]" in typed_dict(Answer, {"found"})


def test_an_answer_with_a_key_that_may_be_missing_is_an_error_of_whoever_declares_it() -> None:
    function = Function("getAnswer", Mixed, Answer, lambda *_: {})

    with pytest.raises(ValueError, match=r"Answer\.found"):
        list(module([], [function]))
    assert "    found: str" in module([], [replace(function, always=frozenset({"found"}))])
