"""A LibvirtNetwork: the record of functions that lifecycle drives, and its inputs, checked or read of what exists.

Deciding is the plan package's, and the observe package gathers what it looks at.
"""

import time
from collections.abc import Iterator

from virtnet.network.checks.failures import DOUBTFUL, OF_WHAT_IS_LEFT_OUT
from virtnet.network.checks.inputs import check_network
from virtnet.network.checks.wants import wants
from virtnet.network.diff import needs, recorded_inputs
from virtnet.network.observe import observe as network_observe
from virtnet.network.observe.once_gone import once_gone
from virtnet.network.observe.reads import READS
from virtnet.network.observed import Observed, ReportedNetwork, reported
from virtnet.network.outputs import NetworkOutputs, outputs
from virtnet.network.plan.announced import NO_UUID, places
from virtnet.network.plan.plan import less_ignored, plan_network
from virtnet.network.predict import effects, in_brief, predict
from virtnet.network.problem_kinds import ProblemKind
from virtnet.network.spec import NetworkSpec
from virtnet.network.tree import network_tree
from virtnet.network.unchanged import DEFAULTS
from virtnet.network.xml import read as network_xml
from virtnet.planning.clients.clients import Clients
from virtnet.planning.findings import Messages, Note, Problem, problem_details
from virtnet.planning.resource import Existing, Resource
from virtnet.spec.checking import if_known
from virtnet.spec.failures import Failure
from virtnet.spec.part import UNKNOWN, Values, from_inputs, is_unknown, spec_without_nones, tree
from virtnet.spec.values import readable


def check(inputs: Values, recorded: Values) -> tuple[dict[str, object], list[Failure]]:
    """Inputs in their one canonical form, with what is recorded even when left out, or every reason against them.

    `__name` is the Pulumi resource's name, taken when `name` is left out; a name once recorded is kept. `__owner` is
    project/stack/resource, and `__urn` its URN, for the network's mark. Pure.
    """
    named = {name: value for name, value in inputs.items() if name not in ("__name", "__owner", "__urn")}
    if named.get("name") is None:
        named["name"] = recorded.get("name") or inputs.get("__name") or ""
    spec, failures = from_inputs(NetworkSpec, named)
    if spec is None:
        from virtnet.network.checks.meant import as_meant

        failures = [as_meant(failure, named) for failure in failures]
        if inputs.get("name") is None and not recorded.get("name") and inputs.get("__name"):
            failures = [_of_resource_name(failure, str(inputs["__name"])) for failure in failures]
        return {}, failures
    judged = spec_without_nones(spec)
    failures = _refused(judged, check_network(judged)) or _check_metadata(spec)
    if failures:
        return {}, failures
    canonical = _canonical(tree(spec))
    return canonical | {name: inputs[name] for name in ("__owner", "__urn") if inputs.get(name)}, []


def _refused(spec: NetworkSpec, failures: list[Failure]) -> list[Failure]:
    """Less what works, and what a network that is adopted may have already: a plan looks at those."""
    passed = DOUBTFUL | OF_WHAT_IS_LEFT_OUT if spec.adopt in (True, UNKNOWN) else DOUBTFUL
    return [failure for failure in failures if failure.kind not in passed]


def _of_resource_name(failure: Failure, resource_name: str) -> Failure:
    """A failure of a name that nobody wrote as one says where it is from."""
    if failure.path != "name":
        return failure
    return failure._replace(resource_name=resource_name)


def _check_metadata(spec: NetworkSpec) -> list[Failure]:
    metadata = if_known(spec.metadata) or {}
    faults = {name: network_xml.metadata_fault(name, text) for name, text in metadata.items() if not is_unknown(text)}
    return [
        Failure(f'metadata["{readable(name)}"]', fault.kind, fault.details)
        for name, fault in faults.items()
        if fault is not None
    ]


def _canonical(named: dict[str, object]) -> dict[str, object]:
    forward = named.get("forward")
    if isinstance(forward, dict):
        forward.setdefault("mode", "nat")
        device = forward.pop("dev", None)
        if device is not None:
            forward["interfaces"] = [{"dev": device}]
    metadata = named.get("metadata")
    if isinstance(metadata, dict):
        for namespace, text in metadata.items():
            if text is not UNKNOWN:
                metadata[namespace] = network_xml.canonical_element(text)
    for lease in _leases(named):
        if lease.get("expiry") == 0:
            lease.pop("unit", None)  # for ever has no unit, and libvirt keeps none
    named.setdefault("autostart", True)
    named.setdefault("active", True)
    return named


