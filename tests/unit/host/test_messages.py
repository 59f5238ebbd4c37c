"""How errors of a host read, as messages.txt beside this has it."""

from collections.abc import Callable
from pathlib import Path

from tests.golden import assert_golden
from tests.sentences import sentences

from virtnet.host import messages

WHAT, HOST, SAID = messages.read_file("/etc/sysctl.conf"), "kvm1", "Permission denied"

EXAMPLES: dict[Callable[..., str], str] = {
    messages.list_routes: messages.list_routes(6),
    messages.list_neighbours: messages.list_neighbours("vn-lab"),
    messages.find_program: messages.find_program("dnsmasq"),
    messages.delete_link: messages.delete_link("vn-lab"),
    messages.set_master: messages.set_master("vnet0", "vn-lab"),
    messages.set_link: messages.set_link("vn-lab", "down"),
    messages.write_attribute: messages.write_attribute("/sys/class/net/vnet0/mtu", "1400"),
    messages.list_vlans: messages.list_vlans("vnet0"),
    messages.set_vlans: messages.set_vlans("vnet0"),
    messages.read_sysctl: messages.read_sysctl("net/ipv4/ip_forward"),
    messages.write_sysctl: messages.write_sysctl("net/ipv4/ip_forward", "1"),
    messages.read_file: messages.read_file("/etc/sysctl.conf"),
    messages.list_directory: messages.list_directory("/etc/sysctl.d"),
    messages.write_file: messages.write_file("/etc/sysctl.d/90-virtnet-forwarding.conf"),
    messages.remove_file: messages.remove_file("/etc/sysctl.d/90-virtnet-forwarding.conf"),
    messages.end_process: messages.end_process(4711),
    messages.delete_rule: messages.delete_rule("LIBVIRT_FWI"),
    messages.insert_rule: messages.insert_rule("FORWARD"),
    messages.add_chain: messages.add_chain("LIBVIRT_FWI"),
    messages.listing_not_read: messages.listing_not_read("this host", "no JSON"),
    messages.run_script: messages.run_script("/etc/virtnet/port-forwards.sh"),
    messages.read_service: messages.read_service("virtnet-port-forwards.service"),
    messages.enable_service: messages.enable_service("virtnet-port-forwards.service"),
    messages.disable_service: messages.disable_service("virtnet-port-forwards.service"),
    messages.start_service: messages.start_service("virtnet-port-forwards.service"),
    messages.stop_service: messages.stop_service("virtnet-port-forwards.service"),
    messages.failed: messages.failed(WHAT, HOST, SAID),
    messages.no_program: messages.no_program(messages.LIST_LINKS, HOST, "ip", "iproute2"),
    messages.denied: messages.denied(messages.delete_link("vn-lab"), HOST, messages.root_there("admin"), SAID),
    messages.read_only: messages.read_only(messages.write_file("/etc/x"), HOST, "Read-only file system"),
    messages.no_answer_to_read: messages.no_answer_to_read(WHAT, HOST, messages.host_silent(HOST)),
    messages.no_answer_to_change: messages.no_answer_to_change(
        messages.delete_link("vn-lab"), HOST, messages.program_silent("ip", 20.0)
    ),
    messages.lost_while_changing: messages.lost_while_changing(
        messages.delete_link("vn-lab"), HOST, "Connection closed by remote host"
    ),
    messages.nul: messages.nul(messages.read_file("/etc/\0"), HOST),
    messages.locked: messages.locked(HOST, 600.0, "/run/virtnet/lock"),
    messages.no_attribute: messages.no_attribute("/etc/passwd", HOST),
    messages.no_parameter: messages.no_parameter("../ip_forward", HOST),
    messages.process_stays: messages.process_stays(4711, HOST),
    messages.exit_status: messages.exit_status(2),
    messages.does_not_run: messages.does_not_run("/usr/sbin/ip", "Exec format error"),
    messages.program_silent: messages.program_silent("ip", 20.0),
    messages.host_silent: messages.host_silent(HOST),
    messages.root_there: messages.root_there("admin"),
    messages.lost_twice: messages.lost_twice(HOST, messages.CLOSED),
    messages.no_ssh_program: messages.no_ssh_program(HOST, "ssh", "No such file or directory"),
    messages.ssh_denied: messages.ssh_denied(HOST, "Permission denied (publickey)."),
    messages.host_key_changed: messages.host_key_changed(HOST, "Host key verification failed."),
    messages.host_key_unknown: messages.host_key_unknown(HOST, "Host key verification failed."),
    messages.no_shell: messages.no_shell(HOST, "This account is for backups only."),
    messages.not_reached: messages.not_reached(HOST, "Could not resolve hostname"),
}


def test_every_sentence_reads_as_in_the_golden_file() -> None:
    assert_golden(Path(__file__).with_name("messages.txt"), sentences(messages, EXAMPLES))
