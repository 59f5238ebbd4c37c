"""What a network's host shows besides libvirt's word: a dnsmasq that a killed daemon forgot, a bridge not as it was."""

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
from tests.builders import checked, network_host, observe_there
from tests.fakes.firewall import filter_rules
from tests.fakes.guests import FakeGuest
from tests.fakes.host import FakeHost
from tests.fakes.libvirt import FakeLibvirt
from tests.fakes.systemd import FakeNftTables

from virtnet.errors import HostFailure, LibvirtFailure, Refused
from virtnet.network._generated.trees import NetworkTree
from virtnet.network.names import holding_bridge, holding_mac, holding_uuid, probe_bridge, probe_mac
from virtnet.network.observe.firewall.left import FORGETFUL
from virtnet.network.observed import HostReport, LeftBridge, ObservedNetwork, reported
from virtnet.network.plan.delete import plan_delete
from virtnet.network.plan.kinds import NoteKind, RefusalKind
from virtnet.network.plan.leftovers import before_start
from virtnet.network.plan.preflight import preflight
from virtnet.network.problem_kinds import ProblemKind
from virtnet.network.resource import NETWORK
from virtnet.network.steps.kinds import DnsmasqRestart, StepFault, StepKind
from virtnet.network.steps.leftovers import EndLeftoverDnsmasq, RemoveLeftoverBridge, RemoveRulesLeft
from virtnet.network.steps.rules import RestoreRules
from virtnet.network.steps.running import RunAgain, StartNetwork, StopIfActive
from virtnet.network.steps.sections import AnnounceRestart, RestartDnsmasq
from virtnet.network.xml.definition import definition
from virtnet.network.xml.read import RESTART_ITEM, RESTART_RECORD
from virtnet.network.xml.write import for_definition
from virtnet.planning import lifecycle
from virtnet.planning.clients.clients import Clients
from virtnet.planning.findings import Note, Problem, problem_details
from virtnet.planning.plan import Change, ChangeClass, Plan
from virtnet.planning.reports import Attachment, Link, ListeningSocket, NetworkReport

UUID, MAC = "6f1c2a3e-0000-4000-8000-00000012ab34", "52:54:00:12:ab:34"
XML = (
    f"<network><name>lab</name><uuid>{UUID}</uuid><bridge name='vn-lab'/><mac address='{MAC}'/>"
    "<ip address='10.91.0.1' prefix='24'/><ip family='ipv6' address='fd00:91::1' prefix='64'/></network>"
)
TREE: NetworkTree = {
    "name": "lab",
    "uuid": UUID,
    "bridge": {"name": "vn-lab"},
    "mac": MAC,
    "ips": [{"address": "10.91.0.1/24"}, {"address": "fd00:91::1/64"}],
}
CONFIGURATION = "--conf-file=/var/lib/libvirt/dnsmasq/lab.conf"
DNSMASQ = {
    "/run/libvirt/network/lab.pid": "4711\n",
    "/proc/4711/comm": "dnsmasq\n",
    "/proc/4711/cmdline": f"/usr/sbin/dnsmasq\0{CONFIGURATION}\0--leasefile-ro\0",
}
BRIDGE = {
    "/sys/class/net/vn-lab/address": f"{MAC}\n",
    "/sys/class/net/vn-lab/flags": "0x1003\n",
    "/proc/net/fib_trie": """\
Local:
  +-- 10.91.0.0/24 2 0 2
     |-- 10.91.0.0
        /24 link UNICAST
     |-- 10.91.0.1
        /32 host LOCAL
     |-- 10.91.0.255
        /32 link BROADCAST
""",
    "/proc/net/if_inet6": "fd000091000000000000000000000001 03 40 00 80   vn-lab\n",
}
END = EndLeftoverDnsmasq(uuid=UUID, name="lab")
DOWN = Problem(ProblemKind.BRIDGE_DOWN, {"bridge": "vn-lab"})
RECORD_LEFT = Problem(ProblemKind.DNSMASQ_RESTART_INTERRUPTED)
DNSMASQ_GONE = Problem(ProblemKind.DNSMASQ_NOT_RUNNING)


def lost(address: str) -> Problem:
    return Problem(ProblemKind.ADDRESSES_MISSING, {"bridge": "vn-lab", "addresses": [address]})


def disconnected(guest: str) -> Note:
    """That the guest on vnet0 is disconnected."""
    return Note(
        NoteKind.DISCONNECTED, {"attachments": [{"owner": guest, "interface": "vnet0", "mac": MACS.get(guest, "")}]}
    )


MACS = {"web": "52:54:00:fe:00:01", "old": "52:54:00:fe:00:02"}


def network(*, active: bool) -> NetworkReport:
    return NetworkReport(
        uuid=UUID,
        name="lab",
        active=active,
        persistent=True,
        autostart=True,
        live_xml=XML if active else None,
        config_xml=XML,
    )


def clients(host: FakeHost | None, *, active: bool = False, uri: str = "qemu:///system") -> Clients:
    return Clients(libvirt=FakeLibvirt(uri=uri, reports={UUID: network(active=active)}), host=host)


def observed(host: FakeHost, *, active: bool = False) -> ObservedNetwork:
    return observe_there(clients(host, active=active), {}, {"uuid": UUID})


@pytest.mark.parametrize(
    ("files", "left"),
    [
        (DNSMASQ, True),
        ({}, False),
        ({**DNSMASQ, "/run/libvirt/network/lab.pid": ""}, False),
        ({"/run/libvirt/network/lab.pid": "4711\n"}, False),
        ({**DNSMASQ, "/proc/4711/comm": "bash\n"}, False),
        ({**DNSMASQ, "/proc/4711/cmdline": "dnsmasq\0--conf-file=/var/lib/libvirt/dnsmasq/lab.conf.d\0"}, False),
        ({**DNSMASQ, "/proc/4711/cmdline": "dnsmasq\0--conf-file=/var/lib/libvirt/dnsmasq/far.conf\0"}, False),
    ],
    ids=["there", "nothing", "no pid", "ended", "another program", "a longer name", "another network's"],
)
def test_a_leftover_dnsmasq_is_known_by_its_pid_file_its_name_and_its_command_line(
    files: dict[str, str], left: bool
) -> None:
    host = network_host(files)

    seen = observed(host)
    END.execute(clients(host))

    assert seen.dnsmasq_left is left
    assert host.effects.log == (["end process 4711"] if left else [])


