"""What two resources of one run may not both want, whoever comes first."""

from enum import Enum
from typing import Any

import pytest

from virtnet.planning.ownership.claims import Claims, GivenUp, Met, Want

HERE, THERE = "qemu:///system", "qemu+ssh://there/system"
Span = tuple[int, int, int]


class Kind(Enum):
    """What there is only one of."""

    NAME = "name"
    SUBNET = "subnet"


def name(value: str, host: str = HERE) -> Want:
    return Want(host, "name", Kind.NAME, value)


def subnet(first: int, last: int, family: int = 4) -> Want:
    return Want(HERE, "ips", Kind.SUBNET, f"{first}-{last}", (family, first, last))


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        (name("lab"), name("lab"), True),
        (name("lab"), name("lan"), False),
        (name("lab"), name("lab", THERE), False),
        (name("lab"), name("lab", "qemu:///session"), False),
        (name("1-9"), Want(HERE, "ips", Kind.SUBNET, "1-9"), False),
        (subnet(1, 9), subnet(1, 9), True),
        (subnet(1, 9), subnet(9, 12), True),
        (subnet(1, 9), subnet(3, 4), True),
        (subnet(1, 9), subnet(10, 12), False),
        (subnet(1, 9), subnet(1, 9, 6), False),
    ],
)
def test_who_comes_second_is_told_of_the_first(one: Want, other: Want, meet: bool) -> None:
    for first, second in ((one, other), (other, one)):
        claims = Claims()

        alone = claims.want("a", [first])
        met = claims.want("b", [second])

        assert alone == []
        assert met == ([Met(second, first, "a")] if meet else [])


@pytest.mark.parametrize("spelling", ["qemu+unix:///system", "network:///system"])
def test_another_spelling_of_the_hosts_uri_is_no_way_around(spelling: str) -> None:
    claims = Claims()
    claims.want("a", [name("lab")])

    (met,) = claims.want("b", [name("lab", spelling)])

    assert met.holder == "a"


@pytest.mark.parametrize(
    ("own", "other", "swaps"),
    [
        (("1", "2"), ("2", "1"), True),
        (("1", "2"), ("2", "3"), False),
        (("", "2"), ("2", "1"), False),
        (("1", "2"), ("2", "2"), None),
        (("1", "2"), ("", "2"), None),
        (("1", "2"), ("3", "4"), None),
    ],
)
@pytest.mark.parametrize("first", ["a", "b"])
def test_what_another_gives_up_is_known_with_whether_they_swap(
    own: tuple[str, str], other: tuple[str, str], swaps: bool | None, first: str
) -> None:
    claims = Claims()
    for key, (before, after) in sorted({"a": own, "b": other}.items(), reverse=first == "b"):
        claims.want(key, [name(after)], [name(before)] if before else [])

    found = claims.given_up("a")

    assert found == ([] if swaps is None else [GivenUp(name("2"), "b", swaps)])


def test_each_other_resource_is_named_once() -> None:
    claims = Claims()
    claims.want("a", [name("lab"), subnet(1, 9)])
    claims.want("b", [subnet(20, 29)])

    met = claims.want("c", [name("lab"), subnet(1, 25)])

    assert [(one.holder, one.want.value) for one in met] == [("a", "lab"), ("b", "1-25")]


@pytest.mark.parametrize(
    ("later", "met"),
    [
        ([name("lan")], []),  # it was edited between two checks
        ([name("lab")], ["a"]),  # a replacement is checked twice
        ([], []),
    ],
)
def test_what_a_resource_wants_is_what_its_last_check_said(later: list[Want], met: list[str]) -> None:
    claims = Claims()
    claims.want("a", [name("lab")])

    again = claims.want("a", later)
    found = claims.want("b", [name("lab")])

    assert again == []
    assert [one.holder for one in found] == met


@pytest.mark.parametrize(
    ("recorded", "met"),
    [
        ((True, True), []),
        ((True, False), ["a"]),
        ((False, True), ["a"]),
        ((False, False), ["a"]),
    ],
)
def test_what_is_recorded_of_both_is_no_news(recorded: tuple[bool, bool], met: list[Any]) -> None:
    claims, wants = Claims(), [subnet(1, 9)]

    first = claims.want("a", wants, wants if recorded[0] else ())
    second = claims.want("b", wants, wants if recorded[1] else ())

    assert first == []
    assert [one.holder for one in second] == met


def test_who_was_refused_wants_nothing() -> None:
    claims = Claims()
    claims.want("a", [name("lab")])
    claims.want("b", [name("lab"), subnet(1, 9)])

    assert claims.want("c", [subnet(1, 9)]) == []
