"""HostForwarding: what check refuses, what a plan decides and says, what read shows."""

import json
from collections.abc import Mapping
from enum import Enum
from typing import Any, ClassVar

import pytest
from tests.builders import FORWARDING_OWNER as OWNER
from tests.builders import checked_forwarding as desired
from tests.builders import clients, forwarding_host, network
from tests.fakes.host import FakeHost
from tests.fakes.kernel import FakeKernel
from tests.fakes.libvirt import HOST_UUID
from tests.kinds import FORWARDING, IN_KINDS, preview_lines

from virtnet.errors import HostFailure, Refused
from virtnet.forwarding.boot_files.drop_in import parse, runtime_record_of
from virtnet.forwarding.check import check
from virtnet.forwarding.kinds import FaultKind, ForwardingFailure, NoteKind, RefusalKind, StepKind, UserKind
from virtnet.forwarding.observe import observe
from virtnet.forwarding.plan.plan import plan
from virtnet.forwarding.resource import HOST_FORWARDING, identity, outputs
from virtnet.forwarding.sysctl import IPV4, IPV6
from virtnet.planning import lifecycle
from virtnet.planning.apply import apply
from virtnet.planning.clients.clients import Clients
from virtnet.planning.findings import Fault, Note, Refusal, Summary
from virtnet.planning.ownership.marks import Mark
from virtnet.planning.plan import Plan
from virtnet.planning.reports import NetworkReport
from virtnet.spec.failures import Failure, SpecFailure
from virtnet.spec.part import UNKNOWN
from virtnet.transport.uri import UriFaultKind

PATH = "/etc/sysctl.d/90-virtnet-forwarding.conf"
RECORD = runtime_record_of(Mark(OWNER))
HARDENING = "/etc/sysctl.d/99-hardening.conf"
LAB = "/etc/sysctl.d/10-lab.conf"
HIDDEN = "/usr/lib/sysctl.d/90-virtnet-forwarding.conf"
NAT = network("default", "nat", "192.168.122.1/24")
NAT_NEEDS_IT = {"kind": UserKind.NETWORK.value, "mode": "nat", "name": "default"}


def planned(
    host: FakeHost,
    inputs: Mapping[str, Any] | None,
    recorded: Mapping[str, Any] | None = None,
    *networks: NetworkReport,
) -> Plan:
    return plan(inputs, recorded, observe(clients(host, networks), inputs, recorded or {}))


def applied(host: FakeHost, inputs: Mapping[str, Any], recorded: Mapping[str, Any] | None = None) -> dict[str, Any]:
    decided = planned(host, inputs, recorded)
    apply(decided, clients(host), FORWARDING, messages=lambda: IN_KINDS)
    return shown(host, inputs, {**(recorded or {}), **decided.details})


def shown(host: FakeHost, inputs: Mapping[str, Any], recorded: Mapping[str, Any]) -> dict[str, Any]:
    return outputs(inputs, recorded, observe(clients(host), {}, recorded))


