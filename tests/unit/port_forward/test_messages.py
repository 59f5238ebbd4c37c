"""How the values of PortForward read, as messages.txt beside this has it; and that nothing depends on it."""

import copy
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.golden import assert_golden
from tests.kinds import KIND_NAMES
from tests.resource_sentences import Makes, carried_out, failed, read
from tests.unit.port_forward.hosts import at, forwarding_host, traces
from tests.unit.port_forward.test_laws import INPUTS

from virtnet.planning.findings import Fault, Note, Problem, Refusal, Summary
from virtnet.port_forward.kinds import (
    FaultKind,
    Missing,
    NoteKind,
    PortForwardFailure,
    ProblemKind,
    RefusalKind,
    StepKind,
    WantedTwice,
)
from virtnet.port_forward.messages import messages
from virtnet.port_forward.resource import PORT_FORWARD
from virtnet.port_forward.restore.check import NeedKind

HOST = "kvm1"
PATH = "/etc/virtnet/port-forwards/0123456789abcdef.nft"
COMMON = ["/etc/virtnet/port-forwards.nft", "/etc/virtnet/port-forwards.sh"]
SERVICE = "virtnet-port-forwards.service"
ADDRESS = "198.51.100.1"
TCP = {"protocol": "tcp", "first": 8080, "last": 8080}
UDP = {"protocol": "udp", "first": 5000, "last": 5010}
WHENCE = {"address": ADDRESS, "version": 4, "sources": []}
OFFICE = {"address": "", "version": 4, "sources": ["203.0.113.0/24"]}
WHITHER = {"guest": "web", "target": "192.168.123.50", "target_first": 80, "target_last": 80}
HELD = {"ports": [["tcp", 8080, 8080]], "host": HOST, "owner": "shop/prod/web", "path": PATH}

PLACE = {
    "family": "inet",
    "table": "filter",
    "chain": "forward",
    "base": "forward",
    "rule": "",
    "action": "drop",
    "translated": True,
    "first": ["tcp", 8080, 8080],
    "listens": "",
    "target": "192.168.123.50",
    "sources": [],
    "ports": [["tcp", 8080, 8080, 80, 80], ["udp", 5000, 5010, 6000, 6010]],
}
RANGE = {"translated": False, "first": ["udp", 5000, 5010]}
IPTABLES = {"family": "iptables", "table": "mangle", "chain": "mine", "rule": "-p tcp -j DROP"}
FIREWALLD = {**PLACE, "table": "firewalld", "chain": "filter_FORWARD_dnat", "base": "filter_FORWARD", "host": HOST}
FROM_SOME = {"listens": "2001:db8::1", "target": "fd00:123::50", "sources": ["2001:db8:1::/64", "2001:db8:2::/64"]}
THERE = [["0123456789abcdef", ["tcp", 8080, 8080], ["udp", 5000, 5010]], ["fedcba9876543210", ["tcp", 8080, 8080]]]

