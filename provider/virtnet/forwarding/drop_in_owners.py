"""Whose file is it: what may be done to a drop-in that is found, and who else sets the same parameters. Pure."""

from collections.abc import Iterable, Iterator, Mapping

from virtnet.forwarding.boot import assignments
from virtnet.forwarding.drop_in import DropIn, parse
from virtnet.forwarding.steps import RemoveDropIn
from virtnet.forwarding.sysctl import IPV4, IPV4_ALIAS, in_writing_order, shown
from virtnet.forwarding.writes import listed
from virtnet.host.paths import DIRECTORY, RUNTIME_RECORDS
from virtnet.planning.plan import Step


def remove(path: str, files: Mapping[str, str], owner: str, host: str) -> tuple[Step | None, str]:
    """The step that removes our file, or why it is kept; neither where there is none."""
    text = files.get(path)
    if text is None:
        return None, ""
    there = parse(text)
    if there is None:
        return None, f"{path} on {host} is kept: it was not written by virtnet, or no longer is what virtnet wrote"
    if there.owner != owner:
        return None, f"{path} on {host} is kept: it belongs to {whose(there)}"
    if there.edited:
        return None, f"{path} on {host} is kept: it was edited by hand; remove it when its lines are not needed"
    return RemoveDropIn(path, found=text), ""


def other_owners(
    targets: Iterable[str], files: Mapping[str, str], owner: str, own_paths: set[str], host: str
) -> Iterator[str]:
    """Other resources' drop-ins and marks that set the same parameters: two owners would undo each other for ever."""
    for path, text in sorted(files.items()):
        there = (
            parse(text) if path.startswith((DIRECTORY + "/", RUNTIME_RECORDS + "/")) and path not in own_paths else None
        )
        if there is None or (there.owner == owner != ""):
            continue
        keys = {IPV4 if item.key == IPV4_ALIAS else item.key for item in assignments(text, path)}
        both = [shown(key) for key in in_writing_order(keys & set(targets))]
        if both:
            yield (
                f"{listed(both)} of {host} is managed by {whose(there)} already ({path}); leave it to one of the two,"
                " or delete the other first"
            )


def whose(there: DropIn) -> str:
    """The owner of a drop-in, as a sentence names it."""
    return f"HostForwarding '{there.owner}'" if there.owner else "another HostForwarding"
