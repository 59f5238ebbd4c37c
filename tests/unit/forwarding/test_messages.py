"""How the values of HostForwarding read, as messages.txt beside this has it; and that nothing depends on it."""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.builders import checked_forwarding, clients, forwarding_host
from tests.fakes.host import FakeHost
from tests.golden import assert_golden
from tests.kinds import KIND_NAMES, preview_lines
from tests.resource_sentences import Makes, carried_out, failed, read
from tests.unit.forwarding.test_laws import INPUTS, hosts

from virtnet.forwarding.kinds import (
    FaultKind,
    ForwardingFailure,
    NoteKind,
    Occasion,
    ProblemKind,
    RefusalKind,
    StepKind,
    SystemdVersions,
    UserKind,
    WantedTwice,
)
from virtnet.forwarding.messages import messages
from virtnet.forwarding.resource import HOST_FORWARDING
from virtnet.forwarding.sysctl import IPV4, IPV6
from virtnet.planning import lifecycle
from virtnet.planning.clients.clients import Clients
from virtnet.planning.findings import Fault, Note, Problem, Refusal, Summary

HOST = "kvm1"
PATH, OTHER = "/etc/sysctl.d/90-virtnet-forwarding.conf", "/etc/sysctl.d/99-hardening.conf"
ETH0 = "net/ipv4/conf/eth0.100/forwarding"
DEFAULT = {"kind": UserKind.NETWORK.value, "mode": "nat", "name": "default"}
DOCKER = {"kind": UserKind.DOCKER.value, "mode": "", "name": "docker0"}
FILE = {"kind": UserKind.FILE.value, "mode": "", "name": OTHER}


def sets(program: str, occasion: Occasion, versions: SystemdVersions, section: str = "") -> dict[str, str]:
    return {
        "program": program,
        "key": IPV4,
        "value": "0",
        "occasion": occasion.value,
        "versions": versions.value,
        "section": section,
        "line": "IPv4Forwarding=no",
        "path": "/etc/program.conf",
        "target": ETH0,
        "wanted": "1",
    }


