"""One connection and many threads: libvirt's client must not have two of them waiting on it at a time."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from virtnet.libvirtd.session import Session


def test_calls_of_several_threads_are_made_one_after_another() -> None:
    session = Session("test:///default")
    under_way, most, counting = [0], [0], threading.Lock()

    def slow(_handle: Any) -> None:
        with counting:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        time.sleep(0.01)
        with counting:
            under_way[0] -= 1

    with ThreadPoolExecutor(4) as threads:
        calls = [threads.submit(session.read if turn % 2 else session.execute, "wait", slow) for turn in range(8)]
        for call in calls:
            call.result()

    assert most == [1]
