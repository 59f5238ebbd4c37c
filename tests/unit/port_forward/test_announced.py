"""A forward goes by what the same run makes of its network: in its diff, in its preview, and when it is applied."""

import re
from collections.abc import Callable, Mapping
from itertools import chain, repeat
from typing import Any

import pytest
from tests.fakes.libvirt import FakeLibvirt
from tests.unit.port_forward.hosts import LAB, LAB_UUID, applied, at, checked, forwarding_host, lab, refreshed

from virtnet.errors import ApplyFailed, Refused, Unreachable
from virtnet.network.resource import NETWORK
from virtnet.network.tree import ROUTED_MODES
from virtnet.network.unchanged import offers
from virtnet.network.xml.read import OWNER_NAMESPACE
from virtnet.planning import lifecycle
from virtnet.planning.announcements import Announced, Listener
from virtnet.planning.clients.clients import Clients
from virtnet.planning.engine_session import EngineSession
from virtnet.planning.findings import Note
from virtnet.planning.plan import ChangeClass
from virtnet.planning.reports import NetworkReport
from virtnet.port_forward.kinds import FaultKind, NoteKind, ProblemKind, RefusalKind
from virtnet.port_forward.resource import PORT_FORWARD
from virtnet.port_forward.unchanged import ROUTED, builds_on, goes_by
from virtnet.spec.part import UNKNOWN, as_group, as_list

WEB = "192.168.123.50"


def inputs(*hosts: tuple[str, Any], address: str = "192.168.123.1/24", **named: Any) -> dict[str, Any]:
    """A network's, with these reservations by name and address."""
    reserved = [{"mac": f"52:54:00:00:00:{50 + index}", "name": n, "ip": ip} for index, (n, ip) in enumerate(hosts)]
    given: dict[str, Any] = {
        "uri": "qemu:///system",
        "name": "lab",
        "forward": {"mode": "nat"},
        "bridge": {"name": "virbr7"},
        "ips": [{"address": address, "dhcp": {"hosts": reserved}}],
        **named,
    }
    canonical, failures = NETWORK.check({key: value for key, value in given.items() if value is not None}, {})
    assert failures == []
    return canonical


BEFORE = inputs(("web", WEB))
ISOLATED = LAB.replace("<forward mode='nat'/>", "")
NETWORK_URN = "urn:pulumi:stack::project::virtnet:index:LibvirtNetwork::lab"
OWNER = {"__owner": "project/stack/lab", "__urn": NETWORK_URN}
TOKEN = "1f"
MARK = f"<v:owner xmlns:v='{OWNER_NAMESPACE}' name='project/stack/lab' urn='{NETWORK_URN}' token='{TOKEN}'/>"
OWNED = LAB.replace("<forward", f"<metadata>{MARK}</metadata><forward")
DMZ = """
<network><name>dmz</name><uuid>6f1c2a3e-0000-4000-8000-00000000002b</uuid><forward mode='nat'/>
<bridge name='virbr8'/><ip address='192.168.124.1' prefix='24'/></network>
"""
BY_NAME = checked(target_name="web")


def becomes(desired: Mapping[str, Any], recorded: Mapping[str, Any] = BEFORE) -> Announced:
    return Announced(NETWORK, recorded, desired)


def unreachable(uri: str) -> Clients:
    raise Unreachable(uri)


def previewed(
    clients: Clients, recorded: dict[str, Any], announced: Announced, desired: dict[str, Any] = BY_NAME
) -> tuple[list[Any], list[Any], list[Note]]:
    """The changes with their problems, the refusals, and the notes."""
    changes = lifecycle.diff(PORT_FORWARD, recorded, desired, lambda _: clients, announced=announced).changes
    found = lifecycle.preview(PORT_FORWARD, recorded, desired, lambda _: clients, changes, announced=announced)
    assert found.error is None
    assert found.drift == ()
    told = [(one.path, one.change_class, [problem.kind for problem in one.problems]) for one in found.changes]
    return told, [one.kind for one in found.refusals], list(found.notes)


def test_a_reservation_that_gets_another_address_in_this_run_takes_the_forward_along() -> None:
    host = forwarding_host()
    recorded = applied(at(host), BY_NAME)
    moves = becomes(inputs(("web", "192.168.123.77")))

    changes, refusals, notes = previewed(at(host), recorded, moves)

    assert changes == [("target", ChangeClass.LIVE, [ProblemKind.TARGET_MOVES])]
    assert refusals == []
    assert [(note.kind, note.details["target"]) for note in notes] == [(NoteKind.OPENS, "192.168.123.77")]