class TestCheck:
    @pytest.mark.parametrize(
        ("inputs", "path", "kind", "details"),
        [
            ({"drop_in": "90-ours"}, "drop_in", ForwardingFailure.DROP_IN_SUFFIX, {}),
            ({"drop_in": "../90-ours.conf"}, "drop_in", ForwardingFailure.DROP_IN_NAME, {}),
            ({"drop_in": ".90-ours.conf"}, "drop_in", ForwardingFailure.DROP_IN_NAME, {}),
            ({"drop_in": "90 ours.conf"}, "drop_in", ForwardingFailure.DROP_IN_SPACE, {}),
            ({"drop_in": "90\nours.conf"}, "drop_in", SpecFailure.CONTROL_CHARACTER, {"code": 10}),
            ({"ipv4": "yes"}, "ipv4", SpecFailure.NO_TRUTH_VALUE, {}),
            ({"ip4": True}, "ip4", SpecFailure.MISSPELT_KEY, {}),
            ({"on_delete": "restor"}, "on_delete", SpecFailure.NO_CHOICE, {"choices": "restore, keep"}),
            ({"uri": None}, "uri", ForwardingFailure.URI_MISSING, {}),
            (
                {"interfaces": {"all": {"ipv4": True}}},
                'interfaces["all"]',
                ForwardingFailure.KERNELS_WORD,
                {"name": "all"},
            ),
            (
                {"interfaces": {"eth*": {"ipv4": True}}},
                'interfaces["eth*"]',
                ForwardingFailure.PATTERN_CHARACTER,
                {},
            ),
            ({"interfaces": {"eth0": {}}}, 'interfaces["eth0"]', ForwardingFailure.NAMES_NEITHER, {}),
            ({"interfaces": {}}, "interfaces", ForwardingFailure.NO_INTERFACES, {}),
            ({"interfaces": {"eth0": None}}, "interfaces", ForwardingFailure.NO_INTERFACES, {}),
            ({"interfaces": {"eth0": {"ipv4": None}}}, "interfaces", ForwardingFailure.NO_INTERFACES, {}),
            (
                {"interfaces": {"eth0": {"ipv5": True}}},
                'interfaces["eth0"].ipv5',
                SpecFailure.MISSPELT_KEY,
                {},
            ),
            (
                {"interfaces": {"eth0.1": {"ipv4": "on"}}},
                'interfaces["eth0.1"].ipv4',
                SpecFailure.NO_TRUTH_VALUE,
                {},
            ),
            (
                {"interfaces": {"a/b": {"ipv4": True}}},
                'interfaces["a/b"]',
                SpecFailure.NO_INTERFACE_NAME,
                {},
            ),
            (
                {"interfaces": {"; rm -rf /": {"ipv4": True}}},
                'interfaces["; rm -rf /"]',
                SpecFailure.NO_INTERFACE_NAME,
                {},
            ),
            (
                {"interfaces": {"a" * 16: {"ipv4": True}}},
                f'interfaces["{"a" * 16}"]',
                SpecFailure.INTERFACE_TOO_LONG,
                {"length": 16, "longest": 15},
            ),
        ],
    )
    def test_refuses(self, inputs: dict[str, Any], path: str, kind: Enum, details: Mapping[str, Any]) -> None:
        canonical, failures = check({"uri": "qemu:///system", **inputs}, {})

        assert canonical == {}
        assert [failure[:3] for failure in failures] == [(path, kind, details)]

    @pytest.mark.parametrize(
        ("uri", "kind"),
        [
            ("qemu+ssh://root@host/session", UriFaultKind.SESSION),
            ("qemu+tls://host/system", UriFaultKind.LIBVIRT_ALONE),
            ("qemu+tcp:///system", UriFaultKind.LIBVIRT_ALONE),
            ("test:///default", UriFaultKind.TEST_DRIVER),
        ],
    )
    def test_refuses_a_uri_that_reaches_no_host(self, uri: str, kind: UriFaultKind) -> None:
        assert check({"uri": uri}, {}) == ({}, [Failure("uri", kind, {"uri": uri})])

    def test_refuses_a_uri_that_would_run_a_command(self) -> None:
        found = check({"uri": "qemu+ssh://-oProxyCommand=x@host/system"}, {})

        assert found == ({}, [Failure("uri", UriFaultKind.OPTION, {"part": "user"})])

    @pytest.mark.parametrize("uri", ["qemu:///system", "qemu:///session", "network:///system", "qemu+unix:///system"])
    def test_takes_local_uris(self, uri: str) -> None:
        assert check({"uri": uri, "ipv4": True}, {}) == ({"uri": uri, "ipv4": True}, [])

    def test_takes_unknown_values_anywhere(self) -> None:
        inputs = {"uri": UNKNOWN, "ipv4": UNKNOWN, "interfaces": {"eth0": {"ipv4": UNKNOWN}}, "drop_in": UNKNOWN}

        assert check(inputs, {}) == (inputs, [])
        assert check({"uri": UNKNOWN, "interfaces": UNKNOWN}, {}) == ({"uri": UNKNOWN, "interfaces": UNKNOWN}, [])

    def test_means_ipv4_when_no_parameter_is_named(self) -> None:
        assert desired(persist=True)["ipv4"] is True
        assert desired(interfaces={}, ipv6=True) == {**desired(ipv6=True), "interfaces": {}}
        assert "ipv4" not in desired(ipv6=True)

    def test_the_owner_is_as_pulumi_calls_it_by_now(self) -> None:
        now = {"__owner": "project/stack/new", "__urn": "urn:new"}

        canonical, _ = check({"uri": "qemu:///system", **now}, {"__owner": OWNER, "__urn": "urn:old"})

        assert {name: canonical[name] for name in now} == now


