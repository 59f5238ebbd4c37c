"""Values as they travel between Pulumi's engine and its native plugins: unknowns, secrets and outputs, at any depth.

Pulumi writes what protobuf's Struct has no word for as objects with a signature under a key of their own, and an
unknown as a text (pulumi's developer docs, "Property values"). Here they become plain data and back. Pure, and without
pulumi: only protobuf's own Struct.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf import struct_pb2

from virtnet.spec.part import UNKNOWN, as_list
from virtnet.spec.text import Place, redact, strings

SIGNATURE = "4dabf18193072939515e22adb298388d"

SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a signature, in every Pulumi there is

OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"

RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"

UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


@dataclass(frozen=True)
class Received:
    """A message's properties: plain data with UNKNOWN in it, and what of it is secret."""

    values: dict[str, object]
    secret: frozenset[Place] = frozenset()
    """Places, lists without their indexes: one secret item of a list makes the same place secret in all of them, so
    that no order of items can uncover it."""
    hidden: frozenset[str] = frozenset()
    """The secret texts themselves, for no line or error to repeat."""

    def in_words(self, text: str) -> str:
        """A sentence without the secrets it may repeat."""
        return redact(text, self.hidden)


def holds_secrets(message: struct_pb2.Struct) -> bool:
    """Whether anything of a Struct is secret, at a glance."""
    return SECRET.encode() in message.SerializeToString()


def received(message: struct_pb2.Struct) -> Received:
    """A Struct as plain data. Keys that hold null stay, as None."""
    secret: set[Place] = set()
    hidden: set[str] = set()
    values = {key: _plain(value, (key,), secret, hidden) for key, value in message.fields.items()}
    return Received(values, frozenset(secret), frozenset(hidden))


def _plain(value: struct_pb2.Value, place: Place, secret: set[Place], hidden: set[str]) -> object:
    match value.WhichOneof("kind"):
        case "struct_value":
            return _plain_group(value.struct_value, place, secret, hidden)
        case "list_value":
            return [_plain(item, place, secret, hidden) for item in value.list_value.values]
        case "string_value":
            return UNKNOWN if value.string_value == UNKNOWN_TEXT else value.string_value
        case "number_value":
            return value.number_value
        case "bool_value":
            return value.bool_value
    return None


def _plain_group(group: struct_pb2.Struct, place: Place, secret: set[Place], hidden: set[str]) -> object:
    fields = group.fields
    signature = fields[SIGNATURE].string_value if SIGNATURE in fields else ""
    if signature == SECRET or (signature == OUTPUT and fields["secret"].bool_value):
        value = _plain(fields["value"], place, secret, hidden) if "value" in fields else UNKNOWN
        secret.add(place)
        hidden.update(strings(value))
        return value
    if signature == OUTPUT:
        return _plain(fields["value"], place, secret, hidden) if "value" in fields else UNKNOWN
    if signature == RESOURCE:
        # Where a text is wanted, a resource means its id; of a component, which has none, its URN.
        named = fields["id"] if "id" in fields else fields["urn"]
        return _plain(named, place, secret, hidden) if named.string_value else UNKNOWN
    return {key: _plain(value, (*place, key), secret, hidden) for key, value in fields.items()}


def sendable(values: Mapping[str, Any], secret: Iterable[Place] = ()) -> struct_pb2.Struct:
    """Plain data as a Struct, with the secret places marked.

    A place that is not there (in another form, or gone) makes secret what is left of the way to it, so that a secret
    never comes back in clear under its own property.
    """
    marked = {_reached(values, place) for place in secret}
    message = struct_pb2.Struct()
    for key, value in values.items():
        message.fields[key].CopyFrom(_value(value, (key,), marked))
    return message


def _reached(values: object, place: Place) -> Place:
    """The longest beginning of a place that leads to something."""
    for length in range(len(place), 1, -1):
        if _is_there(values, place[:length]):
            return place[:length]
    return place[:1]


