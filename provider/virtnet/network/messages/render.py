"""The sentences of LibvirtNetwork as lifecycle uses them: each kind by its table."""

from virtnet.network.messages import failures
from virtnet.planning.findings import Advice, Messages, Note, Problem, Refusal, Summary
from virtnet.spec.failures import Failure
from virtnet.spec.messages import reason

REPLACEMENT = "is deleted and made anew, which is refused while anything is plugged in, unless on_delete is disconnect"


def messages() -> Messages:
    """The sentences of the package, as lifecycle uses them."""
    return Messages(sentence=sentence, advice=advice, failure=failure, replacement=REPLACEMENT)


def sentence(message: Problem | Note | Summary) -> str:
    """A problem, a note or a step's summary as people read it."""
    raise KeyError(message.kind)


def advice(refusal: Refusal) -> Advice:
    """A refusal as people read it."""
    raise KeyError(refusal.kind)


def failure(found: Failure) -> str:
    """Why a property is refused, and the fix."""
    return reason(found, failures.SENTENCES)
