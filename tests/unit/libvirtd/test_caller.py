"""A thread that makes calls, one after another."""

import threading
import time
from functools import partial

import pytest

from virtnet.libvirtd.caller import Caller


def threads(name: str) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == name]


def test_calls_are_made_in_one_thread_in_their_order() -> None:
    caller = Caller("one by one")
    heard: list[int] = []

    made = [caller.begin(partial(heard.append, number)) for number in range(3)]
    who = caller.begin(threading.get_ident)

    assert all(one.ended(5) for one in made)
    assert who.ended(5)
    assert heard == [0, 1, 2]
    assert who.result() == threads("one by one")[0].ident
    caller.end()


def test_what_a_call_raises_is_raised_where_its_result_is_asked_for() -> None:
    caller = Caller("raises")

    made = caller.begin(lambda: int("x"))

    assert made.ended(5)
    with pytest.raises(ValueError, match="invalid literal"):
        made.result()
    caller.end()


def test_a_thread_that_is_not_needed_any_more_ends_after_its_calls() -> None:
    caller = Caller("ends")
    slow = caller.begin(lambda: time.sleep(0.1))

    caller.end()

    assert slow.ended(5)
    until = time.monotonic() + 5
    while threads("ends") and time.monotonic() < until:
        time.sleep(0.01)
    assert threads("ends") == []
