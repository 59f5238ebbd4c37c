"""The map of what a stack records."""

import json
from pathlib import Path
from typing import Any

import pytest

from virtnet.commands.map.model import Network, Ports, Reservation
from virtnet.commands.map.of_state import SECRET, read
from virtnet.commands.map.output import as_json
from virtnet.errors import InvalidInputs
from virtnet.network.problem_kinds import ProblemKind as NetworkProblem
from virtnet.port_forward.kinds import ProblemKind as ForwardProblem

STATES = Path(__file__).parents[3] / "acceptance" / "data" / "states"
#: Of real stacks, in both forms.
RECORDED = {path.name: path for path in sorted(STATES.glob("*.json"))}


def exported(path: Path) -> str:
    return json.dumps(json.loads(path.read_text())["stack"])


def stack(*resources: dict[str, Any]) -> str:
    return json.dumps({"version": 3, "deployment": {"resources": list(resources)}})


def resource(kind: str = "LibvirtNetwork", name: str = "lab", **more: Any) -> dict[str, Any]:
    of_type = f"pulumi-python:dynamic/virtnet:{kind}"
    outputs = {"name": name, "uri": "qemu:///system", "active": True, **more.pop("outputs", {})}
    return {"urn": f"urn:pulumi:dev::project::{of_type}::{name}", "type": of_type, "outputs": outputs, **more}


def the_network(text: str) -> Network:
    ((one,),) = [host.networks for host in read(text).hosts]
    return one


@pytest.mark.parametrize("path", RECORDED.values(), ids=RECORDED)
def test_a_recorded_stack_is_drawn_as_it_was_declared(path: Path) -> None:
    drawn = read(exported(path))

    (host,) = drawn.hosts
    networks = {network.name: network for network in host.networks}
    assert drawn.stack == "project/test"
    assert (host.uri, host.ipv4_forwarding, host.ipv6_forwarding) == ("qemu:///system", True, True)
    assert {name: (one.mode, one.active, one.adopted) for name, one in networks.items()} == {
        "asleep": ("isolated", False, False),
        "bare": ("isolated", True, False),
        # Adopted as found, which the older version did not record.
        "default": ("nat" if "port-forward" in path.name else "", True, True),
        "lab": ("nat", True, False),
    }
    assert networks["default"].addresses == (("192.168.122.1/24",) if "port-forward" in path.name else ())
    lab = networks["lab"]
    assert lab.addresses == ("10.91.0.1/24", "fd00:91::1/64")
    assert (lab.bridge, lab.owner) == ("vn-lab", "project/test/lab")
    assert lab.ranges == ("10.91.0.50 to 10.91.0.99",)
    assert lab.reservations == (Reservation(address="10.91.0.5", name="five", mac="52:54:00:00:00:05"),)
    assert lab.routes == ("10.92.0.0/24 via 10.91.0.2",)


@pytest.mark.parametrize("path", [path for name, path in RECORDED.items() if "port-forward" in name])
def test_a_recorded_port_forward_has_its_network_and_its_ports(path: Path) -> None:
    ((forward,),) = [host.port_forwards for host in read(exported(path)).hosts]

    assert (forward.network, forward.target, forward.sources) == ("lab", "10.91.0.5", ("203.0.113.0/24",))
    assert forward.ports == (
        Ports(protocol="tcp", listen="8080", target="80"),
        Ports(protocol="udp", listen="5000-5010", target="5000-5010"),
    )


@pytest.mark.parametrize("path", RECORDED.values(), ids=RECORDED)
def test_nothing_that_is_secret_is_on_the_map(path: Path) -> None:
    # What was found at an adoption is a secret, whatever it says.
    assert "<network>" not in as_json(read(exported(path)))


ENCRYPTED = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:abcdefgh"}


@pytest.mark.parametrize("secret", [ENCRYPTED, {**ENCRYPTED, "plaintext": '"hush-hush"'}])
def test_a_secret_value_is_told_as_one(secret: dict[str, str]) -> None:
    one = the_network(stack(resource(outputs={"bridgeName": secret, "ips": [{"address": secret}]})))

    assert (one.bridge, one.addresses) == (SECRET, (SECRET,))


def test_what_a_dynamic_provider_marks_as_secret_is_none_of_the_maps() -> None:
    inputs = {"name": "hush-hush", "__secret": [["name"]]}

    text = as_json(read(stack(resource(name="hush-hush", inputs=inputs, outputs={"bridgeName": "vn-hush-hush"}))))

    assert "hush-hush" not in text
    assert f"vn-{SECRET}" in text


def test_a_recorded_problem_is_told_with_its_fix() -> None:
    problem = {"kind": "bridge-missing", "details": {"bridge": "vn-lab"}}

    (trouble,) = the_network(stack(resource(outputs={"problems": [problem]}))).troubles

    assert trouble.said.startswith("the bridge vn-lab no longer exists")
    assert trouble.fix


OTHER_DETAILS = [{}, None, {"zzz": 1}, 5, {"bridge": {}, "network": [], "missing": 5}]
KINDS = [("LibvirtNetwork", kind.value) for kind in NetworkProblem]
KINDS += [("PortForward", kind.value) for kind in ForwardProblem]


@pytest.mark.parametrize(("of", "kind"), KINDS, ids=[f"{of} {kind}" for of, kind in KINDS])
@pytest.mark.parametrize("details", OTHER_DETAILS, ids=str)
def test_a_problem_with_another_versions_details_is_told(of: str, kind: str, details: object) -> None:
    (host,) = read(stack(resource(of, outputs={"problems": [{"kind": kind, "details": details}]}))).hosts

    troubles = [one.troubles for one in host.networks] + [one.troubles for one in host.port_forwards]
    ((trouble,),) = troubles
    assert trouble.said


def test_a_problem_whose_details_another_version_recorded_is_told_by_its_kind() -> None:
    problem = {"kind": "bridge-missing", "details": {"interface": "vn-lab"}}

    (trouble,) = the_network(stack(resource(outputs={"problems": [problem]}))).troubles

    assert trouble.said == "bridge-missing"


def test_each_host_is_drawn_with_its_networks() -> None:
    far = resource(name="far", outputs={"uri": "qemu+ssh://far/system"})

    drawn = read(stack(resource(), far))

    assert [(host.uri, [one.name for one in host.networks]) for host in drawn.hosts] == [
        ("qemu+ssh://far/system", ["far"]),
        ("qemu:///system", ["lab"]),
    ]


def test_what_is_being_deleted_and_what_is_of_others_is_left_out() -> None:
    other = {"urn": "urn:pulumi:dev::project::other:index:LibvirtNetwork::x", "type": "other:index:LibvirtNetwork"}

    drawn = read(stack(resource(), resource(name="old", delete=True), other))

    assert [one.name for host in drawn.hosts for one in host.networks] == ["lab"]


NO_STATES = ["", "{}", "[]", '{"version": 3}', '{"version": 3, "deployment": {"resources": [1]}}', "nonsense"]


@pytest.mark.parametrize("text", NO_STATES)
def test_what_is_no_state_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputs, match="pulumi stack export"):
        read(text)


ODD = [{"ips": 7}, {"ips": [7]}, {"forward": "nat"}, {"problems": "none"}, {"uri": None}, {"ips": [{"dhcp": []}]}]


@pytest.mark.parametrize("outputs", ODD)
def test_what_is_not_as_expected_is_passed_over(outputs: dict[str, Any]) -> None:
    assert the_network(stack(resource(outputs=outputs))).name == "lab"
