"""A control group for a process and all that it starts, which counts the seconds of a processor that they use."""

import os
from pathlib import Path

OF_THE_CALLER = "VIRTNET_TESTS_CONTROL_GROUP"
"""The variable in which a process that forks for others (tests/preloaded) finds the group of who asks."""
NANOSECONDS = 1e9
MICROSECONDS = 1e6


def own_group() -> Path:
    """Put this process, and all that it starts from now on, into a group of its own; needs root."""
    parent = next(filter(None, map(_place, Path("/proc/self/cgroup").read_text().splitlines())))
    group = parent / f"virtnet-tests-{os.getpid()}"
    group.mkdir(exist_ok=True)
    join(str(group))
    os.environ[OF_THE_CALLER] = str(group)
    return group


def join(group: str) -> None:
    """Put this process into a group; "" is none."""
    if group:
        (Path(group) / "cgroup.procs").write_text("0")


def seconds_used(group: Path) -> float:
    """The seconds that a group has used so far."""
    first = group / "cpuacct.usage"
    if first.exists():
        return int(first.read_text()) / NANOSECONDS
    return int((group / "cpu.stat").read_text().split()[1]) / MICROSECONDS


def _place(line: str) -> Path | None:
    """The directory for a line of /proc/self/cgroup, if its hierarchy counts (cgroups(7))."""
    _, controllers, path = line.split(":", 2)
    if "cpuacct" in controllers.split(","):
        return Path("/sys/fs/cgroup/cpuacct" + path)
    second = Path("/sys/fs/cgroup" + path)
    return second if not controllers and (second / "cpu.stat").exists() else None
