"""How errors of libvirt read, as messages.txt beside this has it."""

from collections.abc import Callable
from pathlib import Path

from tests.golden import assert_golden
from tests.sentences import sentences

from virtnet.libvirtd import messages

URI, SAID, UUID = "qemu:///system", "internal error: it did not work", "6f1c2a3e-0000-4000-8000-00000012ab34"

EXAMPLES: dict[Callable[..., str], str] = {
    messages.report_network: messages.report_network("lab"),
    messages.report_definition: messages.report_definition(UUID),
    messages.report_active: messages.report_active(UUID),
    messages.update_section: messages.update_section("add", "ip-dhcp-host"),
    messages.set_metadata: messages.set_metadata("title"),
    messages.delete_port: messages.delete_port(UUID),
    messages.list_ports: messages.list_ports(UUID),
    messages.plug_in: messages.plug_in(UUID),
    messages.list_leases: messages.list_leases(UUID),
    messages.failed: messages.failed(messages.START_NETWORK, URI, SAID),
    messages.no_network: messages.no_network(messages.START_NETWORK, URI, "Network not found"),
    messages.denied: messages.denied(messages.START_NETWORK, URI, "access denied"),
    messages.lost: messages.lost(messages.START_NETWORK, URI, "client socket is closed"),
    messages.given_up: messages.given_up(messages.START_NETWORK, URI, 12.0),
    messages.silent: messages.silent("qemu+tcp://kvm1/system", 10.0, remote=True),
    messages.networks_silent: messages.networks_silent(URI, 30.0),
    messages.not_let_in: messages.not_let_in(URI, "authentication unavailable"),
    messages.not_reached: messages.not_reached(URI, "Failed to connect socket"),
    messages.networks_not_reached: messages.networks_not_reached(URI, "Failed to connect socket"),
    messages.no_host_uuid: messages.no_host_uuid("test:///default"),
    messages.network_ended: messages.network_ended("lab"),
    messages.no_such_network: messages.no_such_network(URI, "lba", ["default", "lab"]),
}

OTHERWISE = [
    ("silent", messages.silent(URI, 30.0, remote=False)),
    ("no_such_network", messages.no_such_network(URI, "lba", [])),
]


def test_every_sentence_reads_as_in_the_golden_file() -> None:
    assert_golden(Path(__file__).with_name("messages.txt"), [*sentences(messages, EXAMPLES), *OTHERWISE])
