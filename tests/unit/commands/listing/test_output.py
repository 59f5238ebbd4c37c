"""Lists as people and programs get them."""

import json

from virtnet.commands.hosts import Answered
from virtnet.commands.listing.ask import Entries
from virtnet.commands.listing.output import as_json, json_of_hosts, table, table_of_hosts
from virtnet.commands.terminal import PLAIN, Terminal
from virtnet.errors import Unreachable

URI, OTHER = "qemu:///system", "qemu+ssh://root@beta/system"
NETWORK = {
    "uuid": "5f4e…",
    "name": "lab",
    "active": True,
    "persistent": True,
    "autostart": False,
    "mode": "nat",
    "bridge_name": "vn-lab",
    "addresses": ["10.9.0.1/24", "fd00::1/64"],
}
GUEST = {
    "network": "lab",
    "guest": "web",
    "guest_uuid": "u",
    "mac": "52:54:00:00:00:01",
    "interface": "vnet0",
    "addresses": [],
}
LEASE = {
    "network": "lab",
    "mac": "",
    "address": "10.9.0.7",
    "prefix_length": 24,
    "hostname": "",
    "client_id": "01:02",
    "expires": "",
}


def test_networks() -> None:
    header, line = table("networks", [NETWORK], URI, PLAIN).splitlines()

    assert header.split() == ["NETWORK", "MODE", "ADDRESSES", "BRIDGE", "STATE", "AUTOSTART", "PERSISTENT"]
    assert line.split() == ["lab", "nat", "10.9.0.1/24,", "fd00::1/64", "vn-lab", "active", "no", "yes"]


def test_guests_and_what_is_none() -> None:
    link = {**GUEST, "guest": "", "mac": "", "interface": "veth0", "addresses": ["10.9.0.8"]}

    header, guest, other = table("guests", [GUEST, link], URI, PLAIN).splitlines()

    assert header.split() == ["NETWORK", "GUEST", "INTERFACE", "MAC", "LEASED"]
    assert guest.split() == ["lab", "web", "vnet0", "52:54:00:00:00:01"]
    assert other.split() == ["lab", "(not", "a", "guest", "of", "libvirt)", "veth0", "10.9.0.8"]


def test_a_lease_of_a_client_without_a_mac_that_never_ends() -> None:
    _, line = table("leases", [LEASE], URI, PLAIN).splitlines()

    assert line.split() == ["lab", "10.9.0.7/24", "01:02", "never"]


def test_nothing_is_said_to_be_nothing() -> None:
    assert [table(kind, [], URI, PLAIN) for kind in ("networks", "guests", "leases")] == [
        f"{URI}: no networks\n",
        f"{URI}: nothing is attached\n",
        f"{URI}: no leases\n",
    ]


def test_programs_get_all_of_it() -> None:
    assert json.loads(as_json("guests", [GUEST], URI)) == {"uri": URI, "guests": [GUEST]}


def test_of_several_hosts_a_column_says_which_and_a_line_says_which_has_nothing() -> None:
    header, line, nothing = table_of_hosts("guests", [Answered(URI, [GUEST]), Answered(OTHER, [])], PLAIN).splitlines()

    assert header.split()[:2] == ["HOST", "NETWORK"]
    assert line.split()[:3] == [URI, "lab", "web"]
    assert nothing == f"{OTHER}: nothing is attached"


def test_programs_get_an_object_for_each_host_and_what_failed() -> None:
    answered = [Answered(URI, [LEASE]), Answered(OTHER, None, Unreachable("no route to host"))]

    assert json.loads(json_of_hosts("leases", answered)) == [
        {"uri": URI, "leases": [LEASE]},
        {"uri": OTHER, "error": "no route to host"},
    ]


def test_a_table_fits_a_narrow_terminal_and_loses_nothing() -> None:
    printed = table("networks", [NETWORK], URI, Terminal(width=70))

    assert max(map(len, printed.splitlines())) <= 70
    assert sorted(printed.split()) == sorted(table("networks", [NETWORK], URI, PLAIN).split())


def test_rows_say_which_host_they_are_of_if_it_alone_answered() -> None:
    failed = Answered[Entries](OTHER, None, Unreachable("libvirt can't be reached"))

    header, line = table_of_hosts("guests", [Answered(URI, [GUEST]), failed], PLAIN).splitlines()

    assert (header.split()[0], line.split()[0]) == ("HOST", URI)
