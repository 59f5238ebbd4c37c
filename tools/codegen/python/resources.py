"""The Python types of a resource: Args classes, TypedDicts, the typed constructor and the outputs as properties.

The words are the spec's own.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from tools.codegen.parts import must_be_given, none_words, parts_below, scalar_type
from tools.codegen.python.outputs import value_type
from tools.codegen.python.source import MARK, about_lines, docstring, wrapped
from tools.codegen.schema import CHANGES

from virtnet.planning.resource import Resource
from virtnet.spec.part import LevelName, Part, Shape, shapes

Levels: TypeAlias = dict[tuple[type[Part], str], set[LevelName]]
"""For a part and the name of one of its fields, the classes its change can have."""

OUTPUTS = "outputs."
"""Where the types of outputs are, as a resource's module names them."""


def module_name(resource: Resource[Any]) -> str:
    """The module of a resource's types: libvirt_network for a LibvirtNetwork."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", resource.name).lower()


def base_name(resource: Resource[Any]) -> str:
    """The generated class that the public one derives from."""
    return f"{resource.name}Properties"


def input_names(resource: Resource[Any]) -> list[str]:
    """The names of the Args classes and TypedDicts of a resource: what programs import of its module."""
    parts = [name for part in parts_below(resource.spec) for name in (args_name(part), dict_name(part))]
    return [*parts, f"{resource.name}Args", f"{resource.name}ArgsDict"]


def module(resource: Resource[Any]) -> Iterator[str]:
    """The lines of one resource's module of types."""
    parts = list(parts_below(resource.spec))
    levels = effective_levels(resource.spec)
    yield MARK
    yield f'"""The types of a {resource.name}: Args classes, TypedDicts, the typed constructor and the outputs."""'
    everything = [shape for part in (*parts, resource.spec) for shape in shapes(part).values()]
    literal = ", Literal" if any(shape.choices for shape in everything) else ""
    sequence = ", Sequence" if any(shape.kind in ("parts", "scalars") for shape in everything) else ""
    if any(shape.name in ("id", "type") for shape in everything):
        yield from ("", "# ruff: noqa: A002 - libvirt calls them id and type")
    yield from ("", "from __future__ import annotations", "")
    yield f"from collections.abc import Mapping{sequence}"
    told = (*everything, *shapes(resource.outputs_spec).values())
    any_ = "Any, " if any(shape.base is object for shape in told) else ""
    yield f"from typing import TYPE_CHECKING, {any_}ClassVar{literal}"
    yield from ("", "import pulumi", "from pulumi import Input", "from typing_extensions import NotRequired, TypedDict")
    yield from ("", "from pulumi_virtnet._resource import Args, Resource, named_inputs")
    # Sixty types would take 10 ms at each start of a program.
    yield from ("", "if TYPE_CHECKING:", "    from pulumi_virtnet._generated import outputs")
    yield from ("", f"__all__ = {sorted(input_names(resource))!r}", "")
    for part in parts:
        about = summary(part, levels)
        yield from args_class(part, args_name(part), about, levels)
        yield from typed_dict(part, dict_name(part), about, levels)
    top = f"The inputs of a {resource.name}, for its `args`."
    yield from args_class(resource.spec, f"{resource.name}Args", top, levels)
    yield from typed_dict(resource.spec, f"{resource.name}ArgsDict", top, levels)
    yield from resource_base(resource, levels)


def effective_levels(spec: type[Part]) -> Levels:
    """For each field of each part the classes of its changes: more than one where a part has several places."""
    found: Levels = {}

    def walk(part: type[Part], enclosing: LevelName) -> None:
        for shape in shapes(part).values():
            level = shape.level or enclosing
            found.setdefault((part, shape.name), set()).add(level)
            if shape.part is not None:
                walk(shape.part, level)

    walk(spec, spec.default_level)
    return found


def args_name(part: type[Part]) -> str:
    """The name of a part's Args class."""
    return f"{part.__name__}Args"


