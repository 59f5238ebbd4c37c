"""The outputs of a LibvirtNetwork: those that are made, not named by the program, and how all are shown. Pure."""

import hashlib
import json
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from virtnet.network.observed import Observed, ObservedAbsent, ObservedNetwork, ReportedNetwork
from virtnet.network.problem_kinds import NOT_MENDED, ProblemKind
from virtnet.network.spec import NetworkSpec
from virtnet.network.tree import as_defined, network_tree
from virtnet.network.xml import edits
from virtnet.network.xml import read as network_xml
from virtnet.network.xml.read import OwnerMark
from virtnet.planning import findings
from virtnet.planning.findings import problem_details
from virtnet.planning.merge import ABSENT, beyond, item_key, project
from virtnet.planning.ownership.marks import token_of
from virtnet.spec.part import (
    UNKNOWN,
    Part,
    Values,
    as_group,
    as_list,
    only,
    optional,
    required,
    shapes,
    walk_unknown,
    without,
)
from virtnet.spec.paths import names
from virtnet.spec.values import Bool, Text

if TYPE_CHECKING:
    from virtnet.network._generated.trees import NetworkTree


class AdoptedFrom(Part):
    """A network as it was found when it was adopted."""

    xml: Text = required("The network's XML definition.")
    active: Bool = required("Whether the network was active.")
    autostart: Bool = required("Whether the network had autostart.")
    persistent: Bool = required("Whether the network was persistent.")


class Problem(Part):
    """Something that is wrong with a network on its host. A preview says it in a sentence."""

    kind: Text = required(f"What it is: {', '.join(f'`{kind.value}`' for kind in ProblemKind)}.")
    details: dict[Text, Any] = required('What it concerns, by name: {"bridge": "virbr1"}.')


class NetworkOutputs(Part):
    """The outputs of a LibvirtNetwork, beside the inputs that the program sets."""

    uuid: Text = required("The network's UUID: `uuid`, or the one chosen at create.")
    bridge_name: Text = required(
        'The bridge that guests are attached to, such as "virbr1". Empty if the mode has none.',
        repeats=("name", "bridge"),
    )
    mac: Text = required("The MAC address of the network's own bridge. Empty if the mode has none.")
    persistent: Bool = required(
        "Whether libvirt keeps the configuration when the network stops. If not, `pulumi up` fixes that."
    )
    host_uuid: Text = required("The host's UUID in libvirt. It shows whether another `uri` reaches the same host.")
    adopted_from: AdoptedFrom | None = optional(
        "The network as it was before adoption. Not set if virtnet created it. Always a secret, because others may "
        "have written secrets into it.",
        secret=True,
    )
    problems: tuple[Problem, ...] = required(
        "What is wrong on the host, though libvirt reports the network as active. The host's administrator has to fix "
        f"{', '.join(f'`{kind.value}`' for kind in NOT_MENDED)} and, where DNS is disabled, "
        f"`{ProblemKind.DNSMASQ_NOT_RUNNING.value}`. `pulumi up` fixes the others."
    )


def _digest(value: object) -> str:
    """A value's fingerprint, which tells nothing of it: a state keeps what is secret nowhere but in its own place."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _token_of_import(inputs: Values, mark: OwnerMark | None) -> str:
    """The token in the mark of what is imported by the resource that the mark names; "" elsewhere."""
    return "" if mark is None or not mark.owner or not mark.is_of_resource(inputs) else mark.token


def _left_by_edit(inputs: "NetworkTree", recorded: Values, report: ReportedNetwork) -> Iterator[findings.Problem]:
    """What an edit of this resource's has left that was cut short before Pulumi recorded it."""
    mark = report.definition.mark
    if mark is None or not (mark.is_of_record(recorded) or mark.is_of_resource(inputs)):
        return
    live = None if report.live is None else report.live.tree
    if paths := mark.unrecorded(recorded):
        left = edits.left_on(inputs, paths, report.definition.tree, live)
        if left is not None:
            yield findings.Problem(ProblemKind.EDIT_INTERRUPTED, left._asdict())


