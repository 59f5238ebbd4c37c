"""What an update of a running network means for those who use it, by its section."""

import pytest

from virtnet.network._generated.trees import DhcpTree, NetworkTree
from virtnet.network.plan.sections import section_updates
from virtnet.network.steps.sections import UpdateSection
from virtnet.network.steps.step import Impact

UUID = "6f1c2a3e-0000-4000-8000-00000012ab34"
RESERVED: DhcpTree = {"hosts": [{"mac": "52:54:00:00:00:01", "ip": "10.9.0.5"}]}
RANGE: DhcpTree = {"ranges": [{"start": "10.9.0.10", "end": "10.9.0.20"}]}


def update(section: str, *, live: bool = True) -> UpdateSection:
    return UpdateSection(
        uuid=UUID,
        command="add",
        section=section,
        parent_index=0,
        xml="",
        deleted_by="",
        key="",
        live=live,
        config=True,
    )


@pytest.mark.parametrize(
    ("section", "impact"),
    [
        ("ip-dhcp-range", Impact(restarts_dnsmasq=True, rebuilds_firewall=True, edits=True)),
        ("ip-dhcp-host", Impact(rebuilds_firewall=True, edits=True)),
        ("forward-interface", Impact(rebuilds_firewall=True, edits=True)),
        ("portgroup", Impact(edits=True)),
        ("dns-host", Impact(edits=True)),
        ("dns-txt", Impact(restarts_dnsmasq=True, edits=True)),
        ("dns-srv", Impact(restarts_dnsmasq=True, edits=True)),
    ],
)
def test_what_libvirt_does_besides(section: str, impact: Impact) -> None:
    assert update(section).impact == impact
    assert update(section).undo().impact == impact
    assert update(section, live=False).impact == Impact(edits=True)


@pytest.mark.parametrize(
    ("found", "restarts"), [({}, True), (RANGE, False)], ids=["DHCP begins with it", "DHCP was served before"]
)
def test_a_reservation_restarts_dnsmasq_where_dhcp_begins_with_it(found: DhcpTree, restarts: bool) -> None:
    before: NetworkTree = {"ips": [{"address": "10.9.0.1/24", "dhcp": found}]}
    after: NetworkTree = {"ips": [{"address": "10.9.0.1/24", "dhcp": {**found, **RESERVED}}]}

    (begins,) = section_updates(UUID, (after, before), None)
    (ends,) = section_updates(UUID, (before, after), None)
    (defined,) = section_updates(UUID, None, (after, before))

    assert (begins.impact.restarts_dnsmasq, ends.impact.restarts_dnsmasq) == (restarts, restarts)
    assert defined.impact.restarts_dnsmasq is False
