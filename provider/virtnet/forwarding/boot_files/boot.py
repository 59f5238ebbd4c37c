"""What the next boot gives: sysctl.d files read as systemd-sysctl and as procps' `sysctl --system` read them. Pure.

Takes a snapshot of the files, answers with values and the file that decides each. Compared with both programs by
the tests. The two agree on the directories, on the rule that a name in an earlier directory hides the same name in
a later one, on `-` prefixes, on separators and on order by file name; they differ in this:

* `sysctl --system` reads /etc/sysctl.conf, after all others; systemd-sysctl does not read it.
* `sysctl --system` reads files whose names begin with a dot; systemd-sysctl ignores them.
* `sysctl --system` carries out every assignment in order. systemd-sysctl keeps one a key, at the place of the last
  that changed its value, so an ip_forward=1 repeated after a conf.all.forwarding=0 does not count there.
* systemd-sysctl does not write a value that is there already, so all.forwarding=0 on a fresh kernel resets nothing.
* A space between `-` and the key makes the line void for `sysctl --system`.

Exclusions from patterns (`-key` without a value) count for both where they are no patterns themselves (procps 4.0.2
and systemd 252; procps documents patterns there too).
"""

import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from virtnet.forwarding.boot_files.paths import DIRECTORIES, SYSCTL_CONF
from virtnet.forwarding.sysctl import (
    IPV4,
    IPV4_ACCEPT_REDIRECTS,
    IPV4_ALIAS,
    IPV6,
    KERNEL_DEFAULTS,
    accept_ra_of,
    after_write,
    ipv4_of,
    ipv6_of,
)

KERNEL_DEFAULT = "kernel default"

_SPACE = " \t\n\r"


class Assignment(NamedTuple):
    """One line of a file: a value for a key or pattern, or, with no value, an exclusion from patterns."""

    key: str
    value: str | None
    source: str


class BootValue(NamedTuple):
    """What a key will hold, and the file that decides it (or "kernel default")."""

    value: str
    source: str


def normalise(key: str) -> str:
    """A key in slash form: when its first separator is a dot, dots and slashes change places (sysctl.d(5))."""
    first = next((character for character in key if character in "./"), "")
    if first == ".":
        key = key.translate(str.maketrans("./", "/."))
    return "/".join(part for part in key.split("/") if part and part != ".")


def assignments(text: str, source: str, *, procps: bool = False) -> list[Assignment]:
    """The lines of one file that mean something to systemd-sysctl, or to procps, in order."""
    found = []
    for raw in text.split("\n"):
        line = raw.strip(_SPACE)
        if not line or line[0] in "#;":
            continue
        key, separator, value = line.partition("=")
        if not separator and not key.startswith("-"):
            continue  # both programs warn and go on
        key = key.removeprefix("-").rstrip(_SPACE)
        if procps and key[:1] in _SPACE:
            continue
        key = normalise(key.strip(_SPACE))
        if key:
            found.append(Assignment(key, value.strip(_SPACE) if separator else None, source))
    return found


def systemd_order(files: Mapping[str, str]) -> list[Assignment]:
    """What systemd-sysctl carries out, in its order."""
    kept: dict[str, Assignment] = {}
    for path in _by_name(files, dot_files=False):
        for item in assignments(files[path], path):
            if item.key in kept and kept[item.key].value == item.value:
                continue  # its hash map leaves an equal assignment where it is
            kept.pop(item.key, None)
            kept[item.key] = item
    return list(kept.values())


def procps_order(files: Mapping[str, str]) -> list[Assignment]:
    """What `sysctl --system` carries out, in its order."""
    paths = _by_name(files, dot_files=True) + ([SYSCTL_CONF] if SYSCTL_CONF in files else [])
    return [item for path in paths for item in assignments(files[path], path, procps=True)]


def by_systemd(files: Mapping[str, str], interfaces: Sequence[str]) -> dict[str, BootValue]:
    """Every forwarding parameter after systemd-sysctl has run on a fresh kernel with these interfaces."""
    return _carried_out(systemd_order(files), interfaces, skips_equal=True)


def by_procps(files: Mapping[str, str], interfaces: Sequence[str]) -> dict[str, BootValue]:
    """Every forwarding parameter after `sysctl --system` has run on a fresh kernel with these interfaces."""
    return _carried_out(procps_order(files), interfaces, skips_equal=False)


def fresh_kernel(interfaces: Sequence[str]) -> dict[str, str]:
    """The forwarding parameters of a kernel that nobody has written to."""
    values = {IPV4: KERNEL_DEFAULTS["ip_forward"], IPV6: KERNEL_DEFAULTS["forwarding"]}
    values[IPV4_ACCEPT_REDIRECTS] = KERNEL_DEFAULTS["accept_redirects"]
    for name in ("default", *interfaces):
        values[ipv4_of(name)] = values[ipv6_of(name)] = KERNEL_DEFAULTS["forwarding"]
        values[accept_ra_of(name)] = KERNEL_DEFAULTS["accept_ra"]
    return values


def _carried_out(
    ordered: Sequence[Assignment], interfaces: Sequence[str], *, skips_equal: bool
) -> dict[str, BootValue]:
    settled = {item.key for item in ordered}
    values = fresh_kernel(interfaces)
    sources = dict.fromkeys(values, KERNEL_DEFAULT)
    # glob(3) offers the files of /proc/sys in this order; the alias of ip_forward is one of them.
    present = sorted({*values, IPV4_ALIAS})
    for item in ordered:
        if item.value is None:
            continue
        targets = [item.key]
        if any(character in item.key for character in "*?["):
            targets = [key for key in present if _matches(key, item.key) and key not in settled]
        for key in targets:
            named = IPV4 if key == IPV4_ALIAS else key
            equal = values.get(named) == item.value
            after = values if equal and skips_equal else after_write(values, key, item.value)
            for changed in after:
                if after[changed] != values[changed] or changed == named:
                    sources[changed] = item.source
            values = after
    return {key: BootValue(values[key], sources[key]) for key in values}


def _matches(key: str, pattern: str) -> bool:
    """As glob(3): a pattern's parts match a path's parts one by one."""
    parts, patterns = key.split("/"), pattern.split("/")
    return len(parts) == len(patterns) and all(map(fnmatch.fnmatchcase, parts, patterns))


def _by_name(files: Mapping[str, str], *, dot_files: bool) -> list[str]:
    """The paths that count, sorted by file name; a name in an earlier directory hides it in the later ones."""
    chosen: dict[str, str] = {}
    for directory in DIRECTORIES:
        for path in _in_directory(files, directory):
            name = path.rpartition("/")[2]
            if name.endswith(".conf") and (dot_files or not name.startswith(".")):
                chosen.setdefault(name, path)
    return [chosen[name] for name in sorted(chosen)]


def _in_directory(files: Mapping[str, str], directory: str) -> Iterator[str]:
    return (path for path in files if path.rpartition("/")[0] == directory)
