"""Linux guests under QEMU in a sandboxed host: a real kernel with a real DHCP client behind a real tap.

Emulated, so that they run where there is no KVM, and without a disk: the kernel and the initramfs are those that
tools/guest-image makes. From start to address takes 2.5 to 3.5 s on two cores, for one guest or two, with a reservation
or a fixed address; 3 s more from a DHCP range, because dnsmasq first looks whether the address is taken; and 4 s more
on a bridge with STP, at the first guest.
"""

import contextlib
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from tests.hosts.sandboxed import Host, Pings, pinging

BOOT_DEADLINE = 90.0
"""Seconds from a guest's start to its address; a few on a free core, more with several guests on a busy one."""

DOMAIN = """\
<domain type='qemu'>
  <name>{name}</name>
  <memory unit='MiB'>128</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch='x86_64' machine='q35'>hvm</type>
    <kernel>{kernel}</kernel>
    <initrd>{initrd}</initrd>
    <cmdline>console=ttyS0 quiet mitigations=off no_timer_check cryptomgr.notests {parameters}</cmdline>
  </os>
  <features><acpi/></features>
  <devices>
    <controller type='usb' model='none'/>
    <memballoon model='none'/>
    <serial type='file'><source path={console}/></serial>
    {interface}
    {more_devices}
  </devices>
</domain>
"""


@dataclass(frozen=True)
class LinuxGuest:
    """A guest that runs."""

    host: Host
    name: str
    mac: str
    console_file: Path

    @property
    def address(self) -> str:
        """The address that the guest gave eth0 last, without its prefix; waits for the first one."""
        found = self._addresses()
        if not found:
            self.wait_until_up()
            found = self._addresses()
        return found[-1]

    @property
    def tap(self) -> str:
        """The host's side of eth0, from the live XML."""
        domain = ElementTree.fromstring(self.host.virsh("dumpxml", self.name))  # noqa: S314 - libvirt's own
        for interface in domain.iter("interface"):
            mac, target = interface.find("mac"), interface.find("target")
            if mac is not None and target is not None and mac.get("address") == self.mac:
                return target.get("dev", "")
        raise AssertionError(f"guest {self.name} has no interface with MAC {self.mac}")

    @property
    def bridge(self) -> str | None:
        """What the tap is plugged into, by the kernel's word; None for a tap that hangs loose."""
        master = self.host.sh(f"readlink /sys/class/net/{self.tap}/master || true").strip()
        return Path(master).name or None

    def console(self) -> str:
        """All that the guest said so far; tools/guest-image-init says what that can be."""
        try:
            return self.console_file.read_text("utf-8", errors="replace")
        except FileNotFoundError:
            return ""

    def wait_for(self, text: str, *, after: int = 0, seconds: float = BOOT_DEADLINE) -> None:
        """Return when the guest has said it, after so many characters of its console."""
        deadline = time.monotonic() + seconds
        while text not in self.console()[after:]:
            assert time.monotonic() < deadline, (
                f"guest {self.name} did not say {text!r} in {seconds:.0f} s:\n{self.console()[-2000:]}"
            )
            time.sleep(0.05)

    def wait_until_up(self) -> None:
        """Return when eth0 has an address, of DHCP or its fixed one."""
        deadline = time.monotonic() + BOOT_DEADLINE
        while not self._addresses():
            assert time.monotonic() < deadline, (
                f"guest {self.name} has no address after {BOOT_DEADLINE:.0f} s:\n{self.console()[-2000:]}"
            )
            time.sleep(0.05)

    def set_link(self, state: str) -> None:
        """Pull the guest's network cable or plug it in: "down" or "up"."""
        self.host.virsh("domif-setlink", self.name, self.mac, state)

    @contextlib.contextmanager
    def pinging(self) -> Iterator[Pings]:
        """Ping the guest from the host every 20 ms meanwhile; what became of it is known afterwards."""
        with pinging(self.host, self.address) as pings:
            yield pings

    def _addresses(self) -> list[str]:
        # A line that is being written has no end yet.
        return re.findall(r"guest: eth0 (?:bound|renewed|address) ([0-9a-f.:]+)(?:/\d+)?\s*\n", self.console())


@contextlib.contextmanager
def linux_guest(
    host: Host,
    name: str,
    *,
    network: str = "",
    bridge: str = "",
    mac: str = "52:54:00:00:01:01",
    address: str = "",
    gateway: str = "",
    interface_xml_extra: str = "",
    devices_xml_extra: str = "",
    wait: bool = True,
) -> Iterator[LinuxGuest]:
    """A transient guest on a libvirt network, or on a bridge that libvirt does not manage; gone after the block.

    With an address ("10.1.2.3/24") it takes that one, without a question to DHCP. `interface_xml_extra` goes into
    <interface>, `devices_xml_extra` beside it. Without `wait` it may still boot when the block begins: so several
    boot at once, and `wait_until_up` waits then.
    """
    assert bool(network) != bool(bridge), "a guest is on a network or on a bridge"
    kind, source = ("network", network) if network else ("bridge", bridge)
    parameters = {"hostname": name, "address": address, "gateway": gateway}
    console = host.directory / f"{name}.console"
    domain = DOMAIN.format(
        name=escape(name),
        kernel=escape(_part_of_the_image("KERNEL")),
        initrd=escape(_part_of_the_image("INITRD")),
        parameters=escape(" ".join(f"virtnet.{key}={value}" for key, value in parameters.items() if value)),
        console=quoteattr(str(console)),
        interface=f"<interface type='{kind}'><mac address='{mac}'/><source {kind}={quoteattr(source)}/>"
        f"<model type='virtio'/>{interface_xml_extra}</interface>",
        more_devices=devices_xml_extra,
    )
    console.unlink(missing_ok=True)
    host.run("virsh", "--quiet", "create", "/dev/stdin", given=domain)
    try:
        guest = LinuxGuest(host, name, mac, console)
        if wait:
            guest.wait_until_up()
        yield guest
    finally:
        host.virsh("destroy", name, check=False)


def _part_of_the_image(part: str) -> str:
    variable = f"VIRTNET_GUEST_{part}"
    path = os.environ.get(variable, "")
    assert path, f'no {variable}: run `make setup`, then `eval "$(make -s env)"`'
    return path
