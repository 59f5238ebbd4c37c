"""Resources of one host have their turns one after the other, and only who is next looks ahead."""

import threading
from concurrent.futures import ThreadPoolExecutor

from virtnet.libvirtd.connection import Connection


def test_only_who_is_next_looks_ahead_while_another_has_the_turn() -> None:
    connection = Connection("test:///default")
    happened: list[str] = []
    looked, begun, may_end = threading.Event(), threading.Event(), threading.Event()

    def work(name: str, ends: threading.Event) -> None:
        def ahead() -> None:
            happened.append(f"{name} looks ahead")
            looked.set()

        with connection.turn(ahead):
            happened.append(f"{name} begins")
            begun.set()
            assert ends.wait(10)
            happened.append(f"{name} ends")

    at_once = threading.Event()
    at_once.set()
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(work, "first", may_end)
        assert begun.wait(10)
        looked.clear()
        others = [pool.submit(work, name, at_once) for name in ("second", "third")]
        assert looked.wait(10)
        while_it_had_the_turn = list(happened)
        may_end.set()
        for done in (first, *others):
            done.result(10)

    follower = while_it_had_the_turn[-1].removesuffix(" looks ahead")
    last = ({"second", "third"} - {follower}).pop()
    assert while_it_had_the_turn == ["first looks ahead", "first begins", f"{follower} looks ahead"]
    assert [line for line in happened if line.startswith("first")][-1] == "first ends"
    assert happened.index("first ends") < happened.index(f"{follower} begins") < happened.index(f"{last} begins")
    assert happened.index(f"{follower} ends") < happened.index(f"{last} begins")
    # The follower stays first in the line until it has the turn.
    assert happened.index("first ends") < happened.index(f"{last} looks ahead")


def test_whose_look_ahead_fails_holds_up_nobody() -> None:
    connection = Connection("test:///default")

    def fail() -> None:
        raise KeyboardInterrupt

    caught = False
    try:
        with connection.turn(fail):
            raise AssertionError("had the turn")
    except KeyboardInterrupt:
        caught = True
    with connection.turn(lambda: None):
        had_the_turn = True

    assert caught
    assert had_the_turn
