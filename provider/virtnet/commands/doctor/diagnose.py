"""`virtnet doctor`: looks at a host, then judges what it has seen. Changes nothing.

Looking (`observe`) goes on where one thing cannot be asked, and remembers that; judging (`examine`) is pure and is the
modules' beside it. What a network or a HostForwarding would say of itself is asked of their own observers, so that the
doctor and a preview never disagree.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from virtnet.commands.doctor.finding import DoctorReport, Finding
from virtnet.commands.doctor.firewall import firewall
from virtnet.commands.doctor.forwarding import forwarding
from virtnet.commands.doctor.libvirt import libvirt
from virtnet.commands.doctor.networks import networks
from virtnet.commands.doctor.port_forwards import port_forwards
from virtnet.commands.doctor.subnets import subnets
from virtnet.errors import AccessDenied, LibvirtFailure, Unreachable, VirtnetError
from virtnet.forwarding import observe as forwarding_observe
from virtnet.forwarding.boot_files.paths import DIRECTORY
from virtnet.forwarding.reads import READS as FORWARDING_READS
from virtnet.forwarding.sysctl import integer
from virtnet.host.firewall import iptables
from virtnet.host.firewall.programs import has_firewalld
from virtnet.host.requests import WHOLE_FIREWALL
from virtnet.network.names import PID_FILES, network_of_pid_file
from virtnet.network.observe import observe as network_observe
from virtnet.network.observe.firewall.backends import noted_backend
from virtnet.network.observe.firewall.libvirt_rules import Backend, configured_backend
from virtnet.network.observe.firewall.paths import Surroundings
from virtnet.network.observe.firewall.whole import surroundings, whole_firewall
from virtnet.network.observe.host_facts import host_facts
from virtnet.network.observe.leftovers import dnsmasq_process
from virtnet.network.observe.named import named_on_host
from virtnet.network.observe.reads import NETWORK_CONF, SECONDS_RULES_STAND
from virtnet.network.observe.reads import READS as NETWORK_READS
from virtnet.network.observe.scope import Scope
from virtnet.network.observed import Observed, ObservedNetwork, ReportedNetwork, reported
from virtnet.planning.clients.clients import Clients
from virtnet.planning.clients.host import FileReader, FirewallReader, HostReader
from virtnet.planning.clients.reads import combined
from virtnet.port_forward.observe.survey import survey

#: Has "system" where systemd is process 1 (sd_booted(3)).
SYSTEMD = "/run/systemd"

#: What is started at boot, by links to units.
ENABLED = ("/etc/systemd/system/multi-user.target.wants", "/usr/lib/systemd/system/multi-user.target.wants")

#: libvirt's that start networks.
SERVICES = ("libvirtd.service", "virtnetworkd.service")

#: Everything a HostForwarding could want, so that its observer looks at all of it.
EVERYTHING = {"ipv4": True, "ipv6": True}

INOTIFY_INSTANCES = "fs/inotify/max_user_instances"

Answer = TypeVar("Answer")

Otherwise = TypeVar("Otherwise")


def diagnose(clients: Clients) -> list[Finding]:
    """Look and judge."""
    return examine(observe(clients))


def examine(report: DoctorReport) -> list[Finding]:
    """Every finding, in the order of a table: libvirt and the host first, then each network, then what is free. Pure.

    Where libvirt cannot be asked, what is known of the host is said all the same, and nothing of networks.
    """
    findings = [*libvirt(report), *firewall(report), *forwarding(report), *port_forwards(report)]
    return findings if report.unreachable else [*findings, *networks(report), *subnets(report)]


def observe(clients: Clients) -> DoctorReport:
    """All that is worth a look. Raises nothing that a host could cause."""
    with clients.cached_reads(combined(NETWORK_READS, FORWARDING_READS)):
        return _look(clients)


def _look(clients: Clients) -> DoctorReport:
    looking = _Looking(clients)
    report = looking.at_libvirt(
        DoctorReport(
            uri=clients.libvirt.uri, has_host=clients.host is not None, unprivileged=clients.libvirt.unprivileged()
        )
    )
    if clients.host is not None:
        report = looking.at_host(report, clients.host)
    return replace(report, unseen=tuple(dict.fromkeys(looking.unseen)))


class _Looking:
    """One look at a host, and what could not be seen."""

    def __init__(self, clients: Clients) -> None:
        self.clients = clients
        self.unseen: list[str] = []

    def _tried(self, question: Callable[[], Answer], otherwise: Otherwise) -> Answer | Otherwise:
        try:
            return question()
        except VirtnetError as error:
            self.unseen.append(str(error))
            return otherwise

    def at_libvirt(self, report: DoctorReport) -> DoctorReport:
        """The daemon and its networks."""
        libvirt = self.clients.libvirt
        try:
            version = libvirt.version()
            reports = tuple(sorted(libvirt.networks(), key=lambda one: one.name))
        except (Unreachable, LibvirtFailure) as error:
            return replace(report, unreachable=str(error), denied=isinstance(error, AccessDenied))
        networks = [reported(one) for one in reports]
        seen = [self._network(one, version) for one in networks]
        interfaces = self._tried(libvirt.interface_names, None) if self.clients.host is None else frozenset()
        return replace(
            report,
            libvirt_version=version,
            host_uuid=self._tried(libvirt.host_uuid, ""),
            interface_driver=interfaces is not None,
            networks=tuple(
                one._replace(others=_others(one.report, networks), interface_names=interfaces)
                for one in seen
                if isinstance(one, ObservedNetwork)
            ),
            reported_autostart=frozenset(one.uuid for one in reports if one.autostart),
        )

    def _network(self, report: ReportedNetwork, version: int) -> Observed:
        uri = self.clients.libvirt.uri
        named = named_on_host(report.definition.tree)
        scope = Scope(uuid=report.uuid, attachments=True, named=named, seeks_rules_left=True)
        alone: Observed = ObservedNetwork(uri=uri, host_uuid="", libvirt_version=version, report=report)
        return self._tried(lambda: network_observe.observe(self.clients, scope), alone)

    def at_host(self, report: DoctorReport, host: HostReader) -> DoctorReport:
        """The host itself: interfaces, firewall, files and kernel; nothing of it where it cannot be reached at all."""
        try:
            host.may_change_links()
        except VirtnetError as error:
            return replace(report, host_name=host.name, host_unreachable=str(error))
        surveyed = self._tried(lambda: host_facts(host), None)
        users = forwarding_observe.users(n.report for n in report.networks)
        pid_files = self._tried(lambda: host.list_directory(PID_FILES), [])
        drop_ins = self._tried(lambda: host.list_directory(DIRECTORY), [])
        rules: Mapping[str, str | None] = self._tried(lambda: _listed(host), {})
        firewall = self._tried(lambda: whole_firewall(host, seconds_old=SECONDS_RULES_STAND), None) if rules else None
        return replace(
            report,
            host_name=host.name,
            host=surveyed,
            networks=tuple(one._replace(host=surveyed) for one in report.networks),
            forwarding=self._tried(
                lambda: forwarding_observe.look(host, EVERYTHING, host_uuid=report.host_uuid, users=users), None
            ),
            port_forwards=self._tried(lambda: survey(host), None),
            # A listing that cannot be read is said, and tells nothing.
            rules={} if firewall is None else rules,
            backends=self._backends(report, host),
            firewall=firewall,
            legacy_tables=self._tried(lambda: _legacy_tables(host, rules), {}) if firewall is not None else {},
            surroundings=self._tried(lambda: surroundings(host), Surroundings()),
            zones=tuple(self._tried(host.firewall_zones, ())) if firewall and has_firewalld(firewall) else (),
            starts_at_boot=self._starts_at_boot(host),
            firewall_backend=configured_backend(self._tried(lambda: host.read_file(NETWORK_CONF), None)),
            leftover_dnsmasqs=tuple(self._leftovers(report, pid_files)) if not report.unreachable else (),
            inotify_instances=integer(self._tried(lambda: host.read_sysctl(INOTIFY_INSTANCES), None)),
            temporary_files=tuple(name for name in drop_ins if re.fullmatch(r"\..+\.conf\.new\.\w+", name)),
        )

    def _backends(self, report: DoctorReport, host: HostReader) -> dict[str, Backend]:

        def noted(name: str) -> Backend | None:
            return self._tried(lambda: noted_backend(host, name), None)

        found = {network.report.name: noted(network.report.name) for network in report.networks}
        return {name: backend for name, backend in found.items() if backend is not None}

    def _starts_at_boot(self, host: HostReader) -> bool | None:
        """Whether a service of libvirt's is enabled, where systemd starts the host."""

        def enabled() -> bool:
            return any(service in host.list_directory(place) for place in ENABLED for service in SERVICES)

        by_systemd = "system" in self._tried(lambda: host.list_directory(SYSTEMD), [])
        return self._tried(enabled, None) if by_systemd else None

    def _leftovers(self, report: DoctorReport, pid_files: Sequence[str]) -> list[tuple[str, int]]:
        active = {n.report.name for n in report.networks if n.report.active}
        names = [network_of_pid_file(name) for name in pid_files if name.endswith(".pid")]
        found = [(name, dnsmasq_process(self.clients, name)) for name in names if name not in active]
        return [(name, pid) for name, pid in found if pid is not None]


def _listed(host: FirewallReader) -> dict[str, str | None]:
    return {program: host.firewall_rules(program) for program in WHOLE_FIREWALL}


def _legacy_tables(host: FileReader, rules: Mapping[str, str | None]) -> Mapping[str, tuple[str, ...]]:
    told = {
        lister.replace("-save", "-legacy-save"): iptables.legacy_tables(
            rules[lister], host.read_file(iptables.NAMES_IN_PROC[version])
        )
        for lister, version in iptables.VERSIONS.items()
    }
    return {program: names for program, names in told.items() if names}


def _others(report: ReportedNetwork, networks: Sequence[ReportedNetwork]) -> tuple[ReportedNetwork, ...]:
    return tuple(other for other in networks if other.uuid != report.uuid)
