"""The service of port forwards under a real systemd: enabled, it loads all of them at the next boot."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.campaigns.port_forward import forward, install
from tests.hosts.sandboxed import Host, wait_until

from virtnet.port_forward.restore import files
from virtnet.port_forward.rules.names import TABLE, link_names

pytestmark = pytest.mark.integration

#: Of systemd's own units those that a boot to multi-user.target needs, and none that starts anything of the machine's.
UNITS = (
    "basic.target",
    "local-fs-pre.target",
    "local-fs.target",
    "multi-user.target",
    "network-pre.target",
    "paths.target",
    "shutdown.target",
    "slices.target",
    "sockets.target",
    "sysinit.target",
    "timers.target",
    "umount.target",
)
#: What a boot leaves of a sandbox: its /etc. The kernel's state, of the network too, is that of new namespaces.
BOOT = f"""\
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t tmpfs tmpfs /run; mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir /run/units; for unit in {" ".join(UNITS)}; do cp -L /lib/systemd/system/$unit /run/units; done
exec env -i container=virtnet PATH=/usr/sbin:/usr/bin:/sbin:/bin SYSTEMD_UNIT_PATH=/etc/systemd/system:/run/units \
  /lib/systemd/systemd --unit=multi-user.target --log-target=console --show-status=no
"""
NAMESPACES = ("--mount", "--propagation", "private", "--pid", "--net", "--ipc", "--uts", "--cgroup")
#: What the resource's steps do, and what its look sees then.
SET_SERVICE = """\
from virtnet.host.client import local_host
from virtnet.port_forward.restore.files import RUNS, SERVICE, STOPPED
host = local_host()
host.set_service(SERVICE, {wanted})
assert host.service(SERVICE) == {wanted}, host.service(SERVICE)
"""


@contextlib.contextmanager
def booted(host: Host) -> Iterator[Host]:
    """The sandbox as a machine whose process 1 is systemd, from boot to a sudden end."""
    log = host.directory / "systemd.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            host.command("unshare", *NAMESPACES, "--fork", "--kill-child", "bash", "-ec", BOOT),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        try:
            wait_until(lambda: _systemd(process.pid) != 0)
            machine, patience = Host(_systemd(process.pid), host.directory), time.monotonic() + 60
            while (state := machine.sh("systemctl is-system-running 2>&1", check=False).strip()) != "running":
                assert time.monotonic() < patience, f"{state}: {log.read_text()}"
                time.sleep(0.1)
            yield machine
        finally:
            # All of its namespace ends with it, and then those who wait for it.
            if (first := _systemd(process.pid)) != 0:
                os.kill(first, signal.SIGKILL)
            else:
                process.kill()
            process.wait()


def _systemd(pid: int) -> int:
    """The process among the descendants of another that is systemd; 0 where none is yet."""
    waiting = [pid]
    with contextlib.suppress(FileNotFoundError):
        for current in waiting:
            if Path(f"/proc/{current}/comm").read_text().strip() == "systemd":
                return current
            waiting += map(int, Path(f"/proc/{current}/task/{current}/children").read_text().split())
    return 0


def loaded(machine: Host) -> bool:
    """Whether all forwards are, with their links."""
    link, _ = link_names(forward(4, "nat").network.uuid)
    listed = machine.sh(f"nft list table inet {TABLE} 2>/dev/null || true")
    chains = all(f"chain forward_{forward(version, 'nat').id}" in listed for version in (4, 6))
    return chains and link in machine.links() and "lookup 7670" in machine.sh("ip rule")


def settles(machine: Host) -> bool:
    """Whether they are within a few seconds."""
    patience = time.monotonic() + 20
    while not (found := loaded(machine)) and time.monotonic() < patience:
        time.sleep(0.1)
    return found


def set_service(machine: Host, wanted: str) -> None:
    machine.run("python", "-c", SET_SERVICE.format(wanted=wanted))


def test_forwards_come_back_with_a_boot_until_the_service_is_disabled(host: Host) -> None:
    install(host, "nat")

    with booted(host) as machine:
        verified = machine.run("systemd-analyze", "verify", "--man=no", files.SERVICE_PATH)
        assert (verified.stdout, verified.stderr) == ("", "")
        assert not loaded(machine)
        set_service(machine, "RUNS")
        assert settles(machine)
    with booted(host) as machine:
        assert settles(machine), "a boot loads them"
        machine.sh(f"systemctl kill --kill-whom=main --signal=KILL {files.SERVICE}; nft delete table inet {TABLE}")
        assert settles(machine), "killed, the service is started anew, and loads them"
        set_service(machine, "STOPPED")
    with booted(host) as machine:
        time.sleep(1)
        assert not loaded(machine)
