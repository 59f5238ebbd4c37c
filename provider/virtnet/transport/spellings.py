"""Which connection URIs of a run mean the same host."""


class Spellings:
    """The URIs of a run so far. Not thread-safe."""

    def __init__(self) -> None:
        self._first: dict[str, str] = {}

    def first(self, uri: str) -> str:
        """The first URI of the run that obviously means the same host as this one (`uri.same_place`)."""
        if uri not in self._first:
            self._first[uri] = self._meant(uri) if self._first else uri
        return self._first[uri]

    def _meant(self, uri: str) -> str:
        # Most runs have one spelling, and don't need this import.
        from virtnet.transport.uri import same_place

        return next((other for other in self._first.values() if same_place(uri, other)), uri)