class TestCreate:
    def test_says_what_it_does_and_does_it(self) -> None:
        host = forwarding_host()

        decided = planned(host, desired(ipv4=True))

        assert [step.describe() for step in decided.steps] == [
            Summary(StepKind.WRITE_DROP_IN, {"path": PATH}),
            Summary(StepKind.SET_WHOLE_HOST, {"key": IPV4, "value": "1", "now": "0"}),
        ]
        assert [(change.path, change.kind, change.detail) for change in decided.changes] == [
            ("uri", "add", "qemu:///system"),
            ("ipv4", "add", "true"),
        ]
        assert (decided.notes, decided.refusals) == ((), ())

    def test_writes_only_its_own_keys_under_its_owner(self) -> None:
        host = forwarding_host()

        applied(host, desired(ipv4=True, interfaces={"eth0.100": {"ipv6": False}}))

        written = parse(host.files.texts[PATH])
        assert written is not None
        assert written.mark.owner == OWNER
        assert written.settings == (("net/ipv4/ip_forward", "1"), ("net/ipv6/conf/eth0.100/forwarding", "0"))
        assert not written.edited

    def test_writes_nothing_that_is_there_already(self) -> None:
        kernel = FakeKernel()
        kernel.write("net/ipv4/ip_forward", "2")
        host = forwarding_host(kernel)

        applied(host, desired(ipv4=True, persist=False))

        assert host.effects.log == [f"write {RECORD}"]

    @pytest.mark.parametrize("persist", [True, False])
    def test_finishes_what_was_cut_short_and_remembers_the_values_found(self, persist: bool) -> None:
        host = forwarding_host()
        inputs = desired(ipv4=True, persist=persist)
        first = planned(host, inputs)
        for step in first.steps:  # and here the provider is killed
            step.execute(clients(host))

        recorded = applied(host, inputs)

        assert recorded["previous"] == {"net/ipv4/ip_forward": "0"}

    def test_knows_the_next_boot(self) -> None:
        host = forwarding_host(files={HARDENING: "net.ipv4.conf.all.forwarding = 0\n"})

        decided = planned(host, desired(ipv4=True))
        recorded = applied(host, desired(ipv4=True))

        assert decided.notes == (
            Note(
                NoteKind.OVERRIDDEN_AT_BOOT,
                {"key": IPV4, "at_boot": "0", "value": "1", "source": HARDENING, "path": PATH},
            ),
        )
        assert recorded["at_boot"] == {"net/ipv4/ip_forward": {"value": "0", "source": HARDENING}}

    def test_says_it_as_long_as_it_is_recorded_though_nothing_else_changes(self) -> None:
        host = forwarding_host(files={HARDENING: "net.ipv4.conf.all.forwarding = 0\n"})
        recorded = applied(host, desired(ipv4=True))

        shown = plan(desired(ipv4=True), recorded, None)

        assert shown.changes == ()
        assert shown.notes == (
            Note(
                NoteKind.OVERRIDDEN_AT_BOOT_AS_RECORDED,
                {"key": IPV4, "at_boot": "0", "value": "1", "source": HARDENING},
            ),
        )
        assert plan(desired(ipv4=True, persist=False), recorded, None).notes == ()

    def test_a_drop_in_that_is_gone_is_overridden_by_nobody(self) -> None:
        host = forwarding_host()
        recorded = applied(host, desired(ipv4=True))
        host.remove_file(PATH)
        refreshed = shown(host, desired(ipv4=True), recorded)

        missed = plan(desired(ipv4=True), refreshed, None)

        assert refreshed["at_boot"] == {"net/ipv4/ip_forward": {"value": "0", "source": "kernel default"}}
        assert [change.path for change in missed.changes] == ["persist"]
        assert missed.notes == ()

    def test_a_link_to_nowhere_hides_the_same_name_in_later_directories(self) -> None:
        host = forwarding_host(files={"/usr/lib/sysctl.d/99-z.conf": "net.ipv4.ip_forward = 0\n"})
        host.files.dangling = ["/etc/sysctl.d/99-z.conf"]

        assert planned(host, desired(ipv4=True)).notes == ()

    def test_names_the_line_that_only_procps_reads(self) -> None:
        host = forwarding_host(files={"/etc/sysctl.conf": "net.ipv4.ip_forward=0\n"})

        assert planned(host, desired(ipv4=True)).notes == (
            Note(NoteKind.OVERRIDDEN_BY_PROCPS, {"key": IPV4, "value": "0", "source": "/etc/sysctl.conf"}),
        )

    def test_sets_accept_ra_before_ipv6_forwarding(self) -> None:
        host = forwarding_host(advertised=["eth0"])

        recorded = applied(host, desired(ipv6=True))

        assert host.effects.log[1:] == ["net/ipv6/conf/eth0/accept_ra = 2", "net/ipv6/conf/all/forwarding = 1"]
        assert recorded["previous"]["net/ipv6/conf/eth0/accept_ra"] == "1"

    def test_waits_for_an_interface_that_is_not_there(self) -> None:
        host = forwarding_host()
        inputs = desired(interfaces={"wg0": {"ipv4": True}})

        decided = planned(host, inputs)
        recorded = applied(host, inputs)

        assert decided.notes == (Note(NoteKind.INTERFACE_MISSING, {"interface": "wg0", "path": PATH}),)
        assert recorded["interfaces"] == {"wg0": {"ipv4": True}}
        assert planned(host, inputs, recorded).empty

    @pytest.mark.parametrize(
        ("inputs", "files", "refusal"),
        [
            (
                {},
                {PATH: "net.ipv4.ip_forward=1\n"},
                Refusal(RefusalKind.DROP_IN_NOT_OURS, {"path": PATH, "host": "this host"}),
            ),
            (
                {},
                {HIDDEN: ""},
                Refusal(RefusalKind.DROP_IN_HIDES_FILES, {"path": PATH, "host": "this host", "hidden": [HIDDEN]}),
            ),
            (
                {"interfaces": {"wg0": {"ipv4": True}}, "persist": False},
                {},
                Refusal(RefusalKind.NO_INTERFACE, {"host": "this host", "interface": "wg0"}),
            ),
        ],
    )
    def test_is_refused(self, inputs: dict[str, Any], files: dict[str, str], refusal: Refusal) -> None:
        host = forwarding_host(files=files)

        decided = planned(host, desired(**inputs))
        with pytest.raises(Refused):
            apply(decided, clients(host), FORWARDING, messages=lambda: IN_KINDS)

        assert decided.refusals == (refusal,)
        assert host.effects.log == []

    @pytest.mark.parametrize(
        ("drop_in", "kind"),
        [
            ("90-virtnet-forwarding.conf", RefusalKind.DROP_IN_OF_ANOTHER),
            ("95-mine.conf", RefusalKind.MANAGED_BY_ANOTHER),
        ],
    )
    def test_is_refused_beside_another_resource(self, drop_in: str, kind: RefusalKind) -> None:
        host = forwarding_host()
        applied(host, desired())

        inputs = {**desired(drop_in=drop_in), "__owner": "project/stack/second"}
        decided = planned(host, inputs)

        (refusal,) = decided.refusals
        assert refusal.kind is kind
        assert refusal.details["owner"] == OWNER

    @pytest.mark.parametrize(("first", "second"), [(False, False), (False, True), (True, False)])
    def test_is_refused_beside_another_resource_though_nothing_persists(self, first: bool, second: bool) -> None:
        host = forwarding_host()
        applied(host, desired(persist=first))

        decided = planned(host, {**desired(persist=second, drop_in="95-mine.conf"), "__owner": "project/stack/second"})

        assert decided.refusals == (
            Refusal(
                RefusalKind.MANAGED_BY_ANOTHER,
                {
                    "keys": (IPV4,),
                    "host": "this host",
                    "owner": OWNER,
                    "path": PATH if first else RECORD,
                    "alias": "forwarding",
                },
            ),
        )

    def test_is_possible_where_the_other_resource_is_gone(self) -> None:
        host = forwarding_host()
        for on_delete in ("restore", "keep"):
            recorded = applied(host, desired(persist=False, on_delete=on_delete))
            apply(planned(host, None, recorded), clients(host), FORWARDING, messages=lambda: IN_KINDS)

            decided = planned(host, {**desired(persist=False), "__owner": "project/stack/second"})

            assert decided.refusals == ()

    def test_is_possible_beside_another_resource_with_other_keys(self) -> None:
        host = forwarding_host(advertised=[])
        applied(host, desired(ipv4=True))

        assert planned(host, {**desired(ipv6=True, drop_in="95-mine.conf"), "__owner": "second"}).refusals == ()

    def test_is_refused_where_the_kernel_has_no_ipv6(self) -> None:
        kernel = FakeKernel()
        kernel.ipv6, kernel.accept_ra = {}, {}

        decided = planned(forwarding_host(kernel, advertised=[]), desired(ipv6=True))

        assert decided.refusals == (Refusal(RefusalKind.NO_IPV6, {"host": "this host", "key": IPV6}),)

    def test_off_is_refused_while_a_network_needs_it(self) -> None:
        kernel = FakeKernel()
        kernel.write("net/ipv4/ip_forward", "1")
        host = forwarding_host(kernel)

        refused = planned(host, desired(ipv4=False), None, NAT)
        bridged = network("lan", "bridge")
        isolated = network("lab", "", "10.0.0.1/24")
        six = network("six", "route", "fd00::1/64")
        stopped = network("old", "nat", "10.1.0.1/24", active=False)

        assert refused.refusals == (
            Refusal(
                RefusalKind.STILL_NEEDED,
                {"key": IPV4, "family": "ipv4", "host": "this host", "needed_by": [NAT_NEEDS_IT]},
            ),
        )
        assert planned(host, desired(ipv4=False), None, bridged, isolated, six, stopped).refusals == ()

    def test_without_a_host_is_refused(self) -> None:
        with pytest.raises(Refused) as refused:
            observe(clients(None), desired(), {})

        assert refused.value.kind is FaultKind.NO_HOST_ACCESS

    @pytest.mark.parametrize("verb", ["create", "preview"])
    def test_without_a_host_is_refused_with_its_sentence(self, verb: str) -> None:
        def connect(_: str) -> Clients:
            return clients(None)

        shown: list[str] = []
        if verb == "preview":
            shown = preview_lines(HOST_FORWARDING, None, desired(), connect)
        else:
            with pytest.raises(Refused) as refused:
                lifecycle.create(HOST_FORWARDING, desired(), connect, shown.append)
            shown.append(str(refused.value))

        fault = Fault(FaultKind.NO_HOST_ACCESS, {"uri": "qemu:///system"})
        assert shown[-1].endswith(HOST_FORWARDING.messages().sentence(fault))

    def test_what_only_the_apply_will_know_is_looked_for_nowhere(self) -> None:
        inputs = desired(interfaces=UNKNOWN, ipv4=True)

        decided = planned(forwarding_host(), inputs)

        assert [step.describe().kind for step in decided.steps] == [StepKind.WRITE_DROP_IN, StepKind.SET_WHOLE_HOST]


