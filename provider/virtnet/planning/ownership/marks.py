"""Marks: what an object on a host says of its owner, and how that is held against a record and against inputs. Pure."""

import uuid as uuids
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from virtnet.spec.part import Values  # with pydantic, for which neither adapter waits


def owner_of(values: "Values") -> str:
    """Whose inputs or outputs they are: project/stack/resource; "" where that is not known."""
    return str(values.get("__owner") or "")


def urn_of(values: "Values") -> str:
    """The owner's URN, which has the types of its parents too; "" where that is not known."""
    return str(values.get("__urn") or "")


def kind_of(urn: str) -> str:
    """The kind of resource in a URN, in either form of the provider; "" where that is not told."""
    parts = urn.split("::", 3)
    return parts[2].rpartition(":")[2] if len(parts) > 3 else ""


def token_of(recorded: "Values") -> str:
    """What the mark of the record's object holds; "" in a record from before there were tokens."""
    return str(recorded.get("__token") or "")


def fresh_token() -> str:
    """A token that no other mark has."""
    return uuids.uuid4().hex[:16]


@dataclass(frozen=True)
class Mark:
    """Who made an object, took it up or took it over: `owner` is project/stack/resource."""

    owner: str
    urn: str = ""
    """The owner's, with the types of its parents, which `owner` leaves out; "" where nobody told."""
    token: str = ""
    """What the owner's record in the state holds too. It is a new one whenever the object is made or taken anew, so
    that an older record is known as such. "" in a mark from before there were any."""

    @property
    def owner_shown(self) -> str:
        """The owner for people: the URN, which tells two resources of one name apart, or what else is known."""
        return self.urn or self.owner

    def is_of_record(self, recorded: "Values") -> bool:
        """Whether it was written for what the state records, and not since by another that took the object."""
        token, owner = token_of(recorded), owner_of(recorded)
        if self.token or (token and not self.owner):
            return self.token == token
        return "" in (self.owner, owner) or self.owner == owner

    def is_of_resource(self, inputs: "Values") -> bool:
        """Whether it names the resource with these inputs, under the parents that it has, as far as that is told."""
        return self.owner == inputs.get("__owner") and ("" in (self.urn, urn_of(inputs)) or self.urn == urn_of(inputs))

    def may_be_old_name_of(self, inputs: "Values") -> bool:
        """Whether the resource with these inputs may have been called so, elsewhere (state move) or here (alias)."""
        *stack, resource = self.owner.split("/", 2)
        *own_stack, own = owner_of(inputs).split("/", 2)
        return self.owner != owner_of(inputs) and (stack == own_stack or resource == own)

    def alias_for(self, inputs: "Values") -> str:
        """What a program gives as an alias where the resource that the mark names may be its own by an old name.

        Its URN; of a mark without one the name alone, for pulumi.Alias. "" where it is of another stack: no alias
        reaches there.
        """
        # project/stack/resource: only the last may hold further slashes.
        *stack, resource = self.owner.split("/", 2)
        if owner_of(inputs).split("/", 2)[:-1] != stack:
            return ""
        return self.urn or resource


def mark_for(inputs: "Values", token: str) -> Mark:
    """The mark of what the resource with these inputs makes or takes."""
    return Mark(owner_of(inputs), urn=urn_of(inputs), token=token)


def renamed(recorded: "Values", desired: "Values") -> dict[str, str]:
    """`before` and `after` where Pulumi calls the resource otherwise by now (an alias, a state move); else nothing."""
    for name_of in (urn_of, owner_of):
        before, after = name_of(recorded), name_of(desired)
        if "" not in (before, after) and before != after:
            return {"before": before, "after": after}
    return {}