def dict_name(part: type[Part]) -> str:
    """The name of a part's TypedDict."""
    return f"{part.__name__}ArgsDict"


def summary(part: type[Part], levels: Levels) -> str:
    """A part's own words, and the class of its changes when all its fields have the same."""
    text = (part.__doc__ or "").strip()
    common = common_level(part, levels)
    return text if common is None else f"{text} Any {CHANGES[common]}"


def common_level(part: type[Part], levels: Levels) -> LevelName | None:
    """The class of a change of whichever field; None if that differs."""
    classes = {level for name in shapes(part) for level in levels[(part, name)]}
    return classes.pop() if len(classes) == 1 else None


def plain_type(shape: Shape) -> str:
    """The type of one value, before it may be an Input."""
    if shape.part is not None:
        return f"{args_name(shape.part)} | {dict_name(shape.part)}"
    if shape.choices:
        return "Literal[" + ", ".join(f'"{choice}"' for choice in shape.choices) + "]"
    return scalar_type(shape)


def input_type(shape: Shape) -> str:
    """What a program may give."""
    one = f"Input[{plain_type(shape)}]"
    if shape.kind in ("parts", "scalars"):
        return f"Input[Sequence[{one}]]"
    if shape.kind == "map":
        return f"Input[Mapping[str, {one}]]"
    return one


def is_required(part: type[Part], shape: Shape) -> bool:
    """Whether a field must be given; of outputs, whether it is always there."""
    return must_be_given(part, shape)


def words(part: type[Part], shape: Shape, levels: Levels) -> str:
    """A field's description with its default and the class of its change."""
    text = shape.description
    if shape.default is not None:
        shown = repr(shape.default) if not isinstance(shape.default, str) else shape.default
        text += f" Default: {shown}."
    if none := none_words(part, shape):
        text += f" None: `{none}`."
    if common_level(part, levels) is not None:
        return text  # the class's own words have said it
    possible = levels[(part, shape.name)]
    # Where a part is used in two places, the place tells.
    if len(possible) == 1:
        text += " " + (shape.change or f"A {CHANGES[next(iter(possible))]}")
    return text


def arguments_doc(part: type[Part], levels: Levels) -> list[str]:
    """The Args section of a docstring."""
    lines = ["", "Args:"]
    for shape in shapes(part).values():
        required = part.model_fields[shape.name].is_required()
        mark = (" Required." if is_required(part, shape) else " Required beside others.") if required else ""
        text = f"{shape.name}: {words(part, shape, levels)}{mark}"
        lines += wrapped(text, 4, hanging=4)
    return lines


def parameters(part: type[Part], *, beside_args: bool = False) -> Iterator[str]:
    """A part's fields as keyword parameters. Beside `args`, which may have all of them, each can be left out."""
    for shape in shapes(part).values():
        if is_required(part, shape) and not beside_args:
            yield f"{shape.name}: {input_type(shape)},"
        else:
            yield f"{shape.name}: {input_type(shape)} | None = None,"


def args_class(part: type[Part], name: str, about: str, levels: Levels) -> Iterator[str]:
    """The class whose keyword arguments are a part's fields."""
    yield f"class {name}(Args):"
    yield from docstring([*about_lines(about), *arguments_doc(part, levels)], "    ")
    yield "    FIELDS: ClassVar[Mapping[str, type[Args] | None]] = {"
    for shape in shapes(part).values():
        yield f'        "{shape.name}": {args_name(shape.part) if shape.part is not None else None},'
    yield "    }"
    maps = [shape.name for shape in shapes(part).values() if shape.kind == "map"]
    if maps:
        yield f"    MAPS: ClassVar[frozenset[str]] = frozenset({{{', '.join(repr(name) for name in maps)}}})"
    yield "    @named_inputs"
    yield "    def __init__(self, *,"
    yield from parameters(part)
    yield "    ) -> None:"
    for shape in shapes(part).values():
        yield f"        self.{shape.name} = {shape.name}"
    yield ""