#: Details of each kind, of some more than once.
EXAMPLES: list[tuple[Enum, Mapping[str, Any]]] = [
    (StepKind.SET_PARAMETER, {"key": ETH0, "value": "1", "now": "0"}),
    (StepKind.SET_WHOLE_HOST, {"key": IPV4, "value": "1", "now": "0"}),
    (StepKind.RESTORE_PARAMETER, {"key": IPV6, "value": "0"}),
    (StepKind.WRITE_DROP_IN, {"path": PATH}),
    (StepKind.REWRITE_DROP_IN, {"path": PATH}),
    (StepKind.NOTE_RUNTIME_RECORD, {"path": "/run/virtnet/forwarding-0123456789ab.conf"}),
    (StepKind.REMOVE_FILE, {"path": PATH}),
    (FaultKind.CHANGED_MEANWHILE, {"path": PATH, "host": HOST}),
    (FaultKind.NO_HOST_ACCESS, {"uri": "qemu+tls://kvm1/system"}),
    (FaultKind.VALUE_NOT_KEPT, {"host": HOST, "value": "1", "key": IPV4, "kept": "0"}),
    (RefusalKind.NO_IPV6, {"host": HOST, "key": IPV6}),
    (RefusalKind.NO_INTERFACE, {"host": HOST, "interface": "wg0"}),
    (RefusalKind.STILL_NEEDED, {"key": IPV4, "family": "ipv4", "host": HOST, "needed_by": [DEFAULT]}),
    (
        RefusalKind.MANAGED_BY_ANOTHER,
        {"keys": [IPV4, IPV6, ETH0], "host": HOST, "owner": "shop/prod/forwarding", "path": OTHER, "alias": "urn:old"},
    ),
    (RefusalKind.MANAGED_BY_ANOTHER, {"keys": [IPV4], "host": HOST, "owner": "", "path": OTHER, "alias": ""}),
    (RefusalKind.DROP_IN_NOT_OURS, {"path": PATH, "host": HOST}),
    (
        RefusalKind.DROP_IN_OF_ANOTHER,
        {"path": PATH, "host": HOST, "owner": "shop/prod/forwarding", "alias": "forwarding"},
    ),
    (RefusalKind.TAKEN_OVER, {"path": PATH, "owner": "shop/prod/forwarding"}),
    (RefusalKind.DROP_IN_HIDES_FILES, {"path": PATH, "host": HOST, "hidden": [OTHER]}),
    (RefusalKind.NO_RIGHT, {"host": HOST}),
    (ProblemKind.DROP_IN_ALTERED, {}),
    (ProblemKind.OWNER_CHANGED, {"before": "urn:old", "after": "urn:new"}),
    (NoteKind.RESUMED, {"path": PATH}),
    (NoteKind.TAKEN_UP, {"path": PATH, "urn": "urn:old"}),
    (NoteKind.TAKEN_OVER, {"path": PATH, "owner": "urn:old", "alias": "urn:old"}),
    (NoteKind.TAKEN_OVER, {"path": PATH, "owner": "shop/prod/forwarding", "alias": ""}),
    (NoteKind.LEFT_TO_OWNER, {"path": PATH, "owner": "urn:new"}),
    (NoteKind.INTERFACE_MISSING, {"interface": "wg0", "path": PATH}),
    (NoteKind.LOSES_ADVERTISED_ROUTES, {"interface": "wan0", "host": HOST}),
    (NoteKind.DRIFT_NOT_REVIEWED, {"property": 'interfaces["eth0"].ipv4'}),
    (NoteKind.DROP_IN_EDITED, {"path": PATH}),
    (NoteKind.FILE_KEPT_NOT_OURS, {"path": PATH, "host": HOST}),
    (NoteKind.FILE_KEPT_OF_ANOTHER, {"path": PATH, "host": HOST, "owner": "shop/prod/forwarding"}),
    (NoteKind.FILE_KEPT_EDITED, {"path": PATH, "host": HOST}),
    (NoteKind.KEPT_ON_DELETE, {}),
    (NoteKind.STAYS_ON, {"key": IPV4, "needed_by": [DEFAULT]}),
    (NoteKind.STAYS_ON, {"key": IPV4, "needed_by": [DEFAULT, DOCKER, FILE]}),
    (NoteKind.OVERRIDDEN_AT_BOOT, {"key": IPV4, "at_boot": "0", "value": "1", "source": OTHER, "path": PATH}),
    (NoteKind.OVERRIDDEN_AT_BOOT_AS_RECORDED, {"key": IPV4, "at_boot": "0", "value": "1", "source": OTHER}),
    (NoteKind.OVERRIDDEN_BY_PROCPS, {"key": IPV4, "value": "0", "source": "/etc/sysctl.conf"}),
    (NoteKind.OVERRIDDEN_AT_RUNTIME, sets("ufw", Occasion.PROGRAM_START, SystemdVersions.ALL)),
    (NoteKind.OVERRIDDEN_AT_RUNTIME, sets("NetworkManager", Occasion.CONNECTION_UP, SystemdVersions.ALL, "ipv4")),
    (
        NoteKind.OVERRIDDEN_AT_RUNTIME,
        sets("systemd-networkd", Occasion.INTERFACE_CONFIGURED, SystemdVersions.BEFORE_256),
    ),
    (NoteKind.OVERRIDDEN_AT_RUNTIME, sets("systemd-networkd", Occasion.PROGRAM_START, SystemdVersions.FROM_256)),
    (NoteKind.DOCKER_DROPS, {"host": HOST}),
    (NoteKind.DOCKER_WILL_NOT_DROP, {"host": HOST}),
    (WantedTwice.PARAMETER, {"value": IPV4, "other": IPV4, "holder": "urn:another"}),
    (WantedTwice.DROP_IN, {"value": PATH, "other": PATH, "holder": "urn:another"}),
    (ForwardingFailure.URI_MISSING, {}),
    (ForwardingFailure.DROP_IN_NAME, {}),
    (ForwardingFailure.DROP_IN_SUFFIX, {}),
    (ForwardingFailure.DROP_IN_SPACE, {}),
    (ForwardingFailure.KERNELS_WORD, {"name": "all"}),
    (ForwardingFailure.PATTERN_CHARACTER, {}),
    (ForwardingFailure.NAMES_NEITHER, {}),
    (ForwardingFailure.NO_INTERFACES, {}),
]

