"""What check accepts, the real libvirt takes and gives back as it was meant."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.hosts.sandboxed import REPOSITORY, Host, sandboxed_host

from virtnet.network.plan.new import new_tree
from virtnet.network.resource import NETWORK
from virtnet.network.spec import NetworkSpec
from virtnet.network.tree import network_tree
from virtnet.network.xml import write as network_edit
from virtnet.network.xml.definition import definition
from virtnet.planning.merge import differences, merge

#: It is about what libvirt's version takes and gives back: who runs networks has no part in it.
pytestmark = [pytest.mark.integration, pytest.mark.any_libvirt]

ROWS = json.loads((Path(__file__).parents[1] / "unit" / "data" / "good_networks.json").read_text())
#: libvirt looks for PCI devices when it takes a definition, and drops what it is too old for: test_schema has those.
GOOD = [row for row in ROWS if not (row.get("needs_devices") or row.get("needs_libvirt"))]


def test_every_good_definition_comes_back_as_it_was_meant(host: Host) -> None:
    wrong: dict[str, Any] = {}
    for number, row in enumerate(GOOD):
        inputs = {"uri": "qemu:///system", "name": f"lab{number}", **row["inputs"]}
        canonical, failures = NETWORK.check(inputs, {})
        assert failures == []
        uuid = f"6f1c2a3e-0000-4000-8000-0000000000{number:02x}"
        target = new_tree(network_tree(canonical), uuid)
        host.run("virsh", "net-define", "/dev/stdin", given=network_edit.render(target))
        found = definition(host.virsh("net-dumpxml", uuid, "--inactive")).tree
        host.virsh("net-undefine", uuid)
        lost = differences(NetworkSpec, merge(NetworkSpec, target, {}, found), found)
        if lost:
            wrong[row["case"]] = lost

    assert wrong == {}


@pytest.mark.campaign
def test_what_check_accepts_is_taken_and_given_back(tmp_path: Path) -> None:
    sizes = ("--networks", "300", "--seed", "1", "--starts", "8")
    program = ("python", "-m", "tests.campaigns.generated_networks", *sizes)
    with sandboxed_host(tmp_path) as host:
        done = host.run(*program, directory=REPOSITORY, check=False)

    assert not done.stderr
    *wrong, told = done.stdout.splitlines()

    # Each line has the seed and the network; an assertion on the list would show the beginning of the first alone.
    assert not wrong, "\n".join(wrong)
    assert json.loads(told)["defined"] > 200
    assert json.loads(told)["started"] == {"served": 8, "others": 8}
