"""Lists as people and programs get them."""

import json

from virtnet.commands.listing.output import as_json, table

URI = "qemu:///system"
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
    header, line = table("networks", [NETWORK], URI).splitlines()

    assert header.split() == ["NETWORK", "MODE", "ADDRESSES", "BRIDGE", "STATE", "AUTOSTART", "PERSISTENT"]
    assert line.split() == ["lab", "nat", "10.9.0.1/24,", "fd00::1/64", "vn-lab", "active", "no", "yes"]


def test_guests_and_what_is_none() -> None:
    link = {**GUEST, "guest": "", "mac": "", "interface": "veth0", "addresses": ["10.9.0.8"]}

    header, guest, other = table("guests", [GUEST, link], URI).splitlines()

    assert header.split() == ["NETWORK", "GUEST", "INTERFACE", "MAC", "LEASED"]
    assert guest.split() == ["lab", "web", "vnet0", "52:54:00:00:00:01"]
    assert other.split() == ["lab", "(not", "a", "guest", "of", "libvirt)", "veth0", "10.9.0.8"]


def test_a_lease_of_a_client_without_a_mac_that_never_ends() -> None:
    _, line = table("leases", [LEASE], URI).splitlines()

    assert line.split() == ["lab", "10.9.0.7/24", "01:02", "never"]


def test_nothing_is_said_to_be_nothing() -> None:
    assert [table(kind, [], URI) for kind in ("networks", "guests", "leases")] == [
        f"{URI}: no networks\n",
        f"{URI}: nothing is attached\n",
        f"{URI}: no leases\n",
    ]


def test_programs_get_all_of_it() -> None:
    assert json.loads(as_json("guests", [GUEST], URI)) == {"uri": URI, "guests": [GUEST]}