@pytest.mark.parametrize("first", ["the network", "the forward"])
def test_it_is_led_there_whichever_of_the_two_is_applied_first(first: str) -> None:
    host = forwarding_host()
    recorded = applied(at(host), BY_NAME)
    there = lab(LAB.replace(WEB, "192.168.123.77")) if first == "the network" else lab()

    after = lifecycle.update(
        PORT_FORWARD,
        recorded,
        BY_NAME,
        lambda _: at(host, there),
        lambda _: None,
        announced=becomes(inputs(("web", "192.168.123.77"))),
    )

    assert after["target"] == "192.168.123.77"
    assert any("192.168.123.77:80" in text for text in host.files.texts.values())


@pytest.mark.parametrize(
    ("desired", "change", "refusal"),
    [
        (inputs(("db", WEB)), [ProblemKind.TARGET_GOES], RefusalKind.RESERVATION_MISSING),
        (inputs(("web", WEB), forward=None), [ProblemKind.NETWORK_CHANGES], RefusalKind.MODE_TAKES_NONE),
        (inputs(("web", WEB), forward={"mode": "route"}), [ProblemKind.NETWORK_CHANGES], None),
        (inputs(("web", WEB), bridge={"name": "virbr9"}), [ProblemKind.NETWORK_CHANGES], None),
        (inputs(("web", WEB), address="192.168.123.1/25"), [ProblemKind.NETWORK_CHANGES], None),
    ],
    ids=["its reservation goes", "isolated", "another mode", "another bridge", "another subnet"],
)
def test_what_else_this_run_does_to_the_network_is_a_change_or_refused(
    desired: dict[str, Any], change: list[ProblemKind], refusal: RefusalKind | None
) -> None:
    host = forwarding_host()
    recorded = applied(at(host), BY_NAME)

    changes, refusals, _ = previewed(at(host), recorded, becomes(desired))

    assert [kinds for _, _, kinds in changes] == [change]
    assert refusals == ([] if refusal is None else [refusal])


UNSET = {**inputs(("web", WEB), bridge=None), "uuid": LAB_UUID, "bridge_name": "virbr7", "__named": []}
ADOPTED = {
    **inputs(ips=None, adopt=True),
    **{"uuid": LAB_UUID, "bridge_name": "virbr7", "__named": [], "__unnamed": {"ips": BEFORE["ips"]}},
}


@pytest.mark.parametrize(
    ("recorded_network", "desired", "change"),
    [
        (UNSET, inputs(("web", WEB)), []),
        (UNSET, inputs(("web", WEB), bridge={"name": "virbr9"}), [ProblemKind.NETWORK_CHANGES]),
        ({**UNSET, "bridge": {"name": "virbr7"}}, inputs(("web", WEB), bridge=None), []),
        (inputs(("web", WEB), bridge=None), inputs(("web", WEB)), []),
        (ADOPTED, inputs(ips=None, adopt=True, title="the lab"), []),
        (ADOPTED, inputs(("db", WEB), adopt=True), [ProblemKind.TARGET_GOES]),
        (ADOPTED, inputs(("web", "192.168.123.77"), adopt=True), [ProblemKind.TARGET_MOVES]),
    ],
    ids=[
        "its bridge is set as it is",
        "another bridge is set",
        "its bridge is no longer set",
        "no diff has told the bridge yet",
        "adopted, and no address is set",
        "adopted, and addresses are set without the reservation",
        "adopted, and addresses are set with another reservation",
    ],
)
def test_what_is_recorded_of_the_network_beside_its_inputs_counts(
    recorded_network: dict[str, Any], desired: dict[str, Any], change: list[ProblemKind]
) -> None:
    recorded = applied(at(forwarding_host()), BY_NAME)

    found = lifecycle.diff(
        PORT_FORWARD, recorded, BY_NAME, unreachable, announced=becomes(desired, recorded_network)
    ).changes

    assert [problem.kind for one in found for problem in one.problems] == change


def test_what_an_adopted_network_gets_back_as_it_was_found_is_followed() -> None:
    host, there = forwarding_host(), lab(LAB.replace(WEB, "192.168.123.77"))
    recorded = applied(at(host, there), BY_NAME)
    adopted = {
        **inputs(("web", "192.168.123.77"), adopt=True),
        **{"uuid": LAB_UUID, "bridge_name": "virbr7", "__named": [], "adopted_from": {"xml": LAB}},
    }

    changes, refusals, notes = previewed(
        at(host, there), recorded, becomes(inputs(ips=None, bridge=None, adopt=True), adopted)
    )

    assert changes == [("target", ChangeClass.LIVE, [ProblemKind.TARGET_MOVES])]
    assert refusals == []
    assert [(note.kind, note.details["target"]) for note in notes] == [(NoteKind.OPENS, WEB)]


