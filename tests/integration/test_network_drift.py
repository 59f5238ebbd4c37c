"""What others did to a running network: a refresh shows it once, and the next `pulumi up` mends it."""

import re

import pytest
from pydantic.alias_generators import to_camel
from tests.hosts.daemons import firewall_backend, libvirtd_pid, restart_libvirtd
from tests.hosts.sandboxed import Host
from tests.integration.doctor import run_doctor
from tests.integration.stack import Stack

pytestmark = pytest.mark.integration

SUBNETS = [{"address": "10.91.0.1/24"}, {"address": "fd00:91::1/64"}]


def quiet(stack: Stack) -> bool:
    """Whether a refresh finds nothing that the one before did not find."""
    return stack.finds_nothing()


@pytest.mark.parametrize(
    ("harm", "kind", "found"),
    [
        ("ip link set vn-lab down", "bridge-down", "the network's bridge vn-lab is down"),
        (
            "ip address delete 10.91.0.1/24 dev vn-lab; ip address delete fd00:91::1/64 dev vn-lab",
            "addresses-missing",
            "the network's bridge vn-lab has lost its addresses 10.91.0.1, fd00:91::1",
        ),
    ],
    ids=["down", "addresses"],
)
def test_a_bridge_that_is_there_and_not_as_it_was(host: Host, stack: Stack, harm: str, kind: str, found: str) -> None:
    stack.network("lab", ips=SUBNETS)
    stack.up()
    host.sh(harm)

    refreshed = stack.refresh()
    problems, again, preview = stack.outputs("lab")["problems"], quiet(stack), stack.preview()
    stack.up()

    assert "lab: problems: [] => " in refreshed
    assert [problem["kind"] for problem in problems] == [kind]
    assert again
    assert f"problems changes ({found}) [restart]" in preview
    shown = host.sh("ip -br address show vn-lab")
    assert "10.91.0.1/24" in shown
    assert "fd00:91::1/64" in shown
    assert "UP" in host.sh("ip -br link show vn-lab").split("<")[1]
    assert stack.unchanged()


@pytest.mark.further
def test_a_bridge_with_another_mtu_gets_the_networks_while_it_runs(host: Host, stack: Stack) -> None:
    stack.network("lab", ips=SUBNETS, mtu=1400)
    stack.up()
    created = host.sh("cat /sys/class/net/vn-lab/mtu /sys/class/net/vn-lab/ifindex").split()
    host.sh("ip link set vn-lab mtu 1500")

    refreshed = stack.refresh()
    problems, again, preview = stack.outputs("lab")["problems"], quiet(stack), stack.preview()
    stack.up()

    assert created[0] == "1400"
    assert "lab: problems: [] => " in refreshed
    assert problems == [{"kind": "bridge-mtu-differs", "details": {"bridge": "vn-lab", "mtu": 1500, "expected": 1400}}]
    assert again
    assert (
        "problems changes (the bridge vn-lab has the MTU 1500, and the network's definition says 1400) [live]"
        in preview
    )
    assert host.sh("cat /sys/class/net/vn-lab/mtu /sys/class/net/vn-lab/ifindex").split() == created
    assert stack.unchanged()


def test_a_host_that_forwards_nothing_is_told_and_left_to_others(host: Host, stack: Stack) -> None:
    stack.network("lab", forward={"mode": "route"}, ips=[{"address": "10.91.0.1/24"}])
    stack.up()
    host.sh("sysctl -qw net.ipv4.ip_forward=0")

    refreshed, preview = stack.refresh(), stack.preview()
    (problem,) = stack.outputs("lab")["problems"]
    said = " ".join(run_doctor(host).stdout.split())
    nothing_to_do = stack.unchanged()
    host.sh("sysctl -qw net.ipv4.ip_forward=1")
    stack.refresh()

    assert (problem["kind"], problem["details"]["versions"]) == ("not-forwarded", ["4"])
    assert "doesn't forward packets from the bridge vn-lab" in refreshed + preview
    assert "To forward them, add a HostForwarding with ipv4" in preview
    assert "net.ipv4.ip_forward is 0, and the active route network 'lab' needs it on" in said
    assert nothing_to_do
    assert stack.outputs("lab")["problems"] == []


