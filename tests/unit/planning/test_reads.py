"""What a declaration of reads makes of round trips: groups, what goes with a name, and what an answer makes likely."""

from tests.fakes.machine import FakeMachine

from virtnet.host.client import Host
from virtnet.planning.clients.reads import Reads, Request, combined

FILES = {f"/etc/{name}": name for name in ("a", "b", "c", "d")}


def trips(reads: Reads, *paths: str) -> list[set[str]]:
    """The paths that are read at once when these are asked for, in order."""
    machine = FakeMachine(files=FILES)
    host = Host(machine)
    with host.cached_reads(reads):
        assert [host.read_file(path) for path in paths] == [FILES[path] for path in paths]
    return [{request[1] for request in trip} for trip in machine.trips]


def group(*paths: str) -> frozenset[Request]:
    return frozenset(("read", path) for path in paths)


def test_the_first_group_that_has_a_request_is_read_with_it() -> None:
    reads = Reads(groups=(group("/etc/a", "/etc/b"), group("/etc/b", "/etc/c")))

    assert trips(reads, "/etc/b", "/etc/c") == [{"/etc/a", "/etc/b"}, {"/etc/c"}]


def test_what_goes_with_a_request_by_its_name_is_read_with_it() -> None:
    reads = Reads(grouped_with=lambda request: [("read", "/etc/b")] if request[1] == "/etc/a" else [])

    assert trips(reads, "/etc/a", "/etc/b") == [{"/etc/a", "/etc/b"}]


def test_what_an_answer_makes_likely_is_read_with_the_next_question() -> None:
    reads = Reads(likely_next=lambda request, text: [("read", "/etc/c")] if text == "a" else [])

    assert trips(reads, "/etc/a", "/etc/b", "/etc/c") == [{"/etc/a"}, {"/etc/b", "/etc/c"}]


def test_declarations_of_several_resources_are_joined() -> None:
    one = Reads(groups=(group("/etc/a", "/etc/b"),))
    other = Reads(
        groups=(group("/etc/a", "/etc/d"),),
        grouped_with=lambda request: [("read", "/etc/c")],
        likely_next=lambda request, text: [("read", "/etc/d")],
    )

    assert trips(combined(one, other), "/etc/a", "/etc/d") == [{"/etc/a", "/etc/b", "/etc/c"}, {"/etc/d"}]