def _is_there(value: object, place: Place) -> bool:
    if not place:
        return True
    if isinstance(value, list):
        return any(_is_there(item, place) for item in value)
    return isinstance(value, Mapping) and place[0] in value and _is_there(value[place[0]], place[1:])


def as_sent(value: object) -> struct_pb2.Value:
    """Plain data as one value of a Struct, nothing of it secret."""
    return _bare(value, (), ())


def as_read(value: struct_pb2.Value) -> object:
    """One value of a Struct as plain data, whatever of it is secret."""
    return _plain(value, (), set(), set())


def _value(value: object, place: Place, marked: Collection[Place]) -> struct_pb2.Value:
    if place not in marked:
        return _bare(value, place, marked)
    return as_secret(_bare(value, place, ()))


def _bare(value: object, place: Place, marked: Collection[Place]) -> struct_pb2.Value:
    if value is UNKNOWN:
        return struct_pb2.Value(string_value=UNKNOWN_TEXT)
    if value is None:
        return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
    if isinstance(value, bool):
        return struct_pb2.Value(bool_value=value)
    if isinstance(value, int | float):
        return struct_pb2.Value(number_value=value)
    if isinstance(value, str):
        return struct_pb2.Value(string_value=value)
    message = struct_pb2.Value()
    if isinstance(value, Mapping):
        message.struct_value.SetInParent()
        for key, item in value.items():
            message.struct_value.fields[key].CopyFrom(_value(item, (*place, key), marked))
    else:
        message.list_value.SetInParent()
        message.list_value.values.extend(_bare(item, place, marked) for item in as_list(value))
    return message


def unwrapped(value: struct_pb2.Value) -> tuple[struct_pb2.Value, bool]:
    """A value out of what Pulumi wraps around it, an unknown where none is inside yet; and whether it is secret."""
    fields = value.struct_value.fields
    signature = fields[SIGNATURE].string_value if SIGNATURE in fields else ""
    if signature not in (SECRET, OUTPUT):
        return value, False
    secret = signature == SECRET or fields["secret"].bool_value
    inside = fields["value"] if "value" in fields else struct_pb2.Value(string_value=UNKNOWN_TEXT)
    bare, inner = unwrapped(inside)
    return bare, secret or inner


def as_secret(value: struct_pb2.Value) -> struct_pb2.Value:
    """A value marked as secret."""
    wrapped = struct_pb2.Value()
    wrapped.struct_value.fields[SIGNATURE].string_value = SECRET
    wrapped.struct_value.fields["value"].CopyFrom(value)
    return wrapped


def without_outputs(value: struct_pb2.Value) -> tuple[struct_pb2.Value, frozenset[str]]:
    """A value whose outputs became what is known of them, and the URNs of the resources that they depend on."""
    fields = value.struct_value.fields
    urns: set[str] = set()
    if value.WhichOneof("kind") == "list_value":
        items = [without_outputs(item) for item in value.list_value.values]
        bare = struct_pb2.Value()
        bare.list_value.SetInParent()
        bare.list_value.values.extend(item for item, _ in items)
        return bare, frozenset().union(*(found for _, found in items))
    if value.WhichOneof("kind") != "struct_value" or (
        SIGNATURE in fields and fields[SIGNATURE].string_value == RESOURCE
    ):
        return value, frozenset()
    if SIGNATURE in fields and fields[SIGNATURE].string_value in (SECRET, OUTPUT):
        if "dependencies" in fields:
            urns.update(urn.string_value for urn in fields["dependencies"].list_value.values)
        known, secret = unwrapped(value)
        bare, inner = without_outputs(known)
        return as_secret(bare) if secret else bare, frozenset(urns | inner)
    bare = struct_pb2.Value()
    bare.struct_value.SetInParent()
    for key, item in fields.items():
        inside, found = without_outputs(item)
        bare.struct_value.fields[key].CopyFrom(inside)
        urns |= found
    return bare, frozenset(urns)