def typed_dict(part: type[Part], name: str, about: str, levels: Levels) -> Iterator[str]:
    """The same as a dict with known keys; each key's words stand below it, where editors look for them."""
    yield f"class {name}(TypedDict):"
    yield from docstring(about_lines(about), "    ")
    for shape in shapes(part).values():
        given = input_type(shape)
        yield f"    {shape.name}: {given if is_required(part, shape) else f'NotRequired[{given} | None]'}"
        yield from docstring(wrapped(words(part, shape, levels), 0), "    ")
    yield ""


def resource_base(resource: Resource[Any], levels: Levels) -> Iterator[str]:
    """The class with the typed constructor and the outputs, above the public one."""
    fields, made = shapes(resource.spec), shapes(resource.outputs_spec)
    yield f"class {base_name(resource)}(Resource):"
    yield f'    """The constructor of a {resource.name}, and its outputs."""'
    yield f"    ARGS: ClassVar[type[Args]] = {resource.name}Args"
    # Pulumi works out the annotations of a class for each of its resources: what needs none has none.
    yield f"    OUTPUTS = {tuple(name for name in made if name not in fields)!r}"
    if resource.left_out:
        # The values of the others that are always there come from the provider, also of outputs that can be named too.
        settled = [name for name in fields if name in made or name in resource.settled - set(resource.left_out)]
        yield f"    SETTLED = {tuple(settled)!r}"
        yield f"    LEFT_OUT = {dict(resource.left_out)!r}  # noqa: RUF012 - an annotation costs time at each resource"
    yield "    @named_inputs"
    yield "    def __init__(self, resource_name: str,"
    yield f"        args: {resource.name}Args | {resource.name}ArgsDict | None = None,"
    yield "        opts: pulumi.ResourceOptions | None = None, *,"
    yield from parameters(resource.spec, beside_args=True)
    yield "    ) -> None:"
    opening = [f"Add a {resource.name} to the stack.", "", "Args:"]
    opening += wrapped("resource_name: The name of the resource in the program and its stack.", 4, hanging=4)
    opening += wrapped("args: All inputs at once, instead of the keywords below.", 4, hanging=4)
    opening += wrapped("opts: Pulumi's own options, such as `depends_on` and `protect`.", 4, hanging=4)
    opening += arguments_doc(resource.spec, levels)[2:]
    opening += ["", "Raises:"]
    opening += wrapped(
        "TypeError: Both args and keywords are given, or a keyword isn't an input. `pulumi preview` reports invalid "
        "values, with the property's path and the fix.",
        4,
        hanging=4,
    )
    yield from docstring(opening, "        ")
    yield "        super().__init__(resource_name, args, opts, {"
    for name in fields:
        yield f'            "{name}": {name},'
    yield "        })"
    for shape in fields.values():
        if shape.name not in made:
            always = shape.name in resource.settled or is_required(resource.spec, shape)
            note = "" if always else "; None if the program doesn't set it"
            about = [f"The current value of the input `{shape.name}`{note}."]
            yield from output(shape.name, value_type(shape, OUTPUTS), about, always)
    for shape in made.values():
        always = is_required(resource.outputs_spec, shape)
        yield from output(shape.name, value_type(shape, OUTPUTS), described(shape), always)


def output(name: str, type_: str, about: Sequence[str], always: bool) -> Iterator[str]:
    """The property of one output; None if it is not `always` there."""
    yield "    @property"
    yield f"    def {name}(self) -> pulumi.Output[{type_}{'' if always else ' | None'}]:"
    yield from docstring(about, "        ")
    yield f'        return self._output("{name}")'
    yield ""


def described(shape: Shape) -> list[str]:
    """The lines of an output's description, below them what the keys of its dicts mean."""
    lines = about_lines(shape.description)
    if shape.part is not None:
        lines += ["", "Its keys:" if shape.kind == "part" else "The keys of each:"]
        for inside in shapes(shape.part).values():
            lines += wrapped(f"{inside.name}: {inside.description}", 4, hanging=4)
    return lines