HIDDEN = ("__unnamed", "__unsettled", "__loose", "__noted")
"""What `noted` records."""


def noted(
    named: "NetworkTree", observed: ObservedNetwork, *, adopted: bool, left: Collection[str] = ()
) -> dict[str, object]:
    """What is recorded of a network beside its inputs and outputs, for notes: what nobody named and who hangs wrongly.

    `__unnamed` is what others put into what the program leaves out, its secrets as fingerprints, and `__unsettled`
    names what of it runs otherwise than it is defined; `__loose` are guests' interfaces that nobody here moves;
    `__noted` is that something of it is to be said. Of a network that was adopted what is left out stays as found, so
    there is nothing to be said of it. `left` are paths that an edit of our own has left, which an update takes out.
    """
    ours = {names(path)[0] for path in left}
    defined, running = (without(tree, ours) for tree in _unnamed(named, observed.report))
    unnamed = _concealed(NetworkSpec, {**running, **defined})
    by_name: tuple[Values, Values] = (defined, running)
    unsettled = sorted(name for name in unnamed if by_name[0].get(name) != by_name[1].get(name))
    loose = {
        "misplaced": [entry.as_details() for entry in observed.loose.misplaced],
        "stuck": [
            {"attachment": entry.as_details(), "obstacle": entry.cannot_reattach.as_details()}
            for entry in observed.loose.unplugged
            if entry.cannot_reattach is not None and observed.report.active
        ],
    }
    found: dict[str, object] = {"__unnamed": unnamed} if unnamed else {}
    found |= {"__unsettled": unsettled} if unsettled else {}
    found |= {"__loose": loose} if any(loose.values()) else {}
    return found | ({"__noted": True} if any(loose.values()) or (unnamed and not adopted) else {})


def _unnamed(named: "NetworkTree", report: ReportedNetwork) -> "tuple[NetworkTree, NetworkTree]":
    """What of a network nobody named: of its definition, and of what runs."""
    config = report.definition.tree
    defined = beyond(NetworkSpec, _less_identity(config), named)
    if report.live is None or (running := as_defined(report.live.tree, config)) == config:
        return defined, defined
    return defined, beyond(NetworkSpec, _less_identity(running), named)


def _less_identity(tree: "NetworkTree") -> "NetworkTree":
    """A network is known by its UUID, MAC and bridge, which are kept as found, and are outputs of their own."""
    bridge = without(tree.get("bridge", {}), {"name"})
    return {**without(tree, {"name", "uuid", "mac", "bridge"}), **({"bridge": bridge} if bridge else {})}


def _concealed(part: type[Part], tree: Values) -> dict[str, object]:
    """A tree with fingerprints for what may be secret: it is recorded in clear, and nobody marked it."""
    found: dict[str, object] = {}
    for name, shape in shapes(part).items():
        if name not in tree:
            continue
        value = tree[name]
        if shape.secret:
            found[name] = [_digest(item) for item in as_list(value)] if shape.kind == "scalars" else _digest(value)
        elif shape.kind == "part" and shape.part is not None:
            found[name] = _concealed(shape.part, as_group(value))
        elif shape.kind == "parts" and shape.part is not None:
            found[name] = [_concealed(shape.part, as_group(item)) for item in as_list(value)]
        else:
            found[name] = value
    return found


def revealed(part: type[Part], concealed: Values, desired: Values) -> dict[str, object]:
    """A tree as it was before it was concealed, as far as what is desired has the very values."""
    found = dict(concealed)
    for name, shape in shapes(part).items():
        value, known = concealed.get(name), desired.get(name)
        if value is None or known is None or known is UNKNOWN:
            continue
        if shape.secret and shape.kind == "scalars":
            items = {_digest(item): item for item in as_list(known) if item is not UNKNOWN}
            found[name] = [items.get(str(item), item) for item in as_list(value)]
        elif shape.secret:
            found[name] = known if not list(walk_unknown(known)) and _digest(known) == value else value
        elif shape.kind == "part" and shape.part is not None:
            found[name] = revealed(shape.part, as_group(value), as_group(known))
        elif shape.kind == "parts" and shape.part is not None:
            those = {item_key(shape.part, as_group(item)): item for item in as_list(known) if item is not UNKNOWN}
            found[name] = [
                revealed(shape.part, item, as_group(those.get(item_key(shape.part, item), {})))
                for item in map(as_group, as_list(value))
            ]
    return found


