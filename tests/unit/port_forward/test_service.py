"""The service that puts rules back: started anew by what is installed anew, and as it was found after a roll-back."""

import pytest
from tests.fakes.host import FakeHost
from tests.unit.port_forward.hosts import applied, at, checked, deleted, forwarding_host, planned, refreshed

from virtnet.errors import ApplyFailed
from virtnet.planning.reports import ServiceReport
from virtnet.port_forward.kinds import StepKind
from virtnet.port_forward.messages import messages
from virtnet.port_forward.restore.files import COMMON_PATH, SCRIPT_PATH, SERVICE, SERVICE_PATH

RUNS = ServiceReport(enabled=True, active=True)
ANOTHER = {"__owner": "project/stack/shop", "__urn": "urn:pulumi:stack::project::virtnet:index:PortForward::shop"}
NEXT = checked(**ANOTHER, ports=[{"protocol": "tcp", "listen_port": "9090"}])
START = f"set {SERVICE}: enabled, active"

LOAD = "load rules into nftables"


def of_an_older_release(host: FakeHost, path: str) -> None:
    host.files.texts[path] += "# of an older release\n"
    host.effects.log = []


@pytest.mark.parametrize(
    ("path", "starts"), [(SCRIPT_PATH, [START]), (SERVICE_PATH, [START]), (COMMON_PATH, [])], ids=str
)
@pytest.mark.parametrize("by", ["an update", "a create", "a delete"])
def test_what_runs_is_started_anew_where_it_is_another_by_now(path: str, starts: list[str], by: str) -> None:
    host = forwarding_host()
    clients = at(host)
    recorded = applied(clients, checked())
    second = applied(clients, NEXT)
    of_an_older_release(host, path)

    if by == "an update":
        applied(clients, checked(), refreshed(clients, recorded))
    elif by == "a create":
        applied(clients, checked(__owner="p/s/third", __urn=None, ports=[{"protocol": "tcp", "listen_port": "70"}]))
    else:
        deleted(clients, second)

    assert [done for done in host.effects.log if done.startswith("set ")] == starts
    assert host.effects.log.count(f"write {path}") == 1
    assert host.effects.log[-1] == (START if starts else host.effects.log[-1])


def test_a_delete_starts_no_service_that_others_stopped() -> None:
    host = forwarding_host()
    clients = at(host)
    applied(clients, checked())
    second = applied(clients, NEXT)
    of_an_older_release(host, SCRIPT_PATH)
    host.services.found[SERVICE] = ServiceReport(enabled=True, active=False)

    deleted(clients, second)

    assert host.services.found[SERVICE] == ServiceReport(enabled=True, active=False)


@pytest.mark.parametrize("fails_after", [False, True])
@pytest.mark.parametrize(
    "found",
    [
        ServiceReport(enabled=True, active=True),
        ServiceReport(enabled=True, active=False),
        ServiceReport(enabled=False, active=True),
        ServiceReport(enabled=False, active=False),
    ],
    ids=str,
)
@pytest.mark.parametrize("older", [None, SCRIPT_PATH, SERVICE_PATH])
def test_a_create_that_is_taken_back_leaves_it_as_it_was_found(
    found: ServiceReport, older: str | None, fails_after: bool
) -> None:
    number = taken_back = 0
    while True:
        host = forwarding_host()
        applied(at(host), checked())
        host.services.found[SERVICE] = found
        if older is not None:
            of_an_older_release(host, older)
        files = dict(host.files.texts)
        undone = broken_at(number, host, fails_after)
        if undone is not None:
            taken_back += 1
            assert (host.services.found[SERVICE], host.files.texts) == (found, files)
            if found.active and f"write {older}" in undone:
                assert undone[-1].startswith(f"set {SERVICE}: "), "what runs is what is there again"
        elif number < len(host.effects.log):
            assert (fails_after, host.effects.log[number]) == (True, LOAD), "what is there counts, whatever nft said"
        else:
            break
        number += 1
    assert taken_back >= 2 - fails_after


def broken_at(effect: int, host: FakeHost, fails_after: bool) -> list[str] | None:
    """What is done to take a create back that fails at that effect; None where the create is done."""
    host.effects.log, host.effects.fail_at, host.effects.fail_after = [], effect, fails_after
    try:
        applied(at(host), NEXT)
    except ApplyFailed:
        return host.effects.log[effect + 1 :]
    return None


def test_a_delete_that_is_taken_back_has_it_run_again() -> None:
    host = forwarding_host()
    clients = at(host)
    recorded = applied(clients, checked())
    files = dict(host.files.texts)
    host.effects.log, host.effects.fail_at, host.effects.fail_after = [], 8, True

    with pytest.raises(ApplyFailed) as failed:
        deleted(clients, recorded)

    assert host.effects.log[8] == "remove /etc/virtnet", "the last effect of all"
    assert failed.value.left == ()
    assert (host.services.found[SERVICE], host.files.texts) == (RUNS, files)


def test_what_is_done_to_it_is_said() -> None:
    host = forwarding_host()
    clients = at(host)
    recorded = applied(clients, checked())
    of_an_older_release(host, SCRIPT_PATH)

    install, start = planned(clients, checked(), refreshed(clients, recorded)).steps

    assert (install.describe().kind, start.describe().kind) == (StepKind.INSTALL_RESTORE, StepKind.RESTART_RESTORE)
    assert messages().sentence(start.describe()) == f"restart {SERVICE} with the installed files"
    host.services.found[SERVICE] = ServiceReport(enabled=False, active=False)
    *_, remove = planned(clients, None, recorded).steps
    assert messages().sentence(remove.describe()).startswith("remove /etc/virtnet/port-forwards.nft")


def test_the_last_delete_leaves_no_directory() -> None:
    host = forwarding_host()
    clients = at(host)
    recorded, second = applied(clients, checked()), applied(clients, NEXT)

    deleted(clients, second)
    assert host.files.removed == []
    deleted(clients, recorded)

    assert host.files.removed == ["/etc/virtnet/port-forwards", "/etc/virtnet"]
