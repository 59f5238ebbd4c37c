"""qemu+tcp and qemu+tls: a real libvirtd that listens, reached from another network namespace.

Networks work; what needs the host itself says at preview that it cannot be had.
"""

import re
from collections.abc import Iterator

import pytest
from tests.acceptance.stack import Stack
from tests.hosts.daemons import firewall_backend, listen
from tests.hosts.sandboxed import Host
from tests.hosts.workstation import HOST_ADDRESS, Workstation, workstation

pytestmark = pytest.mark.acceptance

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


def test_networks_work_and_what_needs_the_host_is_said_at_preview(host: Host, desk: Workstation) -> None:
    uri = f"qemu+tls://{HOST_ADDRESS}/system?pkipath={host.directory}/pki"
    stack, before = Stack(desk), host.trace()
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
    stack.declare({**network, "args": {**lab, "mtu": 1400}})
    stack.up()
    assert host.sh("cat /sys/class/net/vn-lab/mtu") == "1400\n"
    backend = firewall_backend(host)
    stack.destroy()
    host.sh("sysctl -q -w net.ipv4.ip_forward=0")
    left = host.trace()
    rules_left = {*left.pop("nftables").splitlines()} - {*before.pop("nftables").splitlines()}
    # Where libvirt forgets its rules, and only libvirt is reached, they stay (tests/integration): those of this
    # network, by its subnet or by the number of its bridge.
    assert [rule for rule in rules_left if not re.search(r"\b10\.70\.0\.0/24\b|\b[io]if \d+\b", rule)] == []
    assert backend == "nftables" or not rules_left
    assert left == before
