"""Whom a network that was there before belongs to: the mark of the resource that adopted it, and its refusal to others.

Pure. Imported by the planners.
"""

from collections.abc import Sequence

from virtnet.network_metadata_steps import SetMetadata
from virtnet.network_section_steps import UpdateSection
from virtnet.network_steps import DefineNetwork, MarkNetwork
from virtnet.network_xml import OwnerMark
from virtnet.plan import Step


def adoption_mark(steps: Sequence[Step], uuid: str, owner: str, previous: OwnerMark | None) -> tuple[Step, ...]:
    """The step that marks an adopted network, where the steps before it write its definition anyway.

    A program that equals the network changes nothing on the host, the mark included, and a flag alone is no definition.
    """
    if not owner or not any(isinstance(step, DefineNetwork | UpdateSection | SetMetadata) for step in steps):
        return ()
    return (MarkNetwork(uuid=uuid, mark=OwnerMark(owner, adopted=True), previous=previous),)


def belongs_to_another(other: str, owner: str, uuid: str) -> str:
    """The refusal of a network with the mark of another resource."""
    refusal = f"a network of this name (UUID {uuid}) belongs to '{other}', which would go on changing it; "
    # project/stack/resource: only the last may hold further slashes.
    *stack, resource = other.split("/", 2)
    if owner.split("/", 2)[:-1] == stack:
        refusal += (
            "if that is this resource's old name, give it as an alias "
            f"(opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name={resource!r})])); otherwise "
        )
    return refusal + "let go of it there first (on_delete keep, then destroy), or choose another name"
