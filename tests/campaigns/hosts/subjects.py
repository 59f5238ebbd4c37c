"""Which hosts are tried, and with which tests: those that say most about a host in little time. Data."""

from collections.abc import Collection, Iterable
from typing import NamedTuple


class Subject(NamedTuple):
    """What a group of tests is about."""

    title: str
    files: tuple[str, ...]


class Host(NamedTuple):
    """A host that tests run on."""

    title: str
    tree: tuple[str, ...] = ()
    """What tools/other-libvirt is called with; nothing for the machine itself."""
    networks: bool = False
    """Whether the networks of libvirt's own tests are tried as well."""
    subjects: tuple[str, ...] = ()
    """The titles of the subjects that say something of it; none for all of them."""


HOSTS = (
    Host("Debian 11, the oldest", ("bullseye",), networks=True),
    Host("Debian 12", networks=True),
    Host("Debian 13", ("trixie",)),
    Host("Debian 13, modular daemons", ("trixie", "--modular")),
    Host(
        "Debian 13, modular daemons and virtproxyd",
        ("trixie", "--modular-virtproxyd"),
        subjects=("life of a network", "restart, with guests", "ssh, TLS, TCP", "doctor"),
    ),
    Host("Debian 14, the newest", ("forky",), networks=True),
)
"""The machine that runs this stands for Debian 12. With virtproxyd only who listens differs: the rest is left out."""

SUBJECTS = (
    Subject("life of a network", ("test_network_lifecycle", "test_network_shapes", "test_autostart")),
    Subject("live sections", ("test_live_sections",)),
    Subject("restart, with guests", ("test_restart", "test_guests")),
    Subject("adopt, give back, import", ("test_adoption", "test_import")),
    Subject("drift, firewall", ("test_network_drift",)),
    Subject("refusals", ("test_refusals",)),
    Subject("firewalls of others", ("test_firewalls",)),
    Subject("forwarding", ("test_host_forwarding_sandbox",)),
    Subject("port forwards", ("test_port_forward", "test_port_forward_host")),
    Subject("ssh, TLS, TCP", ("test_ssh", "test_network_transports")),
    Subject("doctor", ("test_doctor",)),
)
"""The files are those of tests/integration."""


def chosen(text: str) -> tuple[Host, ...]:
    """The host of that title; where there is none, those whose titles hold the text."""
    return tuple(host for host in HOSTS if host.title == text) or tuple(host for host in HOSTS if text in host.title)


def never_run(hosts: Iterable[Host], titles: Collection[str], kept: Collection[str]) -> tuple[Host, ...]:
    """The hosts on which these subjects can't be run alone, as no run of the others is kept; without titles, none."""
    return tuple(host for host in hosts if titles and host.title not in kept)


def files(titles: Collection[str] = ()) -> tuple[str, ...]:
    """The files of the subjects with these titles; without any, of all."""
    return tuple(file for subject in SUBJECTS if not titles or subject.title in titles for file in subject.files)


def paths(titles: Collection[str] = ()) -> tuple[str, ...]:
    """The same as pytest takes them."""
    return tuple(f"tests/integration/{file}.py" for file in files(titles))
