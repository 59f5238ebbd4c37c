"""What the functions take and give.

Arguments and results are parts like a resource's inputs, so that the same declaration checks them, translates their
spelling and describes them in the schema.
"""

from typing import Annotated

from pydantic import Field

from virtnet.functions.free_subnet import DEFAULT_POOL
from virtnet.host.firewall.programs import Program
from virtnet.network.observe.firewall.paths import Path
from virtnet.network.spec import NetworkSpec
from virtnet.spec.part import Part, optional, required
from virtnet.spec.values import Bool, Integer, NetworkAddress, NetworkName, Text, Uri, Uuid

_URI = "Connection URI of the host. Left out: virtnet:uri of the stack's configuration, as for a resource."


class OfHost(Part):
    """A question about a host."""

    uri: Uri | None = optional(_URI)


class OfNetwork(Part):
    """A question about one network, by its name or its UUID."""

    uri: Uri | None = optional(_URI)
    name: NetworkName | None = optional("The network's name.")
    uuid: Uuid | None = optional("The network's UUID, instead of its name.")


class OfForwards(Part):
    """A question about a host's forwards."""

    uri: Uri | None = optional(_URI)
    network: NetworkName | None = optional("The name or UUID of the network that they lead to. Left out: all of them.")


class OfFreeSubnet(Part):
    """A question for a subnet."""

    uri: Uri | None = optional(_URI)
    network: NetworkName = required(
        "The name of the network that the subnet is for. Once that network has one, it is the answer, so that a second "
        "run changes nothing."
    )
    prefix_length: Annotated[Integer, Field(ge=1, le=126)] = required("The prefix length of the subnet, 24 for a /24.")
    within: NetworkAddress | None = optional(
        'The larger subnet to take it from, "192.168.0.0/16" or "fd00:1::/48".', default=DEFAULT_POOL
    )


class NetworkSummary(Part):
    """A network of a host, in brief."""

    uuid: Text = required("The network's UUID.")
    name: Text = required("The network's name.")
    active: Bool = required("Whether it runs.")
    persistent: Bool = required("Whether libvirt keeps its configuration when it stops.")
    autostart: Bool = required("Whether it starts when the host boots.")
    mode: Text = required('The forward mode, "isolated" without one.')
    bridge_name: Text = required("Its bridge; empty where the mode has none.")
    addresses: tuple[Text, ...] = required("The host's addresses on it, with their prefix lengths.")


class Networks(Part):
    """The networks of a host."""

    networks: tuple[NetworkSummary, ...] = required("All networks that libvirt knows, by name.")


class DhcpLease(Part):
    """An address that a network's DHCP server gave to a client."""

    mac: Text = required("The client's MAC address; empty where a DHCPv6 client sent none.")
    address: Text = required("The address, without a prefix length.")
    prefix_length: Integer = required("The prefix length of its subnet.")
    hostname: Text = required("The client's name; empty where it sent none.")
    client_id: Text = required("The client's id (DHCPv6: its DUID); empty where it sent none.")
    expires: Text = required('When the lease ends, "2026-01-31T12:00:00Z"; empty when never.')


class Leases(Part):
    """The leases of a network."""

    leases: tuple[DhcpLease, ...] = required("The leases that have not ended; none while the network is inactive.")


class PluggedGuest(Part):
    """A guest's interface on a network, or another interface on the network's bridge."""

    guest: Text = required("The guest's name; empty for an interface that libvirt knows nothing of.")
    guest_uuid: Text = required("The guest's UUID; empty likewise.")
    mac: Text = required("The MAC address of the guest's side; empty where it is not known.")
    interface: Text = required("The host's side of it (tap); empty where libvirt does not tell.")
    addresses: tuple[Text, ...] = required("The addresses that the network's DHCP server gave to this MAC address.")


class Guests(Part):
    """What is attached to a network."""

    guests: tuple[PluggedGuest, ...] = required("Running guests and other interfaces, by the host's interface.")


class HostBridge(Part):
    """A bridge of the host, a network's or another's."""

    name: Text = required("The interface's name.")
    mac: Text = required("Its MAC address.")
    up: Bool = required("Whether it is up.")
    addresses: tuple[Text, ...] = required("Its addresses, with their prefix lengths.")
    ports: tuple[Text, ...] = required("The interfaces that are attached to it.")


class ReportedRoute(Part):
    """A route of the host's main tables."""

    destination: Text = required('The destination in CIDR form, or "default".')
    interface: Text = required("The interface it leaves by.")
    gateway: Text = required("The gateway; empty for a subnet that the host is connected to.")


