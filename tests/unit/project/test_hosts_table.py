"""The document of docs/hosts.md: what a run on several hosts says, and what of it needs an explanation."""

import json

from tests.campaigns.hosts.__main__ import DOCUMENT, EXPLAINED, RUNS
from tests.campaigns.hosts.outcomes import BEGIN, END, Outcome, from_data, ran, reds, stale, written
from tests.campaigns.hosts.subjects import HOSTS, SUBJECTS, paths

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
    assert "| libvirt's own networks | - | 2 lived, 1 refused by libvirt, **1 wrong** |" in text
    assert "- old: `test_doctor::test_a`. assert 1 == 2" in text
    assert "- new: `test_ssh::test_c`, no such host" in text


def test_a_run_is_the_same_after_its_way_as_data() -> None:
    assert {title: from_data(json.loads(json.dumps(run.as_data()))) for title, run in RAN.items()} == RAN


def test_each_file_is_there_and_of_one_subject() -> None:
    assert len(set(paths())) == len(paths())
    assert [path for path in paths() if not (DOCUMENT.parents[1] / path).exists()] == []


def test_the_tables_are_those_of_what_is_kept() -> None:
    runs = {title: from_data(data) for title, data in json.loads(RUNS.read_text()).items()}
    text = DOCUMENT.read_text()

    assert written(text, runs, json.loads(EXPLAINED.read_text())) == text
    assert runs.keys() <= {host.title for host in HOSTS}
    assert not runs or [subject.title for subject in SUBJECTS if f"| {subject.title} |" not in text] == []
