"""What the inputs of a PortForward alone prove wrong, what they are brought to, and what they want for themselves."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.hostile import TEXTS

from virtnet.planning.ownership.claims import Claims
from virtnet.port_forward.check import check, wants
from virtnet.port_forward.messages import failure as sentence
from virtnet.port_forward.spec import PortForwardSpec
from virtnet.spec.messages import refused
from virtnet.spec.part import UNKNOWN

GUEST = "192.168.123.50"
HTTP = {"protocol": "tcp", "listen_port": "8080", "target_port": "80"}


def given_inputs(**inputs: Any) -> dict[str, Any]:
    named = {"uri": "qemu:///system", "network": "lab", "target_address": GUEST, "ports": [HTTP], **inputs}
    return {name: value for name, value in named.items() if value is not None}


def told(inputs: dict[str, Any]) -> list[str]:
    """The failures as a user reads them."""
    return [refused(PortForwardSpec, one, inputs, sentence) for one in check(inputs, {})[1]]


@pytest.mark.parametrize(
    ("inputs", "lines"),
    [
        ({"uri": None}, ["uri: is required. Give the connection URI, for example qemu:///system"]),
        ({"uri": "test:///default"}, None),
        ({"network": None}, ["network: is required. Add it"]),
        ({"ports": None}, ["ports: is required. Add it"]),
        ({"ports": []}, ["ports=[]: is empty. Add at least one port"]),
        ({"sources": []}, ["sources=[]: is empty, which is ambiguous. Remove it to allow connections from anywhere"]),
        ({"target_address": None},
         ["target_address: is required. Add it, or add target_mac or target_name of a DHCP reservation instead"]),
        ({"target_name": "web"}, ['target_name="web": can\'t be combined with target_address. Remove one of the two']),
        ({"target_address": "127.0.0.1"},
         ['target_address="127.0.0.1": isn\'t the address of a guest. Use the guest\'s address on the network']),
        ({"target_address": "fe80::1"},
         ['target_address="fe80::1": isn\'t the address of a guest. Use the guest\'s address on the network']),
        ({"listen_address": "0.0.0.0"},  # noqa: S104
         ['listen_address="0.0.0.0": means every address. Remove it, which means the same']),
        ({"listen_address": "127.0.0.5"},
         ['listen_address="127.0.0.5": is a loopback address, which only the host itself can reach. Choose '
          "another, or remove it to listen on all"]),
        ({"listen_address": "224.0.0.1"},
         ['listen_address="224.0.0.1": isn\'t the address of a single host. Choose an address of the host']),
        ({"listen_address": "::ffff:198.51.100.1"},
         ['listen_address="::ffff:198.51.100.1": isn\'t the address of a single host. Choose an address of the host']),
        ({"listen_address": "198.51.100.01"},
         ['listen_address="198.51.100.01": has a number with a leading zero, which libvirt reads as octal. Write '
          '"198.51.100.1"']),
        ({"listen_address": "2001:db8::1"},
         [f'target_address="{GUEST}": is IPv4 and listen_address is IPv6. Use one version, and another '
          "PortForward for IPv4"]),
        ({"sources": ["fd00::/8"]},
         ['sources[0]="fd00::/8": is IPv6 and target_address is IPv4. Use one version, and another PortForward '
          "for IPv6"]),
        ({"sources": ["203.0.113.1/24"]},
         ['sources[0]="203.0.113.1/24": has bits set after its prefix. Write "203.0.113.0/24"']),
        ({"ports": [{"protocol": "tcp", "listen_port": "0"}]},
         ['ports[0].listen_port="0": contains port 0, which can\'t be connected to. The smallest port is 1']),
        ({"ports": [{"protocol": "tcp", "listen_port": "65536"}]},
         ['ports[0].listen_port="65536": is too large. The largest port is 65535']),
        ({"ports": [{"protocol": "tcp", "listen_port": "http"}]},
         ['ports[0].listen_port="http": isn\'t a valid port. Use a port like 8080, or a range like 5000-5010']),
        ({"ports": [{"protocol": "tcp", "listen_port": "80:90"}]},
         ['ports[0].listen_port="80:90": isn\'t a valid port. Write "80-90"']),
        ({"ports": [{"protocol": "tcp", "listen_port": "90-80"}]},
         ['ports[0].listen_port="90-80": ends before it begins. Write "80-90"']),
        ({"ports": [{"protocol": "sctp", "listen_port": "80"}]},
         ['ports[0].protocol="sctp": must be one of tcp, udp']),
        ({"ports": [{"protocol": "udp", "listen_port": "5000-5010", "target_port": "6000-6005"}]},
         ['ports[0].target_port="6000-6005": has another length than listen_port, which has 11 ports. Write '
          '"6000-6010"']),
        ({"ports": [{"protocol": "udp", "listen_port": "5000-5010", "target_port": "65530"}]},
         ['ports[0].target_port="65530": would lead to port 65540, and the largest is 65535. Begin lower']),
        ({"ports": [HTTP, {"protocol": "tcp", "listen_port": "8000-9000"}]},
         ['ports[1].listen_port="8000-9000": has tcp 8080 in common with ports[0]. Remove it from one of the two']),
        ({"ports": [{**HTTP, "listenport": "1"}]},
         ["ports[0].listenport: is an unknown property. Did you mean 'listen_port'?"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_path_and_fix(inputs: dict[str, Any], lines: list[str] | None) -> None:
    found = told(given_inputs(**inputs))

    assert found
    assert lines is None or found == lines


@pytest.mark.parametrize(
    ("ports", "canonical"),
    [
        ({"protocol": "tcp", "listen_port": 8080}, {"protocol": "tcp", "listen_port": "8080"}),
        (
            {"protocol": "tcp", "listen_port": "08080", "target_port": "8080"},
            {"protocol": "tcp", "listen_port": "8080"},
        ),
        ({"protocol": "udp", "listen_port": "5000-5000"}, {"protocol": "udp", "listen_port": "5000"}),
        (
            {"protocol": "udp", "listen_port": "5000-5010", "target_port": "5000"},
            {"protocol": "udp", "listen_port": "5000-5010"},
        ),
        (
            {"protocol": "udp", "listen_port": "5000-5010", "target_port": 6000},
            {"protocol": "udp", "listen_port": "5000-5010", "target_port": "6000-6010"},
        ),
    ],
)
def test_ports_have_one_spelling(ports: dict[str, Any], canonical: dict[str, Any]) -> None:
    found, failures = check(given_inputs(ports=[ports]), {})

    assert failures == []
    assert found["ports"] == [canonical]
    assert check(found, {}) == (found, [])


def test_a_source_may_be_one_address() -> None:
    found, failures = check(given_inputs(sources=["203.0.113.7", "203.0.113.0/25"]), {})

    assert (found["sources"], failures) == (["203.0.113.7/32", "203.0.113.0/25"], [])


@pytest.mark.parametrize("name", ["network", "listen_address", "target_address", "ports", "sources", "description"])
def test_what_only_the_apply_will_know_passes(name: str) -> None:
    found, failures = check(given_inputs(**{name: UNKNOWN}), {})

    assert failures == []
    assert found[name] is UNKNOWN
    list(wants(found))


def test_unknown_values_inside_of_ports_pass() -> None:
    inside = [{"protocol": UNKNOWN, "listen_port": "80"}, {"protocol": "tcp", "listen_port": UNKNOWN}, UNKNOWN]

    found, failures = check(given_inputs(ports=inside), {})

    assert (found["ports"], failures) == (inside, [])
    assert list(wants(found)) == []


@given(st.sampled_from(sorted(TEXTS.values())), st.sampled_from(["listen_port", "target_port", "protocol"]))
def test_no_hostile_text_passes_for_a_port(text: str, name: str) -> None:
    canonical, failures = check(given_inputs(ports=[{**HTTP, name: text}]), {})

    assert failures or text.strip("0123456789-") == ""
    assert failures or canonical


@given(
    st.sampled_from(sorted(TEXTS.values())),
    st.sampled_from(["listen_address", "target_address", "target_mac", "target_name", "sources", "network"]),
)
def test_what_passes_holds_nothing_that_means_something_to_nft_or_a_shell(text: str, name: str) -> None:
    value = [text] if name == "sources" else text
    inputs = given_inputs(**{name: value})
    if name in ("target_mac", "target_name"):
        del inputs["target_address"]

    canonical, failures = check(inputs, {})

    # A network's name is looked up by libvirt, and is in no rule.
    assert failures or name == "network" or not set(text) & set(" ;{}\"'`$\\\n\t#")
    assert failures or canonical


WANTS = [
    ({}, {}, True),
    ({}, {"ports": [{"protocol": "udp", "listen_port": "8080"}]}, False),
    ({}, {"ports": [{"protocol": "tcp", "listen_port": "8000-9000"}]}, True),
    ({}, {"ports": [{"protocol": "tcp", "listen_port": "8081"}]}, False),
    ({"listen_address": "198.51.100.1"}, {"listen_address": "198.51.100.2"}, False),
    ({"listen_address": "198.51.100.1"}, {}, True),
    ({"listen_address": "198.51.100.1"}, {"listen_address": "198.51.100.1"}, True),
    ({}, {"target_address": "fd00::5"}, False),
    ({}, {"uri": "qemu+ssh://root@other/system"}, False),
]


@pytest.mark.parametrize(("one", "other", "meet"), WANTS)
def test_two_resources_of_one_run_want_one_port_of_one_address(
    one: dict[str, Any], other: dict[str, Any], meet: bool
) -> None:
    claims = Claims()
    first, second = (check(given_inputs(**inputs), {})[0] for inputs in (one, other))

    assert claims.want("first", wants(first)) == []
    assert bool(claims.want("second", wants(second))) is meet


def test_what_is_wanted_is_found_in_the_inputs_by_its_path() -> None:
    second = {"protocol": "udp", "listen_port": "53"}
    found, _failures = check(given_inputs(ports=[{"protocol": "tcp", "listen_port": "8080"}, second]), {})

    assert [want.path for want in wants(found)] == ["ports[0].listen_port", "ports[1].listen_port"]


def test_what_both_have_recorded_is_no_news() -> None:
    claims, both = Claims(), check(given_inputs(), {})[0]
    claims.want("first", wants(both), wants(both))

    assert claims.want("second", wants(both), wants(both)) == []
