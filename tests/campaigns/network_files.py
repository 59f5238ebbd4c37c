"""Networks of any files: libvirt's own test files, say, or a host's /etc/libvirt/qemu/networks.

Run inside a sandbox: `virtnet sandbox -- python -m tests.campaigns.network_files DIRECTORY …`. Each file that libvirt
defines is imported by the program that `virtnet import` prints, adopted, edited in a way that means nothing to anybody,
and given back; what libvirt refuses is counted. The files of libvirt are in its source package, in
tests/networkxml2xmlin and tests/networkxml2confdata. Prints what is wrong, one JSON object a line, and at the end what
was done; ends with 1 when something was wrong, or nothing was defined.
"""

import argparse
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path

import libvirt

from virtnet.connect import connect
from virtnet.errors import VirtnetError
from virtnet.libvirtd.connection import Connections
from virtnet.libvirtd.lookup import lookup
from virtnet.network.observed import reported
from virtnet.network.program import to_adopt
from virtnet.network.resource import NETWORK, inputs_of
from virtnet.network.xml.definition import definition
from virtnet.network.xml.write import without_owner_mark
from virtnet.planning import lifecycle
from virtnet.planning.clients.clients import Clients
from virtnet.spec.part import Values, as_group

URI = "qemu:///system"
HARMLESS = {"urn:virtnet:campaign": '<x:note xmlns:x="urn:virtnet:campaign">harmless</x:note>'}


class Life:
    """One network's, from its definition to its return."""

    def __init__(self, network: libvirt.virNetwork) -> None:
        self.network = network
        self.left_out: tuple[str, ...] = ()
        self._connections = Connections()
        self._inputs: Values = {}

    def connect(self, uri: str) -> Clients:
        """The host's clients."""
        return connect(uri, self._connections)

    def dump(self) -> str:
        """Its definition now."""
        return str(self.network.XMLDesc(libvirt.VIR_NETWORK_XML_INACTIVE))

    def live(self) -> Iterator[str]:
        """Live it; yields what is wrong."""
        found = self.dump()
        recorded = yield from self._adopted(found)
        if recorded is None:
            return
        metadata = {**as_group(self._inputs.get("metadata", {})), **HARMLESS}
        desired = self._checked({**self._inputs, "metadata": metadata}, recorded)
        recorded = lifecycle.update(NETWORK, recorded, desired, self.connect, lambda line: None)
        if "harmless" not in self.dump():
            yield "the edit is not there"
        lifecycle.delete(NETWORK, recorded, self.connect, lambda line: None)
        if self.dump() != found:
            yield f"it is given back as {self.dump()}, and was {found}"

    def _adopted(self, found: str) -> Generator[str, None, Values | None]:
        report = reported(lookup(self.connect(URI).libvirt, self.network.UUIDString()))
        inputs, left_out, failures = to_adopt({"adopt": True, **inputs_of(report)}, report.name, URI)
        self.left_out = tuple(left_out)
        if failures:
            yield f"check refuses what import prints: {failures}"
            return None
        self._inputs = {"uri": URI, "name": report.name, **inputs}
        desired = self._checked(self._inputs, {})
        recorded = lifecycle.create(NETWORK, desired, self.connect, lambda line: None)
        if without_owner_mark(definition(self.dump())) != without_owner_mark(definition(found)):
            yield f"adopted it is {self.dump()}, and was {found}"
        if changes := lifecycle.diff(NETWORK, recorded, desired, self.connect).changes:
            yield f"the next plan is not empty: {[change.path for change in changes]}"
        shown = lifecycle.read(NETWORK, recorded, self.connect)
        if shown != recorded:
            yield f"a refresh finds {[name for name in recorded if (shown or {}).get(name) != recorded[name]]}"
        return recorded

    def _checked(self, inputs: Values, recorded: Values) -> Values:
        canonical, failures = NETWORK.check({**inputs, "__owner": "project/stack/lab"}, recorded)
        assert not failures, failures
        return canonical


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directories", nargs="+", type=Path)
    options = parser.parse_args()
    libvirt.registerErrorHandler(lambda *_: None, None)
    connection = libvirt.open(URI)
    subprocess.run(["virsh", "net-undefine", "default"], check=False, capture_output=True)
    done: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    wrong = 0
    for path in sorted(file for directory in options.directories for file in directory.glob("*.xml")):
        try:
            network = connection.networkDefineXML(path.read_text())
        except libvirt.libvirtError:
            done["refused"] += 1
            continue
        done["defined"] += 1
        life = Life(network)
        try:
            said = list(life.live())
        except (VirtnetError, AssertionError) as error:
            said = [f"{type(error).__name__}: {error}"]
        finally:
            network.undefine()
        left_out.update(life.left_out)
        for text in said:
            wrong += 1
            print(json.dumps({"file": path.name, "wrong": text}))
    print(json.dumps({**done, "wrong": wrong, "left_out": left_out}))
    return 1 if wrong or not done["defined"] else 0


if __name__ == "__main__":
    sys.exit(main())
