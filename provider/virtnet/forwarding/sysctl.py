"""The kernel parameters behind IP forwarding, and what writing one of them does to the others. Pure.

Keys are kept in slash form (net/ipv4/conf/eth0.100/forwarding), because interface names can hold dots. The effects
are those of Linux 6.x (devinet_sysctl_forward in net/ipv4/devinet.c, addrconf_fixup_forwarding in
net/ipv6/addrconf.c) and were compared with a running kernel.
"""

import re
from collections.abc import Iterable, Mapping

IPV4 = "net/ipv4/ip_forward"

IPV4_ALIAS = "net/ipv4/conf/all/forwarding"

IPV6 = "net/ipv6/conf/all/forwarding"

WHOLE_HOST = (IPV4, IPV6)

IPV4_ACCEPT_REDIRECTS = "net/ipv4/conf/all/accept_redirects"

IPV4_CONF = "net/ipv4/conf"

IPV6_CONF = "net/ipv6/conf"

#: What a kernel has before anything writes to it.
KERNEL_DEFAULTS = {"forwarding": "0", "ip_forward": "0", "accept_redirects": "1", "accept_ra": "1"}


def is_parameter(key: str) -> bool:
    """Whether a key is one of those that a HostForwarding may set or restore."""
    return key in (IPV4, IPV4_ACCEPT_REDIRECTS) or bool(
        re.fullmatch(r"net/(ipv[46]/conf/[^/\s]+/forwarding|ipv6/conf/[^/\s]+/accept_ra)", key)
    )


def ipv4_of(interface: str) -> str:
    """The key of one interface's IPv4 forwarding."""
    return f"{IPV4_CONF}/{interface}/forwarding"


def ipv6_of(interface: str) -> str:
    """The key of one interface's IPv6 forwarding."""
    return f"{IPV6_CONF}/{interface}/forwarding"


def accept_ra_of(interface: str) -> str:
    """The key that says whether one interface takes router advertisements."""
    return f"{IPV6_CONF}/{interface}/accept_ra"


def interface_of(key: str) -> str:
    """The interface in a key of net/ipvN/conf, or "" if the key is for the whole host."""
    match = re.fullmatch(r"net/ipv[46]/conf/(.+)/[a-z_]+", key)
    return "" if match is None or match[1] in ("all", "default") else match[1]


def is_accept_ra(key: str) -> bool:
    """Whether the key says how router advertisements are taken."""
    return key.endswith("/accept_ra")


def is_ipv6(key: str) -> bool:
    """Whether the key belongs to IPv6."""
    return key.startswith("net/ipv6/")


def whole_of(key: str) -> str:
    """The key for the whole host that rules the given one."""
    return IPV6 if is_ipv6(key) else IPV4


def is_on(value: str | None) -> bool:
    """Whether a value means on: the kernel stores any integer, and takes every one but 0 as on."""
    number = integer(value)
    return number is not None and number != 0


def agree(key: str, one: str, other: str) -> bool:
    """Whether two values of a parameter mean the same: accept_ra is a number, the rest is on or off."""
    return one == other if is_accept_ra(key) else is_on(one) == is_on(other)


def integer(value: str | None) -> int | None:
    """A value as the kernel reads it (proc_dointvec: decimal, 0x hexadecimal, leading-0 octal), or None."""
    if value is None or not re.fullmatch(r"-?(0[xX][0-9A-Fa-f]+|[0-9]+)", value):
        return None
    digits = value.lstrip("-")
    base = 16 if digits[:2].lower() == "0x" else 8 if len(digits) > 1 and digits[0] == "0" else 10
    try:
        number = int(digits, base)
    except ValueError:  # 08 is no octal number
        return None
    return -number if value.startswith("-") else number


def shown(key: str) -> str:
    """The key as an operator types it: dotted, but with slashes where an interface's name holds a dot."""
    return key if "." in key else key.replace("/", ".")


def after_write(values: Mapping[str, str], key: str, value: str) -> dict[str, str]:
    """All values after the kernel has taken one more. Keys that are not there, and no numbers, change nothing."""
    number = integer(value)
    changed = dict(values)
    if key == IPV4_ALIAS:
        key = IPV4
    if key not in changed or number is None:
        return changed
    text = str(number)
    before = changed[key]
    changed[key] = text
    if key == IPV4:
        if before != text:  # an equal value leaves everything alone
            changed[IPV4_ACCEPT_REDIRECTS] = "0" if number else "1"
            changed.update({other: text for other in changed if _is_ipv4_forwarding(other)})
    elif key == IPV6:  # re-applied to every interface even when the value is the one it had
        changed.update({other: text for other in changed if _is_ipv6_forwarding(other)})
    return changed


def touched_by(values: Iterable[str], key: str) -> tuple[str, ...]:
    """The keys whose values a write to `key` may change, itself first."""
    if key == IPV4:
        return (
            key,
            *(other for other in values if _is_ipv4_forwarding(other) or other == IPV4_ACCEPT_REDIRECTS),
        )
    if key == IPV6:
        return (key, *(other for other in values if _is_ipv6_forwarding(other) and other != IPV6))
    return (key,)


def in_writing_order(keys: Iterable[str]) -> tuple[str, ...]:
    """Keys in the order of writing: advertisements before forwarding, the whole host before its parts."""
    return tuple(sorted(set(keys), key=_rank))


def _rank(key: str) -> tuple[int, str]:
    if is_accept_ra(key):
        return (0, key)
    if key in WHOLE_HOST:
        return (1, key)
    return (2, key)


def _is_ipv4_forwarding(key: str) -> bool:
    return key.startswith(IPV4_CONF + "/") and key.endswith("/forwarding") and key != IPV4_ALIAS


def _is_ipv6_forwarding(key: str) -> bool:
    return key.startswith(IPV6_CONF + "/") and key.endswith("/forwarding")
