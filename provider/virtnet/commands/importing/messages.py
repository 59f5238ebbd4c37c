"""What the program of a whole host says of what is not in it, and of what it would change."""

from collections.abc import Sequence

from virtnet.errors import VirtnetError
from virtnet.forwarding.program import Kept

NO_HOST = (
    "This URI reaches libvirt alone, so IP forwarding and port forwards were not read. Use qemu+ssh:// or run virtnet on "
    "the host"
)

_VERSIONS = {"ipv4": "IPv4", "ipv6": "IPv6"}


def title(uri: str) -> str:
    """The first line of the program."""
    return f"Everything on {uri} that virtnet manages or can take over, as it is."


def not_read(what: str, error: VirtnetError) -> str:
    """Why a part of the host is not in the program; `what` is "IP forwarding" or "Port forwards"."""
    return f"{what}: not read. {error}"


def kept(one: Kept) -> Sequence[str]:
    """What a user should know about a HostForwarding that is taken over."""
    edited = [f"{one.path} was edited by hand. pulumi up rewrites the file"] if one.edited else []
    return [f"{one.path} belongs to '{one.owner}' by its mark, from which it is taken over", *edited]


def on_and_kept_by_none(names: Sequence[str]) -> Sequence[str]:
    """What a program can say so that forwarding that is on stays on after a boot; `names` are inputs."""
    if not names:
        return []
    versions = " and ".join(_VERSIONS[name] for name in names)
    arguments = ", ".join(f"{name}=True" for name in names)
    return [
        f"{versions} forwarding is on, and no HostForwarding keeps it. To keep it after a boot, add this line:",
        f'virtnet.HostForwarding("ip-forwarding", {arguments})',
    ]
