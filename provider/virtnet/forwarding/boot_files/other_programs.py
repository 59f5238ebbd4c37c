"""Other programs that set forwarding parameters while a host runs, by their own configuration. Pure.

sysctl.d files are boot's; here are systemd-networkd, NetworkManager and ufw, which write to the kernel whenever
they start or bring an interface up, after those files were read. What they say is read, not what they did.
"""

import configparser
import fnmatch
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from virtnet.forwarding.boot_files.boot import assignments
from virtnet.forwarding.kinds import Occasion, SystemdVersions
from virtnet.forwarding.sysctl import IPV4, IPV4_ALIAS, IPV6, interface_of, ipv4_of, ipv6_of, is_on, whole_of

NETWORKD_RUNS = "/run/systemd/netif"
"""Holds files while systemd-networkd runs; likewise the next for NetworkManager."""

NETWORKMANAGER_RUNS = "/run/NetworkManager"

UFW = "/etc/ufw/ufw.conf"

UFW_SYSCTL = "/etc/ufw/sysctl.conf"

_SYSTEMD = tuple(f"{place}/systemd" for place in ("/etc", "/run", "/usr/local/lib", "/usr/lib"))

_CONNECTIONS = ("/etc/NetworkManager/system-connections", "/run/NetworkManager/system-connections")

_Read = Callable[[str, str], str]
"""(section, name) -> a value of an ini file, "" if it has none."""

_ON, _OFF = ("1", "yes", "y", "true", "t", "on"), ("0", "no", "n", "false", "f", "off")


class Setting(NamedTuple):
    """One line of a program's configuration that sets a parameter."""

    program: str
    """As its users call it: "systemd-networkd"."""
    key: str
    """The parameter, in slash form."""
    value: bool
    """Whether forwarding goes on by it, or off."""
    occasion: Occasion
    line: str
    """As written, or as good as that: "IPForward=yes"."""
    versions: SystemdVersions = SystemdVersions.ALL
    section: str = ""
    """The section that the line is in; "" if the line needs none."""


class OverridingSetting(NamedTuple):
    """A program's setting that undoes a target."""

    setting: Setting
    path: str
    """The file that the line stands in."""
    target: str
    """The parameter that the setting overrides. It isn't the setting's own if that is of one interface and the
    parameter of the whole host.
    """
    wanted: str
    """The target's value: "0" or "1"."""

    def as_details(self) -> Mapping[str, str]:
        """The same as plain data."""
        setting = self.setting
        return {
            "program": setting.program,
            "key": setting.key,
            "value": str(int(setting.value)),
            "occasion": setting.occasion.value,
            "versions": setting.versions.value,
            "line": setting.line,
            "section": setting.section,
            "path": self.path,
            "target": self.target,
            "wanted": self.wanted,
        }


def configuration(
    list_directory: Callable[[str], Sequence[str]], read_file: Callable[[str], str | None]
) -> dict[str, str]:
    """Paths and texts of the configuration of those of the three programs that run, or are enabled, on the host."""
    paths: list[str] = []
    if list_directory(NETWORKD_RUNS):
        paths += [f"{place}/networkd.conf" for place in _SYSTEMD]
        for place in _SYSTEMD:
            paths += _in(list_directory, f"{place}/networkd.conf.d", ".conf")
            paths += _in(list_directory, f"{place}/network", ".network")
    if list_directory(NETWORKMANAGER_RUNS):
        for place in _CONNECTIONS:
            paths += _in(list_directory, place, ".nmconnection")
    if "enabled=yes" in (read_file(UFW) or "").lower().replace(" ", "").splitlines():
        paths.append(UFW_SYSCTL)
    texts = {path: read_file(path) for path in paths}
    return {path: text for path, text in texts.items() if text is not None}


def _in(list_directory: Callable[[str], Sequence[str]], directory: str, ending: str) -> list[str]:
    return [f"{directory}/{name}" for name in list_directory(directory) if name.endswith(ending)]


def overriding_settings(
    files: Mapping[str, str], targets: Mapping[str, str], interfaces: Iterable[str]
) -> Iterator[OverridingSetting]:
    """Each line of that configuration that undoes one of the targets, {key: "0" or "1"}.

    `interfaces` are those that are there: systemd brings files along for containers' and machines' that may never come.
    """
    present = sorted({*interfaces, *map(interface_of, targets)} - {""})
    for path, text in _counting(files).items():
        for setting in _settings(path, text, present):
            for target in _targets_of(setting.key, targets):
                if is_on(targets[target]) != setting.value:
                    yield OverridingSetting(setting=setting, path=path, target=target, wanted=targets[target])


