"""The clients of one host, and the caches that save reads."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, NamedTuple

from virtnet.planning.clients.reads import Reads
from virtnet.planning.reports import NetworkReport

if TYPE_CHECKING:
    from virtnet.planning.clients.host import HostCache, HostClient
    from virtnet.planning.clients.libvirt import LibvirtClient, NetworkCache


class Clients(NamedTuple):
    """The clients of one host. Caches only save reads: without them, each read goes to the host."""

    libvirt: "LibvirtClient"
    host: "HostClient | None"
    """None if the URI reaches only libvirt."""
    network_cache: "NetworkCache | None" = None
    host_cache: "HostCache | None" = None
    seconds_old: float = 0.0
    """How old a listing of all networks may be that tells of one; more than 0.0 where its look only says that nothing
    is new."""

    @contextmanager
    def lock(self, prefetch: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Hold the host's lock while a resource is observed, planned and changed, in this process and in all others.

        The next thread in line calls `prefetch` while another one may still hold the lock.
        """
        with self.libvirt.lock(prefetch), nullcontext() if self.host is None else self.host.lock():
            yield

    def cached_reads(self, reads: Reads, *, max_age: float = 0.0) -> AbstractContextManager[None]:
        """One observation, during which these clients change nothing. `reads` declares what is read together.

        Output of the host's programs may be up to `max_age` seconds old: for previews.
        """
        return nullcontext() if self.host_cache is None else self.host_cache.cached_reads(reads, max_age=max_age)

    def prefetch(self, reads: Reads) -> AbstractContextManager[None]:
        """One observation while others change the host. The next observation uses the output of the host's programs."""
        return nullcontext() if self.host_cache is None else self.host_cache.prefetch(reads)

    def cached_networks(self) -> Sequence[NetworkReport]:
        """All networks, as libvirt reported them after they last started or stopped."""
        return self.libvirt.networks() if self.network_cache is None else self.network_cache.cached_networks()

    def invalidate(self) -> None:
        """Make the next observation read everything again."""
        if self.network_cache is not None:
            self.network_cache.invalidate_networks()
        if self.host_cache is not None:
            self.host_cache.invalidate_listings()
