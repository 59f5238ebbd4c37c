"""How it reads why a connection URI will not do, as messages.txt beside this has it."""

from pathlib import Path

from tests.golden import assert_golden

from virtnet.transport.messages import sentence
from virtnet.transport.uri import UriFault, UriFaultKind

EXAMPLES = {
    UriFaultKind.NO_URI: {"uri": "qemu://[", "said": "Invalid IPv6 URL"},
    UriFaultKind.OPTION: {"part": "host"},
    UriFaultKind.ODD_CHARACTER: {"part": "user"},
    UriFaultKind.TEST_DRIVER: {"uri": "test:///default"},
    UriFaultKind.NAMES_NO_HOST: {"uri": "qemu+ssh:///system"},
    UriFaultKind.SESSION: {"uri": "qemu+ssh://kvm1/session"},
    UriFaultKind.LIBVIRT_ALONE: {"uri": "qemu+tls://kvm1/system"},
}


def test_every_sentence_reads_as_in_the_golden_file() -> None:
    said = [(kind.name, sentence(UriFault(kind, EXAMPLES[kind]))) for kind in UriFaultKind]

    assert_golden(Path(__file__).with_name("messages.txt"), said)
