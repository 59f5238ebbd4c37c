"""The things that the examples of a network's sentences are about."""

from virtnet.network.problem_kinds import ProblemKind
from virtnet.planning.findings import Problem
from virtnet.planning.reports import Attachment
from virtnet.spec.failures import Detail

UUID, OTHER_UUID = "6f1c2a3e-0000-4000-8000-00000012ab34", "00000000-0000-4000-8000-000000000001"
OLD_URN = "urn:pulumi:stack::project::pulumi-python:dynamic/virtnet:LibvirtNetwork::oth"
MAC, OTHER_MAC = "52:54:00:12:ab:34", "02:00:00:00:00:01"
WEB = Attachment(owner="web", interface="vnet0", mac="52:54:00:00:00:01")
BOX = Attachment(owner="", interface="veth1", mac=OTHER_MAC)
ONE: Detail = [WEB.as_details()]
TWO: Detail = [WEB.as_details(), BOX.as_details()]
DOWN = Problem(ProblemKind.BRIDGE_DOWN, {"bridge": "vn-lab"})
FOREIGN = Problem(ProblemKind.FOREIGN_BRIDGE, {"bridge": "vn-lab", "mac": OTHER_MAC, "expected": MAC})
