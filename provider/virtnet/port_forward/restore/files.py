"""The files that every host with port forwards has, and the files of single forwards beside them. Pure."""

from collections.abc import Mapping
from pathlib import Path

from virtnet.planning.reports import ServiceReport
from virtnet.port_forward.rules.render import COMMON

#: Of the files of single forwards, each ID.nft.
DIRECTORY = "/etc/virtnet/port-forwards"

#: Removed with the last file of theirs, in this order, unless somebody has put something there.
DIRECTORIES = (DIRECTORY, "/etc/virtnet")

COMMON_PATH = "/etc/virtnet/port-forwards.nft"

SCRIPT_PATH = "/etc/virtnet/port-forwards.sh"

SERVICE = "virtnet-port-forwards.service"

SERVICE_PATH = f"/etc/systemd/system/{SERVICE}"

#: What the service uses until it is restarted.
RUN_BY_SERVICE = (SCRIPT_PATH, SERVICE_PATH)

#: How the service should be, and how it should be if no forward is left.
RUNS, STOPPED = ServiceReport(enabled=True, active=True), ServiceReport(enabled=False, active=False)

_HEADER = """\
# Written by virtnet, a Pulumi provider: the part of its nftables table that all port forwards share.
# `pulumi up` overwrites what is changed here by hand.
"""


def path_of(forward_id: str) -> str:
    """The file of one forward."""
    return f"{DIRECTORY}/{forward_id}.nft"


def common_files() -> Mapping[str, str]:
    """The text of each file that is the same on every host, by its path, in the order in which they are written."""
    here = Path(__file__).parent
    return {
        COMMON_PATH: _HEADER + COMMON,
        SCRIPT_PATH: (here / "port-forwards.sh").read_text("utf-8"),
        SERVICE_PATH: (here / SERVICE).read_text("utf-8"),
    }
