"""Which texts of a running network to set and to remove: its title, its description, its metadata. Pure."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from virtnet.network.steps.metadata import SetMetadata
from virtnet.network.tree import texts_of

if TYPE_CHECKING:
    from virtnet.network._generated.trees import NetworkTree


def text_updates(
    uuid: str, wanted: "NetworkTree", live: "NetworkTree | None", config: "NetworkTree | None"
) -> Iterator[SetMetadata]:
    """The texts to set so that the given copies, None for one that is left alone, have what is wanted."""
    meant = texts_of(wanted)
    on_live, on_config = texts_of(live or {}), texts_of(config or {})
    for key in sorted({*meant, *on_live, *on_config}):
        text = meant.get(key)
        differs_live = live is not None and on_live.get(key) != text
        differs_config = config is not None and on_config.get(key) != text
        if differs_live or differs_config:
            kind, namespace = key
            previous = on_config.get(key) if differs_config else on_live.get(key)
            yield SetMetadata(
                uuid=uuid,
                kind=kind,
                namespace=namespace,
                text=text,
                previous=previous,
                live=differs_live,
                config=differs_config,
            )