MAKES: Makes = {
    StepKind: Summary,
    FaultKind: Fault,
    RefusalKind: Refusal,
    ProblemKind: Problem,
    NoteKind: Note,
    ForwardingFailure: failed,
    WantedTwice: failed,
}


def test_every_sentence_is_as_the_golden_file_has_it() -> None:
    said = [(kind.name, read(messages(), MAKES, kind, details)) for kind, details in EXAMPLES]
    said.append(("REPLACEMENT", messages().replacement))

    assert_golden(Path(__file__).parent / "messages.txt", said)


def test_every_kind_is_in_the_golden_file() -> None:
    every: Iterable[Enum] = (kind for kinds in MAKES for kind in kinds)

    assert {kind for kind, _ in EXAMPLES} == set(every)


@given(hosts(), st.lists(INPUTS, min_size=1, max_size=3), st.data())
def test_what_is_done_and_recorded_does_not_depend_on_a_sentence(
    host: FakeHost, history: list[dict[str, Any]], data: st.DataObject
) -> None:
    fails_at = data.draw(st.none() | st.integers(0, 4))
    bare = copy.deepcopy(host)

    with_sentences, with_kinds = (
        carried_out(HOST_FORWARDING, found, clients, FakeHost.state, history, fails_at, worded)
        for found, worded in ((host, messages()), (bare, KIND_NAMES))
    )

    assert with_kinds == with_sentences


def test_a_replacement_on_the_same_host_says_what_becomes_of_forwarding() -> None:
    """With `pulumi up --replace` the engine tells a provider nothing of what is recorded."""
    host = forwarding_host()
    desired = checked_forwarding(on_delete="keep")
    lifecycle.create(HOST_FORWARDING, desired, lambda _: clients(host), lambda line: None)

    found = lifecycle.preview(HOST_FORWARDING, None, desired, lambda _: clients(host))

    assert found.if_replaced is not None
    assert found.if_replaced.replaced == found.subject
    assert [note.kind for note in found.if_replaced.notes] == [NoteKind.KEPT_ON_DELETE]
    assert lifecycle.preview(HOST_FORWARDING, None, desired, lambda _: clients(forwarding_host())).if_replaced is None


def test_the_preview_of_a_replacement_says_what_becomes_of_forwarding() -> None:
    here, there = forwarding_host(), forwarding_host()
    there_uri = "qemu+ssh://root@there/system"

    def connect(uri: str) -> Clients:
        return clients(there, host_uuid="another") if uri == there_uri else clients(here)

    lines: list[str] = []
    own = replace(HOST_FORWARDING, messages=lambda: KIND_NAMES._replace(replacement="THIS RESOURCE'S OWN WORDS"))
    recorded = lifecycle.create(own, checked_forwarding(on_delete="keep"), connect, lines.append)
    desired = checked_forwarding(uri=there_uri, on_delete="keep")
    changes = lifecycle.diff(own, recorded, desired, connect).changes

    lines = preview_lines(own, recorded, desired, connect, changes)

    subject = "IP forwarding on qemu:///system"
    assert [change.path for change in changes] == ["uri"]
    assert lines[1:] == [f"{subject}: THIS RESOURCE'S OWN WORDS", f"{subject}: note: KEPT_ON_DELETE"]