class TestUpdate:
    def test_moves_the_drop_in(self) -> None:
        host = forwarding_host()
        recorded = applied(host, desired())

        recorded = applied(host, desired(drop_in="95-mine.conf"), recorded)

        assert list(host.files.texts) == ["/etc/sysctl.d/95-mine.conf"]
        assert recorded["drop_in_path"] == "/etc/sysctl.d/95-mine.conf"

    def test_removes_the_drop_in_when_nothing_shall_persist(self) -> None:
        host = forwarding_host()
        recorded = applied(host, desired())

        recorded = applied(host, desired(persist=False), recorded)

        assert list(host.files.texts) == [RECORD]
        assert recorded["drop_in_path"] == ""

    def test_needs_no_record_when_the_drop_in_is_there_again(self) -> None:
        host = forwarding_host()
        recorded = applied(host, desired(persist=False))

        recorded = applied(host, desired(), recorded)

        assert list(host.files.texts) == [PATH]
        assert recorded["previous"] == {"net/ipv4/ip_forward": "0"}

    def test_a_record_that_went_with_a_reboot_is_no_drift(self) -> None:
        kernel = FakeKernel()
        kernel.write("net/ipv4/ip_forward", "1")  # by somebody else, at each boot
        host = forwarding_host(kernel)
        recorded = applied(host, desired(persist=False))
        host.files.texts = {}

        refreshed = shown(host, desired(persist=False), recorded)

        assert refreshed == recorded
        assert plan(desired(persist=False), refreshed, None).changes == ()

    def test_restores_what_it_no_longer_names(self) -> None:
        host = forwarding_host(advertised=["eth0"])
        recorded = applied(host, desired(ipv4=True, ipv6=True))

        recorded = applied(host, desired(ipv4=True), recorded)

        assert host.kernel.values() == {**FakeKernel().values(), **shown_on(host)}
        assert recorded["previous"] == {"net/ipv4/ip_forward": "0"}

    def test_says_that_an_edited_drop_in_is_overwritten(self) -> None:
        host = forwarding_host()
        recorded = applied(host, desired())
        host.files.texts[PATH] += "net.core.somaxconn = 1024\n"

        decided = planned(host, desired(), {**recorded, "persist": False})

        assert [change.path for change in decided.changes] == ["persist"]
        assert decided.notes == (Note(NoteKind.DROP_IN_EDITED, {"path": PATH}),)

    def test_never_takes_a_drop_in_that_became_someone_elses(self) -> None:
        host = forwarding_host()
        recorded = applied(host, desired())
        host.files.texts[PATH] = "# managed by Ansible\n"

        refreshed = {**recorded, "persist": False}
        assert planned(host, desired(), refreshed).refusals == (
            Refusal(RefusalKind.DROP_IN_NOT_OURS, {"path": PATH, "host": "this host"}),
        )

    def test_does_nothing_that_nobody_was_shown(self) -> None:
        host = forwarding_host()
        recorded = applied(host, desired())
        host.kernel.write("net/ipv4/ip_forward", "0")

        decided = planned(host, desired(on_delete="keep"), recorded)

        assert decided.steps == ()
        assert [change.path for change in decided.changes] == ["on_delete"]
        assert decided.notes == (Note(NoteKind.DRIFT_NOT_REVIEWED, {"property": "ipv4"}),)

    def test_never_overwrites_what_changed_since_it_was_planned(self) -> None:
        host = forwarding_host()
        (write, *_) = planned(host, desired()).steps
        host.files.texts[PATH] = "net.ipv4.ip_forward = 0\n"

        with pytest.raises(HostFailure) as failed:
            write.execute(clients(host))

        assert failed.value.kind is FaultKind.CHANGED_MEANWHILE


