"""A guest that is plugged into a network's bridge and pings its gateway: what an edit costs those who use it."""

import contextlib
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

SECONDS_BETWEEN_PINGS = 0.02


@dataclass
class Lost:
    """Known when it is over."""

    packets: int = 0
    attached: bool = True
    """Whether the guest was still on the bridge at the end."""

    def describe(self) -> str:
        """In a table's cell, without a number for one on no bridge any more: that would tell how long was looked."""
        return str(self.packets) if self.attached else "stays disconnected"


@contextlib.contextmanager
def attached_guest(bridge: str, gateway: str, address: str) -> Iterator[Lost]:
    """A network namespace on the bridge, pinging meanwhile. Gone, whatever became of the bridge, afterwards."""
    _run("ip", "netns", "add", "bench")
    lost = Lost()
    try:
        _run("ip", "link", "add", "bench-tap", "type", "veth", "peer", "name", "eth0", "netns", "bench")
        _run("ip", "link", "set", "bench-tap", "master", bridge, "up")
        _run("ip", "-n", "bench", "address", "add", address, "dev", "eth0")
        _run("ip", "-n", "bench", "link", "set", "eth0", "up")
        with TemporaryDirectory() as directory:
            log = Path(directory, "pings")
            with log.open("w") as output:
                command = ("ip", "netns", "exec", "bench", "ping", "-n", "-i", str(SECONDS_BETWEEN_PINGS), gateway)
                ping = subprocess.Popen(command, stdout=output, stderr=subprocess.DEVNULL)
            _wait_for_an_answer(log)
            yield lost
            heard = _answers_again(log)
            lost.attached = Path(f"/sys/class/net/{bridge}/brif/bench-tap").exists()
            ping.terminate()
            ping.wait()
            answered = [int(number) for number in re.findall(r"icmp_seq=(\d+) .*time=", log.read_text())]
            lost.packets = answered[-1] - answered[0] + 1 - len(set(answered))
            if not heard:
                # Sent at an even pace, so that those after the last answer are known by the clock.
                lost.packets += max(0, int((time.time() - log.stat().st_mtime) / SECONDS_BETWEEN_PINGS))
    finally:
        _run("ip", "netns", "delete", "bench")
        subprocess.run(("ip", "link", "delete", "dev", "bench-tap"), check=False, capture_output=True)


def _answers_again(log: Path) -> bool:
    """Whether another answer comes within two seconds: if so, the numbers of the answers tell of each lost one."""
    before, deadline = log.read_text().count("time="), time.monotonic() + 2
    while log.read_text().count("time=") == before:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _wait_for_an_answer(log: Path) -> None:
    deadline = time.monotonic() + 10
    while "time=" not in log.read_text():
        if time.monotonic() > deadline:
            raise RuntimeError("the guest of the benchmark does not reach its gateway")
        time.sleep(0.05)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
