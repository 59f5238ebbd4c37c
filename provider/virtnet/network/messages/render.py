"""The sentences of LibvirtNetwork as lifecycle uses them: each kind by its table."""

from virtnet.network.messages import failures, notes, problems, refusals, steps
from virtnet.planning.findings import Advice, Messages, Refusal, Said
from virtnet.spec.failures import Failure
from virtnet.spec.messages import PYTHON, Spelling, reason

REPLACEMENT = (
    'is deleted and created again, which is refused while anything is attached, unless on_delete is "disconnect"'
)

_SENTENCES = {**steps.SENTENCES, **problems.SENTENCES, **notes.SENTENCES}


def messages() -> Messages:
    """The sentences of the package, as lifecycle uses them."""
    return Messages(sentence=sentence, advice=advice, failure=failure, replacement=REPLACEMENT)


def sentence(message: Said) -> str:
    """A problem, a note, a step's summary or why it failed, as people read it."""
    told = _SENTENCES[message.kind]
    return told.format(**message.details) if isinstance(told, str) else told(**message.details)


def advice(refusal: Refusal) -> Advice:
    """A refusal as people read it."""
    return refusals.advice(refusal)


def failure(found: Failure, spelling: Spelling = PYTHON) -> str:
    """Why a property is refused, and the fix."""
    return reason(found, failures.SENTENCES, spelling)
