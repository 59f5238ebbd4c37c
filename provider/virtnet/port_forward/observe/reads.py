"""What observing a forward reads of its host, together in few round trips. Pure."""

from virtnet.host.parse import parse_nft_tables
from virtnet.host.requests import (
    ADDRESSES,
    CAPABILITIES,
    LISTENING_SOCKETS,
    NFT_TABLES,
    SYSTEMD_RUNTIME,
    WHOLE_FIREWALL,
    directory,
    file,
    firewall_rules,
    nft_table,
    program,
    script,
    service,
    sysctl,
)
from virtnet.network.observe.reads import BRIDGED_TO_IPTABLES, FORWARDING, ROUTES_IN_PROC
from virtnet.planning.clients.reads import Reads, Request
from virtnet.port_forward.observe.ssh import SSHD_CONFIG, SSHD_DIRECTORY
from virtnet.port_forward.restore.files import (
    COMMON_PATH,
    DIRECTORY,
    SCRIPT_PATH,
    SERVICE,
    SERVICE_PATH,
    common_files,
    path_of,
)
from virtnet.port_forward.restore.record import id_of
from virtnet.port_forward.rules.names import TABLE

#: Of so many forwards all files are read at once.
FEW = 16

#: A delete needs no more, unless it takes away what others need too.
_OF_EACH: frozenset[Request] = frozenset(
    {
        CAPABILITIES,
        NFT_TABLES,
        directory(DIRECTORY),
        program("nft"),
        *(file(path) for path in (COMMON_PATH, SCRIPT_PATH, SERVICE_PATH)),
    }
)

_GROUP: frozenset[Request] = frozenset(
    {
        *_OF_EACH,
        ADDRESSES,
        directory(SSHD_DIRECTORY),
        directory(SYSTEMD_RUNTIME),
        file(SSHD_CONFIG),
        *(program(lister) for lister in ("iptables-save", "ip6tables-save", "nft")),
        *(sysctl(key) for key in FORWARDING.values()),
        *map(file, (*ROUTES_IN_PROC, *BRIDGED_TO_IPTABLES.values())),
    }
)


def _likely_next(request: Request, text: str) -> list[Request]:
    names = [name for name in text.split("/") if name]
    if request == directory(DIRECTORY):
        # Of many, those that concern a forward take a round trip more, and not all of them are read for each.
        there = [file(path_of(identity)) for name in names if (identity := id_of(name)) is not None]
        return there if len(there) <= FEW else []
    if request == directory(SSHD_DIRECTORY):
        return [file(f"{SSHD_DIRECTORY}/{name}") for name in names if name.endswith(".conf")]
    if request == file(SCRIPT_PATH) and text == common_files()[SCRIPT_PATH]:
        return [script(SCRIPT_PATH, "check")]
    if request == NFT_TABLES and ("inet", TABLE) in parse_nft_tables(text):
        return [nft_table("inet", TABLE)]
    if request == directory(SYSTEMD_RUNTIME) and "system" in names:
        return [service(SERVICE)]
    return []


#: Read only before a change.
_OF_OTHERS: frozenset[Request] = frozenset({LISTENING_SOCKETS, *map(firewall_rules, WHOLE_FIREWALL)})

READS = Reads(groups=(_GROUP, _OF_OTHERS), likely_next=_likely_next)


def _next_of_delete(request: Request, text: str) -> list[Request]:
    return _likely_next(request, text) if request in (NFT_TABLES, directory(DIRECTORY)) else []


READS_BEFORE_DELETE = Reads(groups=(_OF_EACH,), likely_next=_next_of_delete)
