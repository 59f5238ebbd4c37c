"""Hostile texts in every place of a network, through a real libvirtd and into dnsmasq's files.

Run inside a sandbox: `virtnet sandbox -- python -m tests.campaigns.hostile_networks --starts 30 --seed 1`. What check
takes is defined, and read back as it was; of what can be started some are (all with --starts 0). Where dnsmasq reads
the text, it runs then, and its files say what they say without the text: the same options with as many values, in lines
that it reads whole. Elsewhere the running network has the text as it was. Prints what is wrong, one JSON object a line,
and at the end what was done; ends with 1 when something was wrong.
"""

import argparse
import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import libvirt
from tests.campaigns.generated_networks import (
    UUID,
    Starts,
    may_start,
    startable,
    unmet_demands,
    without_what_is_too_new,
    wrong_at_start,
)
from tests.unit.hostile import BASES, Attempt, value_at
from tests.unit.network.test_hostile_texts import in_canonical, taken

from virtnet.network.names import pid_files
from virtnet.network.plan.new import new_tree
from virtnet.network.resource import NETWORK
from virtnet.network.tree import network_tree
from virtnet.network.xml import read as network_xml
from virtnet.network.xml import write as network_edit
from virtnet.network.xml.definition import definition

FILES = Path("/var/lib/libvirt/dnsmasq")
#: dnsmasq reads lines of its files into a buffer (MAXDNAME); the rest of what is longer is a line of its own.
LONGEST_LINE = 1024
#: Of the bases, the one that libvirt serves everything on.
SERVED = 0
#: The places in it of which dnsmasq reads nothing.
UNSERVED = re.compile(r"title|description|on_|uri|port_groups|forward")


def defined(connection: libvirt.virConnect, attempt: Attempt, canonical: Mapping[str, Any]) -> str:
    """What is wrong with the text between definition and dump; "" for nothing."""
    target = without_what_is_too_new(new_tree(network_tree(canonical), UUID), connection.getLibVersion())
    path = in_canonical(attempt)
    if attempt.path[0] in network_xml.NOT_XML or value_at(target, path) is None:
        return ""
    try:
        network = connection.networkDefineXML(network_edit.render(target))
    except libvirt.libvirtError as error:
        return f"libvirt says no: {error}"
    try:
        found = value_at(definition(network.XMLDesc(libvirt.VIR_NETWORK_XML_INACTIVE)).tree, path)
    except Exception as error:
        return f"its dump cannot be read: {error}"
    finally:
        network.undefine()
    return "" if found == value_at(target, path) else f"it comes back as {found!r}"


def started(connection: libvirt.virConnect, canonical: Mapping[str, Any]) -> dict[str, list[str]]:
    """What dnsmasq's files say of a network while it runs, by the file; nothing of the network is left."""
    target = without_what_is_too_new(new_tree(network_tree(canonical), UUID), connection.getLibVersion())
    name = target["name"]
    network = connection.networkDefineXML(network_edit.render(target))
    try:
        network.create()
        try:
            pid = next(Path(file).read_text().strip() for file in pid_files(name) if Path(file).exists())
            program = Path(f"/proc/{pid}/comm").read_text().strip()
            # libvirt 9.0 names some of them as it writes XML.
            stems = [Path(file).stem for file in pid_files(name)]
            there = {file: [FILES / f"{stem}.{file}" for stem in stems] for file in ("conf", "hostsfile", "addnhosts")}
            files = {file: next(path.read_text() for path in paths if path.exists()) for file, paths in there.items()}
            return {"program": [program], **{file: _lines(text) for file, text in files.items()}}
        finally:
            network.destroy()
    finally:
        network.undefine()
        _end_servers()


def _end_servers() -> None:
    """A dnsmasq of which libvirt lost sight would be in the way of what is started next; all are this sandbox's."""
    for process in Path("/proc").glob("[0-9]*/comm"):
        with contextlib.suppress(OSError):
            if process.read_text().strip() == "dnsmasq":
                os.kill(int(process.parent.name), signal.SIGKILL)


def _lines(text: str) -> list[str]:
    return [line for line in text.removesuffix("\n").split("\n") if not line.startswith("##")]


