"""The plugin's process over gRPC on a real host: it answers as the dynamic provider does, and keeps its promises."""

import json
from typing import Any

import pytest
from tests.campaigns.plugin_table import LIVES, UUID
from tests.hosts.sandboxed import REPOSITORY, sandboxed_host

#: Both forms are compared on one host, whose libvirt is the same to both.
pytestmark = [pytest.mark.integration, pytest.mark.any_libvirt]

#: What only the native plugin is asked.
ITS_OWN = ("details", "foreseen")


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, list[Any]]]:
    with sandboxed_host(tmp_path_factory.mktemp("plugin")) as host:
        done = host.run("python", "-m", "tests.campaigns.plugin_table", directory=REPOSITORY)
    found: dict[str, dict[str, list[Any]]] = json.loads(done.stdout.splitlines()[-1])
    return found


def without_tokens(answer: Any) -> Any:
    """An answer less what is random in each create."""
    if isinstance(answer, dict):
        random = ("__token", "__edit")
        return {name: "a token" if name in random else without_tokens(value) for name, value in answer.items()}
    return [without_tokens(item) for item in answer] if isinstance(answer, list) else answer


@pytest.mark.parametrize("life", [life[0] for life in LIVES])
def test_both_forms_give_the_same_answers(answers: dict[str, dict[str, list[Any]]], life: str) -> None:
    native = [answer for answer in answers[life]["native"] if answer[0] not in ITS_OWN]

    assert without_tokens(native) == without_tokens(answers[life]["dynamic"])


def test_a_preview_promises_nothing_that_does_not_come_true(answers: dict[str, dict[str, list[Any]]]) -> None:
    promises = [said for forms in answers.values() for verb, said in forms["native"] if verb == "foreseen"]

    assert len(promises) >= 18
    assert [promise["broken"] for promise in promises if promise["broken"]] == []
    assert sum("bridgeName" in promise["promised"] for promise in promises) >= 10


def test_each_change_has_its_property_path(answers: dict[str, dict[str, list[Any]]]) -> None:
    details = {life: [said for verb, said in forms["native"] if verb == "details"] for life, forms in answers.items()}

    assert details["nothing changes"] == [{}]
    assert details["a live change"] == [{"ips[0].dhcp.hosts[0]": "ADD"}, {"ips[0].dhcp.hosts[0]": "DELETE"}]
    assert details["a restart"] == [{"forward.mode": "UPDATE", "mtu": "ADD"}]
    assert details["a replacement"] == [{"name": "UPDATE_REPLACE"}]
    assert details["drift"] == [{"dns.hosts[0]": "DELETE"}]
    assert details["IP forwarding"] == [{"ipv6": "ADD"}, {"ipv4": "UPDATE", "ipv6": "DELETE"}]


def test_the_lives_ran_to_their_ends(answers: dict[str, dict[str, list[Any]]]) -> None:
    """What makes the comparison worth something: networks were made, changed, found gone and deleted."""
    ends = {life: forms["native"][-2:] for life, forms in answers.items()}
    gone = {"id": "", "outputs": {}, "inputs": {}}

    assert ends["a restart"] == [["delete", {"deleted": True}], ["read", gone]]
    assert ends["gone meanwhile"] == [["delete", {"deleted": True}], ["read", gone]]
    assert ends["adopted"][1][1]["id"] != ""
    assert answers["a restart"]["native"][1][1]["id"] == UUID
    assert "already exists" in ends["refused: it exists"][1][1]["error"]
    assert "overlaps" in ends["refused: an address conflict"][1][1]["error"]
    named = [(path, reason.partition("=")[0].partition(":")[0]) for path, reason in ends["wrong"][0][1]["failures"]]
    # The engine would show `{<nil>}` for the value at a path of its own.
    assert named == [("", "mtu"), ("", "ips[0].address"), ("", "fowrard")]
