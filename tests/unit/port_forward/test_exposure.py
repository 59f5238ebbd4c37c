"""What a reviewer is told of who may reach what, sentence by sentence, before it is done."""

from typing import Any

import pytest
from tests.unit.port_forward.hosts import applied, at, checked, deleted, forwarding_host, planned

from virtnet.port_forward.messages import messages
from virtnet.port_forward.observe.observe import observe
from virtnet.port_forward.plan.plan import plan

HTTP = {"protocol": "tcp", "listen_port": "8080", "target_port": "80"}
MEDIA = {"protocol": "udp", "listen_port": "5000-5010"}


def told(plan: Any) -> list[str]:
    return [messages().sentence(note) for note in plan.notes]


@pytest.mark.parametrize(
    ("inputs", "lines"),
    [
        (
            {"listen_address": "198.51.100.1"},
            ["opens tcp 8080 of 198.51.100.1 to guest web (192.168.123.50:80), from anywhere"],
        ),
        (
            {"target_address": "192.168.123.60", "ports": [MEDIA], "sources": ["203.0.113.0/24", "10.0.0.1"]},
            ["opens udp 5000-5010 of every IPv4 address of the host to 192.168.123.60:5000-5010, from 10.0.0.1/32 and "
             "203.0.113.0/24"],
        ),
        (
            {"target_address": "fd00:123::50"},
            ["opens tcp 8080 of every IPv6 address of the host to guest web ([fd00:123::50]:80), from anywhere"],
        ),
        (
            {"listen_address": "2606:4700::1", "target_name": "web"},
            ["opens tcp 8080 of 2606:4700::1 to guest web ([fd00:123::50]:80), from anywhere",
             "attention: 2606:4700::1 is a public internet address"],
        ),
        (
            {"ports": [{"protocol": "tcp", "listen_port": "20-2000"}], "allow_ssh": True},
            ["opens tcp 20-2000 of every IPv4 address of the host to guest web (192.168.123.50:20-2000), from anywhere",
             "attention: tcp 20-1023 is below 1024, where clients expect the host's own services",
             "attention: ssh to port 22 of any address of this host reaches the guest from now on, and no longer "
             "the host. Make sure that you have another way to log in to the host"],
        ),
    ],
)  # fmt: skip
def test_a_create(inputs: dict[str, Any], lines: list[str]) -> None:
    host = forwarding_host(addresses=["198.51.100.1/24", "2606:4700::1/64"])

    assert told(planned(at(host), checked(**inputs))) == lines


