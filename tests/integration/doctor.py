"""`virtnet doctor` in a sandbox."""

import subprocess

from tests.hosts.sandboxed import Host


def run_doctor(host: Host, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What `virtnet doctor` prints, and how it ends: with 1 where it finds a problem."""
    return host.virtnet("doctor", *arguments, check=False)
