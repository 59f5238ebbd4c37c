"""The list of the kinds of resources. A new kind is one file and one entry here."""

from typing import Any

from virtnet.forwarding import HOST_FORWARDING
from virtnet.network import NETWORK
from virtnet.resource import Resource

RESOURCES: tuple[Resource[Any], ...] = (NETWORK, HOST_FORWARDING)