GO_ON = ". Established connections continue until they end"
OPEN = "opens tcp 8080 of every IPv4 address of the host to guest web (192.168.123.50:80), from anywhere"


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ({}, {"description": "the shop"}, []),
        ({}, {"ports": [HTTP, MEDIA]},
         ["opens udp 5000-5010 of every IPv4 address of the host to guest web (192.168.123.50:5000-5010), "
          "from anywhere"]),
        ({"ports": [HTTP, MEDIA]}, {"ports": [HTTP]},
         [f"closes udp 5000-5010 of every IPv4 address of the host, which was open from anywhere{GO_ON}"]),
        ({"ports": [MEDIA]}, {"ports": [{"protocol": "udp", "listen_port": "5005-5020", "target_port": "5005"}]},
         ["opens udp 5005-5020 of every IPv4 address of the host to guest web (192.168.123.50:5005-5020), "
          "from anywhere",
          f"closes udp 5000-5004 of every IPv4 address of the host, which was open from anywhere{GO_ON}"]),
        ({}, {"sources": ["203.0.113.0/24"]},
         [f"this opens less than before: 203.0.113.0/24 may connect (before: anybody){GO_ON}"]),
        ({"sources": ["203.0.113.0/24"]}, {},
         ["attention: this opens more than before: anybody may connect (before: 203.0.113.0/24)"]),
        ({"sources": ["203.0.113.0/24"]}, {"sources": ["203.0.113.0/25"]},
         [f"this opens less than before: 203.0.113.0/25 may connect (before: 203.0.113.0/24){GO_ON}"]),
        ({"sources": ["203.0.113.0/24"]}, {"sources": ["203.0.113.0/25", "10.0.0.0/8"]},
         ["attention: this opens more than before: 10.0.0.0/8 and 203.0.113.0/25 may connect "
          "(before: 203.0.113.0/24)"]),
        ({"sources": ["0.0.0.0/0"]}, {}, []),
        ({}, {"sources": ["0.0.0.0/0", "10.0.0.0/8"]}, []),
        ({"sources": ["203.0.113.0/25", "203.0.113.128/25"]}, {"sources": ["203.0.113.0/24"]}, []),
        ({"sources": ["10.0.0.0/8"]}, {"sources": ["10.0.0.0/8", "10.1.0.0/16"]}, []),
        ({"sources": ["203.0.112.0/24", "203.0.113.0/24", "10.0.0.1"]}, {"sources": ["203.0.112.0/23"]},
         ["this opens less than before: 203.0.112.0/23 may connect (before: 10.0.0.1/32, 203.0.112.0/24 and "
          f"203.0.113.0/24){GO_ON}"]),
        ({"sources": ["10.0.0.0/8"]}, {"sources": ["0.0.0.0/1", "128.0.0.0/1"]},
         ["attention: this opens more than before: 0.0.0.0/1 and 128.0.0.0/1 may connect (before: 10.0.0.0/8)"]),
        ({"listen_address": "198.51.100.1"}, {},
         [OPEN, "attention: this opens more than before: to every IPv4 address of the host (before: 198.51.100.1)"]),
        ({}, {"listen_address": "198.51.100.1"},
         ["this opens less than before: to 198.51.100.1 (before: every IPv4 address of the host)" + GO_ON]),
        ({"listen_address": "198.51.100.1"}, {"listen_address": "192.168.123.1"},
         ["opens tcp 8080 of 192.168.123.1 to guest web (192.168.123.50:80), from anywhere",
          f"closes tcp 8080 of 198.51.100.1, which was open from anywhere{GO_ON}"]),
        ({}, {"target_address": "192.168.123.60"},
         ["opens tcp 8080 of every IPv4 address of the host to 192.168.123.60:80, from anywhere"]),
        ({}, {"target_address": "fd00:123::50"},
         ["opens tcp 8080 of every IPv6 address of the host to guest web ([fd00:123::50]:80), from anywhere",
          "attention: this opens more than before: to every IPv6 address of the host (before: every IPv4 address "
          "of the host)",
          f"closes tcp 8080 of every IPv4 address of the host, which was open from anywhere{GO_ON}"]),
    ],
)  # fmt: skip
def test_an_update(before: dict[str, Any], after: dict[str, Any], lines: list[str]) -> None:
    clients = at(forwarding_host())
    recorded = applied(clients, checked(**before))

    assert told(planned(clients, checked(**after), recorded)) == lines


def test_what_the_same_program_is_about_to_make_is_announced_by_its_inputs() -> None:
    clients = at(forwarding_host())
    by_name = checked(network="other", target_address=None, target_name="web", ports=[MEDIA, HTTP])

    def told_of(desired: dict[str, Any]) -> list[str]:
        return told(plan(desired, None, observe(clients, desired, {})._replace(comes=True)))

    assert told_of(by_name) == [
        "opens tcp 8080 of every IPv4 address of the host to port 80 of guest web, from anywhere",
        "opens udp 5000-5010 of every IPv4 address of the host to port 5000-5010 of guest web, from anywhere",
        "network 'other' doesn't exist yet. pulumi up plans the port forward again, and fails if that is still so",
    ]
    assert told_of(checked(network="other", sources=["10.0.0.1"]))[0] == (
        "opens tcp 8080 of every IPv4 address of the host to 192.168.123.50:80, from 10.0.0.1/32"
    )


def test_a_delete() -> None:
    clients = at(forwarding_host())
    recorded = applied(clients, checked(sources=["203.0.113.0/24"]))

    found = planned(clients, None, recorded)

    assert told(found) == [
        f"closes tcp 8080 of every IPv4 address of the host, which was open from 203.0.113.0/24{GO_ON}"
    ]
    deleted(clients, recorded)
