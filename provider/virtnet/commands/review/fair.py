"""Shares too little room fairly: small needs are met, and the rest is shared evenly. Pure."""

from collections.abc import Sequence


def shares(needs: Sequence[int], room: int) -> list[int]:
    """The share of each: never more than it needs, and shares below the need differ by at most one."""
    given = [0] * len(needs)
    left = max(room, 0)
    waiting = sorted(range(len(needs)), key=lambda index: (needs[index], index))
    for position, index in enumerate(waiting):
        given[index] = min(needs[index], left // (len(waiting) - position))
        left -= given[index]
    return given
