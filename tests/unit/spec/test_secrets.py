"""Which fields may hold secrets is said by the spec, and counts for everything inside them."""

import pytest

from virtnet.forwarding.spec import HostForwardingSpec
from virtnet.network.spec import NetworkSpec
from virtnet.planning.merge import differences
from virtnet.spec.part import conceals


@pytest.mark.parametrize(
    ("path", "secret"),
    [
        ("dns.txts", True),
        ("dns.txts[0].value", True),
        ("dns.txts[0].name", False),
        ("dns.txts[a.b].value", True),
        ('metadata["urn:x.y[1]"]', True),
        ("dnsmasq_options[3]", True),
        ("title", True),
        ("description", True),
        ("dns", True),
        ("dns.hosts[10.0.0.1]", False),
        ("titles", False),
        ("port_groups[a].name", False),
        ("", False),
    ],
)
def test_a_path(path: str, secret: bool) -> None:
    assert conceals(NetworkSpec, path) is secret


def test_a_host_forwarding_has_none() -> None:
    assert not any(conceals(HostForwardingSpec, name) for name in HostForwardingSpec.model_fields)


def test_no_change_shows_a_value_that_conceals() -> None:
    txts = [{"name": "a", "value": "hunter2"}, {"name": "b", "value": "hunter3"}]
    wanted = {"title": "hunter2", "dns": {"txts": txts}, "mtu": 1400}
    found = {"title": "hunter1", "dns": {"txts": [{"name": "a", "value": "hunter1"}]}}

    changes = differences(NetworkSpec, wanted, found)

    shown = {change.path: change.detail for change in changes}
    assert shown == {"title": "", "dns.txts[a].value": "", "dns.txts[b]": "", "mtu": "1400"}