@pytest.mark.parametrize(("uri", "left"), [("qemu:///session", False), ("qemu:///system?x=y", True)])
def test_a_users_own_daemon_does_not_take_the_systems_dnsmasq_for_its_own(uri: str, left: bool) -> None:
    host = network_host(DNSMASQ)

    END.execute(clients(host, uri=uri))

    assert bool(host.effects.log) is left


def test_the_dnsmasq_of_an_active_network_is_no_leftover() -> None:
    host = network_host({**DNSMASQ, **BRIDGE, "/proc/1/comm": "init\n"})

    seen = observed(host, active=True)
    END.execute(clients(host, active=True))

    assert not seen.dnsmasq_left
    assert seen.problems == ()
    assert host.effects.log == []


def leftover(*sockets: str) -> ObservedNetwork:
    """An inactive network whose dnsmasq and bridge are there, and who listens for DNS."""
    listening = tuple(ListeningSocket(protocol="udp", address=address, interface="", port=53) for address in sockets)
    return ObservedNetwork(
        uri="qemu:///system",
        host_uuid="host",
        libvirt_version=9_000_000,
        report=reported(network(active=False)),
        dnsmasq_left=True,
        host=HostReport(
            links=(Link(name="vn-lab", mac=MAC, kind="bridge", master="", up=True),),
            addresses=(),
            routes=(),
            listening_sockets=listening,
            missing_programs=(),
        ),
    )


@pytest.mark.parametrize(
    ("sockets", "refused"),
    [(("10.91.0.1", "fd00:91::1"), False), (("10.91.0.1", "0.0.0.0"), True)],  # noqa: S104
)
def test_the_leftovers_own_sockets_do_not_stand_in_the_way(sockets: tuple[str, ...], refused: bool) -> None:
    seen = leftover(*sockets)

    refusals = preflight(TREE, seen, allow_overlap=False).refusals
    without = preflight(TREE, seen._replace(dnsmasq_left=False), allow_overlap=False).refusals

    assert bool(refusals) is refused
    assert [refusal.kind for refusal in without] == [RefusalKind.DNS_PORT_TAKEN]


def test_the_leftovers_go_before_the_start_and_with_a_delete() -> None:
    seen = leftover("10.91.0.1")

    steps = before_start(TREE, seen)
    deleted = plan_delete({"uuid": UUID, "name": "lab"}, seen)

    assert steps == (END, RemoveLeftoverBridge(uuid=UUID, bridge="vn-lab", mac=MAC))
    assert END in deleted.steps


@pytest.mark.parametrize(
    ("files", "problems"),
    [
        ({}, ()),
        ({"/sys/class/net/vn-lab/flags": "0x1002\n"}, (DOWN,)),
        ({"/proc/net/fib_trie": "Local:\n"}, (lost("10.91.0.1"),)),
        (
            {"/proc/net/if_inet6": BRIDGE["/proc/net/if_inet6"].replace("vn-lab", "vn-far")},
            (lost("fd00:91::1"),),
        ),
        (
            {"/proc/net/fib_trie": BRIDGE["/proc/net/fib_trie"].replace("/32 host LOCAL", "/32 link UNICAST")},
            (lost("10.91.0.1"),),
        ),
    ],
    ids=["all is well", "down", "no IPv4 address", "the IPv6 address is elsewhere", "a route to it only"],
)
def test_what_is_wrong_with_a_bridge_that_is_there(files: dict[str, str], problems: tuple[Problem, ...]) -> None:
    host = network_host({**BRIDGE, **files})

    assert observed(host, active=True).problems == problems


def test_a_bridge_that_is_down_is_mended_by_a_restart() -> None:
    libvirt = FakeLibvirt(reports={UUID: network(active=True)})
    desired, _ = NETWORK.check({**TREE, "uri": libvirt.uri}, {})
    recorded = {**desired, "problems": [problem_details(DOWN)], "__named": ["mac", "uuid"]}
    seen = observe_there(Clients(libvirt=libvirt, host=None), desired, recorded)

    planned = NETWORK.plan(desired, recorded, seen._replace(problems=(DOWN,)))

    assert NETWORK.plan(desired, recorded, None).changes == (
        Change(path="problems", kind="change", change_class=ChangeClass.RESTART, problems=(DOWN,)),
    )
    assert [step.describe().kind for step in planned.steps] == [
        StepKind.PROBE_START,
        StepKind.STOP,
        StepKind.START,
    ]


RULES = (Path(__file__).parents[2] / "data/firewall/iptables-save-lab.txt").read_text()


def test_a_bridge_goes_after_its_rules_so_that_they_are_found_again_by_it() -> None:
    host = network_host(BRIDGE)
    host.firewall.listings["iptables-save"] = RULES
    host.effects.kill_at = "delete link"

    with pytest.raises(KeyboardInterrupt):
        RemoveLeftoverBridge(uuid=UUID, bridge="vn-lab", mac=MAC).execute(clients(host))

    assert host.net.bridges["vn-lab"]["flags"] == "0x1002"
    assert ["vn-lab" in rule for rule in host.firewall.deleted] == [False, True, True]


@pytest.mark.parametrize("failures", [1, 2])
def test_rules_of_nftables_that_others_remove_meanwhile_keep_no_bridge(failures: int) -> None:
    host, loaded = nft_host(NFT, BRIDGE)
    tried: list[str] = []

    def load(commands: str) -> None:
        tried.append(commands)
        if len(tried) <= failures:
            raise HostFailure("no such rule: somebody has removed it meanwhile")
        loaded.append(commands)

    host = replace(host, nft_tables=FakeNftTables(host.effects, lambda *_: None, load))
    removal = RemoveLeftoverBridge(uuid=UUID, bridge="vn-lab", mac=MAC)

    with pytest.raises(HostFailure) if failures == 2 else nullcontext():
        removal.execute(clients(host))

    assert len(tried) == 2
    assert len(loaded) == 2 - failures
    assert ("vn-lab" in host.list_directory("/sys/class/net")) is (failures == 2)


LEFT_BY_PARK = LeftBridge(uuid=holding_uuid(UUID), bridge=holding_bridge(UUID), mac=holding_mac(UUID))


