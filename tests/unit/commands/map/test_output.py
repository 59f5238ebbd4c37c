"""A map as JSON."""

import json

import pytest
from tests.unit.commands.map.maps import EVERYTHING, FLEET, HOSTILE, UNREACHED, named

from virtnet.commands.map.output import as_json


def test_programs_get_all_of_a_map() -> None:
    whole = json.loads(as_json(FLEET))

    assert (whole["format"], whole["stack"], whole["problems"]) == (1, None, 3)
    everything, unreached = whole["hosts"]
    assert unreached["unreachable"] == UNREACHED.unreachable
    lab = next(one for one in everything["networks"] if one["name"] == "lab")
    assert [entry["guest"] or entry["interface"] for entry in lab["attached"]] == ["db", "router", "web", "veth7"]
    assert lab["attached"][2] == {
        "guest": "web",
        "interface": "vnet2",
        "mac": "52:54:00:00:00:02",
        "link": "tun",
        "addresses": ["10.9.1.2"],
        "hostname": "web",
        "on_bridge": True,
    }
    assert everything["port_forwards"][0]["ports"] == [{"protocol": "tcp", "listen": "8080", "target": "80"}]
    assert everything["routes"] == [{"destination": "default", "gateway": "192.0.2.1", "interface": "eth0"}]
    assert len(everything["networks"]) == len(EVERYTHING.networks)


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_name_comes_back_as_it_is(name: str) -> None:
    text = as_json(named(name))

    assert json.loads(text)["hosts"][0]["networks"][0]["name"] == name
    assert text.isascii()
