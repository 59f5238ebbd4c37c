"""How refusals read: the reason and the fix of each kind, as refusals.txt beside this has them."""

from collections.abc import Iterator
from pathlib import Path

from tests.golden import assert_golden
from tests.unit.network.messages.examples import DOWN, FOREIGN, OLD_URN, ONE, OTHER_UUID, TWO, UUID, WEB

from virtnet.network.checks.failures import NetworkFailure
from virtnet.network.messages.render import messages
from virtnet.network.plan.kinds import RefusalKind, failure_details, why_stopped
from virtnet.network.steps.kinds import DnsmasqRestart
from virtnet.planning.findings import Refusal, problem_details
from virtnet.planning.plan import Change, ChangeClass
from virtnet.planning.reports import Obstacle, ObstacleKind
from virtnet.spec.failures import Details, Failure

MTU = Change(path="mtu", kind="change", change_class=ChangeClass.RESTART, detail="1500 -> 1400")
FOR_ALL = why_stopped((MTU,), (DOWN,))
FOR_NOTHING = why_stopped((), ())
FOR_UPDATES = why_stopped((), (), 400)

OBSTACLES = [
    Obstacle(ObstacleKind.MACVTAP),
    Obstacle(ObstacleKind.HOST_DEVICE),
    Obstacle(ObstacleKind.ON_TOP_OF_BRIDGE, {"bridge": "vn-lab"}),
    Obstacle(ObstacleKind.SEVERAL_WITH_ONE_MAC),
    Obstacle(ObstacleKind.GUEST_UNKNOWN, {"uri": "qemu:///system"}),
    Obstacle(ObstacleKind.GUESTS_NOT_TOLD, {"uri": "network:///system", "instead": "qemu:///system"}),
]

OVERLAP = {"subnet": "10.9.0.0/24", "other": "10.9.0.128/25"}
UUIDS = {"uuid": UUID, "desired": OTHER_UUID}
DISCONNECTED: Details = {"why": FOR_ALL, "attachments": TWO}

