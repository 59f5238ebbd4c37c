"""The program of a whole host, and the same as JSON."""

import json
import types
from collections.abc import Callable
from typing import Any, NamedTuple

from tests.builders import network
from tests.fakes.kernel import FakeSysctl
from tests.unit.port_forward.hosts import LAB_UUID, applied, at, checked, forwarding_host, lab

from virtnet.commands.importing import messages, read
from virtnet.commands.importing.program import Whole, as_json, program
from virtnet.errors import AccessDenied, Refused
from virtnet.forwarding.boot_files.drop_in import DropIn, render
from virtnet.forwarding.kinds import FaultKind
from virtnet.forwarding.observed import ForwardingReport
from virtnet.forwarding.sysctl import IPV4
from virtnet.network.observed import reported
from virtnet.planning.ownership.marks import Mark
from virtnet.port_forward.observe.survey import survey
from virtnet.port_forward.restore.record import Record

URI = "qemu:///system"
DROP_IN = "/etc/sysctl.d/90-virtnet-forwarding.conf"


class Declared(NamedTuple):
    """A resource that a program declares."""

    kind: str
    name: str
    inputs: dict[str, Any]


def declared(printed: str) -> list[Declared]:
    """What the program declares, with a network's name where it refers to one."""
    found: list[Declared] = []

    def noting(kind: str) -> Callable[..., types.SimpleNamespace]:
        def noted(name: str, **inputs: Any) -> types.SimpleNamespace:
            found.append(Declared(kind, name, inputs))
            return types.SimpleNamespace(name=inputs.get("name", name))

        return noted

    kinds = {kind: noting(kind) for kind in ("HostForwarding", "LibvirtNetwork", "PortForward")}
    exec(printed.replace("import pulumi_virtnet as virtnet", ""), {"virtnet": types.SimpleNamespace(**kinds)})  # noqa: S102
    return found


def forwarding(*, kept: bool = True, on: bool = True) -> ForwardingReport:
    text = render(DropIn(Mark("project/stack/ip"), ((IPV4, "1"),)))
    return ForwardingReport(
        host="this host",
        host_uuid="",
        values={IPV4: "1" if on else "0"},
        files={DROP_IN: text} if kept else {},
        users={},
        docker=False,
        routed_by_advertisement=(),
    )


def records() -> tuple[Record, ...]:
    host = forwarding_host()
    applied(at(host), checked())
    return survey(host).records


def whole() -> Whole:
    networks = [reported(lab()), reported(network("other", "nat", "10.9.0.1/24"))]
    return Whole(URI, forwarding(), networks, records())


def test_all_of_it_is_in_one_program_that_python_runs() -> None:
    printed = program(whole())

    assert [(one.kind, one.name) for one in declared(printed)] == [
        ("HostForwarding", "ip"),
        ("LibvirtNetwork", "lab"),
        ("LibvirtNetwork", "other"),
        ("PortForward", "web"),
    ]
    assert all(one.inputs["adopt"] is True for one in declared(printed))


def test_a_port_forward_refers_to_its_network() -> None:
    printed = program(whole())

    assert "    network=lab.name,\n" in printed
    assert declared(printed)[-1].inputs["network"] == "lab"


def test_a_port_forward_of_a_network_that_is_not_there_names_it() -> None:
    assert '    network="lab",\n' in program(whole()._replace(networks=[]))


def test_variables_differ_where_names_are_the_same() -> None:
    networks = [reported(lab()), reported(network("web", "nat", "10.9.0.1/24")), reported(network("ip", "nat"))]

    printed = program(whole()._replace(networks=networks))

    variables = [line.partition(" = virtnet.")[0] for line in printed.splitlines() if " = virtnet." in line]
    assert variables == ["ip", "lab", "web", "network_ip", "forward_web"]


def test_with_a_uri_each_resource_names_its_host() -> None:
    assert {one.inputs["uri"] for one in declared(program(whole(), names_uri=True))} == {URI}


def test_forwarding_that_nobody_keeps_is_a_comment_with_the_line_that_keeps_it() -> None:
    printed = program(whole()._replace(forwarding=forwarding(kept=False)))

    assert '# virtnet.HostForwarding("ip-forwarding", ipv4=True)\n' in printed
    assert "HostForwarding" not in [one.kind for one in declared(printed)]


def test_forwarding_that_is_off_is_no_comment() -> None:
    assert "HostForwarding" not in program(whole()._replace(forwarding=forwarding(kept=False, on=False)))


def test_what_was_not_read_is_a_comment() -> None:
    reason = messages.not_read("Port forwards", AccessDenied("only root may list nftables\nreally"))

    printed = program(Whole(URI, None, [], [], (reason,)))

    assert "# Port forwards: not read. only root may list nftables" in printed
    assert declared(printed) == []


def test_a_hostile_uri_or_owner_stays_in_its_comment() -> None:
    hostile = 'x"""\nimport os\n'
    text = render(DropIn(Mark("project/stack/ip", urn=hostile), ((IPV4, "1"),)))
    found = forwarding()._replace(files={DROP_IN: text})

    printed = program(Whole(hostile, found, [], [], (messages.not_read("IP forwarding", AccessDenied(hostile)),)))

    assert [one.kind for one in declared(printed)] == ["HostForwarding"]
    assert "\nimport os" not in printed


def test_programs_get_the_same() -> None:
    told = json.loads(as_json(whole()))

    assert told["uri"] == URI
    assert [(one["name"], one["file"], one["inputs"]) for one in told["forwarding"]] == [
        ("ip", DROP_IN, {"adopt": True, "ipv4": True})
    ]
    assert told["networks"][0]["uuid"] == LAB_UUID
    assert [one["inputs"]["network"] for one in told["port_forwards"]] == ["lab"]
    assert told["not_read"] == []


def test_why_forwarding_was_not_read_is_a_sentence() -> None:
    host = forwarding_host()
    clients = at(host)

    class Denied(FakeSysctl):
        """The kernel of a host that doesn't let this user read."""

        def list_directory(self, path: str) -> list[str]:
            raise Refused(kind=FaultKind.NO_HOST_ACCESS, details={"uri": URI})

    host.sysctl = Denied(host.sysctl.effects, host.sysctl.kernel)
    found = read.whole(clients, URI)

    (reason,) = found.not_read
    assert reason.startswith("IP forwarding: not read. ")
    assert URI in reason
    assert FaultKind.NO_HOST_ACCESS.name not in reason