def test_the_bridge_of_a_park_that_a_killed_daemon_forgot_is_a_problem() -> None:
    host = network_host({**BRIDGE, f"/sys/class/net/{holding_bridge(UUID)}/address": f"{holding_mac(UUID)}\n"})

    seen = observed(host, active=True)

    assert seen.bridges_left == (LEFT_BY_PARK,)
    assert seen.problems == (Problem(ProblemKind.HOLDING_BRIDGES_LEFT, {"bridges": [holding_bridge(UUID)]}),)


def test_the_bridge_of_a_forgotten_park_is_removed_while_the_network_runs() -> None:
    there = Clients(libvirt=FakeLibvirt(reports={UUID: network(active=True)}), host=None)
    desired = NETWORK.check({"name": "lab", "uri": "qemu:///system"}, {})[0]
    recorded = NETWORK.outputs(desired, {}, observe_there(there, {}, {"uuid": UUID})) or {}
    problem = Problem(ProblemKind.HOLDING_BRIDGES_LEFT, {"bridges": [holding_bridge(UUID)]})
    seen = observe_there(there, {}, recorded)._replace(bridges_left=(LEFT_BY_PARK,), problems=(problem,))

    plan = NETWORK.plan(desired, {**recorded, "problems": [problem_details(problem)]}, seen)

    assert plan.steps == (
        RemoveLeftoverBridge(uuid=LEFT_BY_PARK.uuid, bridge=LEFT_BY_PARK.bridge, mac=LEFT_BY_PARK.mac),
    )
    assert plan.change_class is ChangeClass.LIVE


def test_what_a_killed_stop_left_is_removed_where_the_network_is_to_stay_inactive() -> None:
    there = Clients(libvirt=FakeLibvirt(reports={UUID: network(active=True)}), host=None)
    desired = NETWORK.check({"name": "lab", "uri": "qemu:///system"}, {})[0]
    recorded = NETWORK.outputs(desired, {}, observe_there(there, {}, {"uuid": UUID})) or {}
    stopped = NETWORK.check({"name": "lab", "uri": "qemu:///system", "active": False}, recorded)[0]
    seen = observed(network_host({**BRIDGE, **DNSMASQ}))

    plan = NETWORK.plan(stopped, recorded, seen)

    assert plan.steps == (END, RemoveLeftoverBridge(uuid=UUID, bridge="vn-lab", mac=MAC))


def test_a_delete_removes_the_bridges_that_killed_daemons_left() -> None:
    probe = {f"/sys/class/net/{probe_bridge(UUID)}/address": f"{probe_mac(UUID)}\n"}

    plan = plan_delete({"uuid": UUID, "name": "lab"}, observed(network_host({**BRIDGE, **probe})))

    removed = [step.bridge for step in plan.steps if isinstance(step, RemoveLeftoverBridge)]
    assert removed == ["vn-lab", probe_bridge(UUID)]


OCCUPIED = {**BRIDGE, "/sys/class/net/vn-lab/brif/vnet0/port_no": "0x1\n"}


def delete_of_what_a_killed_stop_left(host: FakeHost, on_delete: str, *guests: FakeGuest) -> Plan:
    recorded = {"uuid": UUID, "name": "lab", "on_delete": on_delete}
    libvirt = FakeLibvirt(reports={UUID: network(active=False)}, guests=list(guests))
    return plan_delete(recorded, observe_there(Clients(libvirt=libvirt, host=host), None, recorded))


def test_a_delete_that_disconnects_removes_the_bridge_that_a_killed_stop_left_with_guests_on_it() -> None:
    host = network_host(OCCUPIED)

    removal, *_ = delete_of_what_a_killed_stop_left(host, "disconnect").steps

    assert removal == RemoveLeftoverBridge(
        uuid=UUID, bridge="vn-lab", mac=MAC, users=(Attachment(owner="", interface="vnet0"),)
    )
    removal.execute(clients(host))
    assert "vn-lab" not in host.list_directory("/sys/class/net")


def test_a_delete_says_which_guests_are_on_the_bridge_that_a_killed_stop_left() -> None:
    web = FakeGuest(name="web", mac=MACS["web"], tap="vnet0", network="lab")

    plan = delete_of_what_a_killed_stop_left(network_host(OCCUPIED), "disconnect", web)

    removal = plan.steps[0]
    assert isinstance(removal, RemoveLeftoverBridge)
    assert [(user.owner, user.interface) for user in removal.users] == [("web", "vnet0")]
    assert disconnected("web") in plan.notes


def test_a_delete_names_a_guest_that_names_the_bridge_itself_too() -> None:
    named = Attachment(owner="old", interface="vnet0", mac=MACS["old"])
    libvirt = FakeLibvirt(reports={UUID: network(active=False)}, bridge_guests={"vn-lab": (named,)})
    there = Clients(libvirt=libvirt, host=network_host(OCCUPIED))
    recorded = {"uuid": UUID, "name": "lab", "on_delete": "disconnect"}

    plan = plan_delete(recorded, observe_there(there, None, recorded))

    assert disconnected("old") in plan.notes


def test_a_delete_names_the_guests_on_the_park_of_an_inactive_network_that_it_cuts_off() -> None:
    recorded = {"uuid": UUID, "name": "lab", "on_delete": "disconnect"}
    seen = observe_there(clients(network_host({})), None, recorded)
    waiting = Attachment(owner="web", interface="vnet0", mac=MACS["web"])

    plan = plan_delete(recorded, seen._replace(holding="virtnet-holding-1", held=(waiting,)))

    assert disconnected("web") in plan.notes


def test_a_delete_that_does_not_disconnect_leaves_a_bridge_with_guests_on_it() -> None:
    steps = delete_of_what_a_killed_stop_left(network_host(OCCUPIED), "refuse").steps

    assert not [step for step in steps if isinstance(step, RemoveLeftoverBridge)]


def test_a_bridge_that_something_was_plugged_into_meanwhile_is_not_removed() -> None:
    host = network_host(OCCUPIED)

    with pytest.raises(Refused) as refused:
        RemoveLeftoverBridge(uuid=UUID, bridge="vn-lab", mac=MAC).execute(clients(host))

    assert refused.value.kind is StepFault.LEFTOVER_NOT_OURS
    assert host.effects.log == []


