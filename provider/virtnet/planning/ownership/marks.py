"""Owner marks of objects on a host, and how they compare with a record and with inputs. Pure."""

import uuid as uuids
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from virtnet.spec.part import Values  # it imports pydantic, for which neither adapter waits


def owner_of(values: "Values") -> str:
    """The owner of inputs or outputs: project/stack/resource; "" if unknown."""
    return str(values.get("__owner") or "")


def urn_of(values: "Values") -> str:
    """The owner's URN, which includes the types of its parents; "" if unknown."""
    return str(values.get("__urn") or "")


def kind_of(urn: str) -> str:
    """The kind of resource in a URN of either form of the provider; "" if there is none."""
    parts = urn.split("::", 3)
    return parts[2].rpartition(":")[2] if len(parts) > 3 else ""


def token_of(recorded: "Values") -> str:
    """The token in the mark of the recorded object; "" in a record from before tokens."""
    return str(recorded.get("__token") or "")


def fresh_token() -> str:
    """A token that no other mark has."""
    return uuids.uuid4().hex[:16]


@dataclass(frozen=True)
class Mark:
    """The resource that created, adopted or took over an object: `owner` is project/stack/resource."""

    owner: str
    urn: str = ""
    """The owner's URN, with the types of its parents, which `owner` doesn't contain; "" if unknown."""
    token: str = ""
    """The same token as in the owner's record. An object gets a new token whenever it is created, adopted or taken
    over, which identifies older records. "" in a mark from before tokens."""

    @property
    def owner_shown(self) -> str:
        """The owner for people: the URN, because two resources may have one name; without a URN, `owner`."""
        return self.urn or self.owner

    def is_of_record(self, recorded: "Values") -> bool:
        """Whether the mark belongs to the record, and no other resource has taken the object since."""
        token, owner = token_of(recorded), owner_of(recorded)
        if self.token or (token and not self.owner):
            return self.token == token
        return "" in (self.owner, owner) or self.owner == owner

    def is_of_resource(self, inputs: "Values") -> bool:
        """Whether the mark names the resource with these inputs, with its parents if the mark has a URN."""
        return self.owner == inputs.get("__owner") and ("" in (self.urn, urn_of(inputs)) or self.urn == urn_of(inputs))

    def may_be_old_name_of(self, inputs: "Values") -> bool:
        """Whether the mark may name the resource with these inputs by an old name (state move, or alias)."""
        *stack, resource = self.owner.split("/", 2)
        *own_stack, own = owner_of(inputs).split("/", 2)
        return self.owner != owner_of(inputs) and (stack == own_stack or resource == own)

    def alias_for(self, inputs: "Values") -> str:
        """The alias that makes the marked resource the program's own, if the mark may be an old name of it.

        The URN; for a mark without a URN the name, for pulumi.Alias. "" for a mark of another stack, which no alias can
        name.
        """
        # project/stack/resource: only the resource may contain further slashes.
        *stack, resource = self.owner.split("/", 2)
        if owner_of(inputs).split("/", 2)[:-1] != stack:
            return ""
        return self.urn or resource


def mark_for(inputs: "Values", token: str) -> Mark:
    """The mark for an object that the resource with these inputs creates or takes over."""
    return Mark(owner_of(inputs), urn=urn_of(inputs), token=token)


def renamed(recorded: "Values", desired: "Values") -> dict[str, str]:
    """`before` and `after` if Pulumi has renamed the resource since (alias, state move); otherwise empty."""
    for name_of in (urn_of, owner_of):
        before, after = name_of(recorded), name_of(desired)
        if "" not in (before, after) and before != after:
            return {"before": before, "after": after}
    return {}
