"""A review of what the real engine prints: the values of the plans come through it whole, in both forms."""

from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.native_stack import FORMS
from tests.acceptance.stack import Stack
from tests.hosts.sandboxed import Host

from virtnet.commands.review import digest
from virtnet.commands.review.records import Outcome
from virtnet.commands.review.run import run
from virtnet.commands.review.verdict import ExitCode, judge
from virtnet.planning.findings import EffectKind

pytestmark = pytest.mark.acceptance

OTHER = "<network><name>other</name><bridge name='other0'/><ip address='10.95.0.129' prefix='25'/></network>"
LENT = "<network><name>lent</name><bridge name='lent0'/><ip address='10.99.0.1' prefix='24'/></network>"
FORWARD = {"network": "web", "target_address": "10.92.0.12"}


def network(name: str, address: str = "", mode: str = "nat", **more: Any) -> dict[str, Any]:
    ips = [{"address": f"{address}/24"}] if address else []
    return {"type": "LibvirtNetwork", "name": name, "args": {"ips": ips, "forward": {"mode": mode}, **more}}


def forward(*ports: str) -> dict[str, Any]:
    listed = [{"protocol": "tcp", "listen_port": port} for port in ports]
    return {"type": "PortForward", "name": "site", "args": {**FORWARD, "ports": listed}, "depends_on": ["web"]}


@pytest.mark.parametrize("form", FORMS, ids=["dynamic", "native"])
def test_a_review_tells_what_the_preview_found(host: Host, form: type[Stack]) -> None:
    stack = form(host)
    web, drifted = network("web", "10.92.0.1"), network("drifted", "10.93.0.1")
    legacy = network("legacy", "10.94.0.1", on_delete="disconnect")
    quiet, lent = network("quiet", "10.97.0.1"), {"type": "LibvirtNetwork", "name": "lent", "args": {"adopt": True}}
    never_there = network("never-there", "10.98.0.1", adopt=True)
    retained = {**network("retained", "10.100.0.1"), "options": {"retain_on_delete": True}}
    host.sh(f'virsh net-define /dev/stdin <<<"{LENT}" && virsh net-start lent')
    stack.declare(network("db", "10.91.0.1"), web, drifted, legacy, quiet, lent, never_there, retained, forward("8080"))
    stack.up()
    host.sh(
        f'virsh net-define /dev/stdin <<<"{OTHER}" && virsh net-start other && virsh net-autostart drifted --disable'
    )
    lab = network("lab", "10.95.0.1", description="hunter2")
    stack.declare(
        network("db", "10.96.0.1", "route"), web, drifted, lab, network("quiet", "10.97.0.1"), forward("8080", "80")
    )

    with host.guest("db1", "vn-db"):
        environment = {**stack.environment, "VIRTNET_REVIEW": "1"}
        command = ("pulumi", "preview", "--refresh", "--json", "--non-interactive")
        printed = host.run(*command, directory=stack.directory, environment=environment).stdout
    file = Path(stack.directory, "preview.json")
    file.write_text(printed)
    review = judge(digest.read(printed))
    comment, code = run(str(file), at_most="restart", commit="c0ffee", limit=None)

    items = {item.resource: item for item in review.items}
    effects = {
        name: {effect.kind: (effect.who, effect.details) for effect in item.effects} for name, item in items.items()
    }
    assert {name: (item.operation, item.outcome, item.refused) for name, item in items.items()} == {
        "lab": ("create", Outcome.LIVE, True),
        "legacy": ("delete", Outcome.DELETE, False),
        "lent": ("delete", Outcome.DELETE, False),
        "never-there": ("delete", Outcome.DELETE, False),
        "retained": ("delete", Outcome.DELETE, False),
        "db": ("update", Outcome.RESTART, False),
        "drifted": ("update", Outcome.LIVE, False),
        "site": ("update", Outcome.LIVE, False),
    }
    assert effects["db"][EffectKind.INTERRUPTED][0] == ("db1",)
    assert effects["db"][EffectKind.RENUMBERED][1] == {
        "before": ["10.91.0.0/24"],
        "after": ["10.96.0.0/24"],
        "paths": ["ips[10.91.0.1/24]", "ips[10.96.0.1/24]"],
    }
    assert EffectKind.OUTSIDE_REACHES_GUESTS in effects["db"]
    opened = effects["site"][EffectKind.PORT_OPENED][1]
    assert (opened["first"], opened["target"], opened["sources"]) == (80, "10.92.0.12", [])
    assert ([one.path for one in items["drifted"].drift], items["drifted"].changes) == (["autostart"], ())
    assert (review.same, code) == (2, ExitCode.REFUSED)
    assert "⛔ **network `lab` would be refused:** 10.95.0.0/24 overlaps 10.95.0.128/25" in comment
    assert "network `legacy` is deleted, even while interfaces are attached" in comment
    assert "network `lent` leaves the stack. virtnet restores the configuration from before adoption" in comment
    assert "network `never-there` is deleted. The preview doesn't check whether anything is attached" in comment
    assert "network `retained` leaves the stack and stays on the host as it is, with its owner mark" in comment
    assert [name for name, item in items.items() if item.stays] == ["lent", "retained"]
    assert "hunter2" not in comment
    stack.declare(network("db", "10.91.0.1"), web, drifted)
    stack.up()
    assert "retained" in host.virsh("net-list", "--name").split()
