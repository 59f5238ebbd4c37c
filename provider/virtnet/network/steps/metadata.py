"""Title, description and metadata of a network that runs: changed in place, where libvirt has the call for it.

virNetworkSetMetadata came with libvirt 9.7.0. Older ones take these texts in a definition only, and show them after the
next start. What is chosen here is pure; the step is data like every other.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from virtnet.network._generated.trees import NetworkTree
from virtnet.network.observe.ports import find_network
from virtnet.network.steps.kinds import StepKind
from virtnet.network.steps.step import Impact
from virtnet.network.xml.definition import Definition
from virtnet.planning.clients.clients import Clients
from virtnet.planning.findings import Summary

SINCE = 9_007_000
"""The version that brought virNetworkSetMetadata (https://libvirt.org/news.html)."""

Kind = Literal["title", "description", "metadata"]


@dataclass(frozen=True, kw_only=True)
class SetMetadata:
    """Set or remove one text of the running network, of its definition, or of both."""

    uuid: str
    kind: Kind
    namespace: str
    """Of an element of metadata; "" for title and description."""
    text: str | None
    """None removes it. Never shown: it may be secret."""
    previous: str | None
    live: bool
    config: bool

    impact = Impact(edits=True)

    def describe(self) -> Summary:
        return Summary(
            StepKind.REMOVE_TEXT if self.text is None else StepKind.SET_TEXT,
            {"name": self.kind, "namespace": self.namespace, "live": self.live, "config": self.config},
        )

    def execute(self, clients: Clients) -> None:
        report = find_network(clients.libvirt, uuid=self.uuid)
        live = self.live and report is not None and not self._done(report.live)
        config = self.config and report is not None and not self._done(report.config)
        if live or config:
            clients.libvirt.set_metadata(
                self.uuid, kind=self.kind, namespace=self.namespace, text=self.text, live=live, config=config
            )

    def _done(self, copy: Definition | None) -> bool:
        return copy is None or _texts(copy.tree).get((self.kind, self.namespace)) == self.text

    def undo(self) -> "SetMetadata":
        return SetMetadata(
            uuid=self.uuid,
            kind=self.kind,
            namespace=self.namespace,
            text=self.previous,
            previous=self.text,
            live=self.live,
            config=self.config,
        )


def text_updates(
    uuid: str, wanted: NetworkTree, live: NetworkTree | None, config: NetworkTree | None
) -> Iterator[SetMetadata]:
    """The texts to set so that the given copies, None for one that is left alone, have what is wanted."""
    meant = _texts(wanted)
    on_live, on_config = _texts(live or {}), _texts(config or {})
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


def _texts(tree: NetworkTree) -> dict[tuple[Kind, str], str]:
    """Every text of a network by its kind and namespace."""
    found: dict[tuple[Kind, str], str] = {
        ("title", ""): tree.get("title", ""),
        ("description", ""): tree.get("description", ""),
    }
    named = {key: text for key, text in found.items() if text}
    return named | {("metadata", namespace): text for namespace, text in tree.get("metadata", {}).items()}
