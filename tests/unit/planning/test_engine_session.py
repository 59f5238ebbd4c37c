"""What an adapter keeps between the engine's calls, whatever its protocol."""

import contextlib
import threading
from dataclasses import replace
from typing import Any

import pytest
from tests.fakes.libvirt import FakeLibvirt
from tests.kinds import IN_KINDS, NETWORK_IN_KINDS

from virtnet.errors import LibvirtFailure, Refused, Unreachable, VirtnetError
from virtnet.network.plan.kinds import NoteKind, RefusalKind
from virtnet.planning import messages
from virtnet.planning.clients.clients import Clients
from virtnet.planning.engine_session import DEFAULT_URI, EngineSession, Reviewed
from virtnet.planning.findings import Note, Refusal, Subject
from virtnet.planning.lifecycle import Connect
from virtnet.planning.preview.found import Preview

LAB = {"name": "lab", "uri": "qemu:///system", "__owner": "project/stack/lab"}


def session(connect: Connect) -> EngineSession[Connect]:
    return EngineSession(lambda: connect)


def unreachable(uri: str) -> Clients:
    raise Unreachable(f"{uri} cannot be reached")


def checked(**inputs: Any) -> dict[str, object]:
    canonical, failures = NETWORK_IN_KINDS.check({**LAB, **inputs}, {})
    assert failures == []
    return canonical


@pytest.mark.parametrize(
    ("environment", "configured", "uri"),
    [
        (None, None, DEFAULT_URI),
        ("test:///environment", None, "test:///environment"),
        ("test:///environment", "test:///configured", "test:///configured"),
    ],
)
def test_where_the_uri_comes_from(environment: str | None, configured: str | None, uri: str) -> None:
    kept = EngineSession(lambda: unreachable, environment)

    kept.configure(configured, None)

    assert (kept.uri, kept.unreachable) == (uri, "fail")


def test_an_error_stays_what_it_is_without_secrets_and_controls() -> None:
    kept = session(unreachable)
    kept.keep_secret({"hunter2"})

    error = kept.presentable(LibvirtFailure("could not \x1b[2J start hunter2", 38))

    assert type(error) is LibvirtFailure
    assert (str(error), error.code, error.__traceback__) == ("could not \\x1b[2J start [secret]", 38, None)


def test_hosts_are_made_once_whatever_the_number_of_threads() -> None:
    made: list[object] = []

    def make() -> Connect:
        made.append(threading.current_thread())
        return unreachable

    kept = EngineSession(make)
    threads = [threading.Thread(target=lambda: kept.hosts) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(made) == 1


@pytest.mark.parametrize("policy", ["fail", "recorded"])
def test_a_refresh_of_a_host_that_cannot_be_reached(policy: str) -> None:
    kept = session(unreachable)
    kept.configure(None, policy)

    if policy == "fail":
        with pytest.raises(VirtnetError, match="cannot be reached"):
            kept.read(NETWORK_IN_KINDS, "id", LAB)
        return
    shown = kept.read(NETWORK_IN_KINDS, "id", LAB)

    assert shown.outputs == LAB
    assert shown.warning.endswith("cannot be reached")


def test_what_a_refresh_found_before_is_no_news_but_to_a_reviewer() -> None:
    libvirt = FakeLibvirt()
    kept = session(lambda uri: Clients(libvirt=libvirt, host=None))
    found = {"kind": "bridge-down", "details": {"bridge": "vn-lab"}}
    resource = replace(NETWORK_IN_KINDS, outputs=lambda inputs, recorded, observed: {**recorded, "problems": [found]})
    desired = checked()
    recorded = {**desired, "uuid": "6f1c2a3e-0000-4000-8000-00000012ab34", "persistent": True, "problems": [found]}

    kept.read(resource, "id", recorded)
    refreshed, for_a_reviewer = kept.diff(resource, "urn", "id", recorded, desired)
    kept.checked("urn")
    previewed, for_a_reviewer_then = kept.diff(resource, "urn", "id", recorded, desired)

    assert [change.path for change in refreshed.changes] == []
    assert [change.path for change in previewed.changes] == ["problems"]
    assert (for_a_reviewer, for_a_reviewer_then) == (False, True)


@pytest.mark.parametrize(
    ("before", "is_anew"), [({}, True), ({"__owner": "shop/prod/old"}, True), ({"name": "other"}, False)]
)
def test_what_is_made_anew_is_known_by_its_old_name_too(before: dict[str, str], is_anew: bool) -> None:
    """Where a record was moved or renamed since its last update, a delete tells the old name."""
    kept, desired = session(unreachable), checked()
    kept.claim(NETWORK_IN_KINDS, str(desired["__owner"]), {}, desired)
    kept.to_be_made(str(desired["__owner"]), desired)

    anew = kept.made_anew(NETWORK_IN_KINDS, {**checked(**before), "__owner": "shop/prod/other", **before})

    assert anew == (desired if is_anew else None)


def test_a_line_that_was_previewed_is_known() -> None:
    kept = session(unreachable)

    found = kept.preview(NETWORK_IN_KINDS, None, checked())

    assert (len(found.refusals), found.lines) == (1, [])
    assert kept.was_previewed(found.refusals[0])
    assert not kept.was_previewed("another")


@pytest.mark.parametrize(
    ("setting", "refusals", "fails"),
    [(None, ["one"], False), ("show", ["one"], False), ("fail", ["one"], True), ("fail", [], False)],
)
def test_a_preview_fails_where_something_would_be_refused_and_that_is_asked_for(
    setting: str | None, refusals: list[str], fails: bool
) -> None:
    kept = session(unreachable)
    kept.configure(None, None, setting)
    expected = pytest.raises(Refused, match="one") if fails else contextlib.nullcontext()

    with expected:
        kept.fail_if_refused(Reviewed(refusals, ["a line"]))


SUBJECT = Subject("network", "lab", "qemu:///system")
DOWN = Preview(SUBJECT, error=Unreachable("down"))
REFUSED = Preview(SUBJECT, refusals=(Refusal(RefusalKind.EXISTS, {}),), notes=(Note(NoteKind.RESUMED, {}),))
WELL = Preview(SUBJECT, partly_unknown=True)


@pytest.mark.parametrize(
    ("preview", "refused"),
    [
        (WELL, False),
        (DOWN, True),
        (REFUSED, True),
        (WELL._replace(claimed_by="urn:another"), True),
        (REFUSED._replace(if_replaced=REFUSED), True),
        (REFUSED._replace(if_replaced=WELL), False),
        (REFUSED._replace(unknown=("name",), replaced=SUBJECT), False),
        (WELL._replace(if_replaced=REFUSED), False),
        (REFUSED._replace(if_moved=WELL), True),
    ],
)
def test_what_is_refused_whatever_it_turns_out_to_be(preview: Preview, refused: bool) -> None:
    refusals, rest = messages.reviewed(preview, IN_KINDS)

    assert preview.is_refused is refused
    assert bool(refusals) is refused
    assert sorted([*refusals, *rest]) == sorted(messages.lines(preview, IN_KINDS))
    assert not refused or not [line for line in rest if "pulumi up would" in line]


def test_a_refusal_stands_first() -> None:
    first, *rest = messages.lines(REFUSED._replace(partly_unknown=True), IN_KINDS)

    assert "pulumi up would refuse this" in first
    assert not [line for line in rest if "pulumi up would" in line]