REFUSALS: dict[RefusalKind, list[Details]] = {
    RefusalKind.EXISTS: [{"uuid": UUID}],
    RefusalKind.OWNED_BY_OTHER: [
        {"uuid": UUID, "owner": "project/stack/other", "alias": OLD_URN},
        {"uuid": UUID, "owner": "project/stack/other", "alias": "other"},
        {"uuid": UUID, "owner": "far/stack/other", "alias": ""},
    ],
    RefusalKind.TAKEN_OVER: [{"uuid": UUID, "owner": "far/stack/other"}],
    RefusalKind.ADOPTED_UUID_DIFFERS: [UUIDS],
    RefusalKind.HALF_MADE_UUID_DIFFERS: [UUIDS],
    RefusalKind.UUID_TAKEN: [{"uuid": UUID, "network": "far", "alias": alias} for alias in ("", OLD_URN)],
    RefusalKind.GONE: [{"uuid": UUID}],
    RefusalKind.OTHER_HOST: [{"host": UUID, "recorded": OTHER_UUID, "urn": OLD_URN}],
    RefusalKind.USERS_OWN_LIBVIRT: [{"uri": "qemu:///session", "instead": "qemu:///system"}],
    RefusalKind.BRIDGE_NAME_TAKEN: [
        {"bridge": "vn-lab", "network": "far; away", "alias": alias} for alias in ("", "far away")
    ],
    RefusalKind.INTERFACES_UNSEEN: [{"bridge": "vn-lab"}],
    RefusalKind.INTERFACE_EXISTS: [{"bridge": "vn-lab"}],
    RefusalKind.OVERLAPS_NETWORK: [{**OVERLAP, "network": "far", "alias": alias} for alias in ("", OLD_URN)],
    RefusalKind.OVERLAPS_INTERFACE: [{**OVERLAP, "interface": "lan0"}],
    RefusalKind.OVERLAPS_ROUTE: [{**OVERLAP, "interface": "wg0"}],
    RefusalKind.ROUTE_INTO_NETWORK: [
        {"route": "10.9.0.0/24", "other": "10.9.0.0/16", "network": "far", "alias": alias} for alias in ("", OLD_URN)
    ],
    RefusalKind.ROUTE_INTO_INTERFACE: [{"route": "10.9.0.0/24", "other": "10.9.0.0/16", "interface": "lan0"}],
    RefusalKind.HOST_BRIDGE_MISSING: [{"bridge": "br0"}],
    RefusalKind.NOT_A_BRIDGE: [{"interface": "br0"}],
    RefusalKind.HOST_INTERFACE_MISSING: [{"interface": "lan0", "path": "forward.interfaces"}],
    RefusalKind.TFTP_ROOT_MISSING: [{"directory": "/srv/tftp"}],
    RefusalKind.ZONE_MISSING: [{"zone": "trusted"}],
    RefusalKind.NO_VIRTUAL_FUNCTION: [{"address": "0000:0a:00.1"}],
    RefusalKind.KERNEL_CANNOT_LIMIT: [{"way": "inbound"}, {"way": "outbound"}],
    RefusalKind.DNSMASQ_MISSING: [{}],
    RefusalKind.FIREWALL_PROGRAMS_MISSING: [{}],
    RefusalKind.ADVERTISED_ROUTES_LOST: [{"interfaces": ["wan0", "wan1"]}],
    RefusalKind.DNS_PORT_TAKEN: [{"protocol": "udp", "address": "10.9.0.1"}],
    RefusalKind.DHCP_PORT_TAKEN: [{}],
    RefusalKind.AUTOSTART_PLACE_TAKEN: [{"path": "/etc/libvirt/qemu/networks/autostart/lab.xml"}],
    RefusalKind.LIBVIRT_TOO_OLD: [
        {"path": "title", "needed": 9_007_000, "version": 9_000_000},
        {"path": "vlan", "needed": 11_000_000, "version": 9_000_000},
    ],
    RefusalKind.CONTRADICTION: [failure_details(Failure("ips", NetworkFailure.NEEDS_ADDRESS, {"mode": "nat"}))],
    RefusalKind.DNSMASQ_NOT_RESTARTED: [
        {"reason": reason.value} for reason in (DnsmasqRestart.DHCPV6_BEGINS, DnsmasqRestart.DHCPV6_ENDS)
    ],
    RefusalKind.WOULD_BE_INACTIVE: [{"attachments": ONE}],
    RefusalKind.WOULD_BE_STOPPED: [DISCONNECTED, {"why": FOR_NOTHING, "attachments": ONE}],
    RefusalKind.HALF_MADE_WOULD_BE_STOPPED: [{"attachments": ONE}],
    RefusalKind.DELETE_DISCONNECTS: [{"attachments": TWO, "urn": OLD_URN}, {"attachments": ONE, "urn": ""}],
    RefusalKind.STILL_HELD: [{"attachments": ONE, "network": "virtnet-holding-12ab34"}],
    RefusalKind.STOP_DELETES_FOREIGN_BRIDGE: [{"problem": problem_details(FOREIGN)}],
    RefusalKind.DELETE_DELETES_FOREIGN_BRIDGE: [{"problem": problem_details(FOREIGN)}],
    RefusalKind.ON_RESTART_IS_REFUSE: [DISCONNECTED, {"why": FOR_UPDATES, "attachments": ONE}],
    RefusalKind.HOST_NOT_REACHED: [DISCONNECTED],
    RefusalKind.CANNOT_REATTACH: [
        {"why": FOR_ALL, "attachment": WEB.as_details(), "obstacle": obstacle.as_details()} for obstacle in OBSTACLES
    ],
    RefusalKind.MAY_NOT_REATTACH: [DISCONNECTED],
    RefusalKind.VLAN_FILTERING_BY_HAND: [{"why": FOR_ALL, "bridge": "vn-lab"}],
    RefusalKind.MODE_WITHOUT_BRIDGE: [{"why": FOR_ALL, "mode": "vepa", "attachments": TWO}],
    RefusalKind.BRIDGE_GOES: [{"why": FOR_ALL, "bridge": "vn-lab", "attachments": some} for some in (ONE, TWO)],
    RefusalKind.BRIDGE_RENAMED: [
        {"why": FOR_ALL, "before": "vn-lab", "after": "vn-new", "attachments": some} for some in (ONE, TWO)
    ],
    RefusalKind.VIRTUAL_PORT: [{"why": FOR_ALL, "attachments": some} for some in (ONE, TWO)],
}


def said() -> Iterator[tuple[str, str]]:
    """Each kind with its reason and its fix."""
    for kind, examples in REFUSALS.items():
        advised = [messages().advice(Refusal(kind, details)) for details in examples]
        yield from ((kind.name, f"{advice.reason} | {advice.fix}") for advice in advised)


def test_every_sentence_is_as_the_golden_file_has_it() -> None:
    assert_golden(Path(__file__).parent / "refusals.txt", said())


def test_every_kind_has_an_example() -> None:
    assert set(REFUSALS) == set(RefusalKind)
    assert [obstacle.kind for obstacle in OBSTACLES] == list(ObstacleKind)
