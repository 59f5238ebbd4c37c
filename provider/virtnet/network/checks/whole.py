"""What a whole network contradicts itself in: one that a plan makes, with all that was found and is kept. Pure."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from virtnet.network.checks.failures import DOUBTFUL
from virtnet.network.checks.inputs import check_network
from virtnet.network.spec import NetworkSpec
from virtnet.spec.part import from_inputs, spec_without_nones

if TYPE_CHECKING:
    from virtnet.network._generated.trees import NetworkTree
    from virtnet.spec.failures import Failure


class Judged(NamedTuple):
    """What is wrong with a network that will be."""

    refused: "tuple[Failure, ...]" = ()
    """What libvirt refuses, or what would hurt."""
    doubtful: "tuple[Failure, ...]" = ()
    """What works, and is hardly meant."""


def faults(tree: "NetworkTree") -> "Sequence[Failure]":
    """Everything that speaks against a network as XML has it."""
    spec, failures = from_inputs(NetworkSpec, tree)
    return failures if spec is None else check_network(spec_without_nones(spec))


def judged(tree: "NetworkTree", found: "NetworkTree | None" = None) -> Judged:
    """What is wrong with a network that will be, less what was with the one that is found: libvirt has that."""
    there = [] if found is None else [_what(failure) for failure in faults(found)]
    new = [failure for failure in faults(tree) if _what(failure) not in there]
    return Judged(
        refused=tuple(failure for failure in new if failure.kind not in DOUBTFUL),
        doubtful=tuple(failure for failure in new if failure.kind in DOUBTFUL),
    )


def taken_as_found(tree: "NetworkTree", found: "NetworkTree") -> "tuple[Failure, ...]":
    """What a check would refuse, or doubt, of a network that is found and stays so."""
    kept = [_what(failure) for failure in faults(tree)]
    return tuple(failure for failure in faults(found) if _what(failure) in kept)


def _what(failure: "Failure") -> tuple[object, ...]:
    """A failure wherever in its list the item is by now."""
    return failure.kind, {name: said for name, said in failure.details.items() if "index" not in name}