def test_a_network_that_lost_its_definition(host: Host, stack: Stack) -> None:
    stack.network("lab", forward={"mode": "nat"}, ips=SUBNETS)
    stack.up()
    before = host.virsh("net-dumpxml", "lab", "--inactive")
    host.virsh("net-undefine", "lab")

    refreshed = stack.refresh()
    again = quiet(stack)
    preview = stack.preview()
    stack.up()

    assert again
    # The running network shows the ports that libvirt's firewall puts in.
    assert "differs from virtnet's defaults" not in refreshed + preview
    assert re.search(r"<forward mode='nat'/>", before)
    assert re.search(r"<forward mode='nat'/>", host.virsh("net-dumpxml", "lab", "--inactive"))
    assert "persistent changes (false -> true) [live]" in preview
    assert (host.network("lab") or {})["Persistent"] == "yes"
    assert stack.unchanged()


def test_items_that_libvirt_takes_for_one_another_are_mended_one_by_one(host: Host, stack: Stack) -> None:
    mac, srv = "52:54:00:00:00:01", {"service": "ldap", "protocol": "tcp", "target": "a.test", "port": 389}
    stack.network(
        "lab",
        ips=[{"address": "10.91.0.1/24", "dhcp": {"hosts": [{"mac": mac, "ip": "10.91.0.11"}]}}],
        dns={"srvs": [srv]},
    )
    stack.up()
    index = host.sh("cat /sys/class/net/vn-lab/ifindex")
    # By a definition alone: as an update libvirt refuses both.
    xml = host.virsh("net-dumpxml", "lab", "--inactive")
    xml = xml.replace("<dhcp>", f"<dhcp><host mac='{mac}' ip='10.91.0.12'/>")
    xml = xml.replace("<dns>", "<dns><srv service='ldap' protocol='tcp'/>")
    host.run("virsh", "net-define", "/dev/stdin", given=xml)

    refreshed = stack.refresh()
    preview = stack.preview()
    stack.up()

    assert "lab: ips: " in refreshed
    assert "lab: dns: " in refreshed
    assert f"dhcp.hosts[{mac}] is removed (it is there more than once) [live]" in preview
    assert "dns.srvs[ldap tcp] is removed [live]" in preview
    mended = host.virsh("net-dumpxml", "lab", "--inactive")
    assert mended.count(mac) == 1
    assert f"<host mac='{mac}' ip='10.91.0.11'/>" in mended
    assert mended.count("<srv ") == 1
    assert "target='a.test'" in mended
    assert host.sh("cat /sys/class/net/vn-lab/ifindex") == index
    assert stack.unchanged()


#: What somebody may do to libvirt's rules, by the backend that wrote them, and what is missed then.
FLUSHES = {
    "iptables": [
        ("iptables -F LIBVIRT_FWO", "LIBVIRT_FWO"),
        ("iptables -F LIBVIRT_INP", "LIBVIRT_INP"),
        ("iptables -F LIBVIRT_OUT", "LIBVIRT_OUT"),
        ("iptables -F LIBVIRT_FWX", "LIBVIRT_FWX"),
        ("iptables -D FORWARD -j LIBVIRT_FWO", "LIBVIRT_FWO"),
        ("iptables -D FORWARD -j LIBVIRT_FWI; iptables -D FORWARD -j LIBVIRT_FWO", "LIBVIRT_FWI"),
        ("iptables -t nat -F LIBVIRT_PRT", "10.91.0.0/24"),
        ("iptables -t nat -F POSTROUTING", "10.91.0.0/24"),
        ("ip6tables -F LIBVIRT_FWI", "LIBVIRT_FWI of IPv6"),
        ("ip6tables -F", "rules of IPv6"),
    ],
    "nftables": [
        ("nft flush chain ip libvirt_network guest_output", "guest_output"),
        ("nft flush chain ip libvirt_network guest_input", "guest_input"),
        ("nft flush chain ip libvirt_network guest_cross", "guest_cross"),
        ("nft flush chain ip libvirt_network guest_nat", "10.91.0.0/24"),
        ("nft flush chain ip libvirt_network forward", "jumps to guest_output"),
        (
            "nft delete rule ip libvirt_network forward handle "
            "$(nft -a list chain ip libvirt_network forward | sed -n 's/.*guest_output # handle //p')",
            "jumps to guest_output",
        ),
        ("nft flush chain ip6 libvirt_network guest_input", "guest_input of IPv6"),
        ("nft delete table ip6 libvirt_network", "rules of IPv6"),
    ],
}


