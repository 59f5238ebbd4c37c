"""What every step of a network tells of itself, so that the planner need not look into it. Pure."""

from typing import NamedTuple, Protocol

from virtnet.planning.plan import Step


class Impact(NamedTuple):
    """What a step means for those who use the network, besides what it is for."""

    restarts_dnsmasq: bool = False
    """DNS and DHCP on the network pause for a moment."""
    rebuilds_firewall: bool = False
    """Packets that guests send through the host can be refused for about 0.2 s, except in mode open."""
    edits: bool = False
    """It changes what the network is, not only its flags or whether it runs."""


NO_IMPACT = Impact()


class NetworkStep(Step, Protocol):
    """One effect on a network."""

    @property
    def impact(self) -> Impact:
        """What it means for those who use the network."""