def test_a_bridge_of_the_parks_name_with_another_mac_is_somebody_elses() -> None:
    host = network_host({**BRIDGE, f"/sys/class/net/{holding_bridge(UUID)}/address": "52:54:00:00:00:01\n"})

    seen = observed(host, active=True)

    assert seen.bridges_left == ()
    assert seen.problems == ()


FILTERED = filter_rules("vn-lab")


def filtered_host(earlier: str, rules: str) -> FakeHost:
    """A host whose rules are listed: an earlier listing, where one will do, then a new one."""
    host = network_host(BRIDGE)
    host.firewall.listings = {"iptables-save": rules, "ip6tables-save": rules, "nft-json": None}
    host.firewall.earlier = {"iptables-save": earlier, "ip6tables-save": earlier, "nft-json": None}
    return host


@pytest.mark.parametrize(
    ("old", "new", "missing"),
    [
        (FILTERED, "", ()),
        ("", FILTERED, ()),
        ("", "", ({"kind": "filter"}, {"kind": "filter", "version": "6"})),
        (FILTERED, FILTERED, ()),
        (
            "",
            FILTERED.replace("LIBVIRT_FWI -o vn-lab", "LIBVIRT_FWI -o vn-other"),
            (
                {"kind": "filter", "chain": "LIBVIRT_FWI"},
                {"kind": "filter", "chain": "LIBVIRT_FWI", "version": "6"},
            ),
        ),
    ],
    ids=["there a moment ago", "come since", "flushed", "there", "another network's"],
)
def test_a_network_that_lost_its_rules_has_a_problem_that_a_new_listing_confirms(
    old: str, new: str, missing: tuple[dict[str, str], ...]
) -> None:
    there = clients(filtered_host(old, new), active=True)

    seen = observe_there(there, {}, {"uuid": UUID, "host_uuid": "as recorded"})

    problem = Problem(ProblemKind.FIREWALL_RULES_MISSING, {"missing": list(missing)})
    assert seen.problems == ((problem,) if missing else ())


@pytest.mark.parametrize("backend", ["iptables", "nftables"])
def test_a_listing_that_cannot_be_read_tells_of_no_problem(backend: str) -> None:
    status = f"<networkstatus><firewall name='fwRemoval' backend='{backend}'/></networkstatus>"
    host = network_host({**BRIDGE, "/run/libvirt/network/lab.xml": status})
    host.firewall.listings = {"iptables-save": FILTERED, "ip6tables-save": FILTERED, "nft-json": "{}"}

    seen = observe_there(clients(host, active=True), {}, {"uuid": UUID, "host_uuid": "as recorded"})

    assert seen.problems == ()


NFT = (Path(__file__).parents[2] / "data" / "firewall" / "modes" / "nft.json").read_text().replace("vquiet", "vn-lab")
EMPTY_CHAINS = "".join(line for line in FILTERED.splitlines(keepends=True) if "vn-lab" not in line)


@pytest.mark.parametrize(
    ("backend", "iptables", "nft", "problems"),
    [
        ("nftables", EMPTY_CHAINS, NFT, []),  # as after a change of firewall_backend, until the next boot
        ("nftables", FILTERED, "", [ProblemKind.FIREWALL_RULES_MISSING, ProblemKind.FIREWALL_RULES_LEFT]),
        ("nftables", FILTERED, NFT, [ProblemKind.FIREWALL_RULES_LEFT]),
        ("iptables", FILTERED, NFT.replace("vn-lab", "gone"), []),
        ("iptables", EMPTY_CHAINS, NFT, [ProblemKind.FIREWALL_RULES_MISSING, ProblemKind.FIREWALL_RULES_LEFT]),
        ("iptables", FILTERED, NFT, [ProblemKind.FIREWALL_RULES_LEFT]),
    ],
)
def test_rules_are_looked_for_where_libvirt_noted_to_write_them(
    backend: str, iptables: str, nft: str, problems: list[ProblemKind]
) -> None:
    status = f"<networkstatus><firewall name='fwRemoval' backend='{backend}'/></networkstatus>"
    host = network_host({**BRIDGE, "/run/libvirt/network/lab.xml": status})
    host.firewall.listings = {"iptables-save": iptables, "ip6tables-save": iptables, "nft-json": nft}

    seen = observe_there(clients(host, active=True), {}, {"uuid": UUID, "host_uuid": "as recorded"})

    assert [problem.kind for problem in seen.problems] == problems


def test_the_rules_of_a_network_that_was_made_a_moment_ago_are_not_looked_for() -> None:
    seen = observed(filtered_host("", ""), active=True)

    assert seen.problems == ()


@pytest.mark.parametrize("reached", [True, False])
def test_lost_rules_are_restored_where_the_host_is_reached_and_nothing_is_restarted(*, reached: bool) -> None:
    there = Clients(libvirt=FakeLibvirt(reports={UUID: network(active=True)}), host=None)
    desired = NETWORK.check({"name": "lab", "uri": "qemu:///system"}, {})[0]
    recorded = NETWORK.outputs(desired, {}, observe_there(there, {}, {"uuid": UUID})) or {}
    problem = Problem(ProblemKind.FIREWALL_RULES_MISSING, {"missing": [{"kind": "filter"}]})

    plan = NETWORK.plan(
        desired,
        {**recorded, "problems": [problem_details(problem)]},
        observe_there(there, {}, recorded)._replace(problems=(problem,), only_libvirt=not reached),
    )

    assert plan.steps == ((RestoreRules(uuid=UUID),) if reached else ())
    assert plan.refusals == ()


#: What tells of the backend that a network's rules had, where its status does not: all was flushed, but for this.
TOLD = [
    (9_000_000, "", "", "iptables"),
    (11_003_000, 'firewall_backend = "nftables"\n', "", "nft"),
    (11_003_000, 'firewall_backend = "iptables"\n', "", "iptables"),
    (11_003_000, "", NFT.replace("vn-lab", "other"), ""),  # the chains are there
    (11_003_000, "", "", None),
]


