"""The properties of every step of a network that the planner needs. Pure."""

from typing import NamedTuple, Protocol

from virtnet.planning.plan import Step


class Impact(NamedTuple):
    """A step's side effects on users of the network."""

    restarts_dnsmasq: bool = False
    """DNS and DHCP on the network pause for a moment."""
    rebuilds_firewall: bool = False
    """Packets that guests send through the host can be rejected for about 0.2 s, except in mode open."""
    edits: bool = False
    """It changes the network itself, not only flags or whether it is active."""


NO_IMPACT = Impact()


class NetworkStep(Step, Protocol):
    """One effect on a network."""

    @property
    def impact(self) -> Impact:
        """Its side effects on users of the network."""
