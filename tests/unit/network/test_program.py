"""The program of networks that exist: what it leaves out, so that check takes the rest and adopting changes nothing."""

import ast
import json
from typing import Any

import pytest
from tests import builders

from virtnet.network.observed import ReportedNetwork, reported
from virtnet.network.program import as_json, of_others, program, to_adopt
from virtnet.network.resource import check, inputs_of

URI = "qemu:///system"


def network(name: str, body: str) -> ReportedNetwork:
    report = builders.network("lab", "")
    xml = f"<network><name>{name}</name><uuid>{report.uuid}</uuid>{body}</network>"
    return reported(report._replace(name=name, live_xml=xml, config_xml=xml))


HOSTS = "<host mac='52:54:00:00:00:01' ip='10.9.0.5'/><host mac='52:54:00:00:00:01' ip='10.9.0.6'/>"
LONG = 40 * "p"
RANGE = "<range start='10.9.0.20' end='10.9.0.30'/>"


@pytest.mark.parametrize(
    ("body", "left_out"),
    [
        ("<forward mode='nat'/><ip address='10.9.0.1' prefix='24'/>", []),
        (
            f"<ip address='10.9.0.1' prefix='24'><dhcp>{RANGE}{HOSTS}</dhcp></ip>",
            ["ips[0].dhcp.hosts"],
        ),
        ("<forward mode='nat'/><ip address='10.055.0.01' prefix='24'/>", ["ips"]),
        ("<forward mode='nat'/><bridge name='br+'/><ip address='10.9.0.1' prefix='24'/>", ["bridge.name"]),
        ("<forward mode='private' dev='eth0'/><port isolated='yes'/>", ["port_isolated"]),
        ("<ip address='10.9.0.1' prefix='24'/><dns><host ip='10.9.0.5'><hostname>a b</hostname></host></dns>",
         ["dns.hosts"]),
        ("<domain name='a..b'/>", ["domain"]),
        (f"<portgroup name='a'><virtualport type='802.1Qbh'><parameters profileid='{LONG}'/></virtualport></portgroup>",
         ["port_groups[0].virtual_port.parameters.profileid"]),
    ],
)  # fmt: skip
def test_what_check_refuses_is_left_out_and_stays_as_found(body: str, left_out: list[str]) -> None:
    inputs, left, failures = to_adopt({"adopt": True, **inputs_of(network("lab", body))}, "lab", URI)

    assert (list(left), list(failures)) == (left_out, [])
    assert check({"uri": URI, "name": "lab", **inputs}, {})[1] == []


def test_a_whole_hosts_program_has_a_name_for_each_network() -> None:
    held = "<metadata><v:held xmlns:v='urn:pulumi-virtnet:holding:1.0'/></metadata>"
    names = ("virtnet", "a-b", "a b", "import", "virtnet-holding-1")
    reports = of_others(network(name, held if "holding" in name else "") for name in names)

    printed = program(reports, URI)

    assert assigned(printed) == {
        "a_b": ["a b"],
        "network_a_b": ["a-b"],
        "network_import": ["import"],
        "network_virtnet": ["virtnet"],
    }
    assert printed.startswith(f'"""4 networks of {URI}, taken over as they are."""')
    assert "uri=" not in printed


def test_a_host_that_was_named_is_named_by_each_network() -> None:
    printed = program([network("a", ""), network("b", "")], "qemu+ssh://far/system", names_uri=True)

    assert printed.count('uri="qemu+ssh://far/system"') == 2


def test_as_json_each_network_has_its_inputs_and_what_they_lack() -> None:
    body = "<forward mode='nat'/><bridge name='br+'/><ip address='10.9.0.1' prefix='24'/>"

    told = json.loads(as_json([network("lab", body)], URI, names_uri=True))

    (one,) = told["networks"]
    assert (told["uri"], one["name"], one["owner"], one["to_correct"]) == (URI, "lab", None, [])
    assert one["uuid"] == builders.network("lab", "").uuid
    assert [entry["path"] for entry in one["left_out"]] == ["bridge.name"]
    assert (one["inputs"]["uri"], one["inputs"]["adopt"], one["inputs"]["forward"]) == (URI, True, {"mode": "nat"})
    assert check({"name": "lab", **one["inputs"]}, {})[1] == []


def assigned(printed: str) -> dict[str, list[Any]]:
    """The first arguments of each call, by the variable that it is assigned to."""
    found = {}
    for node in ast.walk(ast.parse(printed)):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.Call):
            found[node.targets[0].id] = [ast.literal_eval(argument) for argument in node.value.args]
    return found