def own_rules(host: Host) -> list[str]:
    """All of libvirt's rules, and the ways to them, as programs print them."""
    script = (
        "iptables-save; ip6tables-save; nft -s list table ip libvirt_network; nft -s list table ip6 libvirt_network"
    )
    printed = host.sh(f"({script}) 2>/dev/null || true")
    return [line for line in printed.splitlines() if re.search("LIBVIRT_|guest_|[io]if", line)]


def ways(rules: list[str]) -> list[str]:
    """The ways into libvirt's chains in their order: behind another one, a way may lead past what that rejects."""
    return [line for line in rules if re.match(r"-A [A-Z]+ -j LIBVIRT_|\s*counter jump guest_", line)]


@pytest.mark.each_libvirt
def test_what_is_lost_of_the_rules_is_missed_by_refresh_and_doctor_and_mended(host: Host, stack: Stack) -> None:
    stack.network("lab", forward={}, ips=[{"address": "10.91.0.1/24"}, {"address": "fd00:91::1/64"}])
    stack.up()
    daemon, index, made = libvirtd_pid(host), host.sh("cat /sys/class/net/vn-lab/ifindex"), own_rules(host)
    unnoticed, unmended = [], []
    for command, missed in FLUSHES[firewall_backend(host)]:
        host.sh(command)
        stack.refresh()
        kinds = [problem["kind"] for problem in stack.outputs("lab")["problems"]]
        said = " ".join(run_doctor(host).stdout.split())
        if kinds != ["firewall-rules-missing"] or missed not in said:
            unnoticed.append((command, kinds, said))
        stack.up()
        mended = own_rules(host)
        if sorted(mended) != sorted(made) or ways(mended) != ways(made):
            unmended.append((command, mended))

    assert len(ways(made)) >= 5
    assert unnoticed == []
    assert unmended == []
    assert (libvirtd_pid(host), host.sh("cat /sys/class/net/vn-lab/ifindex")) == (daemon, index)
    assert stack.unchanged()


@pytest.mark.each_libvirt
def test_of_a_whole_firewall_that_was_flushed_only_this_networks_rules_come_back(host: Host, stack: Stack) -> None:
    stack.network("lab", forward={}, ips=[{"address": "10.91.0.1/24"}], bridge={"stp": False})
    stack.up()
    made = own_rules(host)
    host.virsh("net-start", "default")
    quiet = stack.unchanged()
    with host.guest("web", "vn-lab") as web:
        web.sh("ip address add 10.91.0.5/24 dev eth0")
        host.sh("nft flush ruleset")  # iptables' own tables are there, too

        stack.refresh()
        problems, preview = stack.outputs("lab")["problems"], stack.preview()
        with web.pinging("10.91.0.1") as pings:
            said = stack.up()

    assert quiet
    assert [problem["kind"] for problem in problems] == ["firewall-rules-missing"]
    assert "problems changes (the network has lost firewall rules" in preview
    assert "[live]" in preview
    assert "restart]" not in preview
    assert "libvirt rebuilds the network's firewall rules for this (once)" in said
    assert pings.lost == 0
    assert {line for line in own_rules(host) if "INPUT" not in line} >= {line for line in made if "vn-lab" in line}
    assert stack.unchanged()
    host.virsh("net-destroy", "default")


