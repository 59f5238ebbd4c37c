"""Other programs that set forwarding parameters while a host runs, by their own configuration. Pure.

sysctl.d files are boot's; here are systemd-networkd, NetworkManager and ufw, which write to the kernel whenever
they start or bring an interface up, after those files were read. What they say is read, not what they did.
"""

import configparser
import fnmatch
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from virtnet.forwarding.boot import assignments
from virtnet.forwarding.sysctl import IPV4, IPV4_ALIAS, IPV6, interface_of, ipv4_of, ipv6_of, is_on, shown, whole_of

NETWORKD_RUNS = "/run/systemd/netif"
"""Holds files while systemd-networkd runs; likewise the next for NetworkManager."""

NETWORKMANAGER_RUNS = "/run/NetworkManager"

UFW = "/etc/ufw/ufw.conf"

UFW_SYSCTL = "/etc/ufw/sysctl.conf"

_SYSTEMD = tuple(f"{place}/systemd" for place in ("/etc", "/run", "/usr/local/lib", "/usr/lib"))

_CONNECTIONS = ("/etc/NetworkManager/system-connections", "/run/NetworkManager/system-connections")

#: Which systemd minds a setting: said, not asked, because a host may be upgraded before its next boot.
_OLD, _NEW = " before systemd 256", " from systemd 256 on"

_ON, _OFF = ("1", "yes", "y", "true", "t", "on"), ("0", "no", "n", "false", "f", "off")


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
) -> Iterator[str]:
    """A sentence for each line of that configuration that undoes one of the targets, {key: "0" or "1"}.

    `interfaces` are those that are there: systemd brings files along for containers' and machines' that may never come.
    """
    present = sorted({*interfaces, *map(interface_of, targets)} - {""})
    for path, text in _counting(files).items():
        for key, value, line, program, when in _settings(path, text, present):
            for target in _meant(key, targets):
                if is_on(targets[target]) != value:
                    yield (
                        f"{program} sets {shown(key)} to {int(value)} {when} ({line} in {path}), which undoes "
                        f"{shown(target)} = {targets[target]}; take that line out or change it"
                    )


def _counting(files: Mapping[str, str]) -> dict[str, str]:
    """The files that count: one name in an earlier directory hides it in the later ones.

    A line that another file takes back is named nevertheless: it is a line that someone should look at.
    """
    chosen: dict[str, str] = {}
    for path in files:
        chosen.setdefault("/".join(path.rsplit("/", 2)[1:]), path)
    return {path: files[path] for path in chosen.values()}


_Setting = tuple[str, bool, str, str, str]
"""Key, whether it goes on, the line as written, the program, and when it does so."""


def _settings(path: str, text: str, present: Sequence[str]) -> Iterator[_Setting]:
    if path == UFW_SYSCTL:
        for item in assignments(text, path):
            if item.value is not None:
                key = IPV4 if item.key == IPV4_ALIAS else item.key
                yield key, is_on(item.value), f"{item.key}={item.value}", "ufw", "whenever it starts"
    elif path.endswith(".nmconnection"):
        read = _read(text)
        for section, key in (("ipv4", IPV4), ("ipv6", IPV6)):
            if read(section, "method") == "shared":
                program, when = "NetworkManager", "when it brings that connection up"
                yield key, True, f"method=shared of [{section}]", program, when
    elif path.endswith(".network"):
        yield from _of_network_file(_read(text), present)
    else:
        read = _read(text)
        for name, key in (("IPv4Forwarding", IPV4), ("IPv6Forwarding", IPV6)):
            value = _boolean(read("Network", name))
            if value is not None:
                yield key, value, f"{name}={read('Network', name)}", "systemd-networkd", f"whenever it starts{_NEW}"


def _of_network_file(read: Callable[[str, str], str], present: Sequence[str]) -> Iterator[_Setting]:
    patterns = read("Match", "Name").split()
    matched = [name for name in present if _matches(name, patterns)]
    if not matched:
        return
    program, when = "systemd-networkd", "when it configures that interface"
    # These turn forwarding of the whole host on, and never off (seen with systemd 252; 257 ignores IPForward=).
    for name, versions in (("IPForward", _OLD), ("IPMasquerade", "")):
        said = read("Network", name).lower()
        for family, key in (("ipv4", IPV4), ("ipv6", IPV6)):
            if said in (family, "both") or said in _ON:
                yield key, True, f"{name}={said}", program, when + versions
    for name, of in (("IPv4Forwarding", ipv4_of), ("IPv6Forwarding", ipv6_of)):
        value = _boolean(read("Network", name))
        for interface in matched if patterns else ():
            if value is not None:
                yield of(interface), value, f"{name}={read('Network', name)}", program, when + _NEW


def _matches(interface: str, patterns: Sequence[str]) -> bool:
    """Whether a .network file could be for an interface, by the names it gives; a "!" before them inverts all."""
    inverted = bool(patterns) and patterns[0].startswith("!")
    names = [patterns[0].removeprefix("!"), *patterns[1:]] if patterns else ["*"]
    return any(fnmatch.fnmatchcase(interface, name) for name in names) != inverted


def _meant(key: str, targets: Mapping[str, str]) -> list[str]:
    """The target that a setting of `key` meets: itself, or for an interface nobody named the whole host being on."""
    if key in targets:
        return [key]
    whole = whole_of(key)
    return [whole] if interface_of(key) and is_on(targets.get(whole)) else []


def _read(text: str) -> Callable[[str, str], str]:
    """A function that gives a value of an ini file, "" where it has none or cannot be read as one."""
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
