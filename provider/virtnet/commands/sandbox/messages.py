"""The sentences of a sandbox that can't be created, or whose daemons fail."""

from collections.abc import Collection

#: Why namespaces are refused on this machine, and what to do: see refusals.find_cause.
NO_SYS_ADMIN = "root has no CAP_SYS_ADMIN here, as in a container. Use a machine, or a privileged container."
ROOT_ONLY = (
    "only root may create user namespaces here. Run it as root, or run `sysctl -w kernel.unprivileged_userns_clone=1`."
)
TURNED_OFF = "user namespaces are turned off here. Run it as root, or run `sysctl -w user.max_user_namespaces=10000`."
APPARMOR = (
    "AppArmor restricts user namespaces here. Run it as root, or run"
    " `sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`."
)
OLD_UNSHARE = "An unprivileged user's sandbox needs unshare of util-linux 2.38 or newer. Run it as root."


def no_subordinate_ids(user: str, files: Collection[str]) -> str:
    """The user has no range in /etc/subuid or /etc/subgid."""
    return (
        f"{user} has no subordinate ids in {' and '.join(files)}. Run it as root, or assign a free range:"
        f" `usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {user}`."
    )


def missing(things: Collection[str], install: str, packages: Collection[str]) -> str:
    """Programs or files that are not on the machine, and the packages that have them: Debian's without a command."""
    way = (
        f"Install it with `{install} {' '.join(packages)}`"
        if install
        else f"Install what Debian has in {', '.join(packages)}"
    )
    return f"A sandbox needs {', '.join(things)}, which this machine doesn't have. {way}."


def no_layout(variable: str, value: str, known: Collection[str]) -> str:
    """The caller names daemons that a sandbox can't run."""
    return f"{variable} is {value!r}. Set it to one of {', '.join(known)}, or unset it."


def cannot_be_made(cause: str, complaint: str) -> str:
    """A known cause, and what unshare or the start said."""
    return f"The sandbox can't be created: {cause}\n{complaint}"


def ended(status: int) -> str:
    """It ended without a word before libvirt answered."""
    return f"The sandbox ended with exit code {status} before its libvirt answered."


def no_namespaces(complaint: str, status: int) -> str:
    """Unshare failed for no known cause."""
    return f"The sandbox's namespaces can't be created: {complaint or f'exit code {status}'}"


def daemon_ended(name: str) -> str:
    """A daemon ended at its start."""
    return f"The sandbox's {name} ended while starting."


def no_socket(seconds: float) -> str:
    """A daemon runs and made no socket."""
    return f"The sandbox's libvirt created no socket in {seconds:.0f} s."


def no_answer(command: str, seconds: float) -> str:
    """A command of the start gave no answer."""
    return f"`{command}` got no answer in the sandbox in {seconds:.0f} s."


def command_failed(command: str, complaint: str) -> str:
    """A command of the start failed."""
    return f"`{command}` failed in the sandbox: {complaint}"


def not_mounted(target: str, reason: str, *, masked: bool) -> str:
    """The kernel refused a mount; `masked` where containers mask theirs."""
    hint = ". Containers mask theirs: use a machine, or a privileged container" if masked else ""
    return f"The sandbox could not mount its own {target}: {reason}{hint}."