@pytest.mark.parametrize(("version", "conf", "nft", "program"), TOLD)
def test_libvirts_chains_are_made_by_its_own_backend_or_not_at_all(
    version: int, conf: str, nft: str, program: str | None
) -> None:
    loaded: list[str] = []
    host = network_host({**BRIDGE, "/etc/libvirt/network.conf": conf})
    host = replace(host, nft_tables=FakeNftTables(host.effects, lambda *_: None, loaded.append))
    host.firewall.listings = {"iptables-save": "", "ip6tables-save": "", "nft-json": nft}
    libvirt = FakeLibvirt(reports={UUID: network(active=True)}, daemon_version=version)

    with pytest.raises(Refused) as refused:
        RestoreRules(uuid=UUID).execute(Clients(libvirt=libvirt, host=host))

    unknown = StepFault.BACKEND_UNKNOWN if program is None else StepFault.RULES_NOT_RESTORED
    assert refused.value.kind is unknown, "what a fake lists stays as it is"
    made = {program for program, *_ in host.firewall.made} | {"nft" for _ in loaded}
    assert made - {"ip6tables"} == ({program} if program else set())


def running_with(dns: str) -> FakeLibvirt:
    xml = XML.replace("<ip address", f"{dns}<ip address", 1)
    return FakeLibvirt(reports={UUID: network(active=True)._replace(live_xml=xml)})


def test_the_record_that_a_killed_restart_of_dnsmasq_left_is_a_problem_and_goes() -> None:
    libvirt = running_with(f"<dns>{RESTART_ITEM}</dns>")
    there = Clients(libvirt=libvirt, host=None)
    desired = NETWORK.check({"name": "lab", "uri": "qemu:///system"}, {})[0]
    recorded = NETWORK.outputs(desired, {}, observe_there(there, {}, {"uuid": UUID})) or {}

    plan = NETWORK.plan(desired, recorded, observe_there(there, desired, recorded))
    for step in plan.steps:
        step.execute(there)

    assert recorded["problems"] == [problem_details(RECORD_LEFT)]
    assert plan.steps == (RestartDnsmasq(uuid=UUID, reason=DnsmasqRestart.CUT_SHORT),)
    assert plan.change_class is ChangeClass.LIVE
    assert libvirt.effects.log == ["update"]
    assert observe_there(there, desired, recorded).problems == ()


def test_a_record_of_that_name_with_another_value_is_none_of_ours() -> None:
    libvirt = running_with(f"<dns><txt name='{RESTART_RECORD}' value='mine'/></dns>")

    assert observe_there(Clients(libvirt=libvirt, host=None), {}, {"uuid": UUID}).problems == ()


SERVES_DHCPV6 = [
    {"address": "10.91.0.1/24"},
    {"address": "fd00:91::1/64", "dhcp": {"hosts": [{"ip": "fd00:91::5", "name": "five"}]}},
]


@pytest.mark.parametrize("killed_after", range(4))
def test_dhcpv6_begins_though_the_provider_is_killed_between_the_reservation_and_the_restart(killed_after: int) -> None:
    libvirt = FakeLibvirt(reports={UUID: network(active=True)})
    there = Clients(libvirt=libvirt, host=None)
    plain = NETWORK.check({"name": "lab", "uri": "qemu:///system", "ips": TREE["ips"]}, {})[0]
    recorded = NETWORK.outputs(plain, {}, observe_there(there, plain, {"uuid": UUID})) or {}
    desired = NETWORK.check({"name": "lab", "uri": "qemu:///system", "ips": SERVES_DHCPV6}, recorded)[0]
    whole = NETWORK.plan(desired, recorded, observe_there(there, desired, recorded)).steps
    for step in whole[:killed_after]:
        step.execute(there)

    rest = NETWORK.plan(desired, recorded, observe_there(there, desired, recorded)).steps
    for step in rest:
        step.execute(there)

    assert [type(step).__name__ for step in whole] == ["AnnounceRestart", "UpdateSection", "RestartDnsmasq"]
    assert [isinstance(step, RestartDnsmasq) for step in rest[-1:]] == ([True] if killed_after < 3 else [])
    seen = observe_there(there, desired, recorded)
    assert seen.problems == ()
    assert NETWORK.plan(desired, recorded, seen).steps == ()


def test_taken_back_before_dhcpv6_began_dnsmasq_is_restarted_as_it_was() -> None:
    libvirt = FakeLibvirt(reports={UUID: network(active=True)})
    there = Clients(libvirt=libvirt, host=None)
    announced = AnnounceRestart(uuid=UUID, reason=DnsmasqRestart.DHCPV6_BEGINS)

    announced.execute(there)
    announced.execute(there)
    assert observe_there(there, {}, {"uuid": UUID}).problems == (RECORD_LEFT,)
    announced.undo().execute(there)

    assert libvirt.effects.log == ["update", "update"]
    assert observe_there(there, {}, {"uuid": UUID}).problems == ()


def test_the_record_of_a_restart_gets_into_no_definition() -> None:
    live = XML.replace("<ip address", f"<dns>{RESTART_ITEM}<txt name='n' value='v'/></dns><ip address", 1)

    assert RESTART_RECORD not in for_definition(definition(live))
    assert dict(definition(live).tree["dns"]) == {"txts": [{"name": "n", "value": "v"}]}
    assert "dns" not in definition(live.replace("<txt name='n' value='v'/>", "")).tree


def test_a_network_that_is_let_go_keeps_no_record_of_a_restart() -> None:
    there = Clients(libvirt=running_with(f"<dns>{RESTART_ITEM}</dns>"), host=None)
    recorded = {"uuid": UUID, "name": "lab", "on_delete": "keep"}

    plan = NETWORK.plan(None, recorded, observe_there(there, None, recorded))

    assert plan.steps == (RestartDnsmasq(uuid=UUID, reason=DnsmasqRestart.CUT_SHORT),)


def test_where_dns_is_disabled_nothing_is_begun_for_which_libvirt_would_have_to_restart_dnsmasq() -> None:
    xml = XML.replace("<ip address", "<dns enable='no'/><ip address", 1)
    libvirt = FakeLibvirt(reports={UUID: network(active=True)._replace(live_xml=xml, config_xml=xml)})
    there = Clients(libvirt=libvirt, host=None)
    desired = NETWORK.check({"name": "lab", "uri": "qemu:///system", "ips": SERVES_DHCPV6}, {})[0]
    recorded = {**desired, "uuid": UUID, "ips": TREE["ips"], "problems": []}
    observed_now = observe_there(there, desired, recorded)

    plan = NETWORK.plan(desired, recorded, observed_now)
    mending = NETWORK.plan(
        {**desired, "ips": TREE["ips"]},
        {**recorded, "problems": [problem_details(DNSMASQ_GONE)]},
        observed_now._replace(problems=(DNSMASQ_GONE,)),
    )

    assert [refusal.kind for refusal in plan.refusals] == [RefusalKind.DNSMASQ_NOT_RESTARTED]
    assert mending.steps == ()
    assert Note(NoteKind.DNSMASQ_GONE_WITHOUT_DNS) in mending.notes


