"""libvirt's own chains after a flush: who makes them, what of it a reviewer is told, and what a start does about it."""

from contextlib import nullcontext as does_not_raise

import pytest
from tests.builders import network, network_host
from tests.fakes.firewall import filter_rules
from tests.fakes.host import FakeHost
from tests.fakes.libvirt import FakeLibvirt

from virtnet.errors import HostFailure, LibvirtFailure
from virtnet.network.observe.firewall.backends import backend_of_daemon
from virtnet.network.observe.firewall.chains import flushed_chains, lost_chains
from virtnet.network.observe.firewall.libvirt_rules import Backend
from virtnet.network.plan.kinds import NoteKind
from virtnet.network.plan.preflight import chains_missed
from virtnet.network.steps.running import StartNetwork
from virtnet.network.xml.definition import definition
from virtnet.planning.clients.clients import Clients
from virtnet.planning.findings import Note

IPTABLES, NFTABLES = Backend.IPTABLES, Backend.NFTABLES
NOT_NOTED = "<networkstatus/>"
NOTED = {
    backend: f"<networkstatus><firewall name='x' backend='{backend.value}'/></networkstatus>" for backend in Backend
}
CONF = {backend: f'firewall_backend = "{backend.value}"\n' for backend in Backend}
OLD, NEW = 9_000_000, 11_003_000
LAB = network("lab", "", "10.9.1.0/24", bridge="vn-lab", active=False)
WHOLE = filter_rules("other")
OWN_CHAINS = {f"LIBVIRT_{name}" for name in ("INP", "OUT", "FWO", "FWI", "FWX", "PRT")}


def a_host(iptables: str = "", nft: str = "", statuses: tuple[str, ...] = (), conf: str = "") -> FakeHost:
    """What its programs list, what libvirt keeps of the networks that run, and its network.conf."""
    files = {f"/run/libvirt/network/n{number}.xml": text for number, text in enumerate(statuses)}
    host = network_host({**files, "/etc/libvirt/network.conf": conf})
    host.firewall.listings = {"iptables-save": iptables, "ip6tables-save": iptables, "nft-json": nft}
    return host


@pytest.mark.parametrize(
    ("version", "statuses", "conf", "backend"),
    [
        pytest.param(OLD, (), CONF[NFTABLES], IPTABLES, id="it has no choice"),
        pytest.param(NEW, (NOTED[NFTABLES], NOT_NOTED), "", NFTABLES, id="a network that runs tells"),
        pytest.param(NEW, (NOTED[IPTABLES],), CONF[NFTABLES], IPTABLES, id="the daemon was not started anew since"),
        pytest.param(NEW, (NOTED[IPTABLES], NOTED[NFTABLES]), CONF[NFTABLES], NFTABLES, id="networks differ"),
        pytest.param(NEW, (), CONF[NFTABLES], NFTABLES, id="configured"),
        pytest.param(NEW, (NOT_NOTED,), "", None, id="nothing tells"),
    ],
)
def test_who_makes_the_chains_after_a_flush(
    version: int, statuses: tuple[str, ...], conf: str, backend: Backend | None
) -> None:
    assert backend_of_daemon(a_host(statuses=statuses, conf=conf), {}, version) is backend


GONE = Note(NoteKind.CHAINS_GONE, {"chains": [{"chain": "LIBVIRT_FWX"}]})
NOT_REACHED = Note(NoteKind.CHAINS_NOT_REACHED, {"chains": [{"chain": "LIBVIRT_FWX"}]})


@pytest.mark.parametrize(
    ("iptables", "statuses", "notes"),
    [
        pytest.param(WHOLE, (), [], id="all is there"),
        pytest.param("", (), [], id="libvirt has made none yet"),
        pytest.param(WHOLE.replace(":LIBVIRT_FWX - [0:0]\n", ""), (), [GONE], id="a chain is gone"),
        pytest.param(WHOLE.replace("-A FORWARD -j LIBVIRT_FWX\n", ""), (), [NOT_REACHED], id="a way is gone"),
        pytest.param(WHOLE.replace(":LIBVIRT_PRT - [0:0]\n", ""), (), [], id="NAT, which it has not"),
    ],
)
def test_a_reviewer_is_told_what_of_them_is_gone(iptables: str, statuses: tuple[str, ...], notes: list[Note]) -> None:
    wanted = definition(LAB.config_xml or "")

    found = flushed_chains(a_host(iptables, statuses=statuses), wanted, OLD)

    assert list(chains_missed(wanted, found)) == notes


def test_a_listing_that_is_none_is_a_failure_of_the_host() -> None:
    with pytest.raises(HostFailure, match="libnftables-json"):
        lost_chains(a_host(nft="{}", conf=CONF[NFTABLES]), definition(LAB.config_xml or ""), NEW)


def test_all_are_gone_where_a_network_runs() -> None:
    wanted = definition(LAB.config_xml or "")

    (note,) = chains_missed(wanted, flushed_chains(a_host(statuses=(NOT_NOTED,)), wanted, OLD))

    assert note.kind is NoteKind.CHAINS_GONE
    assert str(note.details).count("LIBVIRT_") == len(OWN_CHAINS) - 1, "it has no NAT"


@pytest.mark.parametrize(("gone", "may_look"), [(True, True), (False, True), (True, False)])
def test_a_start_that_fails_is_tried_once_more_where_they_are_gone(*, gone: bool, may_look: bool) -> None:
    host = a_host("" if gone else WHOLE)
    libvirt = FakeLibvirt(reports={LAB.uuid: LAB}, links=host.net, daemon_version=OLD)
    libvirt.effects.fail_at = 0
    host.firewall.denied = set() if may_look else {"iptables-save"}
    mended = gone and may_look
    outcome = does_not_raise() if mended else pytest.raises(LibvirtFailure)

    with outcome:
        StartNetwork(uuid=LAB.uuid, bridge="vn-lab").execute(Clients(libvirt=libvirt, host=host))

    assert libvirt.is_active(LAB.uuid) is mended
    assert {action[-1] for action in host.firewall.made} == (OWN_CHAINS if mended else set())
