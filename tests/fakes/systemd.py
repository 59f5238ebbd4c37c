"""Services of systemd, scripts and tables of nftables in memory: what is asked of a host by its files and programs."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.fakes.effects import Effects

from virtnet.planning.reports import ServiceReport


@dataclass
class FakeServices:
    """Implements planning.clients.host.Services."""

    effects: Effects
    found: dict[str, ServiceReport] = field(default_factory=dict)
    """What systemd knows."""

    def service(self, unit: str) -> ServiceReport | None:
        return self.found.get(unit, ServiceReport(enabled=False, active=False))

    def set_service(self, unit: str, wanted: ServiceReport) -> None:
        words = "enabled" if wanted.enabled else "disabled", "active" if wanted.active else "inactive"
        with self.effects.happen(f"set {unit}: {', '.join(words)}"):
            self.found[unit] = wanted


@dataclass
class FakeScripts:
    """Implements planning.clients.host.Scripts: a script is a function of its arguments that gives what it prints."""

    effects: Effects
    known: dict[str, Callable[..., str]]
    """By their paths; no other may be run."""

    def ask_script(self, path: str, *arguments: str) -> str:
        return self.known[path](*arguments)

    def run_script(self, path: str, *arguments: str) -> None:
        with self.effects.happen(f"run {path} {' '.join(arguments)}"):
            self.known[path](*arguments)


@dataclass
class FakeNftTables:
    """Implements planning.clients.host.NftTables by what a test makes of them."""

    effects: Effects
    listed: Callable[[str, str], str | None]
    """A table as it is listed, by family and name."""
    loaded: Callable[[str], None]
    """Takes what is loaded."""

    def nft_table(self, family: str, name: str) -> str | None:
        return self.listed(family, name)

    def load_nft(self, commands: str) -> None:
        with self.effects.happen("load rules into nftables"):
            self.loaded(commands)
