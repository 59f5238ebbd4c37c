"""Which texts of a running network to set and to remove: its title, its description, its metadata. Pure."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from virtnet.network.steps.metadata import SetMetadata
from virtnet.network.tree import TextKind, texts_of

if TYPE_CHECKING:
    from virtnet.network._generated.trees import NetworkTree


def text_updates(
    uuid: str, live: "tuple[NetworkTree, NetworkTree] | None", config: "tuple[NetworkTree, NetworkTree] | None"
) -> Iterator[SetMetadata]:
    """The texts to set so that both copies have what is wanted; one call for both where both need the same.

    `live` and `config` are (wanted, found), or None for a copy that is left alone. What others gave one copy stays in
    that one.
    """
    needed_live, needed_config = _needed(live), _needed(config)
    for key in sorted({*needed_live, *needed_config}):
        kind, namespace = key
        both = key in needed_live and key in needed_config and needed_live[key].text == needed_config[key].text
        if key in needed_live and not both:
            text, previous = needed_live[key]
            yield SetMetadata(
                uuid=uuid, kind=kind, namespace=namespace, text=text, previous=previous, live=True, config=False
            )
        if key in needed_config:
            text, previous = needed_config[key]
            yield SetMetadata(
                uuid=uuid, kind=kind, namespace=namespace, text=text, previous=previous, live=both, config=True
            )


class _Needed(NamedTuple):
    text: str | None
    previous: str | None


def _needed(copy: "tuple[NetworkTree, NetworkTree] | None") -> "dict[tuple[TextKind, str], _Needed]":
    """The texts that differ, with what is meant and what there is; None for no text."""
    if copy is None:
        return {}
    meant, there = map(texts_of, copy)
    return {
        key: _Needed(meant.get(key), there.get(key)) for key in {*meant, *there} if meant.get(key) != there.get(key)
    }
