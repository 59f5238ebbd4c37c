"""The base of all resources: translates inputs and outputs between Python spelling and camelCase on the wire.

Not for users; the generated modules import it. It never translates keys that are data (metadata namespaces, interface
names). It sends an unknown key unchanged, so that the provider's check reports the key with a suggestion.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, wraps
from typing import Any, ClassVar, ParamSpec

import pulumi
import pulumi.dynamic

from pulumi_virtnet._interrupt import end_quietly_when_interrupted
from pulumi_virtnet._refusals import told_in

Parameters = ParamSpec("Parameters")


class Args:
    """A group of inputs, as keyword arguments: the base of all Args classes."""

    FIELDS: ClassVar[Mapping[str, type[Args] | None]] = {}
    """The names of the inputs, each with the Args class of its value; None for a plain value."""
    MAPS: ClassVar[frozenset[str]] = frozenset()
    """The inputs whose value is a dict with keys that the user chooses."""

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in vars(self).items() if value is not None)
        return f"{type(self).__name__}({given})"

    def __eq__(self, other: object) -> bool:
        return vars(self) == vars(other) if type(other) is type(self) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # an Args object can change, as a dict can


def named_inputs(constructor: Callable[Parameters, None]) -> Callable[Parameters, None]:
    """A constructor whose error for an unknown keyword suggests the right one; Python's own doesn't."""
    code = constructor.__code__
    taken = frozenset(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])

    @wraps(constructor)
    def construct(*arguments: Parameters.args, **keywords: Parameters.kwargs) -> None:
        if not taken.issuperset(keywords):
            inputs = [name for name in constructor.__annotations__ if name not in _NO_INPUTS]
            raise TypeError(unknown_input(type(arguments[0]).__name__, min(keywords.keys() - taken), inputs))
        constructor(*arguments, **keywords)

    return construct


_NO_INPUTS = ("resource_name", "args", "opts", "return")


def unknown_input(of: str, name: str, inputs: Iterable[str]) -> str:
    """The error for a keyword that isn't an input."""
    import difflib

    named = list(inputs)
    close = difflib.get_close_matches(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower(), named, n=1)
    if close:
        return f"{of} has no input '{name}'. Did you mean '{close[0]}'?"
    return f"{of} has no input '{name}'. Its inputs: {', '.join(named)}"


def given_inputs(
    of: str, kind: type[Args], args: Any, opts: pulumi.ResourceOptions | None, keywords: Mapping[str, Any]
) -> tuple[Any, pulumi.ResourceOptions | None]:
    """The inputs of a resource, from args or from keywords, and its options.

    Raises TypeError if both are given. The error calls the resource `of`.
    """
    if isinstance(args, pulumi.ResourceOptions) and opts is None:
        args, opts = None, args
    named = {name: value for name, value in keywords.items() if value is not None}
    if args is not None and named:
        raise TypeError(f"{of} takes its inputs from args or as keywords, not from both")
    if args is not None and not isinstance(args, kind | Mapping):
        raise TypeError(f"the args of a {of} are a {kind.__name__} or a dict")
    return (named if args is None else args), opts


class WireKey(str):
    """A key in its final spelling, which Pulumi's hook for translating names doesn't change."""

    __slots__ = ()


def to_properties(value: Any, args: type[Args] | None) -> Any:
    """An input in wire form, from Args, dicts, lists and Outputs at any depth.

    Structure that is known already is translated at once, so that an unknown value doesn't make its neighbors unknown.
    The value of an Output is translated when it is known.
    """
    if isinstance(value, pulumi.Output) or inspect.isawaitable(value):
        return pulumi.Output.from_input(value).apply(lambda known: _unless_all_left_out(known, args))
    if isinstance(value, Args):
        return _fields_to_wire(vars(value), type(value))
    if isinstance(value, Mapping):
        return _fields_to_wire(value, args)
    if isinstance(value, list | tuple):
        return [to_properties(item, args) for item in value]
    return value


def _unless_all_left_out(value: Any, args: type[Args] | None) -> Any:
    """An input in wire form; None for a dict whose values are all None, because an empty dict would mean: none."""
    travelling = to_properties(value, args)
    return None if isinstance(value, Mapping) and value and travelling == {} else travelling


def _fields_to_wire(named: Mapping[str, Any], args: type[Args] | None) -> dict[str, Any]:
    travelling: dict[str, Any] = {}
    for key, value in named.items():
        if value is None:
            continue
        name, inside, is_map = _field(key, args)
        spelled = camel_case(name) if name else key
        # If both spellings are set, both are sent, so that the provider's check reports it.
        spelled = name if spelled in travelling else spelled
        sent = _map_to_wire(value, inside) if is_map else _unless_all_left_out(value, inside)
        if sent is not None:
            travelling[WireKey(spelled)] = sent
    return travelling


