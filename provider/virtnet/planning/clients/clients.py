"""The clients through which everything reaches one host, and what saves them reads."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, NamedTuple

from virtnet.planning.clients.reads import Reads
from virtnet.planning.reports import NetworkReport

if TYPE_CHECKING:
    from virtnet.planning.clients.host import HostCache, HostClient
    from virtnet.planning.clients.libvirt import LibvirtClient, NetworkCache


class Clients(NamedTuple):
    """The clients of one host. Without caches everything is asked each time, and nothing else changes."""

    libvirt: "LibvirtClient"
    host: "HostClient | None"
    """None where only libvirt is reachable."""
    network_cache: "NetworkCache | None" = None
    host_cache: "HostCache | None" = None

    @contextmanager
    def lock(self, prefetch: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Held while one resource of the host is observed, planned and changed: in this process, and in all others.

        `prefetch` is called by whoever is next in this process, while another may still hold the lock.
        """
        with self.libvirt.lock(prefetch), nullcontext() if self.host is None else self.host.lock():
            yield

    def cached_reads(self, reads: Reads, *, max_age: float = 0.0) -> AbstractContextManager[None]:
        """One observation, during which nothing is changed through these clients; `reads` tells what it asks together.

        What the host's programs said at most `max_age` seconds ago will do: for previews.
        """
        return nullcontext() if self.host_cache is None else self.host_cache.cached_reads(reads, max_age=max_age)

    def prefetch(self, reads: Reads) -> AbstractContextManager[None]:
        """One observation while others change the host: what the host's programs say in it serves the next."""
        return nullcontext() if self.host_cache is None else self.host_cache.prefetch(reads)

    def cached_networks(self) -> Sequence[NetworkReport]:
        """All networks, as libvirt reported them while they started or stopped last."""
        return self.libvirt.networks() if self.network_cache is None else self.network_cache.cached_networks()

    def invalidate(self) -> None:
        """Let the next observation ask for everything anew."""
        if self.network_cache is not None:
            self.network_cache.invalidate_networks()
        if self.host_cache is not None:
            self.host_cache.invalidate_listings()
