"""Values that only the apply will know are tolerated at any depth, and what is beside them is still checked."""

from typing import Any

import pytest

from virtnet.forwarding.spec import HostForwardingSpec
from virtnet.network.spec import NetworkSpec
from virtnet.spec.failures import SpecFailure
from virtnet.spec.part import UNKNOWN, from_inputs, tree


@pytest.mark.parametrize(
    "inputs",
    [
        {"name": UNKNOWN},
        {"ips": UNKNOWN},
        {"ips": [UNKNOWN]},
        {"ips": [{"address": UNKNOWN}]},
        {"dns": {"hosts": [{"ip": "10.0.0.1", "hostnames": ["one", UNKNOWN, "three"]}]}},
        {"dnsmasq_options": [UNKNOWN, "log-queries"]},
        {"metadata": {"urn:a": UNKNOWN, "urn:b": "<b/>"}},
        {"metadata": UNKNOWN},
    ],
)
def test_unknowns_stay_where_they_are(inputs: dict[str, Any]) -> None:
    spec, failures = from_inputs(NetworkSpec, inputs)
    assert failures == []
    assert spec is not None
    assert tree(spec) == inputs


def test_unknown_interface_forwarding() -> None:
    inputs = {"interfaces": {"lo": UNKNOWN, "eth0": {"ipv4": UNKNOWN}}}
    spec, failures = from_inputs(HostForwardingSpec, inputs)
    assert failures == []
    assert spec is not None
    assert tree(spec) == inputs


def test_what_is_beside_an_unknown_is_checked() -> None:
    _, failures = from_inputs(
        NetworkSpec, {"metadata": {"urn:a": UNKNOWN, "urn:b": 7}, "dnsmasq_options": [UNKNOWN, 7]}
    )
    assert [failure.kind for failure in failures] == [SpecFailure.NO_TEXT, SpecFailure.NO_TEXT]
