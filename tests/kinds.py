"""Resources that say kinds and details instead of sentences, for tests of who is told what, whatever the words."""

from dataclasses import replace

from virtnet.network.resource import NETWORK
from virtnet.planning.findings import Advice, Message, Messages
from virtnet.spec.failures import Failure


def said(message: Message | Failure) -> str:
    """A value as these resources say it."""
    return f"{message.kind.name} {dict(message.details)}"


IN_KINDS = Messages(
    sentence=said, advice=lambda refusal: Advice(said(refusal)), failure=said, replacement="is replaced"
)

NETWORK_IN_KINDS = replace(NETWORK, messages=lambda: IN_KINDS)