def _map_to_wire(value: Any, inside: type[Args] | None) -> Any:
    if isinstance(value, pulumi.Output) or inspect.isawaitable(value):
        return pulumi.Output.from_input(value).apply(lambda known: _map_to_wire(known, inside))
    if isinstance(value, Mapping):
        return {WireKey(key): to_properties(item, inside) for key, item in value.items() if item is not None}
    return value


def from_properties(value: Any, args: type[Args] | None) -> Any:
    """An output as the program reads it: keys in Python spelling, whole numbers as int (all are floats on the wire)."""
    if isinstance(value, Mapping):
        read = {}
        for key, item in value.items():
            name, inside, is_map = _field(key, args)
            if is_map and isinstance(item, Mapping):
                read[name or key] = {own: from_properties(below, inside) for own, below in item.items()}
            else:
                read[name or key] = from_properties(item, inside)
        return read
    if isinstance(value, list):
        return [from_properties(item, args) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _outputs(value: Any, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], pulumi.Output[Any]]]:
    """The Outputs in a structure, each with the keys that lead to it. Items of a list have the keys of their list."""
    if isinstance(value, pulumi.Output):
        yield place, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _outputs(item, (*place, str(key)))
    elif isinstance(value, list):
        for item in value:
            yield from _outputs(item, place)


async def _secret_places(outputs: Sequence[tuple[tuple[str, ...], pulumi.Output[Any]]]) -> list[list[str]] | None:
    """The places of the Outputs that are secret; None, which isn't sent, if there are none."""
    places = {place for place, output in outputs if await output.is_secret()}
    return [list(place) for place in sorted(places)] or None


def _field(key: str, args: type[Args] | None) -> tuple[str, type[Args] | None, bool]:
    """A key's name in Python spelling ("" if unknown), the class of its value, and whether its keys are data."""
    if args is None:
        return "", None, False
    known = _python_names(args)  # type: ignore[arg-type]  # a class has a hash, though its objects have none
    name = key if key in args.FIELDS else known.get(key, "")
    return name, args.FIELDS.get(name), name in args.MAPS


@cache
def _python_names(args: type[Args]) -> Mapping[str, str]:
    return {camel_case(name): name for name in args.FIELDS}


@cache
def camel_case(name: str) -> str:
    """A name or a property path in wire spelling. Quoted keys in a path are data, and don't change."""
    outside_quotes = re.split(r'("[^"]*")', name)
    return "".join(
        text if text.startswith('"') else re.sub(r"(?<=[a-zA-Z0-9])_([a-z0-9])", lambda match: match[1].upper(), text)
        for text in outside_quotes
    )


def alias_of(type_: str, resource_name: str, opts: pulumi.ResourceOptions | None) -> str | pulumi.Alias:
    """An alias for the same resource with another type.

    A URN if the resource has no parent, which saves Pulumi eight Outputs a resource at each run.
    """
    if opts is not None and opts.parent is not None:
        return pulumi.Alias(type_=type_)
    return _urn("", type_, resource_name)


def urn_of(type_: str, resource_name: str, parent: pulumi.Resource | None) -> str | pulumi.Output[str | None]:
    """The URN that a resource gets: text if it has no parent, which saves Pulumi an Output."""
    if parent is None:
        return _urn("", type_, resource_name)
    return pulumi.Output.from_input(_urn_under(parent, type_, resource_name))


async def _urn_under(parent: pulumi.Resource, type_: str, resource_name: str) -> str | None:
    # The text, not the Output: what depends on a component waits for all its children, including this one.
    urn = await parent.urn.future()
    if urn is None:
        return None
    types = urn.split("::", 3)[2]
    return _urn("" if types == "pulumi:pulumi:Stack" else f"{types}$", type_, resource_name)


def _urn(parents: str, type_: str, resource_name: str) -> str:
    return f"urn:pulumi:{pulumi.get_stack()}::{pulumi.get_project()}::{parents}{type_}::{resource_name}"


def _come_with_the_resource(outputs: Iterable[pulumi.Output[Any]]) -> None:
    """Make the program's end wait for the resource, whose outputs come with it, not for each output as well.

    Whenever an Output is resolved, Pulumi goes through all pending ones (wait_for_rpcs, 3.272): with 18 outputs a
    network, 500 networks take seconds. Pulumi itself skips an Output from which another one was made. A failure is
    reported for the resource.
    """
    # Pulumi's own and not promised. Read from the class, because an Output returns an Output for any attribute.
    leave_out = getattr(pulumi.Output, "_untrack", None)
    if leave_out is not None:
        for output in outputs:
            leave_out(output)