@pytest.mark.parametrize(
    ("before", "after"), [("lab", LAB_UUID), (LAB_UUID, "lab")], ids=["UUID for name", "name for UUID"]
)
def test_a_network_that_is_called_otherwise_in_the_same_run_is_followed(before: str, after: str) -> None:
    host = forwarding_host()
    recorded = applied(at(host), checked(target_name="web", network=before))
    moves = becomes(inputs(("web", "192.168.123.77")))

    changes, refusals, _ = previewed(at(host), recorded, moves, checked(target_name="web", network=after))

    assert changes == [
        ("network", ChangeClass.RECORDED, []),
        ("target", ChangeClass.LIVE, [ProblemKind.TARGET_MOVES]),
    ]
    assert refusals == []


@pytest.mark.parametrize(
    ("runs", "desired", "notes"),
    [
        (True, {"active": False}, [NoteKind.NETWORK_INACTIVE]),
        (False, {"active": True}, []),
        (False, {"active": UNKNOWN}, [NoteKind.NETWORK_INACTIVE]),
    ],
    ids=["it stops", "it starts", "known later"],
)
def test_a_new_forward_goes_by_whether_this_run_starts_or_stops_its_network(
    runs: bool, desired: dict[str, Any], notes: list[NoteKind]
) -> None:
    clients = at(forwarding_host(), lab(active=runs))
    recorded = inputs(("web", WEB), active=runs)

    found = lifecycle.preview(
        PORT_FORWARD, None, BY_NAME, lambda _: clients, announced=becomes({**recorded, **desired}, recorded)
    )

    assert found.refusals == ()
    assert [one.kind for one in found.notes if one.kind is not NoteKind.OPENS] == notes


@pytest.mark.parametrize(
    ("there", "libvirt", "before", "after", "refusals"),
    [
        (lab(active=False), 12_008_000, {"active": False}, {}, []),
        (lab(ISOLATED), 12_008_000, {"forward": None}, {}, []),
        (lab(ISOLATED), 11_003_000, {"forward": None}, {"forward": {"mode": "open"}}, []),
        (lab(ISOLATED), 12_008_000, {"forward": None}, {"forward": {"mode": "open"}}, [RefusalKind.FORWARDING_OFF]),
        (lab(), 12_008_000, {}, {"title": "the lab"}, [RefusalKind.FORWARDING_OFF]),
    ],
    ids=["it starts", "it was isolated", "it is opened", "it is opened, by a newer libvirt", "it runs already"],
)
def test_the_kernel_forwards_once_this_run_has_started_a_network_that_is_routed(
    there: NetworkReport, libvirt: int, before: dict[str, Any], after: dict[str, Any], refusals: list[RefusalKind]
) -> None:
    host = forwarding_host()
    host.sysctl.kernel.ipv4["all"] = 0
    libvirtd = FakeLibvirt(reports={there.uuid: there}, daemon_version=libvirt)
    clients = Clients(libvirt=libvirtd, host=host)
    changes = becomes(inputs(("web", WEB), **after), inputs(("web", WEB), **before))

    found = lifecycle.preview(PORT_FORWARD, None, BY_NAME, lambda _: clients, announced=changes)

    assert [one.kind for one in found.refusals] == refusals


@pytest.mark.parametrize(
    "desired",
    [
        inputs(("web", WEB), ("db", "192.168.123.60")),
        inputs(("web", WEB), title="the lab"),
        inputs(("web", WEB), domain={"name": "lab.example"}),
        inputs(ips=None, adopt=True),
    ],
    ids=["another reservation", "a title", "a domain", "it names no addresses"],
)
def test_what_has_nothing_to_do_with_the_guest_is_no_change(desired: dict[str, Any]) -> None:
    recorded = applied(at(forwarding_host()), BY_NAME)
    before = desired if "ips" not in desired else BEFORE

    found = lifecycle.diff(
        PORT_FORWARD, recorded, BY_NAME, lambda _: at(forwarding_host()), announced=becomes(desired, before)
    )

    assert found.changes == ()
    assert found.notes == ()


def test_an_address_that_the_program_names_itself_follows_nothing() -> None:
    host, desired = forwarding_host(), checked(target_address=WEB)
    recorded = applied(at(host), desired)

    changes, refusals, _ = previewed(at(host), recorded, becomes(inputs(("web", "192.168.123.77"))), desired)

    assert (changes, refusals) == ([], [])


