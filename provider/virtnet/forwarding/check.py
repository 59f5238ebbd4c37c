"""A HostForwarding's inputs brought to their one canonical form, or refused. Pure."""

from virtnet.forwarding.kinds import ForwardingFailure
from virtnet.forwarding.spec import HostForwardingSpec
from virtnet.spec.failures import Failure
from virtnet.spec.part import UNKNOWN, Values, as_group, from_inputs, tree
from virtnet.spec.values import readable
from virtnet.transport.uri import why_no_host


def check(inputs: Values, _recorded: Values) -> tuple[dict[str, object], list[Failure]]:
    """Inputs in their one canonical form, or every reason against them. Pure.

    `__owner` is project/stack/resource, and `__urn` its URN, for the mark in the drop-in. Inputs that name no parameter
    at all mean ipv4, but an empty `interfaces` doesn't.
    """
    spec, failures = from_inputs(
        HostForwardingSpec, {name: value for name, value in inputs.items() if not name.startswith("__")}
    )
    if spec is None:
        return {}, failures
    canonical = tree(spec)
    failures = _contradictions(canonical)
    if failures:
        return {}, failures
    if not any(canonical.get(name) not in (None, {}) for name in ("ipv4", "ipv6", "interfaces")):
        if inputs.get("interfaces") is not None:
            # A list that a program makes may be empty. The whole host's forwarding isn't what it meant then.
            return {}, [Failure("interfaces", ForwardingFailure.NO_INTERFACES)]
        canonical["ipv4"] = True
    return canonical | {name: inputs[name] for name in ("__owner", "__urn") if inputs.get(name)}, []


def _contradictions(named: Values) -> list[Failure]:
    failures = []
    uri = named.get("uri")
    if uri is None:
        failures.append(Failure("uri", ForwardingFailure.URI_MISSING))
    elif isinstance(uri, str) and (fault := why_no_host(uri)) is not None:
        failures.append(Failure("uri", fault.kind, fault.details))
    interfaces = named.get("interfaces")
    for name, forwarding in ({} if interfaces is UNKNOWN or interfaces is None else as_group(interfaces)).items():
        path = f'interfaces["{readable(name)}"]'
        if name in ("all", "default"):
            failures.append(Failure(path, ForwardingFailure.KERNELS_WORD, {"name": name}, of_key=True))
        elif any(character in "*?[]=\\" for character in name):
            failures.append(Failure(path, ForwardingFailure.PATTERN_CHARACTER, of_key=True))
        elif forwarding == {}:
            failures.append(Failure(path, ForwardingFailure.NAMES_NEITHER))
    return failures
