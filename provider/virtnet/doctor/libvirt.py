"""`virtnet doctor` on libvirt itself: reached, version, drivers, this user's rights, programs on the host. Pure."""

from collections.abc import Iterator

from virtnet.doctor.finding import DoctorReport, Finding, Level
from virtnet.network.versions import LIBVIRT_OF_PROPERTY, OF_PROPERTY, version_text


def libvirt(report: DoctorReport) -> Iterator[Finding]:
    """Whether libvirt can be asked, and all that managing networks needs of it."""
    if report.unreachable and report.unreachable != report.host_unreachable:
        yield Finding(
            area="permissions" if report.denied else "libvirt",
            level=Level.PROBLEM,
            said=report.unreachable,
            fix="sudo usermod -aG libvirt USER, then log in again; or run as root"
            if report.denied
            else "systemctl enable --now libvirtd (or virtqemud.socket and virtnetworkd.socket); or correct the URI",
        )
    elif report.libvirt_version:
        yield from _version(report)
        yield from _drivers(report)
    if report.host_unreachable:
        yield Finding(
            area="permissions",
            level=Level.PROBLEM,
            said=report.host_unreachable,
            fix="make `ssh` to that host work without a question, as with `ssh -o BatchMode=yes`",
        )
    yield from _permissions(report)
    yield from _programs(report)
    for sentence in report.unseen:
        yield Finding(area="permissions", level=Level.NOTE, said=sentence, fix="run as root to have all of it checked")


def _version(report: DoctorReport) -> Iterator[Finding]:
    version = version_text(report.libvirt_version)
    yield Finding(
        area="libvirt",
        level=Level.OK,
        said=f"libvirt {version} answers at {report.uri}",
        data={"version": version, "host_uuid": report.host_uuid},
    )
    missing = sorted(path for path, needed in LIBVIRT_OF_PROPERTY.items() if report.libvirt_version < needed)
    if missing:
        newest = version_text(max(LIBVIRT_OF_PROPERTY[path] for path in missing))
        names = ", ".join(OF_PROPERTY.get(path, path) for path in missing)
        yield Finding(
            area="libvirt",
            level=Level.NOTE,
            said=f"this libvirt does not know {names}",
            fix=f"leave them out of programs, or upgrade (libvirt {newest} knows them all)",
            data={"properties": missing},
        )


def _drivers(report: DoctorReport) -> Iterator[Finding]:
    said = f"networks can be listed: {len(report.networks)} there"
    yield Finding(area="drivers", level=Level.OK, said=said, data={"networks": len(report.networks)})
    if not report.has_host and not report.interface_driver:
        yield Finding(
            area="drivers",
            level=Level.PROBLEM,
            said="libvirt has no interface driver, and this URI gives no other sight of the host: networks with a "
            "bridge of their own cannot be started safely",
            fix="install libvirt-daemon-driver-interface on the host, or use a local or qemu+ssh URI",
        )


def _permissions(report: DoctorReport) -> Iterator[Finding]:
    if not report.has_host:
        yield Finding(
            area="permissions",
            level=Level.NOTE,
            said="this URI reaches libvirt alone: the host's interfaces, firewall, files and kernel were not looked at",
            fix="run virtnet doctor on that host, or with a qemu+ssh URI",
        )
    elif report.host is not None and not report.host.may_change_links:
        yield Finding(
            area="permissions",
            level=Level.NOTE,
            said=f"this user is not root on {report.host_name}: restarts that plug guests in again, and HostForwarding,"
            " need that",
            fix="run as root, or name root in the uri",
        )
    elif report.host is not None:
        yield Finding(area="permissions", level=Level.OK, said=f"this user may change {report.host_name}")


def _programs(report: DoctorReport) -> Iterator[Finding]:
    if report.host is None:
        return
    missing = report.host.missing_programs
    if "dnsmasq" in missing:
        yield Finding(
            area="dnsmasq",
            level=Level.PROBLEM,
            said="dnsmasq is not installed: networks with DHCP or DNS do not start",
            fix="apt install dnsmasq-base (dnf install dnsmasq)",
        )
    else:
        yield Finding(area="dnsmasq", level=Level.OK, said="dnsmasq is installed")
    if {"iptables", "nft"} <= set(missing):
        yield Finding(
            area="firewall",
            level=Level.PROBLEM,
            said="neither iptables nor nft is installed: no network but those in mode open or bridge starts",
            fix="apt install iptables (dnf install iptables-nft)",
        )
    for name, pid in report.leftover_dnsmasqs:
        yield Finding(
            area="dnsmasq",
            level=Level.PROBLEM,
            said=f"process {pid} is the dnsmasq of network '{name}', which does not run: it holds on to its ports",
            fix=f"kill {pid}; starting that network with pulumi up does it too",
            data={"network": name, "pid": pid},
        )