def test_what_is_known_only_when_applied_is_said_and_not_guessed() -> None:
    host = forwarding_host()
    recorded = applied(at(host), BY_NAME)

    found = lifecycle.diff(
        PORT_FORWARD, recorded, BY_NAME, lambda _: at(host), announced=becomes(inputs(("web", UNKNOWN)))
    )

    assert found.changes == ()
    assert [note.kind for note in found.notes] == [NoteKind.TARGET_UNKNOWN]


NEW = checked(network="dmz", target_name="web")


@pytest.mark.parametrize(
    ("desired", "refusals", "notes", "target"),
    [
        ({}, [], [NoteKind.OPENS, NoteKind.TARGET_NOT_YET], "192.168.124.50"),
        ({"hosts": [("wbe", "192.168.124.50")]}, [RefusalKind.RESERVATION_MISSING], [], None),
        ({"forward": None}, [RefusalKind.MODE_TAKES_NONE], [], None),
        (
            {"hosts": [("web", UNKNOWN)]},
            [],
            [NoteKind.OPENS, NoteKind.TARGET_NOT_YET],
            "",
        ),
    ],
    ids=["it is there", "a typo", "isolated", "not known yet"],
)
def test_a_network_that_this_run_makes_is_judged_before_it_is_there(
    desired: dict[str, Any], refusals: list[RefusalKind], notes: list[NoteKind], target: str | None
) -> None:
    hosts = desired.pop("hosts", [("web", "192.168.124.50")])
    made = inputs(*hosts, name="dmz", bridge={"name": "virbr8"}, address="192.168.124.1/24", **desired)

    found = lifecycle.preview(PORT_FORWARD, None, NEW, lambda _: at(forwarding_host()), announced=becomes(made, {}))

    assert found.error is None
    assert [one.kind for one in found.refusals] == refusals
    assert [one.kind for one in found.notes] == notes
    assert [one.details["target"] for one in found.notes if one.kind is NoteKind.OPENS] == (
        [] if target is None else [target]
    )


def test_a_network_that_did_not_come_first_after_all_is_missed_before_anything_is_touched() -> None:
    host = forwarding_host()
    made = inputs(("web", "192.168.124.50"), name="dmz", bridge={"name": "virbr8"}, address="192.168.124.1/24")

    with pytest.raises(ApplyFailed) as raised:
        lifecycle.create(PORT_FORWARD, NEW, lambda _: at(host), lambda _: None, announced=becomes(made, {}))

    assert isinstance(raised.value.__cause__, Refused)
    assert raised.value.__cause__.kind is FaultKind.NO_NETWORK
    assert host.effects.log == []


NEAR, FAR = "qemu+tcp://kvm1/system", "qemu+tcp://kvm2/system"
RECORDED_NEAR = {**BEFORE, **OWNER, "uri": NEAR, "uuid": LAB_UUID, "__token": TOKEN, "__named": []}


@pytest.mark.parametrize("down", [NEAR, FAR], ids=["where it is", "where it goes"])
@pytest.mark.parametrize("has_outputs", [True, False], ids=["compared", "only checked"])
def test_a_forward_stays_open_where_its_network_can_not_be_replaced_as_a_host_is_down(
    down: str, has_outputs: bool
) -> None:
    host = forwarding_host()
    clients = at(host)
    recorded = applied(clients, BY_NAME)
    moved = inputs(("web", WEB), uri=FAR) | OWNER
    replaced = Announced(NETWORK, RECORDED_NEAR, moved, is_replaced=True, has_outputs=has_outputs)
    before = dict(host.files.texts)

    def connect(uri: str) -> Clients:
        if uri == down:
            raise Unreachable("connection refused")
        return clients if uri == "qemu:///system" else Clients(libvirt=at(host, lab(OWNED)).libvirt, host=None)

    with pytest.raises(Refused, match=f"the replacement of network 'lab' on {re.escape(NEAR)} would fail: connection"):
        lifecycle.delete(PORT_FORWARD, recorded, connect, lambda _: None, announced=replaced)

    assert host.files.texts == before


