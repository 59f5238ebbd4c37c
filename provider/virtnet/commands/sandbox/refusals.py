"""Why a machine can't hold a sandbox.

Looks and judges; changes nothing.
"""

import os
import pwd
import shutil
from pathlib import Path

from virtnet.commands.sandbox import messages
from virtnet.commands.sandbox.layout import VARIABLE, Layout, layout
from virtnet.commands.sandbox.mounts import system_path
from virtnet.commands.sandbox.packages import managers, names_in
from virtnet.errors import Refused

# Each program or file with the Debian and Ubuntu package that has it.
_PROGRAMS = {
    "unshare": "util-linux",
    "ip": "iproute2",
    "virtlogd": "libvirt-daemon",
    "virsh": "libvirt-clients",
    "dnsmasq": "dnsmasq-base",
    "iptables": "iptables",
}
_ROOTLESS_PROGRAMS = {"newuidmap": "uidmap", "newgidmap": "uidmap"}
_FILES = {"/usr/share/libvirt/networks/default.xml": "libvirt-daemon-config-network"}
_DRIVERS = {"qemu": "QEMU", "network": "network"}
_CAP_SYS_ADMIN = 21


def check_programs(*, rootless: bool) -> None:
    """Raise Refused, with the command that installs them here, when programs or files are missing."""
    path = system_path(os.environ)
    try:
        daemons = layout(os.environ, path).daemons
    except ValueError:
        raise Refused(messages.no_layout(VARIABLE, os.environ[VARIABLE], [one.value for one in Layout])) from None
    # Debian has no package with modular daemons; the one with libvirtd is named, which serves as well.
    programs = {**_PROGRAMS, **{daemon.name: "libvirt-daemon" for daemon in daemons}}
    programs |= _ROOTLESS_PROGRAMS if rootless else {}
    missing = {name: package for name, package in programs.items() if not shutil.which(name, path=path)}
    missing |= {name: package for name, package in _FILES.items() if not Path(name).exists()}
    # A sandbox's own virsh call would say this less clearly, and only after the start. A modular daemon comes with the
    # driver that it is for.
    if daemons == Layout.MONOLITHIC.daemons and "libvirtd" not in missing:
        for driver in ("qemu", "network"):
            if not _has_driver(driver):
                missing[f"libvirt's {_DRIVERS[driver]} driver"] = f"libvirt-daemon-driver-{driver}"
    if missing:
        apt, *_ = known = managers()
        manager = next((each for each in known if shutil.which(each.program, path=path)), None)
        names = names_in(manager or apt, missing.values())
        raise Refused(messages.missing(missing, "" if manager is None else manager.call, names))


def find_cause(*, rootless: bool, proc: Path = Path("/proc"), etc: Path = Path("/etc")) -> str | None:
    """Return the known reason why namespaces are refused here, or None.

    To be asked after a failure, not before: a machine may have an exception, such as an AppArmor profile, for
    the caller.
    """
    if not rootless:
        if _has_capability(proc, _CAP_SYS_ADMIN):
            return None
        return messages.NO_SYS_ADMIN
    if _setting(proc, "kernel/unprivileged_userns_clone") == "0":
        return messages.ROOT_ONLY
    if _setting(proc, "user/max_user_namespaces") == "0":
        return messages.TURNED_OFF
    without = [f"/etc/{name}" for name in ("subuid", "subgid") if not _has_subordinate_ids(etc / name)]
    if without:
        return messages.no_subordinate_ids(_user(), without)
    if _setting(proc, "kernel/apparmor_restrict_unprivileged_userns") == "1":
        return messages.APPARMOR
    return None


def _has_driver(name: str) -> bool:
    file = f"libvirt/connection-driver/libvirt_driver_{name}.so"
    patterns = (f"lib/*/{file}", f"lib64/{file}", f"lib/{file}")
    return any(found for pattern in patterns for found in Path("/usr").glob(pattern))


def _has_capability(proc: Path, number: int) -> bool:
    for line in (proc / "self/status").read_text("ascii", errors="replace").splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> number & 1)
    return True


def _setting(proc: Path, name: str) -> str | None:
    try:
        return (proc / "sys" / name).read_text("ascii").strip()
    except OSError:
        return None  # this kernel does not have it


def _has_subordinate_ids(file: Path) -> bool:
    try:
        owners = {line.split(":")[0] for line in file.read_text("utf-8").splitlines()}
    except OSError:
        return False
    return bool(owners & {_user(), str(os.getuid())})


def _user() -> str:
    # As newuidmap does, not from $USER, which sudo and su may leave as it was.
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
