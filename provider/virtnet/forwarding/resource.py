"""HostForwarding: the host's kernel forwards IP packets, now and after every boot.

The record of its functions, and its outputs. Inputs are checked in check, the host is observed in observe, what to do
is decided in plan, and effects are in steps.
"""

from virtnet.forwarding.boot_files.boot import by_systemd
from virtnet.forwarding.boot_files.drop_in import DEFAULT_NAME, path_of
from virtnet.forwarding.check import check
from virtnet.forwarding.observe import observe
from virtnet.forwarding.observed import (
    ForwardingReport,
    drop_in_of,
    managed,
    previous_of,
    project,
    recorded_inputs,
    setting,
)
from virtnet.forwarding.plan.once_gone import once_gone
from virtnet.forwarding.plan.plan import plan
from virtnet.forwarding.predict import effects, in_brief, predict
from virtnet.forwarding.reads import READS
from virtnet.forwarding.spec import ForwardingOutputs, HostForwardingSpec
from virtnet.forwarding.sysctl import interface_of
from virtnet.forwarding.wants import wants
from virtnet.planning.findings import Messages
from virtnet.planning.ownership.marks import token_of
from virtnet.planning.resource import Resource
from virtnet.spec.part import Values


def outputs(inputs: Values, recorded: Values, observed: ForwardingReport) -> dict[str, object]:
    """The inputs as the host has them, and the values now, before and after the next boot. It is never gone."""
    previous, shown = previous_of(recorded), project(inputs, recorded, observed)
    keys = managed(shown, previous)
    interfaces = sorted({*observed.interfaces, *filter(None, map(interface_of, keys))})
    boot = by_systemd(observed.files, interfaces)
    path = path_of(drop_in_of(inputs))
    if setting(inputs, "persist", default=True) is False and shown.get("persist") is False:
        path = str(recorded.get("drop_in_path") or "")
    token = token_of(recorded)
    return (
        shown
        | ({"__token": token} if token else {})
        | {
            "host_uuid": observed.host_uuid,
            "runtime": {key: observed.values[key] for key in keys if key in observed.values},
            "drop_in_path": path if path in observed.files else "",
            "previous": previous,
            "at_boot": {key: {"value": boot[key].value, "source": boot[key].source} for key in keys},
        }
    )


def identity(shown: Values) -> str:
    """Pulumi's id: the host and the drop-in's name at create."""
    return f"{shown['host_uuid']}/{shown.get('drop_in') or DEFAULT_NAME}"


def _messages() -> Messages:
    from virtnet.forwarding.messages import messages

    return messages()


HOST_FORWARDING: Resource[ForwardingReport] = Resource(
    name="HostForwarding",
    subject="IP forwarding",
    description="A host's kernel forwards IP packets, now and after every boot.\n\n"
    "The values are set at once and kept by a file of their own in /etc/sysctl.d, and what was there before comes back "
    "on delete.",
    spec=HostForwardingSpec,
    outputs_spec=ForwardingOutputs,
    settled=frozenset({"uri"}),
    check=check,
    observe=observe,
    reads=READS,
    plan=plan,
    outputs=outputs,
    predict=predict,
    effects=effects,
    in_brief=in_brief,
    recorded_inputs=recorded_inputs,
    identity=identity,
    messages=_messages,
    wants=wants,
    once_gone=once_gone,
    unnamed_stays=False,
)