@pytest.mark.parametrize("way", ["--replace", "replaceOnChanges"])
@pytest.mark.parametrize("network", ["lab", LAB_UUID], ids=["by name", "by UUID"])
def test_a_replacement_that_only_the_engine_knows_of_keeps_the_forward_open_too(way: str, network: str) -> None:
    host = forwarding_host()
    dmz = NetworkReport("6f1c2a3e-0000-4000-8000-00000000002b", "dmz", True, True, True, DMZ, DMZ)
    clients = at(host, lab(OWNED), dmz)
    desired = checked(target_name="web", network=network)
    recorded = applied(clients, desired)
    session: EngineSession[Any] = EngineSession(lambda: unreachable)
    made = inputs(("web", "192.168.124.50"), address="192.168.124.1/24") | OWNER
    if way == "replaceOnChanges":
        old = BEFORE | OWNER
        session.claim(NETWORK, NETWORK_URN, old, made)
        session.checked("net")
        outputs = {**old, "uuid": LAB_UUID, "__token": TOKEN, "__named": []}
        session.diff(NETWORK, "net", LAB_UUID, outputs, made)
    session.claim(NETWORK, NETWORK_URN, {}, made)
    before = dict(host.files.texts)

    def delete() -> None:
        announced = session.announced(PORT_FORWARD, recorded)
        # The forward comes first, and of its network libvirt alone is asked.
        connections = chain([clients], repeat(Clients(libvirt=clients.libvirt, host=None)))
        lifecycle.delete(PORT_FORWARD, recorded, lambda _: next(connections), lambda _: None, announced=announced)

    with pytest.raises(Refused, match="the replacement of network 'lab' on qemu:///system would be refused"):
        delete()

    assert host.files.texts == before
    session.announcements.no_longer_replaced(NETWORK_URN)
    delete()
    assert host.files.texts != before


def test_a_forward_stays_open_where_the_replacement_of_its_network_would_be_refused() -> None:
    host = forwarding_host()
    clients = at(host)
    recorded = applied(clients, BY_NAME)
    far = "qemu+tcp://kvm1/system"
    network = {
        **BEFORE,
        "uri": far,
        "uuid": "6f1c2a3e-0000-4000-8000-00000000003c",
        "host_uuid": "another",
        "__named": [],
    }
    replaced = Announced(
        NETWORK, network, inputs(("web", WEB), name="lap", uri=far), is_replaced=True, has_outputs=True
    )
    before = dict(host.files.texts)

    def connect(uri: str) -> Clients:
        return Clients(libvirt=clients.libvirt, host=None) if uri == far else clients

    with pytest.raises(Refused, match="the replacement of network 'lab' on qemu\\+tcp://kvm1/system would be refused"):
        lifecycle.delete(PORT_FORWARD, recorded, connect, lambda _: None, announced=replaced)

    assert host.files.texts == before
    lifecycle.delete(PORT_FORWARD, recorded, connect, lambda _: None, announced=replaced._replace(is_replaced=False))
    assert host.files.texts != before


URN = str(BY_NAME["__urn"])


@pytest.mark.parametrize(
    ("desired", "named"),
    [(inputs(("web", "192.168.123.77")), [URN]), (inputs(("web", WEB), title="the lab"), [])],
    ids=["what it goes by changes", "nothing of it changes"],
)
@pytest.mark.parametrize("way", ["short", "long"])
def test_one_that_was_looked_at_before_its_network_is_named_in_the_networks_preview(
    desired: dict[str, Any], named: list[str], way: str
) -> None:
    clients = at(forwarding_host())
    recorded = applied(clients, BY_NAME)
    session: EngineSession[Any] = EngineSession(lambda: unreachable)
    if way == "short":
        session.checked("web")
        places = list(builds_on(BY_NAME))
        assert not session.builds_on_changing("web", URN, places, lambda: Listener(PORT_FORWARD, recorded, BY_NAME))
    else:
        session.checked("web")
        session.diff(PORT_FORWARD, "web", "id", recorded, BY_NAME)

    network = {**BEFORE, "uuid": LAB_UUID}
    refusals = session.preview(NETWORK, network, desired).refusals

    told = [line for line in refusals if "planned that resource first" in line]
    assert [line.split("refuse this: ")[1].split()[0] for line in told] == named
    if not named:
        return
    with pytest.raises(Refused, match=r"was not changed: urn:.*::web uses what this changes"):
        lifecycle.update(
            NETWORK,
            network,
            desired,
            unreachable,
            lambda _: None,
            left_behind=session.left_behind(NETWORK, network, desired),
        )


def test_what_stays_as_it_is_recorded_is_announced_no_longer() -> None:
    session: EngineSession[Any] = EngineSession(lambda: lambda _: at(forwarding_host()))
    moved, places = inputs(("web", "192.168.123.77"), __urn="urn:net"), list(builds_on(BY_NAME))
    session.claim(NETWORK, "urn:net", BEFORE, moved)

    announced = session.announced(PORT_FORWARD, BY_NAME)
    session.stands("", "urn:net")

    assert announced == Announced(NETWORK, BEFORE, moved)
    assert session.announced(PORT_FORWARD, BY_NAME) is None
    session.checked("web")
    assert not session.builds_on_changing("web", URN, places, lambda: Listener(PORT_FORWARD, {}, BY_NAME))


