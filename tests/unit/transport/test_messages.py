"""How it reads why a connection URI will not do, as messages.txt beside this has it."""

from collections.abc import Callable
from pathlib import Path

from tests.golden import assert_golden
from tests.sentences import sentences

from virtnet.transport import messages

EXAMPLES: dict[Callable[..., str], str] = {
    messages.no_uri: messages.no_uri("qemu://[", "Invalid IPv6 URL"),
    messages.option: messages.option("host"),
    messages.odd_character: messages.odd_character("user"),
    messages.test_driver: messages.test_driver("test:///default"),
    messages.names_no_host: messages.names_no_host("qemu+ssh:///system"),
    messages.session: messages.session("qemu+ssh://kvm1/session"),
    messages.libvirt_alone: messages.libvirt_alone("qemu+tls://kvm1/system"),
}


def test_every_sentence_reads_as_in_the_golden_file() -> None:
    assert_golden(Path(__file__).with_name("messages.txt"), sentences(messages, EXAMPLES))
