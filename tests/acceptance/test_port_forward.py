"""A port that leads to a guest, under the real engine and in both forms, with packets as witnesses."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.acceptance.native_stack import FORMS, NativeStack
from tests.acceptance.stack import Stack
from tests.hosts.peers import HOST, OUTSIDE, WEB, Site, site
from tests.hosts.sandboxed import Host

pytestmark = pytest.mark.acceptance

REACHED = f"web 80 {OUTSIDE[4]}"
PORTS = [{"protocol": "tcp", "listen_port": "8080", "target_port": "80"}]


@pytest.fixture
def lab(host: Host) -> Iterator[Site]:
    with site(host) as made:
        made.start_network("nat")
        made.peers["web"].serve("web", "tcp", 80, 81)
        yield made
        made.remove_network()


@pytest.fixture(params=FORMS, ids=["dynamic", "native"])
def stack(request: pytest.FixtureRequest, host: Host) -> Stack:
    made: Stack = request.param(host)
    return made


def web(**more: Any) -> dict[str, Any]:
    args = {"network": "lab", "target_address": WEB[4], "ports": PORTS, "listen_address": HOST[4]}
    return {"type": "PortForward", "name": "web", "args": args, **more}


def from_outside(lab: Site, port: int = 8080) -> str:
    return lab.peers["outside"].connect("tcp", HOST[4], port)


def traces(host: Host) -> str:
    return host.sh("find /etc/virtnet /etc/systemd/system 2>/dev/null | sort; nft list tables; ip -o link; ip rule")


def test_a_way_in_lives_from_its_preview_to_its_destroy(lab: Site, stack: Stack) -> None:
    before = traces(lab.host)
    stack.declare(web())

    previewed = stack.preview()
    assert traces(lab.host) == before
    stack.up()

    assert (
        f"port forward 'web' on qemu:///system: note: opens tcp 8080 of {HOST[4]} to {WEB[4]}:80, from anywhere"
        in previewed
    )
    assert from_outside(lab) == REACHED
    assert stack.unchanged_by_each()

    lab.host.sh("nft delete table inet virtnet_port_forwards")
    assert from_outside(lab) != REACHED
    stack.refresh()
    assert "problems changes (its rules are missing, so connections fail) [live]" in stack.preview()
    stack.up()
    assert from_outside(lab) == REACHED
    assert stack.unchanged()

    # Numbers for ports, another source, and a second port beside the first.
    more = [*PORTS, {"protocol": "tcp", "listen_port": 8081, "target_port": 81}]
    stack.declare(web(args={**web()["args"], "ports": more, "sources": [OUTSIDE[4]]}))
    changing = stack.preview()
    stack.up()
    assert f"this opens less than before: {OUTSIDE[4]}/32 may connect (before: anybody)" in changing
    assert from_outside(lab, 8081) == f"web 81 {OUTSIDE[4]}"
    assert stack.unchanged()

    stack.destroy()
    assert from_outside(lab) != REACHED
    assert traces(lab.host) == before


def test_moved_into_a_component_without_an_alias_it_stays_open(lab: Site, stack: Stack) -> None:
    stack.declare(web())
    stack.up()
    stack.declare(web(component="shop"))

    stack.up()

    assert from_outside(lab) == REACHED
    assert stack.unchanged()
    stack.destroy()
    assert from_outside(lab) != REACHED


@pytest.mark.parametrize("first", [True, pytest.param(False, marks=pytest.mark.further)])
def test_renamed_by_an_alias_and_made_anew_in_either_order_it_has_one_record(
    lab: Site, stack: Stack, first: bool
) -> None:
    stack.declare(web())
    stack.up()
    (old,) = (one["urn"] for one in stack.recorded() if "PortForward" in one["type"])
    moved = web(name="shop", component="shop")
    stack.declare(moved)
    refused = stack.preview()
    stack.declare({**moved, "options": {"aliases": [old], "delete_before_replace": first}})

    renamed = stack.preview()
    stack.up()
    stack.pulumi("up", "--yes", "--skip-preview", "--replace", "**::shop")

    assert f"aliases=['{old}']" in refused
    assert "owner changes (the owner mark on the host must name" in renamed
    assert from_outside(lab) == REACHED
    (record,) = lab.host.sh("grep -h virtnet-urn /etc/virtnet/port-forwards/*.nft").splitlines()
    assert record.endswith("PortForward::shop")
    assert stack.unchanged()


def test_what_is_refused_fails_the_update_and_touches_nothing(lab: Site, stack: Stack) -> None:
    before = traces(lab.host)
    stack.declare(web(args={**web()["args"], "ports": [{"protocol": "tcp", "listen_port": "22"}]}))

    previewed, refused = stack.preview(check=False), stack.up(check=False)

    reason = "tcp 22 is the port of this host's own ssh server, and may be your only way to log in"
    assert reason in previewed
    assert reason in refused
    assert traces(lab.host) == before
    stack.declare(web(args={**web()["args"], "ports": []}))
    assert "ports=[]: is empty. Add at least one port" in stack.preview(check=False)


def test_one_that_is_there_is_imported_by_its_port(lab: Site, host: Host) -> None:
    first = Stack(host, "first")
    first.declare(web())
    first.up()
    first.pulumi("state", "delete", "--all", "--yes", "--force")
    second = NativeStack(host, "first2")

    refused = second.pulumi("import", "virtnet:index:PortForward", "web", "8080/tcp", "--yes", check=False)

    assert "was not imported: its owner mark names 'urn:pulumi:first::" in refused.stdout + refused.stderr
    assert from_outside(lab) == REACHED
    first.up()
    assert first.unchanged()
    first.destroy()