@pytest.mark.parametrize("way", ["short", "long"])
def test_what_a_refresh_looks_at_first_is_not_planned_first(way: str) -> None:
    recorded = applied(at(forwarding_host()), BY_NAME)
    session: EngineSession[Any] = EngineSession(lambda: unreachable)
    if way == "short":
        places = list(builds_on(BY_NAME))
        session.builds_on_changing("web", URN, places, lambda: Listener(PORT_FORWARD, recorded, BY_NAME))
    else:
        session.diff(PORT_FORWARD, "web", "id", recorded, BY_NAME)

    left_behind = session.left_behind(NETWORK, {**BEFORE, "uuid": LAB_UUID}, inputs(("web", "192.168.123.77")))

    assert left_behind == ()


RESERVED_ELSEWHERE = [{"address": "192.168.123.1/24", "dhcp": {"ranges": []}}]


@pytest.mark.parametrize(
    ("network", "forward", "problems"),
    [
        (inputs(("web", WEB)), BY_NAME, []),
        (inputs(("web", "192.168.123.60")), BY_NAME, [ProblemKind.TARGET_MOVED]),
        (inputs(("www", WEB)), BY_NAME, [ProblemKind.RESERVATION_MISSING]),
        (inputs(), BY_NAME, [ProblemKind.RESERVATION_MISSING]),
        (inputs(ips=RESERVED_ELSEWHERE), BY_NAME, []),
        (inputs(ips=None, adopt=True), BY_NAME, []),
        (inputs(("db", WEB)), checked(target_mac="52:54:00:00:00:50"), []),
        (inputs(("db", "192.168.123.60")), checked(target_mac="52:54:00:00:00:50"), [ProblemKind.TARGET_MOVED]),
        (inputs(("web", "192.168.123.60")), checked(target_address=WEB), []),
        (inputs(("web", WEB), forward={"mode": "none"}, bridge=None), BY_NAME, [ProblemKind.NETWORK_UNFIT]),
        (inputs(("web", WEB), forward=None, bridge=None), BY_NAME, [ProblemKind.NETWORK_UNFIT]),
        (inputs(("web", WEB), forward=None, adopt=True, bridge=None), BY_NAME, []),
    ],
    ids=[
        "as it stands",
        "its address was moved before",
        "its name was changed before",
        "it was removed before",
        "the program leaves reservations to others",
        "the program leaves subnets to others",
        "by its MAC address",
        "by its MAC address, moved",
        "by an address",
        "isolated before",
        "isolated before, by leaving out the mode",
        "adopted with its mode",
    ],
)
def test_a_forward_that_was_left_behind_goes_by_its_network_that_stands(
    network: dict[str, Any], forward: dict[str, Any], problems: list[ProblemKind]
) -> None:
    recorded = {**forward, "target": WEB, "problems": [], "network_uuid": LAB_UUID}
    assert PORT_FORWARD.builds_on is not None

    standing = Announced(NETWORK, network, network, has_outputs=True, stands=True)
    foretold = PORT_FORWARD.builds_on.foretold(forward, recorded, standing)
    at_a_glance = goes_by(PORT_FORWARD.to_properties(recorded), offers(NETWORK.to_properties(network)))

    assert [as_group(one)["kind"] for one in as_list(foretold["problems"])] == [kind.value for kind in problems]
    assert at_a_glance is (problems == [])


def test_both_ways_to_compare_know_the_same_modes() -> None:
    assert frozenset(ROUTED_MODES) == ROUTED


def test_what_a_replacement_by_pulumi_would_be_goes_by_what_this_run_makes_of_the_network() -> None:
    host = forwarding_host()
    applied(at(host), BY_NAME)
    renamed = {**BY_NAME, "network": "lap"}

    found = lifecycle.preview(
        PORT_FORWARD, None, renamed, lambda _: at(host), announced=becomes(inputs(("web", WEB), name="lap"))
    )

    assert found.if_replaced is not None
    assert [one.kind for one in found.if_replaced.against_anew] == []


