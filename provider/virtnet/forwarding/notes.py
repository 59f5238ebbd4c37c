"""What a reviewer of a HostForwarding should know of others: files that beat it at boot, programs, Docker. Pure."""

from collections.abc import Iterator, Mapping

from virtnet.forwarding.boot import KERNEL_DEFAULT, by_procps, by_systemd
from virtnet.forwarding.observed import ForwardingReport, wanted
from virtnet.forwarding.other_programs import overriding_settings
from virtnet.forwarding.sysctl import IPV4, interface_of, is_accept_ra, is_on, shown
from virtnet.spec.part import Values, as_group


def overridden_at_boot(
    path: str, files: Mapping[str, str], observed: ForwardingReport, targets: Mapping[str, str]
) -> Iterator[str]:
    """The file that beats our drop-in at boot, if one does, for each parameter; `files` are those there will be."""
    interfaces = sorted({*observed.interfaces, *filter(None, map(interface_of, targets))})
    systemd, procps = by_systemd(files, interfaces), by_procps(files, interfaces)
    for key, value in targets.items():
        at_boot, by_hand = systemd[key], procps[key]
        if not _agrees(key, at_boot.value, value):
            place = "the kernel's default" if at_boot.source == KERNEL_DEFAULT else at_boot.source
            yield (
                f"the next boot gives {shown(key)} = {at_boot.value}, not {value}: {place} beats {path};"
                " change that file, or choose a drop_in whose name sorts after it"
            )
        elif not _agrees(key, by_hand.value, value):
            yield (
                f"`sysctl --system` gives {shown(key)} = {by_hand.value} by {by_hand.source}, unlike the next boot"
                " by systemd-sysctl; take the line out of that file"
            )


def beaten_as_recorded(desired: Values, recorded: Values) -> Iterator[str]:
    """The same by what the last look at the host recorded: it stays worth a line while nothing else changes."""
    at_boot = as_group(recorded.get("at_boot") or {})
    for key, value in wanted(desired).items():
        boot = as_group(at_boot.get(key) or {})
        if (
            boot
            and value is not None
            and desired.get("persist", True) is True
            and not _agrees(key, str(boot["value"]), value)
        ):
            yield (
                f"the next boot gives {shown(key)} = {boot['value']}, not {value}, by {boot['source']}; change that"
                " file, or choose a drop_in whose name sorts after it"
            )


def overridden_at_runtime(observed: ForwardingReport, targets: Mapping[str, str]) -> Iterator[str]:
    """Programs that will undo a parameter while the host runs."""
    yield from overriding_settings(
        observed.overriding_settings,
        {key: value for key, value in targets.items() if not is_accept_ra(key)},
        observed.interfaces,
    )


def what_docker_does(observed: ForwardingReport, targets: Mapping[str, str]) -> Iterator[str]:
    """What forwarding that goes on means where Docker is."""
    if targets.get(IPV4) != "1":
        return
    if observed.forward_policy == "DROP":
        yield (
            f"Docker has set iptables' FORWARD policy of {observed.host} to DROP: also with forwarding on, packets that"
            " no rule lets through are dropped, such as those of networks in mode open; allow them in its chain"
            " DOCKER-USER"
        )
    elif observed.docker_installed:
        yield (
            f"Docker is on {observed.host}, and sets iptables' FORWARD policy to DROP only when it is the one that"
            " turns forwarding on; from the next boot on it will not be, so that neighbours could reach containers"
            " directly; set that policy yourself if they must not"
        )


def _agrees(key: str, one: str, other: str) -> bool:
    """Whether two values of a parameter mean the same: accept_ra is a number, the rest is on or off."""
    return one == other if is_accept_ra(key) else is_on(one) == is_on(other)
