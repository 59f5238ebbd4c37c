"""A network of another stack's is imported by nobody in silence, and what is imported has one owner, in both forms."""

import re

import pytest
from tests.acceptance.native_stack import FORMS, NativeStack
from tests.acceptance.stack import Stack
from tests.hosts.sandboxed import Host

pytestmark = pytest.mark.acceptance

LAB = {"forward": {"mode": "nat"}, "ips": [{"address": "10.94.0.1/24"}]}
GET = """\
import pulumi
import pulumi_virtnet.native as virtnet

seen = virtnet.LibvirtNetwork("seen", opts=pulumi.ResourceOptions(id="lab"))
pulumi.export("bridge", seen.bridge_name)
"""


def import_lab(stack: NativeStack, *, check: bool = True) -> str:
    done = stack.pulumi(
        "import", "virtnet:index:LibvirtNetwork", "lab", "lab", "--yes", "--generate-code=false", check=check
    )
    return done.stdout + done.stderr


def marks(host: Host) -> str:
    """The mark of the network, as libvirt has it."""
    found = re.search(r"<virtnet:owner [^>]*>", host.virsh("net-dumpxml", "lab", "--inactive"))
    return found[0] if found else ""


@pytest.mark.parametrize("form", FORMS)
def test_a_network_of_another_stack_is_not_imported(host: Host, form: type[Stack]) -> None:
    owner, comer = form(host, "owner"), NativeStack(host, "comer")
    owner.network("lab", **LAB)
    owner.up()
    (urn,) = re.findall(r" urn=.([^'\"]+)", marks(host))
    before = host.virsh("net-dumpxml", "lab", "--inactive")

    refused = import_lab(comer, check=False)

    assert f"its owner mark names '{urn}'" in refused
    assert comer.pulumi("stack", "export").stdout.count("LibvirtNetwork") == 0
    assert host.virsh("net-dumpxml", "lab", "--inactive") == before
    assert owner.unchanged()


@pytest.mark.further
def test_virtnet_import_says_whose_a_network_is_and_its_program_takes_it_over(host: Host) -> None:
    owner, comer = Stack(host, "owner"), Stack(host, "comer")
    owner.network("lab", **LAB)
    owner.up()

    printed = host.virtnet("import", "lab").stdout
    (comer.directory / "__main__.py").write_text(printed)
    comer.up()
    left = owner.destroy()

    note = r"^# Note: takes the network over from 'urn:pulumi:owner::project::\S+::lab', which its owner mark names"
    assert re.search(note, printed, re.MULTILINE)
    assert "so it isn't changed" in left
    assert host.network("lab") is not None
    assert comer.unchanged()


@pytest.mark.further
def test_of_two_stacks_that_import_one_network_the_second_is_told(host: Host) -> None:
    first, second = NativeStack(host, "first"), NativeStack(host, "second")
    host.run(
        "virsh",
        "net-define",
        "/dev/stdin",
        given="<network><name>lab</name><forward mode='nat'/><ip address='10.94.0.1' prefix='24'/></network>",
    )
    host.virsh("net-start", "lab")
    host.virsh("net-autostart", "lab")
    for stack in (first, second):
        import_lab(stack)
        stack.declare(
            {"type": "LibvirtNetwork", "name": "lab", "args": stack_args(stack), "options": {"protect": True}}
        )

    preview = first.preview()
    first.up()
    told = second.refresh()
    refused = second.up(check=False)

    assert (
        "owner is added (the network was imported, and the host has no owner mark of urn:pulumi:first::project::"
        in preview
    )
    assert "urn:pulumi:first::" in marks(host)
    assert first.unchanged()
    assert "taken-over" in told + second.pulumi("stack", "export").stdout
    assert "it now belongs to 'urn:pulumi:first::" in refused
    assert "urn:pulumi:first::" in marks(host)


def stack_args(stack: NativeStack) -> dict[str, object]:
    """What was imported, as a program declares it."""
    inputs = stack.state("lab")["inputs"]
    return {name: value for name, value in inputs.items() if not name.startswith("__")}


def test_a_program_that_only_looks_at_a_network_of_others_may(host: Host) -> None:
    owner, looker = Stack(host, "owner"), NativeStack(host, "looker")
    owner.network("lab", **LAB)
    owner.up()
    before = host.virsh("net-dumpxml", "lab", "--inactive")
    looker.write(GET)

    looker.up()

    assert looker.pulumi("stack", "output", "bridge").stdout.strip() == "vn-lab"
    assert host.virsh("net-dumpxml", "lab", "--inactive") == before
    looker.destroy()
    assert host.network("lab") is not None
