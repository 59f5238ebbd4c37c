"""Connections to many hosts in one process, each over a program that stands in for ssh."""

import resource
import subprocess
import sys
from pathlib import Path

#: What a login gives on most systems is 1024; each host takes six, so 170 hosts would be all.
SOFT, HARD, HOSTS = 100, 1000, 60
PROGRAM = """
import resource, sys
from virtnet.connect import Hosts

hosts = Hosts()
for number in range(int(sys.argv[2])):
    hosts(f"qemu+ssh://root@host{number}/system?command={sys.argv[1]}")
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


def test_a_process_reaches_more_hosts_than_its_limit_of_open_files_at_first_allows(tmp_path: Path) -> None:
    ssh = tmp_path / "ssh"
    ssh.write_text('#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\nexec sh -c "$3"\n')
    ssh.chmod(0o755)

    done = subprocess.run(
        (sys.executable, "-c", PROGRAM, str(ssh), str(HOSTS)),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (SOFT, HARD)),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{HARD}\n"
