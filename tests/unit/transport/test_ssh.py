"""Why ssh lets nobody in, told by what it says."""

import pytest

from virtnet.transport.ssh import SshRefusal, ssh_refusal


@pytest.mark.parametrize(
    ("stderr", "refusal"),
    [
        ("root@far: Permission denied (publickey).", SshRefusal.DENIED),
        (
            "Host key for far has changed and you have requested strict checking. Host key verification failed.",
            SshRefusal.HOST_KEY_CHANGED,
        ),
        ("Host key verification failed.", SshRefusal.HOST_KEY_UNKNOWN),
        ("ssh: Could not resolve hostname far", None),
        ("", None),
    ],
)
def test_why_ssh_lets_nobody_in(stderr: str, refusal: SshRefusal | None) -> None:
    assert ssh_refusal(stderr) is refusal
