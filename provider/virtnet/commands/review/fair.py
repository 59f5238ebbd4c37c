"""Room shared fairly, where there is not enough: whoever needs little gets it, and the rest is shared evenly. Pure."""

from collections.abc import Sequence


def shares(needs: Sequence[int], room: int) -> list[int]:
    """How much each gets of the room: never more than it needs, and no two that get less differ by more than one."""
    given = [0] * len(needs)
    left = max(room, 0)
    waiting = sorted(range(len(needs)), key=lambda index: (needs[index], index))
    for position, index in enumerate(waiting):
        given[index] = min(needs[index], left // (len(waiting) - position))
        left -= given[index]
    return given