def test_a_network_that_drifted_and_was_not_refreshed_has_its_forward_fixed_once() -> None:
    host, moved = forwarding_host(), lab(LAB.replace(WEB, "192.168.123.77"))
    recorded = applied(at(host), BY_NAME)
    standing = becomes(inputs(("web", WEB)))._replace(stands=True, has_outputs=True)
    found = refreshed(at(host, moved), recorded)

    first, _, _ = previewed(at(host, moved), found, standing)
    fixed = lifecycle.update(
        PORT_FORWARD, found, BY_NAME, lambda _: at(host, moved), lambda _: None, announced=standing
    )
    second = lifecycle.diff(PORT_FORWARD, fixed, BY_NAME, unreachable, announced=standing)

    assert first == [("problems", ChangeClass.LIVE, [ProblemKind.TARGET_MOVED])]
    assert (fixed["target"], fixed["problems"]) == ("192.168.123.77", [])
    assert second.changes == ()
    assert goes_by(PORT_FORWARD.to_properties(fixed), offers(NETWORK.to_properties(BEFORE)))
    again = lifecycle.diff(
        PORT_FORWARD, fixed, BY_NAME, unreachable, announced=becomes(BEFORE, inputs(("web", "192.168.123.77")))
    )
    assert [problem.kind for one in again.changes for problem in one.problems] == [ProblemKind.TARGET_MOVES]
    back = lifecycle.update(PORT_FORWARD, refreshed(at(host), fixed), BY_NAME, lambda _: at(host), lambda _: None)
    assert "__apart" not in back


def test_a_reservation_that_others_made_again_is_looked_for_once() -> None:
    host = forwarding_host()
    recorded = applied(at(host), BY_NAME)
    standing = becomes(inputs())._replace(stands=True, has_outputs=True)

    found = lifecycle.diff(PORT_FORWARD, recorded, BY_NAME, unreachable, announced=standing)
    looked = lifecycle.update(PORT_FORWARD, recorded, BY_NAME, lambda _: at(host), lambda _: None, announced=standing)

    assert [problem.kind for one in found.changes for problem in one.problems] == [ProblemKind.RESERVATION_MISSING]
    assert lifecycle.diff(PORT_FORWARD, looked, BY_NAME, unreachable, announced=standing).changes == ()
    assert goes_by(PORT_FORWARD.to_properties(looked), offers(NETWORK.to_properties(inputs())))


def test_a_guest_that_moves_to_another_subnet_of_its_network_moves_alone() -> None:
    subnets = [{"address": "192.168.123.1/24"}, {"address": "192.168.125.1/24"}]

    def with_web(at_: int, address: str) -> dict[str, Any]:
        hosts = [{"mac": "52:54:00:00:00:50", "name": "web", "ip": address}]
        ips = [{**one, "dhcp": {"hosts": hosts}} if index == at_ else one for index, one in enumerate(subnets)]
        return inputs(ips=ips)

    second = "</ip><ip address='192.168.125.1' prefix='24'>{}</ip><ip family='ipv6'"
    reserved = f"<host mac='52:54:00:00:00:50' name='web' ip='{WEB}'/>"
    here, there = LAB.replace("</ip>\n<ip family='ipv6'", second.format("")), "192.168.125.50"
    moved = reserved.replace(WEB, there)
    after = LAB.replace(reserved, "").replace("</ip>\n<ip family='ipv6'", second.format(f"<dhcp>{moved}</dhcp>"))
    host = forwarding_host()
    recorded = applied(at(host, lab(here)), BY_NAME)

    moves = becomes(with_web(1, there), with_web(0, WEB))
    changes = lifecycle.diff(PORT_FORWARD, recorded, BY_NAME, unreachable, announced=moves).changes
    found = refreshed(at(host, lab(after)), recorded)

    assert [problem.kind for one in changes for problem in one.problems] == [ProblemKind.TARGET_MOVES]
    assert [as_group(one)["kind"] for one in as_list(found["problems"])] == [ProblemKind.TARGET_MOVED.value]


def test_a_network_that_gets_another_name_leaves_no_forward_that_uses_the_old_one_behind_in_silence() -> None:
    host = forwarding_host()
    recorded = applied(at(host), BY_NAME)
    renamed = becomes(inputs(("web", WEB), name="lap"))._replace(is_replaced=True)

    changes, refusals, _ = previewed(at(host), recorded, renamed)

    assert changes == [("target", ChangeClass.LIVE, [ProblemKind.NETWORK_GOES])]
    assert refusals == [RefusalKind.NETWORK_RENAMED]
    by_uuid = checked(target_name="web", network=LAB_UUID)
    kept = becomes({**inputs(("web", WEB), name="lap"), "uuid": LAB_UUID})._replace(is_replaced=True)
    assert previewed(at(host), recorded, kept, by_uuid)[:2] == ([("network", ChangeClass.RECORDED, [])], [])


