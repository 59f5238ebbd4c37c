"""How the values of HostForwarding read: every sentence that the package can say."""

from virtnet.planning.findings import Advice, Messages, Note, Problem, Refusal, Summary

REPLACEMENT = (
    "is deleted here and created on the other host; the values found at create are put back, unless on_delete is keep"
)


def messages() -> Messages:
    """The sentences of the package, as lifecycle uses them."""
    return Messages(sentence=sentence, advice=advice, replacement=REPLACEMENT)


def sentence(message: Problem | Note | Summary) -> str:
    """A problem, a note or a step's summary as people read it."""
    raise KeyError(message.kind)


def advice(refusal: Refusal) -> Advice:
    """A refusal as people read it."""
    raise KeyError(refusal.kind)