def test_a_step_that_fails_after_the_restart_of_dnsmasq_has_it_restarted_once_more_as_it_was() -> None:
    libvirt = FakeLibvirt(reports={UUID: network(active=True)})
    there = Clients(libvirt=libvirt, host=None)
    announced = AnnounceRestart(uuid=UUID, reason=DnsmasqRestart.DHCPV6_BEGINS)
    restarted = RestartDnsmasq(uuid=UUID, reason=DnsmasqRestart.DHCPV6_BEGINS, announced=True)
    announced.execute(there)
    restarted.execute(there)

    again = restarted.undo()
    assert again is not None
    again.execute(there)
    assert observe_there(there, {}, {"uuid": UUID}).problems == (RECORD_LEFT,)
    announced.undo().execute(there)
    announced.undo().execute(there)

    assert libvirt.effects.log == ["update"] * 4
    assert observe_there(there, {}, {"uuid": UUID}).problems == ()


def again(there: Clients) -> None:
    RunAgain(uuid=UUID, bridge="vn-lab", config_xml=XML, live_xml=XML, autostart=True).execute(there)


def test_a_network_whose_start_was_cut_short_runs_again_over_what_that_left() -> None:
    host = network_host({**BRIDGE, **DNSMASQ})
    there = clients(host)

    again(there)

    assert there.libvirt.is_active(UUID)
    assert [line for line in host.effects.log if "vn-lab" in line or "4711" in line] == [
        "set vn-lab down",
        "delete link vn-lab",
        "end process 4711",
    ]


def test_a_bridge_that_is_another_keeps_the_network_from_running_again() -> None:
    host = network_host({**BRIDGE, "/sys/class/net/vn-lab/address": "02:00:00:00:00:01\n"})
    there = clients(host)

    with pytest.raises(Refused) as refused:
        again(there)

    assert refused.value.kind is StepFault.NAME_TAKEN
    assert host.effects.log == []
    assert not there.libvirt.is_active(UUID)


def test_a_start_that_fails_is_told_by_its_own_failure_where_chains_cannot_be_made_either() -> None:
    """libvirt's chains are gone, and iptables makes none."""
    host = network_host({"/etc/libvirt/network.conf": 'firewall_backend = "iptables"\n'})
    host.firewall.listings = {"iptables-save": "", "ip6tables-save": "", "nft-json": ""}
    host.effects.fail_at = 0
    there = clients(host)
    libvirt = there.libvirt
    assert isinstance(libvirt, FakeLibvirt)
    libvirt.effects.fail_at = 0

    with pytest.raises(LibvirtFailure, match="start") as failed:
        StartNetwork(uuid=UUID, bridge="vn-lab").execute(there)

    assert isinstance(failed.value.__cause__, HostFailure)


#: By the number that the bridge had (tests/fakes/links.py), as nft prints it when that is gone.
RULES_LEFT = NFT.replace('"vn-lab"', '"9"')


def nft_host(listing: str, files: dict[str, str] | None = None) -> tuple[FakeHost, list[str]]:
    """A host with rules of nftables alone, and what is loaded into them."""
    loaded: list[str] = []
    host = network_host(files or {})
    host = replace(host, nft_tables=FakeNftTables(host.effects, lambda *_: None, loaded.append))
    host.firewall.listings = {"iptables-save": None, "ip6tables-save": None, "nft-json": listing}
    return host, loaded


def test_a_stop_takes_away_the_rules_that_libvirt_forgot() -> None:
    host, loaded = nft_host(RULES_LEFT, {**BRIDGE, "/sys/class/net/vn-lab/ifindex": "9\n"})

    StopIfActive(uuid=UUID).execute(clients(host, active=True))

    ((*commands,),) = [one.split("; ") for one in loaded]
    assert commands == [
        f"delete rule {family} libvirt_network {chain} handle {handle}"
        for family, chain, handle in (
            ("ip", "guest_cross", 25),
            ("ip", "guest_input", 17),
            ("ip", "guest_output", 9),
            ("ip6", "guest_cross", 23),
            ("ip6", "guest_input", 16),
            ("ip6", "guest_output", 9),
        )
    ]


@pytest.mark.parametrize("version", [9_000_000, 11_003_000])
def test_a_libvirt_that_writes_no_nftables_is_not_looked_after(version: int) -> None:
    host, loaded = nft_host(RULES_LEFT, {**BRIDGE, "/sys/class/net/vn-lab/ifindex": "9\n"})
    libvirt = FakeLibvirt(reports={UUID: network(active=True)}, daemon_version=version)

    StopIfActive(uuid=UUID).execute(Clients(libvirt=libvirt, host=host))

    assert bool(loaded) is (version > 10_004_000)


#: What a stop by others has left of a NAT network of the same subnet.
NAT_LEFT = (
    (Path(__file__).parents[2] / "data" / "firewall" / "modes" / "nft.json")
    .read_text()
    .replace('"vnat"', '"9"')
    .replace("10.9.1.0", "10.91.0.0")
)
REMOVAL = RemoveRulesLeft(uuid=UUID, bridge="vn-lab", subnets=("10.91.0.0/24", "fd00:91::/64"))
KEPT_INACTIVE = Problem(ProblemKind.FIREWALL_RULES_LEFT, {"backends": ["nftables"]})


@pytest.mark.parametrize("active", [True, False])
def test_rules_that_a_stop_has_left_go_before_the_next_start_or_where_none_is_to_follow(*, active: bool) -> None:
    host, _ = nft_host(NAT_LEFT)
    there = clients(host)
    desired = NETWORK.check({"uri": "qemu:///system", "active": active, **TREE}, {})[0]
    recorded = {**desired, "uuid": UUID, "host_uuid": "as recorded", "problems": [problem_details(KEPT_INACTIVE)]}

    seen = observe_there(there, desired, recorded)
    plan = NETWORK.plan(desired, recorded, seen)

    assert seen.problems == (KEPT_INACTIVE,)
    starts = [StartNetwork(uuid=UUID, bridge="vn-lab")] if active else []
    assert [step for step in plan.steps if isinstance(step, (RemoveRulesLeft, StartNetwork))] == [REMOVAL, *starts]
    assert plan.change_class is ChangeClass.LIVE


