"""All forwards of a host, no matter who created them: their records, and the rules that exist. No effect."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from virtnet.planning.clients.host import FileReader, NamedHost, NftTableReader, ScriptReader, ServiceReader
from virtnet.planning.reports import ServiceReport
from virtnet.port_forward.observe.observe import records, unmet_needs
from virtnet.port_forward.observed import restore_missing
from virtnet.port_forward.restore.check import Need
from virtnet.port_forward.restore.files import DIRECTORY, SERVICE, common_files, path_of
from virtnet.port_forward.restore.record import Record, id_of
from virtnet.port_forward.rules.listing import parse
from virtnet.port_forward.rules.names import TABLE
from virtnet.port_forward.rules.table import RulesState, Table, state


class SurveyedHost(NamedHost, FileReader, NftTableReader, ScriptReader, ServiceReader, Protocol):
    """What a survey asks of a host."""


class Survey(NamedTuple):
    """The forwards of a host."""

    records: tuple[Record, ...] = ()
    """By id."""
    strange: tuple[str, ...] = ()
    """Paths of files beside the records that virtnet did not write."""
    table: Table = Table()
    missing: tuple[str, ...] = ()
    """Parts of the service that restores the rules, if they aren't as virtnet installed them: paths, and the service's
    name.
    """
    service: ServiceReport | None = None
    """None if no systemd runs the host."""
    links: tuple[Need, ...] = ()

    def state(self, record: Record) -> RulesState:
        """How the rules of a record are found."""
        found = state(record.forward, self.table)
        return RulesState.ALTERED if found is RulesState.INTACT and not self.table.common_intact else found

    @property
    def unrecorded(self) -> tuple[str, ...]:
        """The ids of forwards with rules and without a record, which are gone after a boot."""
        return tuple(sorted(self.table.ids - {record.forward.id for record in self.records}))


def survey(host: SurveyedHost) -> Survey:
    """Look at all of it. Where there has never been a forward, one directory and the names of tables are read."""
    names = host.list_directory(DIRECTORY)
    table = parse(host.nft_table("inet", TABLE) or "")
    if not names and not table.present:
        return Survey()
    ids = [identity for name in names if (identity := id_of(name)) is not None]
    files = {path: text for path in map(path_of, ids) if (text := host.read_file(path)) is not None}
    found = records(files)
    restore = {path: host.read_file(path) for path in common_files()}
    service = host.service(SERVICE) if found else None
    return Survey(
        records=tuple(found[identity] for identity in sorted(found)),
        strange=tuple(_strange(names, set(found))),
        table=table,
        missing=tuple(restore_missing(restore, service)) if found else (),
        service=service,
        links=unmet_needs(host, restore),
    )


def _strange(names: object, known: set[str]) -> Iterator[str]:
    for name in names if isinstance(names, list | tuple) else ():
        if id_of(name) not in known:
            yield f"{DIRECTORY}/{name}"
