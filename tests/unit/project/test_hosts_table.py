"""The document of docs/hosts.md: what a run on several hosts says, and what of it needs an explanation."""

import json
import re
from xml.etree import ElementTree

import pytest
from tests.campaigns.hosts.__main__ import DOCUMENT, EXPLAINED, RUNS
from tests.campaigns.hosts.outcomes import (
    BEGIN,
    END,
    FAILED,
    INTERRUPTED,
    PASSED,
    Outcome,
    again,
    from_data,
    networks_in,
    outcomes_in,
    ran,
    reds,
    stale,
    written,
)
from tests.campaigns.hosts.subjects import HOSTS, SUBJECTS, chosen, files, never_run, paths

FAILS = Outcome("test_doctor", "test_a", "failed", "assert 1 == 2")
RAN = {
    "old": ran("2026-01-01", {"libvirt": "7.0.0"}, [FAILS, Outcome("test_doctor", "test_b", "passed")]),
    "new": ran(
        "2026-01-02",
        {"libvirt": "12.8.0"},
        [Outcome("test_ssh", "test_c", "skipped", "Skipped: no such host")],
        {"defined": 2, "refused": 1, "wrong": 1, "found": [{"file": "a.xml", "wrong": "it is lost"}]},
    ),
}


def report(*cases: str) -> ElementTree.Element:
    """As pytest writes it."""
    return ElementTree.fromstring(f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>")  # noqa: S314


PASSES = '<testcase classname="tests.integration.test_ssh" name="test_a[x]" />'
SKIPPED = '<testcase classname="tests.integration.test_ssh" name="test_b"><skipped message="no ssh" /></testcase>'
BREAKS = """<testcase classname="tests.integration.test_ssh" name="test_c"><failure message="assert 1&#10;more" />
    </testcase>"""
NOT_IMPORTED = """<testcase classname="" name="tests.integration.test_doctor"><error message="collection failure" />
    </testcase>"""
BROKEN_OFF = '<testcase classname="pytest" name="internal"><error message="internal error" /></testcase>'


def test_a_report_says_what_became_of_each_test() -> None:
    found = outcomes_in(report(PASSES, SKIPPED, BREAKS), FAILED, ["test_ssh"])

    assert [(one.name, one.became, one.said) for one in found] == [
        ("test_ssh::test_a[x]", "passed", ""),
        ("test_ssh::test_b", "skipped", "no ssh"),
        ("test_ssh::test_c", "failed", "assert 1"),
    ]


@pytest.mark.parametrize("code", [FAILED, INTERRUPTED])
def test_a_file_that_cannot_be_imported_is_red(code: int) -> None:
    found = outcomes_in(report(PASSES, NOT_IMPORTED), code, ["test_ssh", "test_doctor"])

    assert [red.name for red in reds({"new": ran("2026-01-03", {}, found)}, {})] == ["test_doctor::(import)"]


def test_of_a_run_that_is_broken_off_there_is_what_was_run() -> None:
    found = outcomes_in(report(PASSES, BROKEN_OFF), INTERRUPTED, ["test_ssh", "test_doctor"])

    assert [one.name for one in found] == ["test_ssh::test_a[x]"]


@pytest.mark.parametrize(
    ("cases", "code"),
    [
        ([], 5),
        ([], 4),
        ([PASSES], 3),
        ([PASSES], PASSED),
        (['<testcase classname="tests.unit.test_x" name="test_a" />'], PASSED),
    ],
    ids=["nothing was found", "called wrongly", "pytest failed", "nothing of a file", "another file's"],
)
def test_what_is_no_report_of_the_tests_is_none(cases: list[str], code: int) -> None:
    with pytest.raises(ValueError, match="pytest"):
        outcomes_in(report(*cases), code, ["test_ssh", "test_doctor"])


SUMMARY = '{"defined": 2, "refused": 1, "wrong": 1, "left_out": 0}'
LOST = '{"file": "a.xml", "wrong": "it is lost"}'


def test_the_last_line_sums_the_networks_up() -> None:
    found = networks_in(f"noise\n{LOST}\n{SUMMARY}\n", 1)

    assert found == {"defined": 2, "refused": 1, "wrong": 1, "found": [{"file": "a.xml", "wrong": "it is lost"}]}


@pytest.mark.parametrize(
    ("printed", "code"),
    [("", 1), (f"{LOST}\n", 1), (f"{SUMMARY}\nTraceback\n", 1), (SUMMARY, 125), ('{"wrong": 0, "left_out": 74}', 1)],
)
def test_networks_that_were_not_tried_to_the_end_are_no_result(printed: str, code: int) -> None:
    with pytest.raises(ValueError, match=re.escape(str(code))):
        networks_in(printed, code)


def test_what_fails_is_red_until_it_is_explained() -> None:
    known = {"old": {"test_doctor::test_a": "It has none."}}

    found = [(red.host, red.name, red.why) for red in reds(RAN, known)]

    assert found == [("old", "test_doctor::test_a", "It has none."), ("new", "a.xml", "")]


def test_an_explanation_of_what_does_not_fail_is_stale() -> None:
    known = {"old": {"test_doctor::test_a": "", "test_doctor::test_b": ""}, "not tried": {"test_doctor::test_a": ""}}

    assert stale(RAN, known) == ["old: test_doctor::test_b"]
    assert stale({"old": RAN["old"]._replace(broken_off=True)}, known) == []


def test_the_tables_take_the_place_of_those_before() -> None:
    text = written(f"Before\n{BEGIN}\nolder tables\n{END}\nAfter\n", RAN, {})

    assert text.startswith(f"Before\n{BEGIN}\n| host | libvirt |")
    assert text.endswith(f"{END}\nAfter\n")
    assert "older tables" not in text
    assert "| old | 7.0.0 |" in text
    assert "| doctor | 1 passed, **1 failed** | - |" in text
    assert "| ssh, TLS, TCP | - | 1 skipped |" in text
    assert "| libvirt's own networks | - | 2 kept, 1 refused by libvirt, **1 wrong** |" in text
    assert "- old: `test_doctor::test_a`. Not explained: assert 1 == 2" in text
    assert "- new: `test_ssh::test_c`, no such host" in text


def test_a_run_is_the_same_after_its_way_as_data() -> None:
    assert {title: from_data(json.loads(json.dumps(run.as_data()))) for title, run in RAN.items()} == RAN


def test_one_subject_is_run_again_and_the_rest_stays() -> None:
    mended = ran("2026-01-03", {"libvirt": "7.0.0"}, [Outcome("test_doctor", "test_a", "passed")])
    before = RAN["old"]._replace(passed={"test_doctor": 1, "test_ssh": 4}, networks={"defined": 2})

    found = again(before, mended, ["test_doctor"])

    assert (found.on, found.passed, found.others) == ("2026-01-03", {"test_doctor": 1, "test_ssh": 4}, ())
    assert found.networks == {"defined": 2}
    with pytest.raises(ValueError, match="run all of it"):
        again(RAN["new"], mended, ["test_doctor"])


@pytest.mark.parametrize(("text", "count"), [(HOSTS[2].title, 1), ("virtproxyd", 1), ("modular", 2), ("", len(HOSTS))])
def test_a_host_is_chosen_by_its_title_or_several_by_a_part(text: str, count: int) -> None:
    assert len(chosen(text)) == count


@pytest.mark.parametrize(
    ("titles", "left_out"), [([], []), ([SUBJECTS[0].title], [host.title for host in HOSTS[1:]])], ids=["all", "one"]
)
def test_one_subject_is_run_only_where_the_others_were(titles: list[str], left_out: list[str]) -> None:
    found = never_run(HOSTS, titles, [HOSTS[0].title])

    assert [host.title for host in found] == left_out


def test_each_file_is_there_and_of_one_subject() -> None:
    assert len(set(paths())) == len(paths())
    assert [path for path in paths() if not (DOCUMENT.parents[1] / path).exists()] == []


def test_a_host_names_subjects_that_there_are() -> None:
    named = {title for host in HOSTS for title in host.subjects}

    assert named <= {subject.title for subject in SUBJECTS}
    assert files(["doctor"]) == ("test_doctor",)
    assert len(files(["doctor"])) < len(files())


def test_the_tables_are_those_of_what_is_kept() -> None:
    runs = {title: from_data(data) for title, data in json.loads(RUNS.read_text()).items()}
    text = DOCUMENT.read_text()

    assert written(text, runs, json.loads(EXPLAINED.read_text())) == text
    assert runs.keys() <= {host.title for host in HOSTS}
    assert not runs or [subject.title for subject in SUBJECTS if f"| {subject.title} |" not in text] == []
