"""What is asked of a host for a list: the same that a program may ask by functions (`virtnet.functions`)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from virtnet.errors import VirtnetError
from virtnet.functions import answers
from virtnet.functions.answers import Asked
from virtnet.spec.part import Values, as_group, as_list

Entries: TypeAlias = Sequence[Values]
"""The rows of a list, with the names that the functions give their values."""

Track: TypeAlias = Callable[[Sequence[str]], Iterable[str]]
"""Goes through names and may show progress; `iter` shows none."""


def networks(asked: Asked, uri: str) -> Entries:
    """All networks of a host, by name."""
    return _entries(answers.get_networks(asked, uri, {}), "networks")


def guests(asked: Asked, uri: str, names: Sequence[str], track: Track = iter) -> Entries:
    """What is attached to these networks, or to all networks of the host, after the network's name.

    Raises Refused if libvirt knows no network of that name.
    """
    return _of_networks(answers.get_guests, "guests", asked, uri, names, track=track)


def leases(asked: Asked, uri: str, names: Sequence[str], track: Track = iter) -> Entries:
    """The DHCP leases of these networks, or of all, that have not expired."""
    return _of_networks(answers.get_leases, "leases", asked, uri, names, track=track)


def _of_networks(
    answer: Callable[[Asked, str, Values], Values],
    part: str,
    asked: Asked,
    uri: str,
    names: Sequence[str],
    *,
    track: Track,
) -> Entries:
    found: list[Values] = []
    for name in track(names or _names(asked, uri)):
        try:
            entries = _entries(answer(asked, uri, {"name": name}), part)
        except VirtnetError:
            # Others may remove a network between the list of all and this question.
            if names or name in _names(asked, uri):
                raise
            continue
        found.extend({"network": name, **entry} for entry in entries)
    return found


def _names(asked: Asked, uri: str) -> Sequence[str]:
    return [str(entry["name"]) for entry in networks(asked, uri)]


def _entries(answered: Mapping[str, object], part: str) -> Entries:
    return [as_group(entry) for entry in as_list(answered[part])]
