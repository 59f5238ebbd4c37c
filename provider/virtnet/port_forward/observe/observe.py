"""What a host and its libvirt report of a forward now: the network, the rules, the files, and who has its ports.

No effect, no decision.
"""

import ipaddress
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice

from virtnet.errors import AccessDenied, HostFailure
from virtnet.host.firewall.ruleset import Ruleset
from virtnet.network.observe.firewall.whole import surroundings, whole_firewall
from virtnet.network.observe.reads import FORWARDING, SECONDS_RULES_STAND
from virtnet.network.observed import ReportedNetwork, reported
from virtnet.planning.clients.clients import Clients
from virtnet.planning.clients.host import (
    FileReader,
    HostReader,
    Routing,
    ScriptReader,
    SysctlReader,
)
from virtnet.planning.clients.libvirt import NetworkReader
from virtnet.planning.ownership.marks import fresh_token, owner_of, urn_of
from virtnet.port_forward.observe.ssh import SSHD_CONFIG, SSHD_DIRECTORY, ssh_ports
from virtnet.port_forward.observed import PortForwardReport, id_recorded
from virtnet.port_forward.plan.owners import link_stays
from virtnet.port_forward.ports import Span, span
from virtnet.port_forward.restore import check as needs
from virtnet.port_forward.restore.check import Need
from virtnet.port_forward.restore.files import DIRECTORY, SCRIPT_PATH, SERVICE, common_files, path_of
from virtnet.port_forward.restore.record import Record, id_for, id_of, parse
from virtnet.port_forward.rules.listing import parse as parse_rules
from virtnet.port_forward.rules.names import TABLE, is_own_link
from virtnet.port_forward.rules.table import Table
from virtnet.port_forward.steps import host_of
from virtnet.spec.part import UNKNOWN, Values, as_group, as_list


def observe(clients: Clients, desired: Values | None, recorded: Values) -> PortForwardReport:
    """What is there now, as far as planning needs it. Each is asked once."""
    host, libvirt = host_of(clients), clients.libvirt
    network = find_network(libvirt, (desired or recorded).get("network"))
    found = look(host, desired, recorded, uri=libvirt.uri, host_uuid=libvirt.host_uuid(), network=network)
    if not desired:
        return found
    found = found._replace(libvirt_version=libvirt.version())
    return found if network is not None else found._replace(names=_names(libvirt))


def look(
    host: HostReader,
    desired: Values | None,
    recorded: Values,
    *,
    uri: str,
    host_uuid: str,
    network: ReportedNetwork | None,
) -> PortForwardReport:
    """The same where libvirt has been asked already."""
    ahead = bool(desired)  # whether someone reviews a plan; otherwise this is a read or a delete
    table = parse_rules(host.nft_table("inet", TABLE) or "")
    ids = tuple(identity for name in host.list_directory(DIRECTORY) if (identity := id_of(name)) is not None)
    concerned = _concerned(desired or recorded, recorded, table, ids)
    if ahead or desired is None:
        concerned |= set(_neighbours(table, ids, _own(desired or recorded, recorded)))
    files = _files(host, concerned)
    restore = {path: host.read_file(path) for path in common_files()}
    report = PortForwardReport(
        host=host.name,
        host_uuid=host_uuid,
        network=network,
        table=table,
        called=str((desired or recorded).get("network") or ""),
        files=files,
        records=records(files),
        ids=ids,
        restore=restore,
        has_nft=host.has_program("nft"),
        may_change=desired == {} or host.may_change_links(),
    )
    if desired is None and restore == common_files() and link_stays(recorded, report.records):
        # Nothing but its record and its rules goes, and the scripts and services of a thousand others are not asked.
        return report
    return report._replace(
        service=host.service(SERVICE),
        links=unmet_needs(host, restore),
        addresses=tuple(_addresses(host)),
        sockets=tuple(host.listening_sockets()) if ahead else (),
        ssh_ports=ssh_ports(_sshd_files(host), uri) if ahead else (),
        firewall=None if desired is None else _firewall(host, seconds_old=0.0 if ahead else SECONDS_RULES_STAND),
        uplinks={} if desired is None else surroundings(host).uplinks,
        forwards=_forwards(host) if ahead else {},
        fresh_token=fresh_token(),
    )


