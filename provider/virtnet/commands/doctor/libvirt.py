"""`virtnet doctor` on libvirt itself: reached, version, drivers, this user's rights, programs on the host. Pure."""

from collections.abc import Iterator

from virtnet.commands.doctor.finding import DoctorReport, Finding, Level
from virtnet.commands.doctor.kinds import FindingKind
from virtnet.network.observe.firewall.libvirt_rules import WRITES_NFTABLES, Backend
from virtnet.network.versions import LIBVIRT_OF_PROPERTY, LIBVIRT_OF_USE, version_text
from virtnet.transport.uri import with_system

#: Without the one that network.conf names, a libvirt that reads it there does not start.
_PROGRAMS_OF_BACKENDS = {Backend.NFTABLES: "nft", Backend.IPTABLES: "iptables"}


def libvirt(report: DoctorReport) -> Iterator[Finding]:
    """Whether libvirt can be asked, and all that managing networks needs of it."""
    if report.unreachable and report.unreachable != report.host_unreachable:
        yield Finding(
            area="permissions" if report.denied else "libvirt",
            level=Level.PROBLEM,
            kind=FindingKind.LIBVIRT_DENIED if report.denied else FindingKind.LIBVIRT_UNREACHABLE,
            details={"reason": report.unreachable},
        )
    elif report.libvirt_version:
        yield from _version(report)
        yield from _drivers(report)
    if report.host_unreachable:
        yield Finding(
            area="permissions",
            level=Level.PROBLEM,
            kind=FindingKind.HOST_UNREACHABLE,
            details={"reason": report.host_unreachable},
        )
    yield from _permissions(report)
    yield from _at_boot(report)
    yield from _programs(report)
    for sentence in report.unseen:
        yield Finding(area="permissions", level=Level.NOTE, kind=FindingKind.NOT_CHECKED, details={"reason": sentence})


def _version(report: DoctorReport) -> Iterator[Finding]:
    version = version_text(report.libvirt_version)
    yield Finding(
        area="libvirt",
        level=Level.OK,
        kind=FindingKind.LIBVIRT_ANSWERS,
        data={"version": version, "host_uuid": report.host_uuid},
        details={"uri": report.uri},
    )
    since = LIBVIRT_OF_PROPERTY | LIBVIRT_OF_USE
    missing = sorted(path for path, needed in since.items() if report.libvirt_version < needed)
    if missing:
        yield Finding(
            area="libvirt",
            level=Level.NOTE,
            kind=FindingKind.PROPERTIES_UNKNOWN,
            data={"properties": missing},
            details={"newest": max(since[path] for path in missing)},
        )


def _drivers(report: DoctorReport) -> Iterator[Finding]:
    yield Finding(
        area="drivers", level=Level.OK, kind=FindingKind.NETWORKS_LISTED, data={"networks": len(report.networks)}
    )
    if not report.has_host and not report.interface_driver:
        yield Finding(area="drivers", level=Level.PROBLEM, kind=FindingKind.INTERFACE_DRIVER_MISSING)


def _permissions(report: DoctorReport) -> Iterator[Finding]:
    instead = with_system(report.uri)
    if report.unprivileged and instead:
        yield Finding(
            area="permissions",
            level=Level.NOTE,
            kind=FindingKind.USERS_OWN_LIBVIRT,
            details={"uri": report.uri, "instead": instead},
        )
    if not report.has_host:
        yield Finding(area="permissions", level=Level.NOTE, kind=FindingKind.HOST_NOT_REACHED)
    elif report.host is not None and not report.host.may_change_links:
        yield Finding(
            area="permissions", level=Level.NOTE, kind=FindingKind.NOT_ROOT, details={"host": report.host_name}
        )
    elif report.host is not None:
        yield Finding(
            area="permissions", level=Level.OK, kind=FindingKind.MAY_CHANGE_HOST, details={"host": report.host_name}
        )


def _at_boot(report: DoctorReport) -> Iterator[Finding]:
    """Networks start when their daemon starts. With only a socket, systemd starts the daemon when somebody asks."""
    waiting = [network.report.name for network in report.networks if network.report.autostart]
    if waiting and report.starts_at_boot is False:
        yield Finding(
            area="libvirt",
            level=Level.PROBLEM,
            kind=FindingKind.NETWORKS_WAIT_AT_BOOT,
            data={"networks": waiting},
        )


def _programs(report: DoctorReport) -> Iterator[Finding]:
    if report.host is None:
        return
    missing = report.host.missing_programs
    if "dnsmasq" in missing:
        yield Finding(area="dnsmasq", level=Level.PROBLEM, kind=FindingKind.DNSMASQ_MISSING)
    else:
        yield Finding(area="dnsmasq", level=Level.OK, kind=FindingKind.DNSMASQ_INSTALLED)
    backend = report.firewall_backend
    if {"iptables", "nft"} <= set(missing):
        yield Finding(area="firewall", level=Level.PROBLEM, kind=FindingKind.FIREWALL_PROGRAMS_MISSING)
    elif (
        backend is not None
        and (program := _PROGRAMS_OF_BACKENDS[backend]) in missing
        and not 0 < report.libvirt_version < WRITES_NFTABLES
    ):
        yield Finding(
            area="firewall",
            level=Level.PROBLEM,
            kind=FindingKind.BACKENDS_PROGRAM_MISSING,
            data={"backend": backend.value, "program": program},
        )
    for name, pid in report.leftover_dnsmasqs:
        yield Finding(
            area="dnsmasq",
            level=Level.PROBLEM,
            kind=FindingKind.DNSMASQ_OUTLIVED_NETWORK,
            data={"network": name, "pid": pid},
        )
