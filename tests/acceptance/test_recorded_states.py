"""Stacks that earlier versions recorded open in this one: nothing to do, nothing drifted, and all of it goes."""

import json
import re
from pathlib import Path

import pytest
from tests.campaigns.recorded_states import FORMS, STATES, restore, version
from tests.hosts.sandboxed import REPOSITORY, Host

pytestmark = pytest.mark.acceptance

RECORDED = sorted(STATES.glob("*.json"))
KINDS = {"LibvirtNetwork", "HostForwarding", "PortForward"}


def row(path: Path) -> object:
    """A test of a state; one that hasn't all kinds of resources shows nothing that the others don't."""
    whole = {entry["type"] for entry in json.loads(path.read_text())["resources"]} >= KINDS
    return pytest.param(path, id=path.stem, marks=() if whole else pytest.mark.further)


def test_every_version_has_its_recorded_states() -> None:
    released = re.findall(r"^## .*?(\d+\.\d+\.\d+)", (REPOSITORY / "CHANGELOG.md").read_text(), re.MULTILINE)

    wanted = {f"{each}.{form}.json" for each in {*released, version()} for form in FORMS}

    assert wanted <= {path.name for path in RECORDED}, "python -m tests.campaigns.recorded_states writes those missing"


@pytest.mark.parametrize("path", [row(path) for path in RECORDED])
def test_a_recorded_stack_opens_and_nothing_changes(host: Host, path: Path) -> None:
    recorded = json.loads(path.read_text())
    form = path.stem.rpartition(".")[2]
    state = restore(host, recorded)
    before = host.trace()
    stack = FORMS[form](host)
    (stack.directory / "recorded.json").write_text(json.dumps(state))
    stack.pulumi("stack", "import", "--file", "recorded.json")
    stack.declare(*recorded["resources"])

    assert stack.unchanged_by_each()
    stack.up()
    assert host.trace() == before

    # What it recorded is enough to change and to remove everything.
    changed = [entry for entry in recorded["resources"] if entry["name"] != "bare"]
    stack.declare(*changed)
    stack.up()
    assert host.network("bare") is None
    assert host.network("lab") is not None
    # Alone it is put back: beside it in one destroy, a network that forwards may still run when it is asked.
    stack.declare(*(entry for entry in changed if entry["type"] == "HostForwarding"))
    stack.up()
    stack.destroy()
    assert host.virsh("net-list", "--all", "--name").split() == ["default"]
    for key, value in recorded["host"]["before"].items():
        assert host.sh(f"sysctl -n {key}").strip() == value
