"""What `virtnet doctor` looks at, and what it finds: plain values. No decisions and no effects."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from virtnet.commands.doctor.kinds import FindingKind
from virtnet.forwarding.observed import ForwardingReport
from virtnet.host.firewall.ruleset import Ruleset
from virtnet.network.observe.firewall.libvirt_rules import Backend
from virtnet.network.observe.firewall.paths import Surroundings
from virtnet.network.observed import HostReport, ObservedNetwork
from virtnet.planning.findings import Note, Problem, Refusal
from virtnet.port_forward.observe.survey import Survey
from virtnet.spec.failures import Details


class Level(Enum):
    """How much a finding matters."""

    OK = "ok"
    """As it should be."""
    NOTE = "note"
    """Worth knowing; nothing is broken by it."""
    PROBLEM = "problem"
    """Something does not work, or will not at the next start or boot."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One finding on a host. `messages.advice` has its sentence."""

    area: str
    """What it belongs to: "libvirt", "firewall", "network lab"."""
    level: Level
    kind: FindingKind
    data: Details = field(default_factory=dict)
    """What programs get to know of it, in plain values of JSON."""
    details: Details = field(default_factory=dict)
    """What its sentence names besides."""
    cause: Problem | Refusal | Note | None = None
    """What a resource's planning would say of it; None if the finding is the doctor's own."""


def area_of_network(name: str) -> str:
    """The area of what is found of one network."""
    return f"network {name}"


@dataclass(frozen=True, kw_only=True)
class DoctorReport:
    """Everything that was looked at. What could not be is empty or None, and said in `unseen`."""

    uri: str
    unreachable: str = ""
    """Why libvirt cannot be asked, in its own words; "" when it can."""
    denied: bool = False
    """Whether it is this user whom libvirt does not let in."""
    libvirt_version: int = 0
    """9.0.0 is 9000000; 0 when it is not known."""
    host_uuid: str = ""
    unprivileged: bool = False
    """Whether it is an ordinary user's own libvirt."""
    interface_driver: bool = True
    networks: tuple[ObservedNetwork, ...] = ()
    """Each with all others and the host, as for starting it."""
    reported_autostart: frozenset[str] = frozenset()
    """UUIDs of the networks that the daemon says it would start at boot."""
    has_host: bool = True
    """Whether this URI reaches the host itself, and not only its libvirt."""
    host_name: str = ""
    host_unreachable: str = ""
    """Why the host itself cannot be asked, as over ssh; "" when it can, or when the URI gives no way to it."""
    host: HostReport | None = None
    forwarding: ForwardingReport | None = None
    port_forwards: Survey | None = None
    rules: Mapping[str, str | None] = field(default_factory=dict)
    """What iptables-save, ip6tables-save and nft print; None if there is no such program."""
    backends: Mapping[str, Backend] = field(default_factory=dict)
    """The backend that wrote the rules of each running network, by the network's name, if it is known."""
    firewall: Ruleset | None = None
    """The whole of it; None if it was not looked at."""
    surroundings: Surroundings = field(default_factory=Surroundings)
    """The facts of the host that decide which packets pass the firewall."""
    legacy_tables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Tables that the kernel keeps for iptables-legacy and nobody has listed, by the program that would."""
    zones: tuple[str, ...] = ()
    """Firewalld's."""
    firewall_backend: Backend | None = None
    """As libvirt's network.conf names it; None if it leaves the choice to libvirt."""
    starts_at_boot: bool | None = None
    """Whether systemd starts a daemon of networks at boot; None if the host has no systemd, or hides it."""
    leftover_dnsmasqs: tuple[tuple[str, int], ...] = ()
    """Names of networks that do not run, or are not there, and the process ids of their dnsmasqs."""
    temporary_files: tuple[str, ...] = ()
    """What a write of ours that was killed left in /etc/sysctl.d."""
    inotify_instances: int | None = None
    """How many a user of the host may have (fs.inotify.max_user_instances); None if that is not known."""
    unseen: tuple[str, ...] = ()
    """What could not be looked at, in sentences that say why."""