class TestRead:
    def test_shows_the_runtime_drift(self) -> None:
        host = forwarding_host()
        inputs = desired(ipv4=True, interfaces={"eth0": {"ipv4": True}})
        recorded = applied(host, inputs)
        host.kernel.write("net/ipv4/ip_forward", "0")

        drifted = shown(host, HOST_FORWARDING.recorded_inputs(recorded), recorded)

        assert (drifted["ipv4"], drifted["interfaces"]) == (False, {"eth0": {"ipv4": False}})
        assert "persist" not in drifted
        assert [change.path for change in plan(inputs, drifted, None).changes] == ["ipv4", 'interfaces["eth0"]']

    @pytest.mark.parametrize("text", [None, "", "net.ipv4.ip_forward = 1\n", "edited"])
    def test_shows_a_drop_in_that_is_gone_or_altered(self, text: str | None) -> None:
        host = forwarding_host()
        recorded = applied(host, desired())
        edited = host.files.texts.pop(PATH) + "# a remark\n"
        if text is not None:
            host.files.texts[PATH] = edited if text == "edited" else text

        drifted = shown(host, HOST_FORWARDING.recorded_inputs(recorded), recorded)
        again = shown(host, HOST_FORWARDING.recorded_inputs(drifted), drifted)

        assert drifted["persist"] is False
        assert again == drifted
        assert [change.path for change in plan(desired(), drifted, None).changes] == ["persist"]

    def test_shows_advertisements_that_are_no_longer_taken(self) -> None:
        host = forwarding_host(advertised=["eth0"])
        recorded = applied(host, desired(ipv6=True))
        host.kernel.write("net/ipv6/conf/eth0/accept_ra", "1")

        assert shown(host, desired(ipv6=True), recorded)["preserve_router_advertisements"] is False

    def test_treats_any_number_as_on(self) -> None:
        host = forwarding_host()
        recorded = applied(host, desired())
        host.kernel.write("net/ipv4/ip_forward", "-1")

        assert shown(host, desired(), recorded)["ipv4"] is True

    def test_gives_an_id_of_host_and_drop_in(self) -> None:
        assert identity(applied(forwarding_host(), desired())) == f"{HOST_UUID}/90-virtnet-forwarding.conf"