def shape(file: str, line: str) -> tuple[Any, ...]:
    """What a line means to dnsmasq, less its texts: the option, and how many values it has."""
    if file == "addnhosts":
        return (len(line.split()),)
    key, _, value = line.partition("=")
    if file == "hostsfile":
        return (line.count(","),)
    # The strings of a record a program may part with commas itself, and in a path dnsmasq does not look for them.
    if key in ("txt-record", "pid-file", "dhcp-hostsfile", "addn-hosts"):
        return (key,)
    return (key, value.count(","), value.count("/") if key in ("server", "local") else 0)


def differences(plain: Mapping[str, list[str]], hostile: Mapping[str, list[str]], attempt: Attempt) -> list[str]:
    """Where dnsmasq's files do not say what they say without the text."""
    raw = attempt.value if attempt.place == "dnsmasq_options" else None
    found = []
    for file in hostile:
        lines, before = hostile[file], plain[file]
        if raw is not None and file == "conf":
            lines, before = [line for line in lines if line != raw], [line for line in before if line != "log-dhcp"]
        if file == "program":
            found += [] if lines == ["dnsmasq"] else [f"dnsmasq's process is {lines}"]
            continue
        found += [f"{file} has a line of {len(x.encode())} bytes" for x in lines if len(x.encode()) >= LONGEST_LINE]
        shapes = [[shape(file, line) for line in some] for some in (before, lines)]
        if shapes[0] != shapes[1]:
            found.append(f"{file} is {[line[:200] for line in lines if shape(file, line) not in shapes[0]]}")
    return found


def make_directory(root: str) -> bool:
    """Make what dnsmasq is to serve by TFTP, if it is in the sandbox's own /srv; whether it is there."""
    place = Path(root)
    if place.is_relative_to("/srv") and ".." not in place.parts:
        place.mkdir(parents=True, exist_ok=True)
    return len(root) < 255 and place.is_dir()


def is_served(attempt: Attempt) -> bool:
    """Whether its text is one that dnsmasq reads."""
    return attempt.base == SERVED and not UNSERVED.match(attempt.place)


def starts_with_its_text(attempt: Attempt, canonical: Mapping[str, Any], starts: Starts) -> bool:
    """Whether it can be started here, and has its text then."""
    if attempt.path[0] in network_xml.NOT_XML or not may_start(canonical):
        return False
    return value_at(startable(canonical, starts), in_canonical(attempt)) is not None


def main() -> int:
    """Try all, and start as many as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=30, help="how many to start of either kind")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    connection = libvirt.open("qemu:///system")
    libvirt.registerErrorHandler(lambda context, error: None, None)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/srv"], check=True)
    failed, attempts = 0, taken()

    def tell(attempt: Attempt, wrong: str) -> None:
        nonlocal failed
        failed += 1
        print(json.dumps({"attempt": str(attempt), "wrong": wrong[:2000]}), flush=True)

    for attempt, canonical in attempts:
        if wrong := defined(connection, attempt, canonical):
            tell(attempt, wrong)

    starts = Starts(unmet_demands(connection), backend="")
    served = [one for one in attempts if is_served(one[0])]
    others = [one for one in attempts if not is_served(one[0]) and starts_with_its_text(*one, starts)]
    if arguments.starts:
        chance = random.Random(arguments.seed)  # noqa: S311 - networks, not secrets
        served, others = (chance.sample(some, min(arguments.starts, len(some))) for some in (served, others))
    for attempt, _ in others:
        for wrong in wrong_at_start(connection, attempt.inputs, starts):
            tell(attempt, wrong)
    plain = started(connection, NETWORK.check(BASES["network"][SERVED], {})[0])
    for attempt, canonical in served:
        if not make_directory(canonical["ips"][0]["tftp_root"]):
            continue  # dnsmasq does not start without the directory, which is the host's affair
        try:
            hostile = started(connection, canonical)
        except (libvirt.libvirtError, OSError) as error:
            if attempt.place == "dnsmasq_options":
                continue  # a raw line is the program's own word to dnsmasq
            tell(attempt, f"the network can't start: {error}")
            continue
        if attempt.place == "dns.srvs.target" and attempt.value == ".":
            continue  # says that there is no such service (RFC 2782), and so does dnsmasq where libvirt names no target
        for wrong in differences(plain, hostile, attempt):
            tell(attempt, wrong)
    print(f"{len(attempts)} defined, {len(served)} served and {len(others)} others to start, {failed} wrong")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
