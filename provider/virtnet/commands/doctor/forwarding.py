"""`virtnet doctor` on IP forwarding: now, at boot, and who else has a hand in it. Pure."""

from collections.abc import Iterator, Mapping

from virtnet.commands.doctor.finding import DoctorReport, Finding, Level
from virtnet.commands.doctor.kinds import FindingKind
from virtnet.forwarding.boot_files.boot import KERNEL_DEFAULT, BootValue, assignments, by_procps, by_systemd
from virtnet.forwarding.boot_files.drop_in import DropIn, parse
from virtnet.forwarding.boot_files.other_programs import overriding_settings
from virtnet.forwarding.boot_files.paths import DIRECTORY
from virtnet.forwarding.observed import ForwardingReport
from virtnet.forwarding.sysctl import (
    IPV4,
    IPV4_ALIAS,
    IPV6,
    WHOLE_HOST,
    accept_ra_of,
    agree,
    interface_of,
    is_accept_ra,
    is_on,
)
from virtnet.network.observed import ObservedNetwork
from virtnet.network.tree import ROUTED_MODES

AREA = "ip forwarding"


def forwarding(report: DoctorReport) -> Iterator[Finding]:
    """The two parameters of the whole host, our drop-ins, and what will undo them."""
    found = report.forwarding
    if found is None:
        return
    ours = {
        path: there
        for path, text in sorted(found.files.items())
        if path.startswith(DIRECTORY + "/") and (there := parse(text)) is not None
    }
    kept = {key for drop_in in ours.values() for key, _ in drop_in.settings}
    interfaces = sorted({*found.interfaces, *map(interface_of, kept)} - {""})
    boot, by_hand = by_systemd(found.files, interfaces), by_procps(found.files, interfaces)
    for key in WHOLE_HOST:
        yield from _whole_host(key, report, found, boot[key], kept=key in kept)
    yield from _drop_ins(report, found, ours, boot, by_hand)
    yield from _owners(ours)
    yield from _others(found, ours, {model[key].source for model in (boot, by_hand) for key in WHOLE_HOST})
    yield from _advertised(found)
    for name in report.temporary_files:
        yield Finding(
            area=AREA,
            level=Level.NOTE,
            kind=FindingKind.TEMPORARY_FILE_LEFT,
            data={"file": f"{DIRECTORY}/{name}"},
        )


def _whole_host(
    key: str, report: DoctorReport, found: ForwardingReport, boot: BootValue, *, kept: bool
) -> Iterator[Finding]:
    """One parameter. What is `kept` by a drop-in of ours is judged with that."""
    now = found.values.get(key)
    if now is None:
        yield Finding(area=AREA, level=Level.NOTE, kind=FindingKind.PARAMETER_UNKNOWN, details={"key": key})
        return
    data = {"key": key, "now": now, "at_boot": boot.value, "source": boot.source}
    users = [user.as_details() for user in found.users[key]]
    at_start = [_name(n) for n in report.networks if _starts_at_boot(n) and _routes(n, key)]
    by_file = boot.source != KERNEL_DEFAULT
    if users and not is_on(now):
        yield Finding(
            area=AREA,
            level=Level.PROBLEM,
            kind=FindingKind.FORWARDING_OFF,
            data=data,
            details={"users": users},
        )
    elif (users or at_start) and not kept and not is_on(boot.value) and by_file:
        yield Finding(area=AREA, level=Level.NOTE, kind=FindingKind.FORWARDING_OFF_AT_BOOT, data=data)
    else:
        kind = FindingKind.PARAMETER_SET_AT_BOOT if by_file else FindingKind.PARAMETER_DEFAULT_AT_BOOT
        yield Finding(area=AREA, level=Level.OK, kind=kind, data=data)


