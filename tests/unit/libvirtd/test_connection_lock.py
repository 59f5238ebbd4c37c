"""Resources of one host are changed one after the other, and only the next in the queue prefetches."""

import threading
from concurrent.futures import ThreadPoolExecutor

from virtnet.libvirtd.connection import Connection


def test_only_the_next_prefetches_while_another_holds_the_lock() -> None:
    connection = Connection("test:///default")
    happened: list[str] = []
    looked, begun, may_end = threading.Event(), threading.Event(), threading.Event()

    def work(name: str, ends: threading.Event) -> None:
        def prefetch() -> None:
            happened.append(f"{name} prefetches")
            looked.set()

        with connection.lock(prefetch):
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
        while_it_held_the_lock = list(happened)
        may_end.set()
        for done in (first, *others):
            done.result(10)

    follower = while_it_held_the_lock[-1].removesuffix(" prefetches")
    last = ({"second", "third"} - {follower}).pop()
    assert while_it_held_the_lock == ["first prefetches", "first begins", f"{follower} prefetches"]
    assert [line for line in happened if line.startswith("first")][-1] == "first ends"
    assert happened.index("first ends") < happened.index(f"{follower} begins") < happened.index(f"{last} begins")
    assert happened.index(f"{follower} ends") < happened.index(f"{last} begins")
    # The follower stays first in the queue until it has the lock.
    assert happened.index("first ends") < happened.index(f"{last} prefetches")


def test_a_prefetch_that_fails_holds_up_nobody() -> None:
    connection = Connection("test:///default")

    def fail() -> None:
        raise KeyboardInterrupt

    caught = False
    try:
        with connection.lock(fail):
            raise AssertionError("held the lock")
    except KeyboardInterrupt:
        caught = True
    with connection.lock(lambda: None):
        held_the_lock = True

    assert caught
    assert held_the_lock
