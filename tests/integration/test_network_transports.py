"""qemu+tcp and qemu+tls: a real libvirtd that listens, reached from another network namespace.

Networks work; what needs the host itself says at preview that it cannot be had.
"""

from collections.abc import Iterator

import pytest
from tests.hosts.daemons import listen
from tests.hosts.sandboxed import Host
from tests.hosts.workstation import HOST_ADDRESS, Workstation, workstation
from tests.integration.forks import Forks
from tests.integration.stack import Stack

pytestmark = pytest.mark.integration

#: A certificate authority, and what it says of the host and of the workstation.
CERTIFICATES = """\
cd {directory}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=authority \
  -keyout cakey.pem -out cacert.pem
for name in server client; do
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=$name -keyout ${{name}}key.pem -out $name.csr
  echo 'subjectAltName=IP:{address}' > extensions
  openssl x509 -req -in $name.csr -CA cacert.pem -CAkey cakey.pem -CAcreateserial -days 2 -extfile extensions \
    -out ${{name}}cert.pem
done
"""
CONFIGURATION = """\
listen_tcp = 1
listen_tls = 1
listen_addr = "{address}"
auth_tcp = "none"
key_file = "{directory}/serverkey.pem"
cert_file = "{directory}/servercert.pem"
ca_file = "{directory}/cacert.pem"
"""


@pytest.fixture
def desk(host: Host) -> Iterator[Workstation]:
    with workstation(host) as made:
        directory = host.directory / "pki"
        directory.mkdir()
        host.sh(CERTIFICATES.format(directory=directory, address=HOST_ADDRESS))
        listen(host, CONFIGURATION.format(directory=directory, address=HOST_ADDRESS))
        yield made


@pytest.mark.parametrize("transport", [pytest.param("tcp", marks=pytest.mark.further), "tls"])
def test_networks_work_and_what_needs_the_host_is_said_at_preview(
    host: Host, desk: Workstation, forks: Forks, transport: str
) -> None:
    parameters = f"?pkipath={host.directory}/pki" if transport == "tls" else ""
    uri = f"qemu+{transport}://{HOST_ADDRESS}/system{parameters}"
    stack, before = Stack(desk, forks), host.trace()
    lab = {"uri": uri, "forward": {"mode": "nat"}, "ips": [{"address": "10.70.0.1/24"}]}
    network = {"type": "LibvirtNetwork", "name": "lab", "args": lab}

    stack.declare({"type": "HostForwarding", "name": "ip-forwarding", "args": {"uri": uri, "ipv4": True}})
    refused = stack.preview(check=False)
    stack.declare(network)
    stack.up()

    assert "has a problem: uri=" in refused
    assert "reaches only libvirt, and this needs access to the host itself. Use qemu+ssh://root@host" in refused
    assert "10.70.0.0/24 dev vn-lab" in host.sh("ip route")
    assert stack.unchanged()
    # Live, and by a restart while nothing is plugged in.
    stack.declare({**network, "args": {**lab, "dns": {"hosts": [{"ip": "10.70.0.9", "hostnames": ["nine"]}]}}})
    stack.up()
    assert "<hostname>nine</hostname>" in host.virsh("net-dumpxml", "lab")
    stack.declare({**network, "args": {**lab, "domain": {"name": "new.test"}}})
    stack.up()
    assert "<domain name='new.test'/>" in host.virsh("net-dumpxml", "lab")
    stack.destroy()
    # libvirt may have forgotten rules of nftables; who reaches the host takes them away before the next start.
    there = Stack(host, forks)
    there.network("lab", **{**lab, "uri": "qemu:///system"})
    there.up()
    there.destroy()
    host.sh("sysctl -q -w net.ipv4.ip_forward=0")
    assert host.trace() == before


def test_a_restart_says_that_what_only_the_host_shows_is_cut_off_unseen(
    host: Host, desk: Workstation, forks: Forks
) -> None:
    uri = f"qemu+tcp://{HOST_ADDRESS}/system"
    stack = Stack(desk, forks)
    stack.network("lab", uri=uri, ips=[{"address": "10.70.0.1/24"}])
    stack.up()
    stack.network("lab", uri=uri, ips=[{"address": "10.70.0.1/24"}], bridge={"delay": 2})

    with host.guest("box", "vn-lab"):
        shown = stack.preview()

    assert "bridge.delay changes (0 -> 2) [restart]" in shown
    assert "Anything on the bridge vn-lab that isn't a guest of libvirt" in shown
