"""The file of a forward: it says what was meant, and nothing that it holds becomes a command of nft's or a shell's."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.hostile import TEXTS
from tests.unit.port_forward.hosts import at, checked, forwarding_host
from tests.unit.port_forward.test_laws import INPUTS

from virtnet.network.observed import reported
from virtnet.planning.ownership.marks import Mark
from virtnet.port_forward.forward import Forward
from virtnet.port_forward.restore.record import (
    NamedReservation,
    Record,
    as_data,
    from_data,
    id_for,
    id_of,
    parse,
    render,
)
from virtnet.port_forward.target import Target, forward_of, resolve

ID = "0123456789abcdef"
MARK = Mark("project/stack/web", urn="urn:pulumi:stack::project::virtnet:index:PortForward::web", token="0" * 16)


def forward(inputs: dict[str, Any] | None = None) -> Forward:
    clients = at(forwarding_host())
    found = clients.libvirt.find_network(name="lab")
    assert found is not None
    target = resolve(inputs or checked(), reported(found))
    assert isinstance(target, Target)
    return forward_of(inputs or checked(), target, ID)


@given(INPUTS, st.sampled_from(sorted(TEXTS.values())), st.sampled_from(["owner", "urn", "token"]))
def test_what_is_written_is_read_back_whatever_the_resource_is_called(
    inputs: dict[str, Any], text: str, name: str
) -> None:
    mark = Mark(**{"owner": "a/b/c", name: text})
    named = next((NamedReservation(key, text) for key in ("name", "mac") if f"target_{key}" in inputs), None)
    record = Record(mark, forward(inputs), reservation=named)

    written = render(record)

    assert parse(ID, written) == record
    commands = [line for line in written.split("\n") if line and not line.startswith("#")]
    assert all(line.split()[0] in ("add", "flush") for line in commands)
    assert written.isascii()


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text.replace("dnat ip to 192.168.123.50:80", "accept"),
        lambda text: text.replace("project/stack/web", "project/stack/other"),
        lambda text: text + "# a remark\n",
        lambda text: text.rstrip("\n"),
    ],
)
def test_an_edit_by_hand_is_known_as_such(edit: Any) -> None:
    found = parse(ID, edit(render(Record(MARK, forward()))))

    assert found is not None
    assert found.edited


@pytest.mark.parametrize("told", ["{", "[]", "null", '{"key": "ip", "value": "web"}', '{"key": "name", "value": 7}'])
def test_a_reservation_that_virtnet_did_not_write_is_none(told: str) -> None:
    record = Record(MARK, forward(), reservation=NamedReservation("name", "web"))

    found = parse(ID, render(record).replace('{"key": "name", "value": "web"}', told))

    assert found is not None
    assert (found.reservation, found.forward) == (None, record.forward)


def data(**changed: Any) -> str:
    return json.dumps({**as_data(forward()), **changed})


def of_network(**changed: Any) -> str:
    network: Any = as_data(forward())["network"]
    return data(network={**network, **changed})


@pytest.mark.parametrize(
    "told",
    [
        "",
        "[]",
        "{",
        "null",
        "{}",
        data(target="192.168.123.50; reboot"),
        data(target="fd00::1"),
        data(listen_address="0.0.0.0/0"),
        data(listen_address="fd00::1"),
        data(sources=["anybody"]),
        data(sources=["fd00::/8"]),
        data(ports=[]),
        data(ports=[["tcp", 0, 0, 80]]),
        data(ports=[["tcp", 80, 79, 80]]),
        data(ports=[["tcp", 80, 80, 65536]]),
        data(ports=[["tcp", 1, 65535, 2]]),
        data(ports=[["icmp", 80, 80, 80]]),
        data(ports=[["tcp", "80", 80, 80]]),
        data(ports=[["tcp", True, 80, 80]]),
        data(ports=[["tcp", 80]]),
        data(more="x"),
        of_network(bridge='virbr0" drop'),
        of_network(bridge="a;b"),
        of_network(bridge=""),
        of_network(mode="nat; reboot"),
        of_network(subnet="192.168.123.1/24"),
        of_network(gateway="nobody"),
        of_network(uuid="$(id)"),
        of_network(more="x"),
        of_network(name=5),
        data(target="192.168.124.50"),
        data(target=3232267058),
        data(listen_address=0),
        data(listen_address=None),
        data(sources="10.0.0.0/8"),
    ],
)
def test_data_that_is_no_forward_is_none(told: str) -> None:
    assert from_data(ID, told) is None


@given(INPUTS)
def test_data_of_a_forward_is_that_forward(inputs: dict[str, Any]) -> None:
    meant = forward(inputs)

    assert from_data(ID, json.dumps(as_data(meant))) == meant


@pytest.mark.parametrize(
    "text", ["", "# virtnet-owner: x\n", "add table inet x\n", "\0", "# virtnet-forward: {}\n" * 3]
)
def test_what_virtnet_did_not_write_is_no_record(text: str) -> None:
    assert parse(ID, text) is None


@pytest.mark.parametrize(
    ("name", "identity"),
    [
        (f"{ID}.nft", ID),
        (f"/etc/virtnet/port-forwards/{ID}.nft", ID),
        (f".{ID}.nft.new.x", None),
        ("README", None),
        (f"{ID.upper()}.nft", None),
        ("../../etc/passwd.nft", None),
    ],
)
def test_a_record_is_known_by_its_name(name: str, identity: str | None) -> None:
    assert id_of(name) == identity


def test_an_id_follows_from_the_resource_and_its_salt() -> None:
    assert id_for(MARK.urn) == id_for(MARK.urn)
    assert len({id_for(MARK.urn), id_for(MARK.urn, "salt"), id_for(MARK.owner), id_for("\ud800")}) == 4