#: What somebody may do to libvirt's own chains, by the backend that made them.
CHAINS_GONE = [
    ("nft flush ruleset", ("iptables", "nftables")),
    ("iptables -t nat -F; iptables -t nat -X", ("iptables",)),
    ("ip6tables -F; ip6tables -X", ("iptables",)),
    ("nft delete table ip6 libvirt_network", ("nftables",)),
]


@pytest.mark.each_libvirt
def test_networks_start_where_libvirts_own_chains_are_gone(host: Host, stack: Stack) -> None:
    """A new one, one that was stopped, and one that is restarted with a guest, which a probe comes before."""
    host.virsh("net-start", "default")
    stack.network("lab", forward={}, ips=SUBNETS, bridge={"stp": False})
    stack.up()
    made, backend = own_rules(host), firewall_backend(host)
    expected = {line for line in made if "vn-lab" in line}
    host.virsh("net-destroy", "lab")
    host.virsh("net-undefine", "lab")
    stack.refresh()
    wrong = list[tuple[str, str, str]]()
    for flush in (command for command, backends in CHAINS_GONE if backend in backends):
        host.sh(flush)
        preview = stack.preview()
        stack.up()
        if not {*own_rules(host)} >= expected or ways(own_rules(host)) != ways(made):
            wrong.append((flush, "new", "\n".join(own_rules(host))))
        if "libvirt's own firewall chains are missing" not in preview:
            wrong.append((flush, "preview", preview))
        host.virsh("net-destroy", "lab")
        host.sh(flush)
        stack.refresh()
        stack.up()
        if not {*own_rules(host)} >= expected:
            wrong.append((flush, "stopped", "\n".join(own_rules(host))))
        host.virsh("net-destroy", "lab")
        host.virsh("net-undefine", "lab")
        stack.refresh()

    assert len(ways(made)) >= 5
    assert wrong == []
    host.virsh("net-destroy", "default")


@pytest.mark.each_libvirt
def test_a_restart_goes_through_where_libvirts_own_chains_are_gone(host: Host, stack: Stack) -> None:
    stack.network("lab", forward={}, ips=SUBNETS, bridge={"stp": False})
    stack.up()
    made = own_rules(host)
    stack.network("lab", forward={}, ips=SUBNETS, bridge={"stp": False}, mtu=1400)
    with host.guest("web", "vn-lab"):
        host.sh("nft flush ruleset")

        stack.up()

        assert "vn-lab" in host.sh("ip -o link show type veth")
    assert ways(own_rules(host)) == ways(made)
    assert {*own_rules(host)} >= {line for line in made if "vn-lab" in line}


@pytest.mark.each_libvirt
@pytest.mark.parametrize("configured", [True, False])
def test_no_chains_are_made_by_another_backend_than_libvirts(host: Host, stack: Stack, *, configured: bool) -> None:
    """After a flush, where the status of the network does not note the backend: so it was after live updates (11.3)."""
    if firewall_backend(host) == "iptables":
        pytest.skip("this libvirt writes its rules with iptables, as older versions always do")
    stack.network("lab", forward={}, ips=[{"address": "10.91.0.1/24"}])
    stack.up()
    made = own_rules(host)
    if configured:
        host.sh("""echo 'firewall_backend = "nftables"' >>/etc/libvirt/network.conf""")
    host.sh("sed -i '/<firewall /,/<\\/firewall>/d' /run/libvirt/network/lab.xml; nft flush ruleset")

    stack.refresh()
    said = stack.up(check=False)

    assert stack.failed is not configured
    assert "LIBVIRT_" not in host.sh("iptables-save; ip6tables-save")
    if configured:
        assert {*own_rules(host)} >= {line for line in made if "vn-lab" in line}
        host.sh("rm /etc/libvirt/network.conf")
    else:
        assert "uses iptables or nftables" in said
        restart_libvirtd(host)
        stack.refresh()
        assert stack.outputs("lab")["problems"] == []


