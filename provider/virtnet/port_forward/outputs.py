"""The outputs of a PortForward: what the program named, and what is there. Pure."""

from collections.abc import Sequence

from virtnet.planning.findings import problem_details
from virtnet.port_forward.check import TARGETS, version_of
from virtnet.port_forward.observed import APART, PortForwardReport, inputs_of, recorded_inputs
from virtnet.port_forward.plan.problems import problems
from virtnet.spec.part import UNKNOWN, Values, as_list, only

#: Recorded beside inputs and outputs: the token in the mark, the forward's id, the network's name, and what its program
#: says otherwise than the host.
_KEPT = ("__token", "__forward", "__network", APART, "target", "network_uuid")


def outputs(inputs: Values, recorded: Values, observed: PortForwardReport) -> dict[str, object]:
    """The forward on the host. It is never gone: a missing part is a problem, which an update fixes live."""
    if recorded.get("__imported"):
        recorded = _imported(inputs, observed)
    return {
        **outputs_after(inputs, recorded, observed),
        "problems": [problem_details(one) for one in problems(inputs, recorded, observed)],
    }


def outputs_after(inputs: Values, recorded: Values, observed: PortForwardReport) -> dict[str, object]:
    """The outputs after a plan whose steps leave no problem, without another look at the host."""
    return {
        **recorded_inputs(inputs),
        **{name: value for name, value in only(recorded, _KEPT).items() if value is not None},
        "addresses": list(_addresses(inputs, recorded, observed)),
        "problems": [],
        "host_uuid": observed.host_uuid,
    }


def _imported(inputs: Values, observed: PortForwardReport) -> dict[str, object]:
    """The outputs to record of a forward that was looked up: the token of a mark that is this resource's."""
    named = {name: inputs.get(name) for name in ("listen_address", *TARGETS, "ports", "sources")}
    for record in observed.records.values():
        if {**dict.fromkeys(named), **inputs_of(record)}.items() >= named.items():
            own = not record.mark.owner or record.mark.is_of_resource(inputs)
            network = record.forward.network
            return {
                "__token": record.mark.token if own else "",
                "__forward": record.forward.id,
                "__network": network.name,
                "target": record.forward.target,
                "network_uuid": network.uuid,
            }
    return {}


def _addresses(inputs: Values, recorded: Values, observed: PortForwardReport) -> Sequence[str]:
    """The addresses that lead to the guest: the recorded ones while all exist, so that a new one is no change."""
    if inputs.get("listen_address"):
        return (str(inputs["listen_address"]),)
    target = str(recorded.get("target") or "")
    version = version_of({**inputs, "target_address": target} if target else inputs)
    there = [address for address in observed.addresses if (6 if ":" in address else 4) == version]
    before = [str(address) for address in as_list(recorded.get("addresses") or [])]
    return before if before and set(before) <= set(there) else there


def predict(recorded: Values | None, desired: Values) -> dict[str, object]:
    """The outputs that are known before a create, or an update, is done; UNKNOWN those that it may change."""
    changing = {} if recorded is None else dict.fromkeys(("addresses", "target", "problems"), UNKNOWN)
    listens, target = desired.get("listen_address"), desired.get("target_address")
    found: dict[str, object] = {**changing}
    if listens is not None:
        found["addresses"] = UNKNOWN if listens is UNKNOWN else [listens]
    if target is not None:
        found["target"] = target
    return found