#: Details of each kind, of some more than once.
EXAMPLES: list[tuple[Enum, Mapping[str, Any]]] = [
    (StepKind.AWAIT_TARGET, {"network": "lab", "name": ""}),
    (StepKind.AWAIT_TARGET, {"network": "lab", "name": "web"}),
    (StepKind.INSTALL_RESTORE, {"paths": COMMON}),
    (StepKind.LOAD_RULES, {"ports": [["tcp", 8080, 8080], ["udp", 5000, 5010]]}),
    (StepKind.REMOVE_RECORD, {"path": PATH}),
    (StepKind.REMOVE_RESTORE, {"paths": COMMON, "stopped": SERVICE}),
    (StepKind.REMOVE_RESTORE, {"paths": COMMON, "stopped": ""}),
    (StepKind.REMOVE_RESTORE, {"paths": [], "stopped": SERVICE}),
    (StepKind.REMOVE_RULES, {"ports": [["tcp", 8080, 8080]]}),
    (StepKind.REMOVE_RULES, {"ports": []}),
    (StepKind.RESET_RESTORE, {"service": SERVICE}),
    (StepKind.RESTART_RESTORE, {"service": SERVICE}),
    (StepKind.REWRITE_RECORD, {"path": PATH}),
    (StepKind.START_RESTORE, {"service": SERVICE}),
    (StepKind.WRITE_RECORD, {"path": PATH}),
    (FaultKind.CHANGED_MEANWHILE, {"path": PATH, "host": HOST}),
    (FaultKind.NO_FORWARD, {"wanted": "8080/tcp", "uri": "qemu:///system", "there": []}),
    (FaultKind.NO_FORWARD, {"wanted": "web", "uri": "qemu:///system", "there": THERE}),
    (FaultKind.SEVERAL_FORWARDS, {"wanted": "8080/tcp", "uri": "qemu:///system", "there": THERE}),
    (FaultKind.NO_HOST_ACCESS, {"uri": "qemu+tls://kvm1/system"}),
    (FaultKind.NO_NETWORK, {"network": "lab", "names": ["default", "management"]}),
    (FaultKind.NO_NETWORK, {"network": "lab", "names": []}),
    (FaultKind.NO_RESERVATION, {"network": "lab", "name": "web"}),
    (RefusalKind.ADDRESS_NOT_ON_HOST, {"address": ADDRESS, "host": HOST, "addresses": ["10.0.0.5", "10.0.0.6"]}),
    (RefusalKind.ADDRESS_NOT_ON_HOST, {"address": "2001:db8::1", "host": HOST, "addresses": []}),
    (RefusalKind.BLOCKED, {**PLACE, "host": HOST}),
    (RefusalKind.BLOCKED, {**PLACE, **RANGE, "base": "before", "host": HOST}),
    (RefusalKind.BLOCKED, {**PLACE, **IPTABLES, "base": "FORWARD", "host": HOST}),
    (RefusalKind.BLOCKED, {**PLACE, **IPTABLES, **RANGE, "base": "PREROUTING", "host": HOST}),
    (RefusalKind.BLOCKED, {**PLACE, **IPTABLES, "table": "filter", "base": "FORWARD", "host": HOST}),
    (RefusalKind.BLOCKED, FIREWALLD),
    (RefusalKind.BLOCKED, {**FIREWALLD, **FROM_SOME}),
    (RefusalKind.BRIDGE_NAME, {"network": "lab", "bridge": "a;b"}),
    (RefusalKind.FORWARDING_OFF, {"key": "net.ipv4.ip_forward", "family": "ipv4", "host": HOST}),
    (RefusalKind.HELD_BY_ANOTHER, {**HELD, "address": ADDRESS, "alias": "urn:old"}),
    (RefusalKind.HELD_BY_ANOTHER, {**HELD, "address": "", "owner": "", "alias": ""}),
    (RefusalKind.MODE_TAKES_NONE, {"network": "lab", "mode": "bridge"}),
    (RefusalKind.MODE_TAKES_NONE, {"network": "lab", "mode": ""}),
    (RefusalKind.NETWORK_MISSING, {"network": "lap", "names": ["default", "lab"], "nearest": "lab"}),
    (RefusalKind.NETWORK_MISSING, {"network": "lab", "names": [], "nearest": ""}),
    (RefusalKind.NETWORK_RENAMED, {"network": "lab", "after": "lap"}),
    (RefusalKind.NO_NFT, {"host": HOST}),
    (RefusalKind.NO_RIGHT, {"host": HOST}),
    (
        RefusalKind.PORT_FORWARDED_BY_OTHERS,
        {**TCP, "program": "iptables-save", "rule": "-A DOCKER -p tcp --dport 8080 -j DNAT", "host": HOST},
    ),
    (RefusalKind.PORT_IN_USE, {"protocol": "tcp", "port": 8080, "bound": "0.0.0.0", "more": 0, "host": HOST}),  # noqa: S104
    (RefusalKind.PORT_IN_USE, {"protocol": "udp", "port": 5000, "bound": "10.0.0.5", "more": 2, "host": HOST}),
    (RefusalKind.RECORD_NOT_OURS, {"path": PATH, "host": HOST}),
    (RefusalKind.RESERVATION_MISSING, {"network": "lab", "name": "wbe", "nearest": "web"}),
    (RefusalKind.RESERVATION_MISSING, {"network": "lab", "name": "web", "nearest": ""}),
    (
        RefusalKind.RULES_WITHOUT_RECORD,
        {"ports": [["tcp", 8080, 8090]], "address": ADDRESS, "path": PATH, "host": HOST},
    ),
    (RefusalKind.SSH_PORT, {"port": 22, "host": HOST}),
    (RefusalKind.TAKEN_OVER, {"path": PATH, "owner": "shop/prod/web"}),
    (RefusalKind.TARGET_IS_GATEWAY, {"target": "192.168.123.1", "network": "lab"}),
    (RefusalKind.TARGET_OUTSIDE, {"target": "10.0.0.5", "network": "lab", "subnets": ["192.168.123.0/24"]}),
    (RefusalKind.TARGET_OUTSIDE, {"target": "10.0.0.5", "network": "lab", "subnets": []}),
    (RefusalKind.TARGET_VERSION, {"name": "web", "address": "192.168.123.50", "place": "sources", "version": 6}),
    (RefusalKind.TARGET_VERSION, {"name": "web", "address": "fd00:123::50", "place": "listen_address", "version": 4}),
    (ProblemKind.ADDRESS_MISSING, {"address": ADDRESS}),
    (ProblemKind.BLOCKED, PLACE),
    (ProblemKind.CREATE_INTERRUPTED, {}),
    (ProblemKind.LINKS_MISSING, {"missing": [{"kind": kind.value, "name": "vnpf853557b0"} for kind in NeedKind]}),
    (ProblemKind.NETWORK_CHANGED, {"network": "lab"}),
    (ProblemKind.NETWORK_CHANGES, {"network": "lab"}),
    (ProblemKind.NETWORK_GOES, {"network": "lab", "after": "lap"}),
    (ProblemKind.NETWORK_MISSING, {"network": "lab", "name": ""}),
    (ProblemKind.NETWORK_UNFIT, {"network": "lab"}),
    (ProblemKind.OWNER_CHANGED, {"before": "urn:old", "after": "urn:new"}),
    (ProblemKind.RECORD_ALTERED, {"path": PATH}),
    (ProblemKind.RECORD_MISSING, {"path": PATH}),
    (ProblemKind.RESERVATION_MISSING, {"network": "lab", "name": "web"}),
    (ProblemKind.RESTORE_MISSING, {"paths": [*COMMON, SERVICE]}),
    (ProblemKind.RESTORE_MISSING, {"paths": COMMON[:1]}),
    (ProblemKind.RESTORE_MISSING, {"paths": [SERVICE]}),
    (ProblemKind.RULES_ALTERED, {}),
    (ProblemKind.RULES_MISSING, {}),
    (ProblemKind.TAKEN_OVER, {"owner": "urn:new"}),
    (ProblemKind.TARGET_GOES, {"network": "lab", "name": "web"}),
    (
        ProblemKind.TARGET_MOVES,
        {"network": "lab", "name": "web", "before": "192.168.123.50", "after": "192.168.123.51"},
    ),
    (ProblemKind.TARGET_UNKNOWN, {"network": "lab", "name": "web"}),
    (ProblemKind.TARGET_MOVED, {"before": "192.168.123.50", "after": "192.168.123.51"}),
    (ProblemKind.UNKNOWN, {"text": "a kind of another version"}),
    (NoteKind.CLOSES, {**UDP, **OFFICE}),
    (NoteKind.DRIFT_NOT_REVIEWED, {"problem": "rules-missing"}),
    (NoteKind.LEFT_TO_OWNER, {"path": PATH, "owner": "urn:new"}),
    (NoteKind.NETWORK_INACTIVE, {"network": "lab"}),
    (NoteKind.NOT_RESTORED_AT_BOOT, {"host": HOST}),
    (NoteKind.OPENS, {**TCP, **WHENCE, **WHITHER}),
    (NoteKind.OPENS, {**UDP, **OFFICE, **WHITHER, "guest": "", "target_first": 5000, "target_last": 5010}),
    (NoteKind.OPENS, {**TCP, **WHENCE, **WHITHER, "target": ""}),
    (NoteKind.OPENS_LESS, {**OFFICE, "sources_before": []}),
    (NoteKind.OPENS_PRIVILEGED, {"protocol": "tcp", "first": 80, "last": 80}),
    (NoteKind.OPENS_TO_PUBLIC, {"address": ADDRESS}),
    (NoteKind.OPENS_WIDER, {**WHENCE, "address": "", "version": 6, "address_before": "", "version_before": 4}),
    (NoteKind.OPENS_WIDER, {**WHENCE, "address": "", "sources_before": ["203.0.113.0/24"], "address_before": ADDRESS}),
    (NoteKind.PROBLEM_STAYS, {"kind": "address-missing", "address": ADDRESS}),
    (NoteKind.RECORD_EDITED, {"path": PATH}),
    (NoteKind.RESUMED, {"path": PATH}),
    (NoteKind.SSH_GOES_TO_GUEST, {"port": 22, "address": "", "host": HOST}),
    (NoteKind.SSH_GOES_TO_GUEST, {"port": 22, "address": ADDRESS, "host": HOST}),
    (NoteKind.TAKEN_OVER, {"path": PATH, "owner": "urn:old", "alias": "urn:old"}),
    (NoteKind.TAKEN_OVER, {"path": PATH, "owner": "shop/prod/web", "alias": ""}),
    (NoteKind.TAKEN_UP, {"path": PATH, "urn": "urn:old"}),
    (NoteKind.TARGET_MAY_MOVE, {"target": "192.168.123.120", "network": "lab"}),
    (NoteKind.TARGET_NOT_YET, {"missing": Missing.NETWORK.value, "network": "lab", "name": ""}),
    (NoteKind.TARGET_NOT_YET, {"missing": Missing.RESERVATION.value, "network": "lab", "name": "web"}),
    (NoteKind.TARGET_UNKNOWN, {"network": "lab", "name": "web"}),
    (NoteKind.TARGET_UNKNOWN, {"network": "lab", "name": ""}),
    (WantedTwice.PORT, {"value": "198.51.100.1 tcp 8080", "other": "tcp 8000-9000", "holder": "urn:another"}),
    (PortForwardFailure.EMPTY_RANGE, {}),
    (PortForwardFailure.LENGTHS_DIFFER, {"length": 11}),
    (PortForwardFailure.LISTENS_ON_LOOPBACK, {}),
    (PortForwardFailure.LISTENS_ON_NO_HOST, {}),
    (PortForwardFailure.LISTENS_ON_WILDCARD, {}),
    (PortForwardFailure.NO_PORT, {}),
    (PortForwardFailure.NO_PORTS, {}),
    (PortForwardFailure.NO_SOURCES, {}),
    (PortForwardFailure.NO_TARGET, {}),
    (PortForwardFailure.OVERLAP, {"protocol": "tcp", "common": "8080", "place": "ports[0]"}),
    (PortForwardFailure.PORT_RANGE, {"largest": 65535}),
    (PortForwardFailure.PORT_ZERO, {}),
    (PortForwardFailure.TARGETS, {"other": "target_address"}),
    (PortForwardFailure.TARGET_BEYOND_PORTS, {"last": 65540, "largest": 65535}),
    (PortForwardFailure.TARGET_NO_GUEST, {}),
    (PortForwardFailure.URI_MISSING, {}),
    (PortForwardFailure.VERSIONS_DIFFER, {"version": 6, "place": "target_address", "expected": 4}),
]

MAKES: Makes = {
    StepKind: Summary,
    FaultKind: Fault,
    RefusalKind: Refusal,
    ProblemKind: Problem,
    NoteKind: Note,
    PortForwardFailure: failed,
    WantedTwice: failed,
}


def test_every_sentence_is_as_the_golden_file_has_it() -> None:
    said = [(kind.name, read(messages(), MAKES, kind, details)) for kind, details in EXAMPLES]
    said.append(("REPLACEMENT", messages().replacement))

    assert_golden(Path(__file__).parent / "messages.txt", said)


def test_every_kind_is_in_the_golden_file() -> None:
    every: Iterable[Enum] = (kind for kinds in MAKES for kind in kinds)

    assert {kind for kind, _ in EXAMPLES} == set(every)


@given(st.lists(INPUTS, min_size=1, max_size=3), st.none() | st.integers(0, 4))
def test_what_is_done_and_recorded_does_not_depend_on_a_sentence(
    history: list[dict[str, Any]], fails_at: int | None
) -> None:
    with_sentences, with_kinds = (
        carried_out(PORT_FORWARD, forwarding_host(), at, traces, copy.deepcopy(history), fails_at, worded)
        for worded in (messages(), KIND_NAMES)
    )

    assert with_kinds == with_sentences