#: What others may have put into a network of which the program says that there is none, and where that is.
BY_HAND = {
    "forward": "<forward mode='nat'/>",
    "mtu": "<mtu size='1400'/>",
    "domain": "<domain name='other.test'/>",
    "dns": "<dns enable='no'/>",
    "bandwidth": "<bandwidth><inbound average='1000'/></bandwidth>",
    "port_isolated": "<port isolated='yes'/>",
    "routes": "<route address='10.99.0.0' prefix='16' gateway='10.91.0.7'/>",
    "port_groups": "<portgroup name='slow'/>",
}


def edit_by_hand(host: Host, edited: str) -> None:
    """Define the network with these elements too."""
    xml = host.virsh("net-dumpxml", "lab", "--inactive").replace("<port isolated='no'/>", "")
    xml = xml.replace("</network>", f"{edited}</network>")
    host.run("virsh", "net-define", "/dev/stdin", given=xml)


def test_of_what_the_program_says_there_is_none_nothing_stays(host: Host, stack: Stack) -> None:
    none = {"forward": {"mode": "none"}, "mtu": 0, "domain": {}, "dns": {}, "bandwidth": {}, "port_isolated": False}
    stack.network("lab", ips=[{"address": "10.91.0.1/24", "dhcp": {}}], **none, routes=[], port_groups=[])
    stack.up()
    made = host.virsh("net-dumpxml", "lab", "--inactive")
    quiet_when_made = stack.unchanged()
    edit_by_hand(host, "".join(BY_HAND.values()))
    host.virsh("net-update", "lab", "add", "ip-dhcp-range", "<range start='10.91.0.50' end='10.91.0.60'/>", "--config")

    refreshed = stack.refresh()
    stack.up()

    assert quiet_when_made
    for name in BY_HAND:
        assert f"lab: {to_camel(name)}: " in refreshed
    assert "lab: ips: " in refreshed
    assert host.virsh("net-dumpxml", "lab", "--inactive") == made
    assert stack.unchanged()


#: What others may put into `<forward mode='nat'>`, which another mode does not have.
OF_NAT = {"ports": "<nat><port start='2000' end='3000'/></nat>", "device": "<interface dev='lo'/>"}


@pytest.mark.parametrize(
    ("what", "to"),
    [
        ("ports", None),
        pytest.param("device", None, marks=pytest.mark.further),
        pytest.param("ports", "route", marks=pytest.mark.further),
        ("device", "open"),
    ],
)
def test_what_others_made_of_a_mode_goes_with_the_mode(host: Host, stack: Stack, what: str, to: str | None) -> None:
    subnet = {"address": "10.91.0.1/24"}
    stack.network("lab", forward={"mode": "nat"}, ips=[subnet])
    stack.up()
    xml = re.sub("<forward mode='nat'/>", f"<forward mode='nat'>{OF_NAT[what]}</forward>", inactive(host))
    host.run("virsh", "net-define", "/dev/stdin", given=xml)
    stack.refresh()
    stack.network("lab", **({"forward": {"mode": to}} if to else {}), ips=[subnet])

    previewed = stack.preview()
    stack.up()

    assert "differs from virtnet's defaults" not in previewed
    assert OF_NAT[what] in xml
    for copy in (inactive(host), host.virsh("net-dumpxml", "lab")):
        assert re.findall("<forward.*", copy) == ([f"<forward mode='{to}'/>"] if to else [])
    assert stack.unchanged()


def inactive(host: Host) -> str:
    return host.virsh("net-dumpxml", "lab", "--inactive")


def run_by_hand(host: Host, edited: str) -> None:
    """Define the network with these elements too, and have it run so."""
    edit_by_hand(host, edited)
    host.virsh("net-destroy", "lab")
    host.virsh("net-start", "lab")


