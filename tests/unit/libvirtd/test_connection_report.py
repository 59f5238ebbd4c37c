"""What libvirt says of a network, asked call by call, while others change it."""

import uuid
from dataclasses import dataclass

import pytest

from virtnet.errors import NotFound
from virtnet.libvirtd.connection import report_network


@dataclass(frozen=True)
class EndedBetweenTwoQuestions:
    """A transient network as its handle answers when it ends between the first question and the second."""

    def isActive(self) -> int:  # noqa: N802 - libvirt's name
        return 0

    def isPersistent(self) -> int:  # noqa: N802 - libvirt's name
        return 0

    def UUIDString(self) -> str:  # noqa: N802 - libvirt's name
        return str(uuid.UUID(int=1))

    def name(self) -> str:
        return "throw-away"


def test_a_network_that_ends_between_two_questions_is_gone() -> None:
    ending = EndedBetweenTwoQuestions()

    with pytest.raises(NotFound, match="network 'throw-away', which stopped while virtnet was reading it"):
        report_network(ending)