class TestDelete:
    @pytest.mark.parametrize(
        ("networks", "files", "interfaces", "needed_by"),
        [
            ((NAT,), {}, (), NAT_NEEDS_IT),
            ((), {}, ("docker0",), {"kind": UserKind.DOCKER.value, "mode": "", "name": "docker0"}),
            ((), {LAB: "net/ipv4/ip_forward = 1"}, (), {"kind": UserKind.FILE.value, "mode": "", "name": LAB}),
        ],
    )
    def test_leaves_on_what_others_need(
        self,
        networks: tuple[NetworkReport, ...],
        files: dict[str, str],
        interfaces: tuple[str, ...],
        needed_by: Mapping[str, str],
    ) -> None:
        host = forwarding_host(FakeKernel(("eth0", *interfaces)), files)
        recorded = applied(host, desired())

        decided = planned(host, None, recorded, *networks)
        apply(decided, clients(host), FORWARDING, messages=lambda: IN_KINDS)

        assert host.kernel.values()["net/ipv4/ip_forward"] == "1"
        assert decided.notes == (Note(NoteKind.STAYS_ON, {"key": IPV4, "needed_by": [needed_by]}),)
        assert host.files.texts == files

    def test_keeps_everything_when_told_to(self) -> None:
        host = forwarding_host()
        recorded = applied(host, desired(on_delete="keep"))
        before = host.state()

        apply(planned(host, None, recorded), clients(host), FORWARDING, messages=lambda: IN_KINDS)

        assert host.state() == before

    @pytest.mark.parametrize(
        ("text", "kind"),
        [
            ("net.ipv4.ip_forward = 1\n", NoteKind.FILE_KEPT_NOT_OURS),
            ("edited", NoteKind.FILE_KEPT_EDITED),
        ],
    )
    def test_keeps_a_drop_in_that_is_not_its_own(self, text: str, kind: NoteKind) -> None:
        host = forwarding_host()
        recorded = applied(host, desired())
        edited = host.files.texts[PATH] + "kernel.sysrq = 0\n"
        host.files.texts[PATH] = edited if text == "edited" else text

        decided = planned(host, None, recorded)
        apply(decided, clients(host), FORWARDING, messages=lambda: IN_KINDS)

        assert PATH in host.files.texts
        assert decided.notes[-1].kind is kind

    def test_is_done_when_it_is_gone_already(self) -> None:
        host = forwarding_host()
        recorded = applied(host, desired())
        host.kernel.write("net/ipv4/ip_forward", "0")
        del host.files.texts[PATH]

        assert planned(host, None, recorded).empty