def outputs(inputs: Values, recorded: Values, observed: Observed) -> dict[str, object] | None:
    """The outputs: what the program named as it is on the host, and what was made; None when the network is gone.

    The persistent configuration is shown; where it is as it was made and the running network differs, the latter, so
    that drift of either kind appears. `__drifted` remembers, by fingerprints, how what differs was made: against
    what is recorded, which is the drift itself by then, every second refresh would take the other copy for it.
    `__imported` is there until the network has a mark.
    """
    if isinstance(observed, ObservedAbsent):
        return None
    report = observed.report
    config, live = report.definition.tree, report.running.tree
    runs: NetworkTree = {**live, **only(config, network_xml.NEXT_START)}
    meant: dict[str, object] = {name: _digest(value) for name, value in inputs.items()}
    meant |= as_group(recorded.get("__drifted") or {})
    shown: dict[str, object] = {}
    drifted: dict[str, object] = {}
    named = network_tree(inputs)
    persistent_view = project(NetworkSpec, named, config)
    # libvirt adds little to what runs (the ports of NAT), and the rest is shown already.
    differing = {name for name in named if runs.get(name) != config.get(name)}
    live_view = {**without(persistent_view, differing), **project(NetworkSpec, only(named, differing), runs)}
    for name, digest in meant.items():
        if name in network_xml.NOT_XML or name in ("__owner", "__urn"):
            shown[name] = inputs[name]
            continue
        # What was gone when it was last looked at is named by no input any more.
        views = (persistent_view, live_view) if name in inputs else (config, runs)
        kept, running = (view.get(name, ABSENT) for view in views)
        value = running if kept is not ABSENT and _digest(kept) == digest else kept
        if value is not ABSENT:
            shown[name] = value
        if value is ABSENT or _digest(value) != digest:
            drifted[name] = digest
    shown["name"] = report.name
    shown["active"] = report.active
    shown["autostart"] = report.autostart
    if drifted:
        shown["__drifted"] = drifted
    mark = report.definition.mark
    # The network of this record whose mark names another owner: an undefine by hand leaves the running copy, which
    # libvirt before 9.7 lets nobody mark. The next update corrects the mark, and its preview has to say so.
    if mark is not None and mark.token and mark.token == token_of(recorded):
        shown |= {"__owner": mark.owner} | ({"__urn": mark.urn} if mark.urn else {})
    imported = "" if recorded.get("__token") else _token_of_import(inputs, mark)
    if token := recorded.get("__token") or imported:
        shown["__token"] = token
    elif recorded.get("__imported"):
        shown["__imported"] = True
    if edit := recorded.get("__edit") or (mark.edit if imported and mark is not None else ""):
        shown["__edit"] = edit
    left = tuple(_left_by_edit(named, recorded, report))
    paths = [str(path) for problem in left for path in as_list(problem.details["paths"])]
    shown |= noted(named, observed, adopted=bool(recorded.get("adopted_from")), left=paths)
    shown["__named"] = sorted(name for name in ("uuid", "mac") if name in inputs)
    return shown | {
        "uuid": report.uuid,
        "bridge_name": report.running.bridge_name,
        "mac": shown.get("mac", report.running.mac),
        "persistent": report.persistent,
        "host_uuid": observed.host_uuid,
        "adopted_from": recorded.get("adopted_from"),
        "problems": [problem_details(problem) for problem in (*observed.problems, *observed.unseen, *left)],
    }