def test_rules_that_a_stop_has_left_go_with_the_network() -> None:
    host, loaded = nft_host(NAT_LEFT)
    there = clients(host)
    recorded = {"uuid": UUID, "name": "lab"}

    removal, *_ = plan_delete(recorded, observe_there(there, None, recorded)).steps
    removal.execute(there)

    assert removal == REMOVAL
    assert [one.count("delete rule ip libvirt_network guest_nat") for one in loaded] == [5]


def switched_host() -> FakeHost:
    """A host whose libvirt writes nftables by now, with rules of a running network in iptables."""
    status = "<networkstatus><firewall name='fwRemoval' backend='nftables'/></networkstatus>"
    host = network_host({**BRIDGE, "/sys/class/net/vn-lab/ifindex": "9\n", "/run/libvirt/network/lab.xml": status})
    host.firewall.listings = {"iptables-save": FILTERED, "ip6tables-save": "", "nft-json": NFT}
    return host


def test_rules_that_libvirt_left_go_with_a_network_that_runs() -> None:
    """A stop looks in nftables alone."""
    host = switched_host()
    host = replace(host, nft_tables=FakeNftTables(host.effects, lambda *_: None, lambda _: None))
    libvirt = FakeLibvirt(reports={UUID: network(active=True)}, links=host.net)
    there = Clients(libvirt=libvirt, host=host)
    recorded = {"uuid": UUID, "name": "lab", "host_uuid": "as recorded"}

    plan = plan_delete(recorded, observe_there(there, None, recorded))
    for step in plan.steps:
        step.execute(there)

    kinds = [step.describe().kind for step in plan.steps]
    assert kinds == [StepKind.STOP, StepKind.REMOVE_RULES_LEFT, StepKind.UNDEFINE]
    assert len(host.firewall.deleted) == FILTERED.count("-A LIBVIRT_")
    assert plan.notes == ()


@pytest.mark.parametrize("on_delete", ["refuse", "disconnect"])
def test_a_delete_whose_stop_cannot_remove_what_libvirt_forgot_fails(on_delete: str) -> None:
    host, _ = nft_host(NFT, {**BRIDGE, "/sys/class/net/vn-lab/ifindex": "9\n"})

    def refused(_: str) -> None:
        raise HostFailure("the kernel takes no change")

    host = replace(host, nft_tables=FakeNftTables(host.effects, lambda *_: None, refused))
    there = clients(host, active=True)
    recorded = {"uuid": UUID, "name": "lab", "on_delete": on_delete, "host_uuid": "as recorded"}
    stop, *_ = plan_delete(recorded, observe_there(there, None, recorded)).steps
    host.firewall.listings["nft-json"] = RULES_LEFT

    with pytest.raises(HostFailure):
        stop.execute(there)


@pytest.mark.parametrize("reached", ["denied", "libvirt"])
@pytest.mark.parametrize("active", [True, False])
def test_a_delete_says_that_rules_may_stay_where_nobody_can_look(reached: str, *, active: bool) -> None:
    there = clients(unseen_host(reached, active=active), active=active)
    recorded = {"uuid": UUID, "name": "lab", "host_uuid": "as recorded"}

    plan = plan_delete(recorded, observe_there(there, None, recorded))
    for step in plan.steps:
        step.execute(there)

    assert Note(NoteKind.RULES_MAY_STAY, {"only_libvirt": reached == "libvirt"}) in plan.notes
    assert there.libvirt.find_network(uuid=UUID) is None


def test_a_new_network_does_not_start_among_rules_that_were_left_of_its_subnet() -> None:
    """A create asks nft alone: libvirt forgets no rule of iptables."""
    host, _ = nft_host(NAT_LEFT)
    host.firewall.listings = {"nft-json": NAT_LEFT}
    there = Clients(libvirt=FakeLibvirt(), host=host)
    desired = NETWORK.check({"uri": "qemu:///system", **TREE, "forward": {"mode": "route"}}, {})[0]

    plan = NETWORK.plan(desired, None, NETWORK.observe(there, desired, {}))

    kinds = [step.describe().kind for step in plan.steps]
    removal = replace(REMOVAL, listers=FORGETFUL)
    assert removal in plan.steps
    removal.execute(there)
    assert kinds.index(StepKind.REMOVE_RULES_LEFT) < kinds.index(StepKind.START)


def test_a_network_on_the_bridge_of_another_leaves_that_ones_rules_alone() -> None:
    host, _ = nft_host(NFT, BRIDGE)
    there = Clients(libvirt=FakeLibvirt(), host=host)
    on_it = {"uri": "qemu:///system", "name": "far", "forward": {"mode": "bridge"}, "bridge": {"name": "vn-lab"}}
    desired = NETWORK.check(on_it, {})[0]

    assert NETWORK.observe(there, desired, {}).rules_left == ()


@pytest.mark.parametrize("there", [True, False])
def test_rules_of_a_bridge_that_another_network_has_are_not_left_of_one_that_does_not_run(*, there: bool) -> None:
    """Two may name one bridge, as long as one of them runs."""
    host, loaded = nft_host(NFT, BRIDGE if there else {})
    second = FakeLibvirt(reports={UUID: network(active=False)._replace(config_xml=XML.replace("10.91", "10.92"))})
    clients_of_it = Clients(libvirt=second, host=host)

    seen = observe_there(clients_of_it, {}, {"uuid": UUID, "host_uuid": "as recorded"})
    RemoveRulesLeft(uuid=UUID, bridge="vn-lab").execute(clients_of_it)

    assert seen.rules_left == (() if there else ("nftables",))
    assert bool(loaded) is not there


@pytest.mark.parametrize(
    ("others", "left"),
    [(["nftables"], ("iptables",)), (["iptables"], ("nftables",)), ([], ()), (["iptables", "nftables"], ())],
)
def test_where_a_networks_status_notes_no_backend_those_of_others_tell(
    others: list[str], left: tuple[str, ...]
) -> None:
    """network.conf may be newer than the daemon."""
    noted = {f"/run/libvirt/network/{one}.xml": f"<s><firewall name='f' backend='{one}'/></s>" for one in others}
    status = {"/run/libvirt/network/lab.xml": "<s/>", **noted}
    host = network_host({**BRIDGE, **status, "/etc/libvirt/network.conf": 'firewall_backend = "iptables"'})
    host.firewall.listings = {"iptables-save": FILTERED, "ip6tables-save": FILTERED, "nft-json": NFT}

    seen = observe_there(clients(host, active=True), {}, {"uuid": UUID, "host_uuid": "as recorded"})

    assert seen.rules_left == left


