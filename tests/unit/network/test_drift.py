"""Drift of a network as refresh after refresh shows it: of its definition, of the running network, of both."""

from typing import Any

import pytest

from virtnet.network.observed import ObservedNetwork, reported
from virtnet.network.outputs import outputs
from virtnet.planning.reports import NetworkReport

UUID = "6f1c2a3e-0000-4000-8000-00000012ab34"
INPUTS: dict[str, Any] = {"name": "lab", "mtu": 1400, "dns": {"hosts": [{"ip": "10.60.0.9", "hostnames": ["x"]}]}}
AS_MEANT = "<mtu size='1400'/><dns><host ip='10.60.0.9'><hostname>x</hostname></host></dns>"
OTHER_MTU = AS_MEANT.replace("1400", "1300")
THIRD_MTU = AS_MEANT.replace("1400", "1200")
NO_DNS = "<mtu size='1400'/>"


def seen(*, config: str, live: str) -> ObservedNetwork:
    config, live = (f"<network><name>lab</name><uuid>{UUID}</uuid>{rest}</network>" for rest in (config, live))
    report = NetworkReport(
        uuid=UUID, name="lab", active=True, persistent=True, autostart=True, live_xml=live, config_xml=config
    )
    return ObservedNetwork(uri="qemu:///system", host_uuid="", libvirt_version=9_000_000, report=reported(report))


def refreshed(recorded: dict[str, Any], *, config: str, live: str) -> dict[str, Any]:
    named = {name: value for name, value in recorded.items() if name in INPUTS}
    shown = outputs(named, recorded, seen(config=config, live=live))
    assert shown is not None
    return shown


def made() -> dict[str, Any]:
    shown = outputs(INPUTS, {}, seen(config=AS_MEANT, live=AS_MEANT))
    assert shown is not None
    return shown


@pytest.mark.parametrize(
    ("config", "live", "name", "value"),
    [
        (OTHER_MTU, AS_MEANT, "mtu", 1300),
        (AS_MEANT, OTHER_MTU, "mtu", 1300),
        (OTHER_MTU, OTHER_MTU, "mtu", 1300),
        (THIRD_MTU, OTHER_MTU, "mtu", 1200),
        (NO_DNS, AS_MEANT, "dns", None),
        (AS_MEANT, NO_DNS, "dns", None),
    ],
    ids=["definition", "running", "both", "both, otherwise", "gone from the definition", "gone from the running"],
)
def test_drift_is_shown_by_each_refresh_until_it_is_mended(config: str, live: str, name: str, value: Any) -> None:
    recorded = made()

    shown = []
    for _ in range(4):
        recorded = refreshed(recorded, config=config, live=live)
        shown.append(recorded.get(name))

    assert shown == [value] * 4
    assert refreshed(recorded, config=AS_MEANT, live=AS_MEANT).get(name) == INPUTS[name]


def test_drift_that_moves_from_one_copy_to_the_other_is_shown() -> None:
    recorded = refreshed(made(), config=OTHER_MTU, live=AS_MEANT)

    assert refreshed(recorded, config=AS_MEANT, live=THIRD_MTU)["mtu"] == 1200


def test_what_an_update_makes_is_what_drift_is_measured_by() -> None:
    recorded = refreshed(made(), config=OTHER_MTU, live=AS_MEANT)
    taken_over = {**INPUTS, "mtu": 1300}

    updated = outputs(taken_over, {**recorded, "__drifted": {}}, seen(config=OTHER_MTU, live=OTHER_MTU))

    assert updated is not None
    assert refreshed(updated, config=OTHER_MTU, live=AS_MEANT)["mtu"] == 1400
