"""What a reviewer of a HostForwarding should know of others: files that override it at boot, programs, Docker. Pure."""

from collections.abc import Iterator, Mapping

from virtnet.forwarding.boot_files.boot import KERNEL_DEFAULT, by_procps, by_systemd
from virtnet.forwarding.boot_files.other_programs import overriding_settings
from virtnet.forwarding.kinds import NoteKind
from virtnet.forwarding.observed import ForwardingReport, wanted
from virtnet.forwarding.plan.goal import Goal
from virtnet.forwarding.sysctl import IPV4, agree, interface_of, is_accept_ra
from virtnet.planning.findings import Note
from virtnet.spec.part import Values, as_group


def overridden_at_boot(goal: Goal, files: Mapping[str, str], observed: ForwardingReport) -> Iterator[Note]:
    """The file that overrides our drop-in at boot, if one does, for each parameter; `files` are those there will be."""
    if goal.persist is not True or goal.path not in files:
        return
    interfaces = sorted({*observed.interfaces, *filter(None, map(interface_of, goal.targets))})
    systemd, procps = by_systemd(files, interfaces), by_procps(files, interfaces)
    for key, value in goal.targets.items():
        at_boot, by_hand = systemd[key], procps[key]
        if not agree(key, at_boot.value, value):
            details = {"at_boot": at_boot.value, "value": value, "source": at_boot.source, "path": goal.path}
            yield Note(NoteKind.OVERRIDDEN_AT_BOOT, {"key": key, **details})
        elif not agree(key, by_hand.value, value):
            details = {"value": by_hand.value, "source": by_hand.source}
            yield Note(NoteKind.OVERRIDDEN_BY_PROCPS, {"key": key, **details})


def overridden_as_recorded(desired: Values, recorded: Values) -> Iterator[Note]:
    """The same by what the last look at the host recorded: it stays worth a line while nothing else changes."""
    if desired.get("persist", True) is not True:
        return
    for key, details in _otherwise_at_boot(desired, recorded):
        # Without its drop-in the parameter is at the kernel's default: nothing overrides it, and the update writes it.
        if details["source"] not in (recorded.get("drop_in_path"), KERNEL_DEFAULT):
            yield Note(NoteKind.OVERRIDDEN_AT_BOOT_AS_RECORDED, {"key": key, **details})


def own_file_says_otherwise(desired: Values, recorded: Values) -> Iterator[str]:
    """The parameters that an update which was interrupted left with another value in the drop-in, as recorded."""
    named = wanted(recorded)
    for key, details in _otherwise_at_boot(desired, recorded):
        if details["source"] == recorded.get("drop_in_path") and named.get(key) == details["value"]:
            yield key


def _otherwise_at_boot(desired: Values, recorded: Values) -> Iterator[tuple[str, dict[str, str]]]:
    at_boot = as_group(recorded.get("at_boot") or {})
    for key, value in wanted(desired).items():
        boot = as_group(at_boot.get(key) or {})
        if boot and value is not None and not agree(key, str(boot["value"]), value):
            yield key, {"at_boot": str(boot["value"]), "value": value, "source": str(boot["source"])}


def overridden_at_runtime(goal: Goal, observed: ForwardingReport) -> Iterator[Note]:
    """Programs that will undo a parameter while the host runs."""
    targets = {key: value for key, value in goal.targets.items() if not is_accept_ra(key)}
    for setting in overriding_settings(observed.other_programs, targets, observed.interfaces):
        yield Note(NoteKind.OVERRIDDEN_AT_RUNTIME, setting.as_details())


def what_docker_does(goal: Goal, observed: ForwardingReport) -> Iterator[Note]:
    """What forwarding that goes on means where Docker is."""
    if goal.targets.get(IPV4) != "1":
        return
    if observed.forward_policy == "DROP":
        yield Note(NoteKind.DOCKER_DROPS, {"host": observed.host})
    elif observed.docker_installed:
        yield Note(NoteKind.DOCKER_WILL_NOT_DROP, {"host": observed.host})