def test_the_verbs_go_round_through_the_wire() -> None:
    host = forwarding_host(FakeKernel(("eth0", "br_0.1")), advertised=["eth0"])
    inputs = desired(ipv6=True, interfaces={"br_0.1": {"ipv4": True}}, drop_in="95-mine.conf")
    lines: list[str] = []

    def travelled(outputs: Mapping[str, Any]) -> dict[str, Any]:
        return HOST_FORWARDING.from_properties(json.loads(json.dumps(HOST_FORWARDING.to_properties(outputs))))

    def connect(_uri: str) -> Clients:
        return clients(host)

    before = host.state()
    created = lifecycle.create(HOST_FORWARDING, inputs, connect, lines.append)
    recorded = travelled(created)
    assert recorded == created
    assert lifecycle.diff(HOST_FORWARDING, recorded, inputs, connect).changes == ()
    assert lifecycle.read(HOST_FORWARDING, recorded, connect) == recorded
    assert lifecycle.update(HOST_FORWARDING, recorded, inputs, connect, lines.append) == recorded
    lifecycle.delete(HOST_FORWARDING, recorded, connect, lines.append)
    assert host.state() == before
    assert lines == []


def test_an_owner_cannot_write_lines_into_the_drop_in() -> None:
    host = forwarding_host()
    owner = "project/stack/x\nkernel.sysrq = 1"

    applied(host, {**desired(), "__owner": owner})

    written = parse(host.files.texts[PATH])
    assert written is not None
    assert (written.mark.owner, written.settings) == (owner, (("net/ipv4/ip_forward", "1"),))


def shown_on(host: FakeHost) -> dict[str, str]:
    """What IPv4 forwarding alone changes."""
    return {key: value for key, value in host.kernel.values().items() if key.startswith("net/ipv4")}


class TestHostileState:
    """Whoever can write a stack's state must not thereby write other parameters, or other files, of the host."""

    EVIL: ClassVar[dict[str, str]] = {
        "kernel/core_pattern": "|/tmp/evil",
        "kernel.core_pattern=|/tmp/evil\nx/accept_ra": "1",
        "net/ipv6/conf/eth0\nkernel.core_pattern=|/tmp/evil\nx/accept_ra": "1",
        "net/ipv4/conf/../../../kernel/core_pattern/forwarding": "1",
        "net/ipv4/ip_forward": "0\nkernel.core_pattern=|/tmp/evil",
    }

    def test_values_found_before_are_believed_of_forwarding_only(self) -> None:
        host = forwarding_host(advertised=())
        recorded = applied(host, desired(ipv4=True, ipv6=True))

        decided = planned(
            host, desired(ipv4=True, ipv6=True, drop_in="99-ours.conf"), {**recorded, "previous": self.EVIL}
        )
        apply(decided, clients(host), FORWARDING, messages=lambda: IN_KINDS)
        gone = planned(host, None, {**recorded, "previous": self.EVIL, "drop_in": "99-ours.conf"})

        texts = "".join(host.files.texts.values()) + decided.details["previous"] + str(decided.steps) + str(gone.steps)
        assert "net/ipv4/ip_forward = 1" in texts
        assert "evil" not in texts
        assert "core_pattern" not in texts

    def test_a_file_that_is_not_ours_is_not_removed(self) -> None:
        host = forwarding_host()
        recorded = applied(host, desired(ipv4=True))
        host.files.texts["/etc/sysctl.d/50-theirs.conf"] = "net.ipv4.ip_forward = 1\n"

        for path in ("/etc/sysctl.d/50-theirs.conf", "/etc/passwd", "/etc/sysctl.d/../passwd"):
            steps = planned(host, None, {**recorded, "drop_in_path": path}).steps
            assert not [step for step in steps if getattr(step, "path", PATH) != PATH]


