"""PortForward: the record of the functions that lifecycle drives.

Inputs are checked in check, the host is observed in observe, what to do is decided in plan, and effects are in steps.
What rules say is made and read in rules, and what puts them back by itself is in restore.
"""

from virtnet.planning.clients.clients import Clients
from virtnet.planning.findings import Messages, Problem, problem_details
from virtnet.planning.ownership.marks import owner_of
from virtnet.planning.resource import BuildsOn, Existing, Resource
from virtnet.port_forward.check import check, wants
from virtnet.port_forward.kinds import ProblemKind
from virtnet.port_forward.observe.lookup import lookup
from virtnet.port_forward.observe.observe import observe
from virtnet.port_forward.observe.reads import READS, READS_BEFORE_DELETE
from virtnet.port_forward.observed import PortForwardReport, id_recorded, inputs_of, recorded_inputs
from virtnet.port_forward.outputs import outputs, outputs_after, predict
from virtnet.port_forward.plan.announced import as_observed, foretold, moved
from virtnet.port_forward.plan.effects import effects, in_brief
from virtnet.port_forward.plan.once_gone import once_gone
from virtnet.port_forward.plan.plan import plan
from virtnet.port_forward.spec import PortForwardOutputs, PortForwardSpec
from virtnet.port_forward.unchanged import builds_on
from virtnet.spec.part import Values


def identity(shown: Values) -> str:
    """Pulumi's id: the host and the forward's own."""
    return f"{shown['host_uuid']}/{id_recorded(shown)}"


def name_of(values: Values) -> str | None:
    """A forward by the name of its Pulumi resource, because it has no name on the host."""
    return owner_of(values).split("/", 2)[-1] or None


def import_forward(clients: Clients, wanted: str) -> Existing:
    """The forward of an id, or of a port: "8080/tcp". Raises Refused, with the forwards there are."""
    record = lookup(clients, wanted)
    return Existing(
        inputs=inputs_of(record), identity={**inputs_of(record), "__forward": record.forward.id}, mark=record.mark
    )


def _messages() -> Messages:
    from virtnet.port_forward.messages import messages

    return messages()


PORT_FORWARD: Resource[PortForwardReport] = Resource(
    name="PortForward",
    subject="port forward",
    description="Ports of a host lead to a guest of one of its networks.\n\n"
    "From outside, from other guests, from the host and from the guest itself; also after a boot, a restart of the "
    "network or of libvirt, and a reload of the host's firewall.",
    spec=PortForwardSpec,
    outputs_spec=PortForwardOutputs,
    settled=frozenset({"uri"}),
    check=check,
    observe=observe,
    reads=READS,
    reads_before_delete=READS_BEFORE_DELETE,
    plan=plan,
    outputs=outputs,
    outputs_after=outputs_after,
    predict=predict,
    effects=effects,
    in_brief=in_brief,
    recorded_inputs=recorded_inputs,
    identity=identity,
    name_of=name_of,
    messages=_messages,
    identified_by=("uri", "network"),
    wants=wants,
    builds_on=BuildsOn(places=builds_on, foretold=foretold, once_there=as_observed, moved=moved),
    once_gone=once_gone,
    unknown_after_create={
        "addresses": [],
        "problems": [problem_details(Problem(ProblemKind.CREATE_INTERRUPTED))],
        "host_uuid": "",
    },
    unnamed_stays=False,
    looks_are_shared=True,
    import_existing=import_forward,
)