def _counting(files: Mapping[str, str]) -> dict[str, str]:
    """The files that count: one name in an earlier directory hides it in the later ones.

    A line that another file undoes is named nevertheless: it is a line that someone should look at.
    """
    chosen: dict[str, str] = {}
    for path in files:
        chosen.setdefault("/".join(path.rsplit("/", 2)[1:]), path)
    return {path: files[path] for path in chosen.values()}


def _settings(path: str, text: str, present: Sequence[str]) -> Iterator[Setting]:
    if path == UFW_SYSCTL:
        yield from _of_ufw(path, text)
    elif path.endswith(".nmconnection"):
        yield from _of_connection(_read(text))
    elif path.endswith(".network"):
        yield from _of_network_file(_read(text), present)
    else:
        yield from _of_networkd(_read(text))


def _of_ufw(path: str, text: str) -> Iterator[Setting]:
    for item in assignments(text, path):
        if item.value is not None:
            yield Setting(
                program="ufw",
                key=IPV4 if item.key == IPV4_ALIAS else item.key,
                value=is_on(item.value),
                occasion=Occasion.PROGRAM_START,
                line=f"{item.key}={item.value}",
            )


def _of_connection(read: _Read) -> Iterator[Setting]:
    for section, key in (("ipv4", IPV4), ("ipv6", IPV6)):
        if read(section, "method") == "shared":
            yield Setting(
                program="NetworkManager",
                key=key,
                value=True,
                occasion=Occasion.CONNECTION_UP,
                line="method=shared",
                section=section,
            )


def _of_networkd(read: _Read) -> Iterator[Setting]:
    for name, key in (("IPv4Forwarding", IPV4), ("IPv6Forwarding", IPV6)):
        value = _boolean(read("Network", name))
        if value is not None:
            yield Setting(
                program="systemd-networkd",
                key=key,
                value=value,
                occasion=Occasion.PROGRAM_START,
                versions=SystemdVersions.FROM_256,
                line=f"{name}={read('Network', name)}",
            )


def _of_network_file(read: _Read, present: Sequence[str]) -> Iterator[Setting]:
    patterns = read("Match", "Name").split()
    matched = [name for name in present if _matches(name, patterns)]
    if not matched:
        return
    # These turn forwarding of the whole host on, and never off (seen with systemd 252; 257 ignores IPForward=).
    for name, versions in (("IPForward", SystemdVersions.BEFORE_256), ("IPMasquerade", SystemdVersions.ALL)):
        value = read("Network", name).lower()
        for family, key in (("ipv4", IPV4), ("ipv6", IPV6)):
            if value in (family, "both") or value in _ON:
                yield _of_interface(key, goes_on=True, versions=versions, line=f"{name}={value}")
    for name, of in (("IPv4Forwarding", ipv4_of), ("IPv6Forwarding", ipv6_of)):
        goes_on = _boolean(read("Network", name))
        for interface in matched if patterns else ():
            if goes_on is not None:
                line = f"{name}={read('Network', name)}"
                yield _of_interface(of(interface), goes_on=goes_on, versions=SystemdVersions.FROM_256, line=line)


def _of_interface(key: str, *, goes_on: bool, versions: SystemdVersions, line: str) -> Setting:
    return Setting(
        program="systemd-networkd",
        key=key,
        value=goes_on,
        occasion=Occasion.INTERFACE_CONFIGURED,
        versions=versions,
        line=line,
    )


def _matches(interface: str, patterns: Sequence[str]) -> bool:
    """Whether a .network file could be for an interface, by the names it gives; a "!" before them inverts all."""
    inverted = bool(patterns) and patterns[0].startswith("!")
    names = [patterns[0].removeprefix("!"), *patterns[1:]] if patterns else ["*"]
    return any(fnmatch.fnmatchcase(interface, name) for name in names) != inverted


def _targets_of(key: str, targets: Mapping[str, str]) -> list[str]:
    """The target that a setting of `key` meets: itself, or for an interface nobody named the whole host being on."""
    if key in targets:
        return [key]
    whole = whole_of(key)
    return [whole] if interface_of(key) and is_on(targets.get(whole)) else []


def _read(text: str) -> _Read:
    """A function that gives a value of an ini file, "" if it has none or can't be read as one."""
    parser = configparser.ConfigParser(
        strict=False, interpolation=None, allow_no_value=True, delimiters=("=",), comment_prefixes=("#", ";")
    )
    try:
        parser.read_string(text)
    except configparser.Error:
        return lambda _section, _name: ""
    return lambda section, name: (parser.get(section, name, fallback="") or "").strip()


def _boolean(text: str) -> bool | None:
    return True if text.lower() in _ON else False if text.lower() in _OFF else None