def test_what_nobody_named_and_others_changed_is_a_note_until_it_is_owned_or_undone(host: Host, stack: Stack) -> None:
    subnet = {"address": "10.91.0.1/24", "dhcp": {"ranges": [{"start": "10.91.0.50", "end": "10.91.0.60"}]}}
    stack.network("lab", forward={"mode": "nat"}, ips=[subnet])
    made_notes = stack.up()
    run_by_hand(host, "<dns enable='no'/><port isolated='yes'/><mtu size='1400'/>")
    reservation = "<host mac='52:54:00:00:00:09' ip='10.91.0.9'/>"
    host.virsh("net-update", "lab", "add", "ip-dhcp-host", reservation, "--live", "--config")
    edited = host.virsh("net-dumpxml", "lab", "--inactive")

    refreshed, again, preview = stack.refresh(), stack.refresh(), stack.preview()
    doctor = " ".join(run_doctor(host).stdout.split())
    quiet = stack.unchanged()
    said_by_up = stack.up()
    after_up = host.virsh("net-dumpxml", "lab", "--inactive")
    stack.network("lab", forward={"mode": "nat"}, ips=[subnet], mtu=1400, dns={"enable": False}, port_isolated=True)
    owned_preview, index = stack.preview(), host.sh("cat /sys/class/net/vn-lab/ifindex")
    stack.up()
    owned = host.sh("cat /sys/class/net/vn-lab/ifindex") == index
    subnet["dhcp"]["hosts"] = []  # type: ignore[index]
    stack.network("lab", forward={"mode": "nat"}, ips=[subnet], mtu=0, dns={}, port_isolated=False)
    undone_preview = stack.preview()
    stack.up()
    undone = host.virsh("net-dumpxml", "lab", "--inactive")

    assert "note" not in made_notes
    for told in (refreshed, again, preview):
        assert "mtu is added (1400)" in told
        assert "dns.enable changes (true -> false)" in told
        assert "port_isolated changes (false -> true)" in told
        assert "dhcp.hosts[52:54:00:00:00:09] is added (mac 52:54:00:00:00:09, ip 10.91.0.9)" in told
        assert "mtu: 0, dns: {}, port_isolated: false, ips[10.91.0.1/24].dhcp.hosts: []" in told
    assert "the network differs from virtnet's defaults where the program says nothing" in doctor
    assert quiet
    assert "[restart]" not in preview
    assert "[live]" not in preview
    assert "Error" not in said_by_up
    assert after_up == edited
    assert "[restart]" not in owned_preview
    assert "52:54:00:00:00:09" in owned_preview
    assert owned
    assert "mtu is removed [restart]" in undone_preview
    assert "dns.enable changes (false -> true) [restart]" in undone_preview
    assert "dhcp.hosts[52:54:00:00:00:09] is removed" in undone_preview
    for gone in ("<mtu", "enable='no'", "isolated='yes'", "52:54:00:00:00:09"):
        assert gone not in undone
    assert "note: the network differs from virtnet's defaults" not in stack.refresh()
    assert stack.unchanged()


@pytest.mark.further
def test_nothing_is_said_of_what_an_adopted_network_had(host: Host, stack: Stack) -> None:
    stack.network("lab", ips=SUBNETS)
    stack.up()
    stack.forget("lab")
    run_by_hand(host, "<dns enable='no'/><mtu size='1400'/>")
    host.run("virsh", "net-define", "/dev/stdin", given=without_mark(host.virsh("net-dumpxml", "lab", "--inactive")))
    stack.network("lab", adopt=True, ips=SUBNETS)
    stack.up()

    refreshed, preview = stack.refresh(), stack.preview()

    assert "differs from virtnet's defaults" not in refreshed + preview
    assert "mtu size='1400'" in host.virsh("net-dumpxml", "lab", "--inactive")
    assert stack.unchanged()


def without_mark(xml: str) -> str:
    """A network's definition as if nobody had marked it."""
    return re.sub(r"<metadata>.*</metadata>", "", xml, flags=re.DOTALL)