def _names(libvirt: NetworkReader) -> tuple[str, ...]:
    return tuple(sorted(one.name for one in libvirt.networks()))


def find_network(libvirt: NetworkReader, wanted: object) -> ReportedNetwork | None:
    """The network of a name or a UUID; None if it doesn't exist, or the name isn't known yet."""
    if not isinstance(wanted, str):
        return None
    found = libvirt.find_network(name=wanted)
    if found is None and re.fullmatch(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}", wanted):
        found = libvirt.find_network(uuid=wanted)
    return None if found is None else reported(found)


def records(files: Mapping[str, str]) -> dict[str, Record]:
    """What records say, by id, of paths and texts."""
    found = {identity: parse(identity, text) for path, text in files.items() if (identity := id_of(path)) is not None}
    return {identity: record for identity, record in found.items() if record is not None}


def _concerned(inputs: Values, recorded: Values, table: Table, ids: Sequence[str]) -> set[str]:
    """The ids of the records to read: the forward's own, and those that have one of its ports.

    Only records show the ports of forwards that aren't loaded.
    """
    own = _own(inputs, recorded)
    wanted = _known_ports(inputs)
    # Compared without a Span for each: a host may have a thousand, and each of their forwards comes by here.
    sharing = {
        listener.id
        for protocol, (first, last) in wanted
        for listener in table.listeners
        if first <= listener.last and listener.first <= last and listener.protocol == protocol
    }
    there = set(ids)
    return (there & (own | sharing)) | (there - table.ids)


def _own(inputs: Values, recorded: Values) -> set[str]:
    """The ids that a forward's own record may have."""
    return {id_recorded(recorded), *(id_for(name) for name in (urn_of(inputs), owner_of(inputs)) if name)} - {""}


def _neighbours(table: Table, ids: Collection[str], own: Collection[str]) -> Iterator[str]:
    """One other forward for each subnet: where there is one, the link that leads there stays as it is."""
    for gateway in table.gateways:
        yield from islice((one for one in table.leading_into(gateway, but=own) if one in ids), 1)


def _known_ports(inputs: Values) -> list[tuple[str, Span]]:
    ports = inputs.get("ports", ())
    items = [as_group(item) for item in as_list(() if ports is UNKNOWN else ports) if item is not UNKNOWN]
    told = [(item.get("protocol"), item.get("listen_port")) for item in items]
    return [
        (protocol, span(listen)) for protocol, listen in told if isinstance(protocol, str) and isinstance(listen, str)
    ]


def unmet_needs(host: ScriptReader, restore: Mapping[str, str | None]) -> tuple[Need, ...]:
    """What is missing of the host's links by its script; what somebody else has put in its place is not run."""
    if restore[SCRIPT_PATH] != common_files()[SCRIPT_PATH]:
        return ()
    return needs.parse(host.ask_script(SCRIPT_PATH, "check"))


def _files(host: FileReader, ids: Iterable[str]) -> dict[str, str]:
    texts = {path_of(identity): host.read_file(path_of(identity)) for identity in sorted(ids)}
    return {path: text for path, text in texts.items() if text is not None}


def _addresses(host: Routing) -> Iterator[str]:
    """The addresses that others can reach. virtnet's own links have an address that isn't used."""
    for entry in host.addresses():
        address = ipaddress.ip_interface(entry.address).ip
        if not (address.is_loopback or address.is_link_local or is_own_link(entry.interface)):
            yield str(address)


def _sshd_files(host: FileReader) -> list[str]:
    names = [name for name in host.list_directory(SSHD_DIRECTORY) if name.endswith(".conf")]
    texts = [host.read_file(path) for path in (SSHD_CONFIG, *(f"{SSHD_DIRECTORY}/{name}" for name in names))]
    return [text for text in texts if text is not None]


def _firewall(host: HostReader, *, seconds_old: float) -> Ruleset | None:
    try:
        return whole_firewall(host, seconds_old=seconds_old)
    except (AccessDenied, HostFailure):
        return None


def _forwards(host: SysctlReader) -> dict[int, bool]:
    return {version: (host.read_sysctl(key) or "0").strip() != "0" for version, key in FORWARDING.items()}