def test_an_update_that_was_killed_before_it_was_recorded_has_not_forgotten_what_it_found() -> None:
    host = forwarding_host(advertised=())
    first = applied(host, desired(ipv4=True))
    more = desired(ipv4=True, ipv6=True, drop_in="80-other.conf")
    applied(host, more, first)  # nobody recorded it

    again = applied(host, more, first)
    applied(host, desired(ipv4=True), again)

    assert host.kernel.values()["net/ipv6/conf/all/forwarding"] == "0"


@pytest.mark.parametrize(
    ("harm", "drifted"),
    [
        ({}, []),
        ({IPV4: "0"}, ["ipv4"]),
        ({PATH: None}, ["persist"]),
        ({PATH: "net.ipv4.ip_forward = 1\n"}, ["persist"]),
        ({IPV4: "0", PATH: None}, ["ipv4", "persist"]),
    ],
)
def test_a_preview_says_what_of_the_hosts_drift_an_edit_puts_right(
    harm: Mapping[str, str | None], drifted: list[str]
) -> None:
    host = forwarding_host(advertised=[])
    recorded, edited = applied(host, desired()), desired(ipv4=True, ipv6=True)
    for place, value in harm.items():
        if value is None:
            host.remove_file(place)
        elif place == PATH:
            host.write_file(place, value)
        else:
            host.write_sysctl(place, value)

    def connect(_uri: str) -> Clients:
        return clients(host)

    changes = lifecycle.diff(HOST_FORWARDING, recorded, edited, connect).changes

    found = lifecycle.preview(HOST_FORWARDING, recorded, edited, connect, changes)

    assert [change.path for change in found.changes] == ["ipv6"]
    assert sorted(change.path for change in found.drift) == drifted


KILLED: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    "a parameter more": ({}, {"ipv4": True, "ipv6": True}),
    "a value changes": ({"ipv4": True, "ipv6": True}, {"ipv4": True, "ipv6": False}),
    "another drop-in": ({}, {"ipv4": True, "drop_in": "95-other.conf"}),
    "for this boot only": ({}, {"ipv4": True, "ipv6": True, "persist": False}),
    "for every boot from now on": ({"persist": False}, {"ipv4": True, "ipv6": True}),
    "a parameter more of this boot": ({"persist": False}, {"ipv4": True, "ipv6": True, "persist": False}),
    "an interface": ({}, {"ipv4": True, "interfaces": {"eth0": {"ipv6": True}}}),
}


@pytest.mark.parametrize("steps", range(6))
@pytest.mark.parametrize(("before", "edit"), KILLED.values(), ids=KILLED)
def test_what_a_killed_edit_has_left_is_shown_by_a_refresh_and_taken_back(
    before: Mapping[str, Any], edit: Mapping[str, Any], steps: int
) -> None:
    host = forwarding_host(advertised=[])
    inputs = desired(**{"ipv4": True, **before})
    recorded = applied(host, inputs)
    was = seen(host)
    whole = planned(host, desired(**edit), recorded)
    for step in whole.steps[:steps]:
        step.execute(clients(host))
    left = seen(host)

    refreshed = shown(host, recorded, recorded)
    again = shown(host, refreshed, refreshed)
    changes = plan(inputs, refreshed, None).changes
    updated = applied(host, inputs, refreshed) if changes else refreshed

    assert len(whole.steps) < 6
    assert (left == was) == (changes == ())
    assert again == refreshed
    assert seen(host) == was
    assert plan(inputs, updated, None).changes == ()


def seen(host: FakeHost) -> Any:
    """What the host has of forwarding, but for the values found in headers."""
    report = observe(clients(host), {}, {})
    texts = {**report.files, **report.runtime_records}
    return report.values, {
        path: there and there.settings for path, there in zip(texts, map(parse, texts.values()), strict=True)
    }