def _leases(named: Values) -> list[dict[str, object]]:
    """Every lease time in a tree, of ranges and of reservations."""
    ips = named.get("ips")
    dhcps = [ip.get("dhcp") for ip in ips if ip is not UNKNOWN] if isinstance(ips, list) else []
    items = [
        item
        for dhcp in dhcps
        if isinstance(dhcp, dict)
        for name in ("ranges", "hosts")
        if isinstance(dhcp.get(name), list)
        for item in dhcp[name]
    ]
    return [item["lease"] for item in items if item is not UNKNOWN and isinstance(item.get("lease"), dict)]


#: Kept by libvirt and by us without being named.
_LEFT_OUT = ("uuid", "mac", "name")


def inputs_of(report: ReportedNetwork) -> dict[str, object]:
    """The inputs that describe a network as it is, but for its name and what is kept without being named. Pure."""
    seen = report.definition.tree
    inputs: dict[str, object] = {name: value for name, value in seen.items() if name not in _LEFT_OUT}
    if not report.autostart:
        inputs["autostart"] = False
    if not report.active:
        inputs["active"] = False
    return inputs


def import_network(clients: Clients, wanted: str) -> Existing:
    """The network of a name, or of a UUID. Raises Refused, with the names there are."""
    from virtnet.libvirtd.lookup import lookup

    report = reported(lookup(clients.libvirt, wanted))
    return Existing(
        inputs={"name": report.name, **inputs_of(report)}, identity={"uuid": report.uuid}, mark=report.definition.mark
    )


def observe(clients: Clients, desired: Values | None, recorded: Values) -> Observed:
    """What libvirt and the kernel report now, as far as planning needs it."""
    return network_observe.observe(clients, needs(desired, recorded))


def prefetch(clients: Clients, desired: Values) -> None:
    """What takes long of that before a create."""
    network_observe.prefetch(clients, needs(desired, {}))


def foresee(clients: Clients, desired: Values) -> Iterator[Note]:
    """What of libvirt's own chains is gone, and what becomes of the network's packets once it runs."""
    from virtnet.network.observe.firewall.chains import flushed_chains
    from virtnet.network.observe.firewall.foreseen import will_be_dropped
    from virtnet.network.observe.firewall.whole import dropped
    from virtnet.network.observe.ports import find_network
    from virtnet.network.observe.problems import not_forwarded
    from virtnet.network.plan.kinds import NoteKind
    from virtnet.network.plan.new import new_tree
    from virtnet.network.plan.preflight import chains_missed
    from virtnet.network.versions import FORWARDS_NOTHING_FOR_OPEN
    from virtnet.network.xml import write
    from virtnet.network.xml.definition import definition

    if clients.host is None or not desired.get("active", True):
        return
    since = time.monotonic()
    there = find_network(clients.libvirt, name=str(desired["name"])) if desired.get("adopt") else None
    if there is not None and there.live is not None:
        found, off = dropped(clients.host, there.live, since=since), not_forwarded(clients.host, there.live)
    else:
        made = definition(write.render(new_tree(network_tree(desired), NO_UUID))) if there is None else there.definition
        version = clients.libvirt.version()
        yield from chains_missed(made, flushed_chains(clients.host, made, version))
        found = will_be_dropped(clients.host, made, version)
        stays_off = made.mode == "open" and version >= FORWARDS_NOTHING_FOR_OPEN
        off = not_forwarded(clients.host, made) if stays_off else None
    for kind, details in ((ProblemKind.PACKETS_DROPPED, found), (ProblemKind.NOT_FORWARDED, off)):
        if details is not None:
            yield Note(NoteKind.STANDING_PROBLEM, {"problem": problem_details(Problem(kind, details))})


def _messages() -> Messages:
    from virtnet.network.messages.render import messages

    return messages()


NETWORK: Resource[Observed] = Resource(
    name="LibvirtNetwork",
    subject="network",
    description="A virtual network of a libvirt host: its bridge, addresses, DHCP, DNS and way to the outside.\n\n"
    "What the program names is owned whole. What it leaves out stays as libvirt or others set it. The id is the "
    "network's UUID. `pulumi import` takes the network's name or UUID.",
    spec=NetworkSpec,
    outputs_spec=NetworkOutputs,
    settled=frozenset({"uri", "name", *DEFAULTS}),
    left_out=DEFAULTS,
    check=check,
    observe=observe,
    reads=READS,
    looks_are_shared=True,
    lists_rules_again=True,
    plan=plan_network,
    less_ignored=less_ignored,
    outputs=outputs,
    predict=predict,
    effects=effects,
    in_brief=in_brief,
    recorded_inputs=recorded_inputs,
    identity=lambda shown: str(shown["uuid"]),
    prefetch=prefetch,
    foresee=foresee,
    once_gone=once_gone,
    messages=_messages,
    unknown_after_create={"problems": [problem_details(Problem(ProblemKind.CREATE_INTERRUPTED))]},
    import_existing=import_network,
    identified_by=("uri", "name", "uuid"),
    wants=wants,
    announces=places,
)