class Resource(pulumi.dynamic.Resource):
    """The base of the resources: takes keywords or args, sends camelCase, reads outputs back in Python spelling."""

    ARGS: ClassVar[type[Args]]
    PROVIDER: ClassVar[type[pulumi.dynamic.ResourceProvider]]
    OUTPUTS: ClassVar[tuple[str, ...]] = ()
    """The names of the outputs that virtnet computes, which the program doesn't set."""
    SETTLED: ClassVar[tuple[str, ...] | None] = None
    """The inputs that have an output even if the program doesn't set them; None for all of them.

    Pulumi makes and awaits an Output for each property that it gets. For most of a network's 33 inputs, that would cost
    2 ms together at each run of the program.
    """
    LEFT_OUT: ClassVar[Mapping[str, Any]] = {}
    """The inputs whose output always has the same value if the program doesn't set them, with that value."""

    def __init_subclass__(cls, module: str = "", name: str = "", **keywords: Any) -> None:
        super().__init_subclass__(module, name, **keywords)
        if not name:  # a user's own subclass is still the same kind of resource to the engine
            del cls._resource_type_name

    def __init__(
        self, resource_name: str, args: Any, opts: pulumi.ResourceOptions | None, keywords: Mapping[str, Any]
    ) -> None:
        """Register the resource with its inputs in wire form. For the generated constructors."""
        end_quietly_when_interrupted()
        named, opts = given_inputs(type(self).__name__, self.ARGS, args, opts, keywords)
        settled = tuple(self.ARGS.FIELDS) if self.SETTLED is None else self.SETTLED
        properties: dict[str, Any] = {WireKey(camel_case(name)): None for name in (*settled, *self.OUTPUTS)}
        properties |= to_properties(named, self.ARGS)
        # Without a `name`, the resource's name is the name on the host. A preview reads the host for the reviewer;
        # during the update, that read would only cost time.
        properties[WireKey("__run")] = {
            "name": resource_name,
            "preview": pulumi.runtime.is_dry_run(),
            **self._told(opts),
        }
        if (refusals := told_in()) is not None:
            properties[WireKey("__run")]["refusals"] = refusals
        # The owner mark, by which the resource finds its object again.
        properties[WireKey("__owner")] = f"{pulumi.get_project()}/{pulumi.get_stack()}/{resource_name}"
        # A host has only one network and one file of a name. So a replacement deletes the old one first, also with
        # `pulumi up --replace`.
        ours = self._options(resource_name, opts)
        ours.delete_before_replace = True
        self._register(resource_name, properties, pulumi.ResourceOptions.merge(ours, opts))
        _come_with_the_resource(self.__dict__[name] for name in properties if name in self.__dict__)

    def _told(self, opts: pulumi.ResourceOptions | None) -> dict[str, list[str]]:
        """The options that updates and previews depend on, and that the engine doesn't pass to a dynamic provider."""
        paths = {"ignored": opts and opts.ignore_changes, "replacing": opts and opts.replace_on_changes}
        return {name: [*map(self.translate_input_property, given)] for name, given in paths.items() if given}

    def _options(self, resource_name: str, opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
        """The options that the resource's provider needs. For subclasses."""
        # The same resource in the native form, so that a stack can move back from there.
        kind = self._resource_type_name.rpartition(":")[2]
        return pulumi.ResourceOptions(
            aliases=[alias_of(f"virtnet:index:{kind}", resource_name, opts)],
            # The XML of a network that others wrote can contain their secrets.
            additional_secret_outputs=["adoptedFrom"] if "adopted_from" in self.OUTPUTS else None,
        )

    def _register(self, resource_name: str, properties: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        """Register the resource with its dynamic provider."""
        # Pulumi's plugin reads a dynamic provider from the state, and fails with KeyError if nothing is recorded
        # (3.272).
        if asked := [name for name, value in (("import_", opts.import_), ("id", opts.id)) if value is not None]:
            raise ValueError(
                f"in the dynamic form a {type(self).__name__} doesn't support the option "
                f"{asked[0]}. Manage what exists with adopt=True, or use pulumi_virtnet.native"
            )
        # The engine passes a dynamic provider secrets in plain text. With their places, the provider prints none.
        outputs = list(_outputs(properties, ()))
        if outputs:
            properties[WireKey("__secret")] = pulumi.Output.from_input(_secret_places(outputs))
        type_ = f"pulumi-python:{self._resource_type_name}"
        properties[WireKey("__urn")] = urn_of(type_, resource_name, opts.parent)
        pulumi.dynamic.Resource.__init__(self, self.PROVIDER(), resource_name, properties, opts)

    def translate_input_property(self, prop: str) -> str:
        """A name of an option such as `ignore_changes` in wire spelling. Inputs have that spelling already."""
        return prop if isinstance(prop, WireKey) else camel_case(prop)

    def _output(self, name: str) -> pulumi.Output[Any]:
        """An output by its Python name."""
        inside, is_map = self.ARGS.FIELDS.get(name), name in self.ARGS.MAPS
        output: pulumi.Output[Any] | None = self.__dict__.get(camel_case(name))
        if output is None:  # the program doesn't set it, and it isn't settled
            value = self.LEFT_OUT.get(name)
            return self.urn.apply(lambda _: value)
        if is_map:
            return output.apply(
                lambda known: known and {key: from_properties(item, inside) for key, item in known.items()}
            )
        return output.apply(lambda known: from_properties(known, inside))
