"""What observing a host's forwarding reads of it, together in few round trips. Pure."""

import re

from virtnet.forwarding.boot_files.other_programs import NETWORKD_RUNS, NETWORKMANAGER_RUNS, UFW
from virtnet.forwarding.boot_files.paths import DIRECTORIES, RUNTIME_RECORDS, SYSCTL_CONF
from virtnet.forwarding.sysctl import IPV4, IPV4_ACCEPT_REDIRECTS, IPV4_CONF, IPV6, IPV6_CONF
from virtnet.host.requests import CAPABILITIES, directory, file, program, sysctl
from virtnet.planning.clients.reads import Reads, Request

_PARAMETERS = {"ipv4": ("forwarding",), "ipv6": ("forwarding", "accept_ra")}

_GROUP: frozenset[Request] = frozenset(
    {
        *(directory(f"/proc/sys/{place}") for place in (IPV4_CONF, IPV6_CONF)),
        *(sysctl(key) for key in (IPV4, IPV4_ACCEPT_REDIRECTS, IPV6)),
        file(SYSCTL_CONF),
        file(UFW),
        directory(NETWORKD_RUNS),
        directory(NETWORKMANAGER_RUNS),
        program("dockerd"),
        CAPABILITIES,
        *(directory(place) for place in (*DIRECTORIES, RUNTIME_RECORDS)),
    }
)


def _likely_next(request: Request, text: str) -> list[Request]:
    if request[0] != "list":
        return []
    place, names = request[1], [name for name in text.split("/") if name]
    if match := re.fullmatch(r"/proc/sys/net/(ipv[46])/conf", place):
        return [file(f"{place}/{name}/{key}") for name in names if name != "all" for key in _PARAMETERS[match[1]]]
    if place in (*DIRECTORIES, RUNTIME_RECORDS):
        return [file(f"{place}/{name}") for name in names if name.endswith(".conf")]
    return []


READS = Reads(groups=(_GROUP,), likely_next=_likely_next)
