"""How the values of HostForwarding read: every sentence that the package can say."""

from collections.abc import Mapping
from enum import Enum

from virtnet.forwarding.failures import ForwardingFailure
from virtnet.planning.findings import Advice, Messages, Refusal, Said
from virtnet.spec.failures import Failure
from virtnet.spec.messages import reason

REPLACEMENT = (
    "is deleted here and created on the other host; the values found at create are put back, unless on_delete is keep"
)


FAILURES: Mapping[Enum, str] = {
    ForwardingFailure.DROP_IN_NAME: "must be a plain file name in /etc/sysctl.d, like 90-virtnet-forwarding.conf",
    ForwardingFailure.DROP_IN_SUFFIX: "must end in .conf, or systemd-sysctl does not read it",
    ForwardingFailure.DROP_IN_SPACE: "holds a space; leave it out",
    ForwardingFailure.URI_MISSING: "is required; name the connection URI, like qemu:///system",
    ForwardingFailure.NO_HOST: "{reason}",
    ForwardingFailure.KERNELS_WORD: "'{name}' is no interface but the kernel's word for all; use ipv4 or ipv6",
    ForwardingFailure.PATTERN_CHARACTER: "holds a character that sysctl.d files give a meaning; rename the interface",
    ForwardingFailure.NAMES_NEITHER: "names neither ipv4 nor ipv6; add one, or leave the interface out",
}


def messages() -> Messages:
    """The sentences of the package, as lifecycle uses them."""
    return Messages(sentence=sentence, advice=advice, failure=failure, replacement=REPLACEMENT)


def sentence(message: Said) -> str:
    """A problem, a note or a step's summary as people read it."""
    raise KeyError(message.kind)


def advice(refusal: Refusal) -> Advice:
    """A refusal as people read it."""
    raise KeyError(refusal.kind)


def failure(found: Failure) -> str:
    """Why a property is refused, and the fix."""
    return reason(found, FAILURES)