class NetworkFirewallRule(Part):
    """A firewall rule of a virtual network, or of all of them."""

    program: Text = required('Whose rule it is: "iptables", "ip6tables" or "nft".')
    table: Text = required('The table: "filter", "nat", "mangle", or "ip libvirt_network" of nftables.')
    chain: Text = required('The chain, "LIBVIRT_FWI".')
    network: Text = required("The network whose bridge or subnet it names; empty for one that serves all.")
    rule: Text = required(
        'The rule in its program\'s words: "-o virbr0 -j REJECT --reject-with icmp-port-unreachable".'
    )


class NetworkPath(Part):
    """What becomes of a running network's packets on one of the ways that it is for, in the host's whole firewall."""

    network: Text = required("The network's name.")
    path: Text = required(f"The way: {', '.join(f'`{path.value}`' for path in Path)}.")
    ip_version: Integer = required("The version of IP: 4 or 6.")
    fate: Text = required('"accepted" or "dropped"; "unknown" where it depends on a rule that is not judged.')
    program: Text = required(
        f"Whose rule or policy decides it: {', '.join(f'`{program.value}`' for program in Program)}; empty where it is "
        "accepted."
    )
    place: Text = required("Where: the rule or policy, its chain and its table; empty likewise.")


class HostFacts(Part):
    """A host, as far as networks depend on it."""

    host_uuid: Text = required("The UUID by which libvirt knows the host.")
    libvirt_version: Text = required('The daemon\'s version, "9.0.0".')
    ipv4_forwarding: Bool = required("Whether the kernel forwards IPv4 now.")
    ipv6_forwarding: Bool = required("Whether the kernel forwards IPv6 now.")
    bridges: tuple[HostBridge, ...] = required("The bridges, by name.")
    routes: tuple[ReportedRoute, ...] = required("The routes, IPv4 and IPv6.")
    firewall_rules: tuple[NetworkFirewallRule, ...] = required("The firewall rules of the virtual networks, in order.")
    network_paths: tuple[NetworkPath, ...] = required(
        "What becomes of the packets of each running network that has a bridge of its own: libvirt's rules decide, and "
        "those of others."
    )
    firewall_problem: Text = required(
        "Why rules, or paths, could not be told (only root may list them): those that can be are there anyway. "
        "Empty otherwise."
    )


class ReportedPorts(Part):
    """Ports of a forward."""

    protocol: Text = required('"tcp" or "udp".')
    listen_port: Text = required('The host\'s port, or a range of them: "8080", "5000-5010".')
    target_port: Text = required("The guest's, likewise.")


class ReportedForward(Part):
    """A port forward of a host, no matter who created it."""

    id: Text = required("Its id, which `pulumi import` takes.")
    owner: Text = required("The URN of the resource that has it, or project/stack/resource.")
    network: Text = required("The network's name.")
    network_uuid: Text = required("The network's UUID.")
    listen_address: Text = required("The host's address; empty for all of the target's version of IP.")
    target_address: Text = required("The guest's address that the ports lead to.")
    reservation: Text = required(
        "The name or MAC address of the DHCP reservation by which the program names the guest; empty where it names an "
        "address."
    )
    reserved_address: Text = required(
        "The address that this reservation has now. Another one than `target_address` means that the guest has moved; "
        "empty means that there is no such reservation, or none was named."
    )
    ports: tuple[ReportedPorts, ...] = required("The ports.")
    sources: tuple[Text, ...] = required("Who may connect, as subnets in CIDR form; none for anybody.")
    rules: Text = required('How its rules are found: "intact", "altered" or "missing".')


class Forwards(Part):
    """The port forwards of a host."""

    forwards: tuple[ReportedForward, ...] = required("All forwards that virtnet made on the host, by id.")


class FreeSubnet(Part):
    """A subnet that is free on a host."""

    subnet: Text = required('The subnet, "10.11.12.0/24".')
    address: Text = required('Its first address with the prefix length, for `ips`: "10.11.12.1/24".')
    first: Text = required('The first address behind that one, for a DHCP range: "10.11.12.2".')
    last: Text = required('The last address for hosts: "10.11.12.254".')


class NetworkFacts(NetworkSpec):
    """A network as it is: its whole configuration in the spelling of a LibvirtNetwork's inputs, and its state."""

    bridge_name: Text = required("Its bridge; empty where the mode has none.")
    persistent: Bool = required("Whether libvirt keeps its configuration when it stops.")
    host_uuid: Text = required("The UUID by which libvirt knows the host.")
    xml: Text = required("libvirt's own XML of it: the persistent configuration, or the live one of a transient one.")