def _drop_ins(
    report: DoctorReport,
    found: ForwardingReport,
    ours: Mapping[str, DropIn],
    boot: Mapping[str, BootValue],
    by_hand: Mapping[str, BootValue],
) -> Iterator[Finding]:
    for path, drop_in in ours.items():
        if drop_in.edited:
            yield Finding(
                area=AREA,
                level=Level.PROBLEM,
                kind=FindingKind.DROP_IN_EDITED,
                data={"file": path, "owner": drop_in.mark.owner},
            )
        overridden = False
        for key, value in drop_in.settings:
            at_boot, system = boot.get(key), by_hand.get(key)
            if at_boot is not None and not agree(key, at_boot.value, value):
                overridden = True
                yield Finding(
                    area=AREA,
                    level=Level.PROBLEM,
                    kind=FindingKind.DROP_IN_OVERRIDDEN_AT_BOOT,
                    data={"file": path, "key": key, "at_boot": at_boot.value, "source": at_boot.source},
                    details={"owner": drop_in.mark.owner, "value": value},
                )
            elif system is not None and not agree(key, system.value, value):
                yield Finding(
                    area=AREA,
                    level=Level.NOTE,
                    kind=FindingKind.DROP_IN_OVERRIDDEN_BY_SYSCTL,
                    data={"file": path, "key": key, "source": system.source},
                    details={"value": system.value},
                )
            now = found.values.get(key)
            if now is not None and not agree(key, now, value):
                yield Finding(
                    area=AREA,
                    level=Level.PROBLEM,
                    kind=FindingKind.DROP_IN_OVERRIDDEN_NOW,
                    data={"file": path, "key": key, "now": now, "wanted": value},
                    details={"owner": drop_in.mark.owner, "host": report.host_name},
                )
        if not drop_in.edited and not overridden:
            yield Finding(
                area=AREA,
                level=Level.OK,
                kind=FindingKind.DROP_IN,
                data={"file": path, "owner": drop_in.mark.owner, "keys": [key for key, _ in drop_in.settings]},
            )


def _owners(ours: Mapping[str, DropIn]) -> Iterator[Finding]:
    """Two of virtnet's drop-ins that set one parameter, no matter who owns them."""
    by_key: dict[str, list[str]] = {}
    for path, drop_in in ours.items():
        for key, _ in drop_in.settings:
            by_key.setdefault(key, []).append(path)
    for key, paths in by_key.items():
        if len(paths) > 1:
            yield Finding(
                area=AREA,
                level=Level.PROBLEM,
                kind=FindingKind.MANAGED_TWICE,
                data={"key": key, "files": paths},
            )


def _others(found: ForwardingReport, ours: Mapping[str, DropIn], decisive: set[str]) -> Iterator[Finding]:
    """Programs that set parameters while the host runs, and files of others that say something and decide nothing."""
    wanted = {key: "1" for key in WHOLE_HOST if found.users[key]}
    wanted |= {key: value for drop_in in ours.values() for key, value in drop_in.settings if not is_accept_ra(key)}
    for setting in overriding_settings(found.other_programs, wanted, found.interfaces):
        yield Finding(
            area=AREA, level=Level.PROBLEM, kind=FindingKind.OVERRIDDEN_BY_PROGRAM, details=setting.as_details()
        )
    others: dict[str, list[str]] = {}
    for path, text in sorted(found.files.items()):
        set_there = {IPV4 if item.key == IPV4_ALIAS else item.key for item in assignments(text, path) if item.value}
        for key in sorted(set_there & {IPV4, IPV6}) if path not in {*ours, *decisive} else ():
            others.setdefault(path, []).append(key)
    for path, keys in others.items():
        yield Finding(
            area=AREA,
            level=Level.NOTE,
            kind=FindingKind.FILE_OVERRIDDEN_BESIDE_OURS if ours else FindingKind.FILE_OVERRIDDEN,
            data={"file": path, "keys": keys},
        )


def _advertised(found: ForwardingReport) -> Iterator[Finding]:
    """Routes that turning IPv6 forwarding on would take from the host."""
    at_stake = [name for name in found.routed_by_advertisement if found.values.get(accept_ra_of(name)) == "1"]
    if at_stake and not is_on(found.values.get(IPV6)):
        yield Finding(
            area=AREA,
            level=Level.NOTE,
            kind=FindingKind.ADVERTISED_ROUTES_AT_STAKE,
            data={"interfaces": at_stake},
        )


def _starts_at_boot(network: ObservedNetwork) -> bool:
    return network.report.persistent and network.report.autostart


def _routes(network: ObservedNetwork, key: str) -> bool:
    config = network.report.definition
    addresses = [ip["address"] for ip in config.tree.get("ips", [])]
    return config.mode in ROUTED_MODES and any((":" in a) == (key == IPV6) for a in addresses)


def _name(network: ObservedNetwork) -> str:
    return network.report.name