def test_a_stop_leaves_what_iptables_has() -> None:
    """What libvirt writes there it does not forget, and a hook's rules are somebody's own."""
    host = network_host({**BRIDGE, "/sys/class/net/vn-lab/ifindex": "9\n"})
    host.firewall.listings = {"iptables-save": FILTERED, "ip6tables-save": FILTERED, "nft-json": ""}
    there = clients(host, active=True)

    StopIfActive(uuid=UUID).execute(there)

    assert not there.libvirt.is_active(UUID)
    assert host.firewall.deleted == []


@pytest.mark.parametrize("failures", [1, 2])
def test_a_stop_that_cannot_tidy_up_has_stopped_the_network_all_the_same(failures: int) -> None:
    host, loaded = nft_host(RULES_LEFT, {**BRIDGE, "/sys/class/net/vn-lab/ifindex": "9\n"})
    tried: list[str] = []

    def load(commands: str) -> None:
        tried.append(commands)
        if len(tried) <= failures:
            raise HostFailure("no such rule: somebody has removed it meanwhile")
        loaded.append(commands)

    host = replace(host, nft_tables=FakeNftTables(host.effects, lambda *_: None, load))
    there = clients(host, active=True)

    StopIfActive(uuid=UUID).execute(there)

    assert not there.libvirt.is_active(UUID)
    assert len(tried) == 2
    assert len(loaded) == 2 - failures


@pytest.mark.parametrize("program", ["iptables-save", "nft-json"])
def test_rules_that_are_to_go_and_cannot_be_listed_fail_the_step(program: str) -> None:
    host, _ = nft_host(NAT_LEFT)
    host.firewall.denied = {program}

    with pytest.raises(HostFailure):
        REMOVAL.execute(clients(host))


def test_a_listing_that_cannot_be_read_fails_the_step_that_removes_rules() -> None:
    host, _ = nft_host("{}")

    with pytest.raises(HostFailure):
        REMOVAL.execute(clients(host))


@pytest.mark.parametrize("version", [9_000_000, 11_003_000])
@pytest.mark.parametrize("nft", ["{}", "denied"])
def test_a_bridge_goes_with_its_rules_in_iptables_where_nft_lists_nothing_that_can_be_read(
    nft: str, version: int
) -> None:
    host = network_host(BRIDGE)
    host.firewall.listings = {"iptables-save": RULES, "ip6tables-save": "", "nft-json": nft}
    host.firewall.denied = {"nft-json"} if nft == "denied" else set()
    libvirt = FakeLibvirt(reports={UUID: network(active=False)}, daemon_version=version)

    RemoveLeftoverBridge(uuid=UUID, bridge="vn-lab", mac=MAC).execute(Clients(libvirt=libvirt, host=host))

    assert len(host.firewall.deleted) == 3
    assert "vn-lab" not in host.list_directory("/sys/class/net")


def unseen_host(reached: str, *, active: bool) -> FakeHost | None:
    """A host whose rules nobody can list: only root may, or only libvirt is reached (tcp, tls)."""
    if reached == "libvirt":
        return None
    host, _ = nft_host(NAT_LEFT, BRIDGE if active else {})
    host.firewall.denied = {"iptables-save", "ip6tables-save", "nft-json"}
    return host


RULES_MISSING = Problem(ProblemKind.FIREWALL_RULES_MISSING, {"missing": [{"kind": "filter"}]})


@pytest.mark.parametrize("reached", ["denied", "libvirt"])
@pytest.mark.parametrize(
    ("active", "problem"), [(False, KEPT_INACTIVE), (True, KEPT_INACTIVE), (True, RULES_MISSING), (True, None)]
)
def test_who_may_not_look_at_rules_keeps_the_problem_that_is_recorded(
    reached: str, problem: Problem | None, *, active: bool
) -> None:
    recorded = [problem_details(problem)] if problem else []
    state = {"uuid": UUID, "host_uuid": "as recorded", "problems": recorded}

    seen = observe_there(clients(unseen_host(reached, active=active), active=active), {}, state)
    shown = NETWORK.outputs({}, state, seen) or {}

    assert shown["problems"] == recorded
    assert seen.problems == ()
    assert seen.rules_left is None


@pytest.mark.parametrize("reached", ["denied", "libvirt"])
@pytest.mark.parametrize("problem", [KEPT_INACTIVE, RULES_MISSING])
def test_an_update_by_who_may_not_look_at_rules_says_so_and_is_no_update_again(problem: Problem, reached: str) -> None:
    there = clients(unseen_host(reached, active=True), active=True)
    desired = checked({"uri": "qemu:///system", **TREE})
    recorded = NETWORK.outputs(desired, {}, observe_there(there, {}, {"uuid": UUID})) or {}
    recorded = {**recorded, "problems": [problem_details(problem)]}
    shown: list[str] = []

    outputs = lifecycle.update(NETWORK, recorded, desired, lambda _: there, shown.append)

    assert lifecycle.diff(NETWORK, recorded, desired, lambda _: there).changes != ()
    assert lifecycle.diff(NETWORK, outputs, desired, lambda _: there).changes == ()
    assert ["couldn't read the host's firewall rules" in line for line in shown] == [True]


def test_a_problem_that_nobody_can_look_at_is_not_said_to_be_mended() -> None:
    host, _ = nft_host(NAT_LEFT)
    host.firewall.denied = {"nft-json"}
    desired = NETWORK.check({"uri": "qemu:///system", "active": False, **TREE}, {})[0]
    recorded = {**desired, "uuid": UUID, "host_uuid": "as recorded", "problems": [problem_details(KEPT_INACTIVE)]}

    plan = NETWORK.plan(desired, recorded, observe_there(clients(host), desired, recorded))

    assert not [step for step in plan.steps if isinstance(step, RemoveRulesLeft)]
    assert not [change for change in plan.changes if change.problems]
