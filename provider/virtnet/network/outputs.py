"""The outputs of a LibvirtNetwork that are made rather than named by the program: their types and descriptions."""

from typing import Any

from virtnet.network.observed import ProblemKind
from virtnet.spec.part import Part, optional, required
from virtnet.spec.values import Bool, Text


class AdoptedFrom(Part):
    """A network as it was found when it was adopted."""

    xml: Text = required("libvirt's XML of it.")
    active: Bool = required("Whether it ran.")
    autostart: Bool = required("Whether it started with the host.")
    persistent: Bool = required("Whether libvirt kept its configuration.")


class Problem(Part):
    """Something that is wrong with a network on its host. A preview says it in a sentence."""

    kind: Text = required(f"What it is: {', '.join(f'`{kind.value}`' for kind in ProblemKind)}.")
    details: dict[Text, Any] = required('What it concerns, by name: {"bridge": "virbr1"}.')


class NetworkOutputs(Part):
    """What a LibvirtNetwork has besides the inputs that the program named."""

    uuid: Text = required("The network's UUID: the given one, or the one chosen when it was made.")
    bridge_name: Text = required(
        'The bridge that guests are plugged into, such as "virbr1"; empty where the mode has none.',
        repeats=("name", "bridge"),
    )
    mac: Text = required("The MAC address of the network's own bridge; empty where the mode has none.")
    persistent: Bool = required(
        "Whether libvirt keeps the configuration when it stops; if not, `pulumi up` repairs it."
    )
    host_uuid: Text = required(
        "The UUID by which libvirt knows the host; it tells whether another `uri` reaches the same one."
    )
    adopted_from: AdoptedFrom | None = optional(
        "The network as found when it was adopted; none if made by this program. Always a secret, as others may have "
        "written secrets into it.",
        secret=True,
    )
    problems: tuple[Problem, ...] = required(
        "What is wrong on the host though libvirt calls the network active; `pulumi up` repairs it."
    )
