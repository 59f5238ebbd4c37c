"""What the user has Pulumi ignore: paths of options, and trees that leave their places alone."""

from typing import Any

import pytest

from virtnet.network.spec import NetworkSpec
from virtnet.planning.ignored import as_recorded, left_alone
from virtnet.planning.property_paths import within
from virtnet.spec.part import UNKNOWN
from virtnet.spec.paths import parsed

FIRST, SECOND = {"mac": "52:54:00:00:00:01"}, {"mac": "52:54:00:00:00:02"}


def subnet(*hosts: Any, address: str = "10.9.0.1/24", **more: Any) -> dict[str, Any]:
    return {"address": address, "dhcp": {"hosts": list(hosts), **more}}


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("mtu", ("mtu",)),
        ("ips[0].dhcp.hosts", ("ips", 0, "dhcp", "hosts")),
        ("ips[*].dhcp", ("ips", "*", "dhcp")),
        ("*", ("*",)),
        ('metadata["urn:x"]', ("metadata", "urn:x")),
        ('["metadata"]["a \\"b\\" c"].x', ("metadata", 'a "b" c', "x")),
        ("", ()),
        ("ips[", ()),
        ("ips[x]", ()),
    ],
)
def test_a_path_is_taken_apart_as_pulumi_does(path: str, steps: tuple[str | int, ...]) -> None:
    assert parsed(path) == steps


@pytest.mark.parametrize(
    ("path", "place", "expected"),
    [
        ("ips[*].dhcp.hosts", "ips[0].dhcp.hosts[1]", True),
        ("ips[*].dhcp.hosts", "ips[3].dhcp.hosts", True),
        ("ips[1].dhcp.hosts", "ips[0].dhcp.hosts", False),
        ("ips[*].dhcp.hosts", "ips[0].dhcp", False),
        ("*", "mtu", True),
        ("", "mtu", False),
    ],
)
def test_a_place_is_within_what_leads_to_it(path: str, place: str, expected: bool) -> None:
    assert within(parsed(place), [parsed(path)]) is expected


@pytest.mark.parametrize(
    ("path", "desired", "recorded", "expected"),
    [
        ("mtu", {"mtu": 1400}, {"mtu": 1500}, {"mtu": 1500}),
        ("mtu", {"mtu": 1400}, {}, {}),
        ("mtu", {}, {"mtu": 1500}, {"mtu": 1500}),
        ("mtu", {"mtu": UNKNOWN}, {"mtu": 1500}, {"mtu": 1500}),
        ("ips[0].dhcp.hosts", {"ips": [subnet(FIRST)]}, {"ips": [subnet(SECOND)]}, {"ips": [subnet(SECOND)]}),
        ("ips[*].dhcp.hosts", {"ips": [subnet()]}, {"ips": [subnet(SECOND)]}, {"ips": [subnet(SECOND)]}),
        ("ips[1].dhcp.hosts", {"ips": [subnet(FIRST)]}, {"ips": [subnet(SECOND)]}, {"ips": [subnet(FIRST)]}),
        ("ips[0].dhcp.hosts", {"ips": [subnet(FIRST)]}, {"ips": []}, {"ips": [subnet(FIRST)]}),
        ("ips[0].dhcp.hosts", {"ips": UNKNOWN}, {"ips": []}, {"ips": UNKNOWN}),
        ("ips", {"ips": UNKNOWN}, {"ips": []}, {"ips": []}),
        ("dns.enable", {"dns": {"enable": True}}, {}, {}),
        ('metadata["urn:x"]', {"metadata": {"urn:x": "a", "urn:y": "b"}}, {"metadata": {"urn:x": "c"}},
         {"metadata": {"urn:y": "b", "urn:x": "c"}}),
        ("*", {"mtu": 1400}, {"title": "Lab"}, {"title": "Lab"}),
        ("onDelete", {"on_delete": "keep"}, {"on_delete": "refuse"}, {"on_delete": "refuse"}),
        ("nothing.of.ours", {"mtu": 1400}, {}, {"mtu": 1400}),
    ],
)  # fmt: skip
def test_an_ignored_place_has_what_is_recorded(
    path: str, desired: dict[str, Any], recorded: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert as_recorded(NetworkSpec, desired, recorded, [parsed(path)]) == expected


@pytest.mark.parametrize(
    ("path", "tree", "found", "unnamed_stays", "expected"),
    [
        ("active", {"active": True}, {"active": False}, True, {"active": False}),
        ("forward", {"forward": {"mode": "nat"}}, {"forward": {"mode": "route"}}, True, {"forward": {"mode": "route"}}),
        ("ips[0].dhcp.hosts", {"ips": [subnet(FIRST)]}, {"ips": [subnet(SECOND)]}, True,
         {"ips": [{"address": "10.9.0.1/24"}]}),
        ("ips[0].dhcp.hosts", {"ips": [subnet(FIRST)]}, {"ips": [subnet(SECOND)]}, False, {"ips": [subnet(SECOND)]}),
        ("ips", {"ips": [subnet(FIRST)], "mtu": 1400}, {"ips": []}, True, {"mtu": 1400}),
        ("ips[*]", {"ips": [subnet(FIRST)], "mtu": 1400}, {"ips": []}, True, {"mtu": 1400}),
        ("ips[0]", {"ips": [subnet(FIRST)]}, {"ips": [subnet(SECOND)]}, True, {"ips": [subnet(SECOND)]}),
        ("ips[0]", {"ips": [subnet(FIRST)]}, {"ips": []}, True, {"ips": []}),
        ("dns", {"dns": {"hosts": [], "enable": False}}, {"dns": {"enable": True}}, True, {"dns": {"enable": True}}),
    ],
)  # fmt: skip
def test_an_ignored_place_is_left_as_it_was_found(
    path: str, tree: dict[str, Any], found: dict[str, Any], unnamed_stays: bool, expected: dict[str, Any]
) -> None:
    assert left_alone(NetworkSpec, tree, found, [parsed(path)], unnamed_stays=unnamed_stays) == expected