@pytest.mark.parametrize(
    ("made", "reason", "kind"),
    [
        (
            inputs(("db", WEB), name="lap"),
            "network 'lap' has no DHCP reservation of web with an address",
            RefusalKind.RESERVATION_MISSING,
        ),
        (
            inputs(("web", WEB), name="lap", forward=None, bridge=None),
            "network 'lap' is isolated",
            RefusalKind.MODE_TAKES_NONE,
        ),
    ],
    ids=["its reservation is renamed", "isolated"],
)
def test_what_goes_first_and_could_not_come_back_as_it_is_stays(
    made: dict[str, Any], reason: str, kind: RefusalKind
) -> None:
    host = forwarding_host()
    clients = at(host, lab(OWNED))
    recorded = applied(clients, BY_NAME)
    before = dict(host.files.texts)

    with pytest.raises(Refused, match=reason):
        lifecycle.delete(PORT_FORWARD, recorded, by_libvirt_alone(clients), lambda _: None, announced=replaces(made))

    assert host.files.texts == before
    later = checked(network="lap", target_name="db")
    found = lifecycle.preview(PORT_FORWARD, None, later, lambda _: clients, announced=replaces(made))
    assert found.is_refused
    assert [one.kind for one in (*found.deleted_first, *found.refusals)] == [kind]


def test_what_comes_back_as_it_is_goes_first_and_its_preview_says_nothing_against_it() -> None:
    host = forwarding_host()
    clients = at(host, lab(OWNED))
    recorded = applied(clients, BY_NAME)
    replaced = replaces(inputs(("web", WEB), name="lap"))
    later = checked(network="lap", target_name="web")

    found = lifecycle.preview(PORT_FORWARD, None, later, lambda _: clients, announced=replaced)
    lifecycle.delete(PORT_FORWARD, recorded, by_libvirt_alone(clients), lambda _: None, announced=replaced)

    assert not found.is_refused
    assert (found.deleted_first, found.if_replaced) == ((), None)
    assert not [path for path in host.files.texts if "/port-forwards/" in path]


OF_NETWORK = {**BEFORE, **OWNER, "uuid": LAB_UUID, "__token": TOKEN, "__named": []}


def replaces(made: dict[str, Any]) -> Announced:
    return Announced(NETWORK, OF_NETWORK, made | OWNER, is_replaced=True, has_outputs=True)


def by_libvirt_alone(clients: Clients) -> Callable[[str], Clients]:
    """Of the forward's host everything is asked, and of its network libvirt alone, in the order of a delete."""
    libvirt = Clients(libvirt=clients.libvirt, host=None)
    order = chain([clients, libvirt, libvirt], repeat(clients))
    return lambda _: next(order)


@pytest.mark.parametrize("way", ["checked", "compared"])
def test_a_network_that_leaves_the_program_stays_while_a_forward_of_the_program_leads_there(way: str) -> None:
    clients = at(forwarding_host(), lab(OWNED))
    recorded = applied(clients, BY_NAME)
    session: EngineSession[Any] = EngineSession(lambda: lambda _: clients)
    if way == "checked":
        session.claim(PORT_FORWARD, URN, {}, BY_NAME)
    else:
        session.checked("web")
        session.builds_on_changing("web", URN, builds_on(BY_NAME), lambda: Listener(PORT_FORWARD, recorded, BY_NAME))

    def delete() -> None:
        libvirt = Clients(libvirt=clients.libvirt, host=None)
        used_by = session.used_by(NETWORK, OF_NETWORK)
        lifecycle.delete(NETWORK, OF_NETWORK, lambda _: libvirt, lambda _: None, used_by=used_by)

    with pytest.raises(Refused, match=r"'lab' on qemu:///system was not deleted: urn:.*::web in this program"):
        delete()

    assert clients.libvirt.find_network(name="lab") is not None
    session.announcements.gone(URN)
    delete()
    assert clients.libvirt.find_network(name="lab") is None


def test_a_network_that_is_compared_at_length_and_stands_is_no_change_of_this_run() -> None:
    session: EngineSession[Any] = EngineSession(lambda: unreachable)
    desired = BEFORE | OWNER
    outputs = {**desired, "uuid": LAB_UUID, "__token": TOKEN, "__named": [], "problems": [], "persistent": True}
    session.claim(NETWORK, NETWORK_URN, desired, desired)
    session.checked("net")

    found, _ = session.diff(NETWORK, "net", LAB_UUID, outputs, desired)

    assert found.changes == ()
    announced = session.announced(PORT_FORWARD, BY_NAME)
    assert announced is not None
    assert announced.stands
