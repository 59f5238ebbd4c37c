"""Whether a network starts with its host: what stands in the place of libvirt's link to it."""

from typing import TYPE_CHECKING

from virtnet.errors import AccessDenied, HostFailure
from virtnet.network.observe.reads import AUTOSTART_LINKS, DEFINITIONS
from virtnet.network.observed import AutostartObstacle, ReportedNetwork

if TYPE_CHECKING:
    from virtnet.planning.clients.host import FileReader


def as_the_next_boot_sees_it(
    host: "FileReader | None", report: ReportedNetwork, uri: str
) -> tuple[ReportedNetwork, AutostartObstacle | None]:
    """The network with its autostart flag as its link has it, and what keeps libvirt from setting the flag.

    The daemon looks at links only when it starts, and goes on saying what it saw.
    """
    if host is None or not uri.endswith("/system"):
        return report, None
    place = place_of(report.name)
    try:
        text = host.read_file(place)
        if AUTOSTART_LINKS.rpartition("/")[2] not in host.list_directory(DEFINITIONS):
            return report, None  # this libvirt keeps its links elsewhere
        if f"{report.name}.xml" not in host.list_directory(AUTOSTART_LINKS):
            return report._replace(autostart=False), None
        definition = host.read_file(f"{DEFINITIONS}/{report.name}.xml")
    except (HostFailure, AccessDenied):  # only root can look; the daemon's word stands
        return report, None
    if text is None:
        return report._replace(autostart=False), AutostartObstacle.DANGLING
    if text != definition:
        return report._replace(autostart=False), AutostartObstacle.OTHER
    # Made by hand since the daemon started: it would make the link anew, and fails as it is there.
    unknown = None if report.autostart else AutostartObstacle.UNKNOWN_TO_LIBVIRT
    return report._replace(autostart=True), unknown


def in_the_place_of_a_new_one(host: "FileReader | None", name: str, uri: str) -> AutostartObstacle | None:
    """What would keep libvirt from setting the flag of a network that is made under this name."""
    if host is None or not uri.endswith("/system"):
        return None
    try:
        if f"{name}.xml" not in host.list_directory(AUTOSTART_LINKS):
            return None
        return AutostartObstacle.DANGLING if host.read_file(place_of(name)) is None else AutostartObstacle.OTHER
    except (HostFailure, AccessDenied):
        return None


def place_of(name: str) -> str:
    """The path of libvirt's link to a network that starts with the host."""
    return f"{AUTOSTART_LINKS}/{name}.xml"
