"""The native plugin under the real engine: previews, updates, refresh, import, failures, and the way there and back."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import pytest
from tests.acceptance.native_stack import NATIVE_PROGRAM, NativeStack
from tests.acceptance.stack import PROGRAM, Stack
from tests.acceptance.test_killed import hooked  # noqa: F401 - a fixture
from tests.hosts.daemons import kill_libvirtd, socket_path, start_libvirtd, unreached
from tests.hosts.guests import linux_guest
from tests.hosts.sandboxed import Host

pytestmark = pytest.mark.acceptance

SUBNET = {"address": "10.91.0.1/24", "dhcp": {"ranges": [{"start": "10.91.0.50", "end": "10.91.0.99"}]}}


@pytest.fixture
def native(host: Host) -> NativeStack:
    return NativeStack(host)


def test_a_network_is_previewed_made_changed_refreshed_and_destroyed(host: Host) -> None:
    native, before = NativeStack(host, own_python=True), host.trace()
    native.network("lab", forward={}, ips=[SUBNET])

    preview = native.preview()
    made = native.up()

    assert "network 'lab' on qemu:///system: will define a nat network with 10.91.0.1/24 on bridge vn-lab" in preview
    assert "warning" not in preview
    assert "virtnet:index:LibvirtNetwork lab creating (0s) network 'lab' on qemu:///system: start the network" in made
    assert host.network("lab") is not None
    native.go_on_preloaded()
    assert native.unchanged_by_each()

    host.virsh("net-update", "lab", "add", "ip-dhcp-range", "<range start='10.91.0.5' end='10.91.0.9'/>", "--live")
    refreshed = native.refresh()
    assert "~ virtnet:index:LibvirtNetwork lab" in refreshed.replace("  ", " ")
    native.network("lab", forward={}, ips=[SUBNET], dns={"hosts": [{"ip": "10.91.0.7", "hostnames": ["seven"]}]})
    changing = native.preview()
    native.up()

    assert "dns.hosts[10.91.0.7] is added (ip 10.91.0.7) [live]" in changing
    assert "'10.91.0.5'" not in host.virsh("net-dumpxml", "lab")
    assert "seven" in host.virsh("net-dumpxml", "lab")
    assert native.unchanged_by_each()

    native.destroy()

    assert host.trace() == before


def test_both_resources_with_a_provider_of_their_own(host: Host, native: NativeStack) -> None:
    native.declare(
        {"type": "HostForwarding", "name": "ip-forwarding", "args": {"ipv4": True}},
        {"type": "LibvirtNetwork", "name": "lab", "args": {"ips": [SUBNET]}, "depends_on": ["ip-forwarding"]},
    )

    native.up()

    assert host.sh("cat /proc/sys/net/ipv4/ip_forward") == "1\n"
    assert native.state("ip-forwarding")["outputs"]["dropInPath"] == "/etc/sysctl.d/90-virtnet-forwarding.conf"
    assert native.unchanged()
    native.destroy()


def test_a_secret_is_one_in_the_state_and_nowhere_in_clear(host: Host, native: NativeStack) -> None:
    secret = "hunter2 hunter2"
    native.write(
        "import pulumi\nimport pulumi_virtnet.native as virtnet\n"
        f"hidden = pulumi.Output.secret({secret!r})\n"
        "lab = virtnet.LibvirtNetwork('lab', ips=[{'address': '10.91.0.1/24'}], dns={'txts': [{'name': 'n', "
        "'value': hidden}]})\npulumi.export('dns', lab.dns)\n"
    )

    said = native.preview() + native.up() + native.refresh()
    kept = "".join(path.read_text() for path in (native.directory / "state").rglob("*.json"))

    assert secret in host.virsh("net-dumpxml", "lab")
    assert secret not in said + kept
    assert "will define an isolated network" in said
    assert native.state("lab")["outputs"]["dns"]["txts"][0]["value"]["plaintext"] == json.dumps(secret)
    assert native.unchanged()


@pytest.mark.parametrize("by", ["name", pytest.param("uuid", marks=pytest.mark.further)])
def test_an_import_and_its_program_change_nothing_but_the_mark(host: Host, native: NativeStack, by: str) -> None:
    xml = """<network><name>odd one</name><forward mode='route'/><bridge name='odd0' stp='off' delay='3'/>
        <domain name='odd.test' localOnly='yes'/><dns forwardPlainNames='no'><txt name='note' value='v=1'/>
        <host ip='10.93.0.9'><hostname>b</hostname><hostname>a</hostname></host></dns>
        <ip address='10.93.0.1' netmask='255.255.255.0' localPtr='yes'><dhcp><range start='10.93.0.100'
        end='10.93.0.200'><lease expiry='2' unit='hours'/></range></dhcp></ip></network>"""
    host.run("virsh", "net-define", "/dev/stdin", given=xml)
    host.sh("virsh net-start 'odd one'; virsh net-autostart 'odd one'")
    uuid = host.virsh("net-uuid", "odd one").strip()
    found, before = host.virsh("net-dumpxml", "odd one", "--inactive"), host.trace()

    wanted = uuid if by == "uuid" else "odd one"
    native.pulumi("import", "virtnet:index:LibvirtNetwork", "odd", wanted, "--yes", "--generate-code=false")

    state = native.state("odd")
    assert state["id"] == uuid
    inputs = {name: value for name, value in state["inputs"].items() if not name.startswith("__")}
    assert inputs == {
        "name": "odd one",
        "forward": {"mode": "route"},
        "bridge": {"name": "odd0", "stp": False, "delay": 3},
        "domain": {"name": "odd.test", "localOnly": True},
        "dns": {
            "forwardPlainNames": False,
            "txts": [{"name": "note", "value": "v=1"}],
            "hosts": [{"ip": "10.93.0.9", "hostnames": ["b", "a"]}],
        },
        "ips": [
            {
                "address": "10.93.0.1/24",
                "localPtr": True,
                "dhcp": {
                    "ranges": [{"start": "10.93.0.100", "end": "10.93.0.200", "lease": {"expiry": 2, "unit": "hours"}}]
                },
            }
        ],
    }
    # The program that Pulumi would write of these.
    native.declare({"type": "LibvirtNetwork", "name": "odd", "args": _whole(inputs)})
    native.pulumi("state", "unprotect", state["urn"], "--yes")
    preview = native.preview()
    marked = (
        f"owner is added (the network was imported, and the host has no owner mark of {state['urn']} yet) [recorded]"
    )
    assert marked in preview
    assert preview.count("network 'odd one' on") == 1
    native.up()
    assert native.unchanged()
    kept = re.sub(
        r"\s*<metadata>.*</metadata>", "", host.virsh("net-dumpxml", "odd one", "--inactive"), flags=re.DOTALL
    )
    assert (kept, host.trace()) == (found, before)

    native.destroy()

    assert host.network("odd one") is None


def _whole(value: Any) -> Any:
    """Whole numbers as a program has them."""
    if isinstance(value, dict):
        return {name: _whole(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return int(value) if isinstance(value, float) else value


@pytest.mark.further
def test_an_import_of_what_is_not_there_names_what_is(native: NativeStack) -> None:
    done = native.pulumi(
        "import", "virtnet:index:LibvirtNetwork", "x", "nosuch", "--yes", "--generate-code=false", check=False
    )

    assert done.returncode != 0
    assert "libvirt at qemu:///system has no network 'nosuch'. Existing networks: default" in done.stdout + done.stderr


def test_a_refusal_is_one_sentence_on_the_resource(native: NativeStack) -> None:
    native.network("lab", name="default")

    preview, refused = native.preview(), native.up(check=False)

    assert "pulumi up would refuse this on the host as it is now: a network of this name already exists" in preview
    assert "network 'default' on qemu:///system was not changed: a network of this name already exists" in refused
    assert "Traceback" not in refused
    assert native.pulumi("stack", "export").stdout.count("virtnet:index:LibvirtNetwork") == 0


@pytest.mark.further
def test_a_wrong_input_and_a_wrong_setting_name_their_properties(native: NativeStack) -> None:
    native.network("lab", mtu=5, ips=[{"address": "10.91.0.1/24", "local_ptr": "yes"}])

    refused = native.preview(check=False)

    assert "resource 'lab' has a problem: mtu=5: is too small. The smallest allowed value is 68\n" in refused
    assert 'has a problem: ips[0].localPtr="yes": must be true or false. Write true\n' in refused
    native.pulumi("config", "set", "virtnet:unreachable", "ignore")
    assert 'has a problem: virtnet:unreachable="ignore": must be one of fail, recorded' in native.preview(check=False)


@pytest.mark.further
def test_a_host_that_is_down_fails_a_refresh_or_keeps_what_is_recorded(host: Host, native: NativeStack) -> None:
    native.network("lab", ips=[SUBNET])
    native.up()
    kill_libvirtd(host)

    failed = native.refresh(check=False)
    native.pulumi("config", "set", "virtnet:unreachable", "recorded")
    # Without the program the provider's own recorded configuration would count.
    kept = native.pulumi("refresh", "--yes", "--skip-preview", "--run-program").stdout

    assert f"libvirt at qemu:///system {unreached(host)} (" in failed
    assert "the refresh kept the recorded values, because virtnet:unreachable is" in kept
    start_libvirtd(host)
    assert native.unchanged()


def test_functions_tell_of_the_host(host: Host, native: NativeStack) -> None:
    native.write(
        "import json, pulumi\nimport pulumi_virtnet.native as virtnet\n"
        "free = virtnet.get_free_subnet('lab', 24, within='10.0.0.0/16')\n"
        "dhcp = {'ranges': [{'start': free['first'], 'end': free['last']}]}\n"
        "lab = virtnet.LibvirtNetwork('lab', ips=[{'address': free['address'], 'dhcp': dhcp}])\n"
        "pulumi.export('free', free)\n"
        "pulumi.export('networks', [network['name'] for network in virtnet.get_networks()])\n"
        "pulumi.export('host', virtnet.get_host())\n"
        "pulumi.export('default', virtnet.get_network('default'))\n"
        "after = lab.name.apply(lambda name: name)\n"
        "pulumi.export('leases', virtnet.get_leases_output(after))\n"
        "pulumi.export('guests', virtnet.get_guests_output(after))\n"
    )

    native.up()
    # Where dnsmasq's helper writes leases down for libvirt.
    lease = [
        {"ip-address": "10.0.9.9", "mac-address": "52:54:00:00:00:09", "hostname": "nine", "expiry-time": 4102444800}
    ]
    host.run("bash", "-c", "cat > /var/lib/libvirt/dnsmasq/vn-lab.status", given=json.dumps(lease))
    with host.guest("one", "vn-lab"):
        native.up()
        outputs = json.loads(native.pulumi("stack", "output", "--json").stdout)

    assert outputs["free"]["subnet"].startswith("10.0.")
    assert outputs["free"]["address"] == outputs["free"]["subnet"].replace(".0/24", ".1/24")
    assert outputs["networks"] == ["default", "lab"]
    assert outputs["default"]["forward"] == {"mode": "nat"}
    assert outputs["default"]["ips"][0]["dhcp"]["ranges"] == [{"start": "192.168.122.2", "end": "192.168.122.254"}]
    assert outputs["default"]["bridge_name"] == "virbr0"
    bridges = {bridge["name"]: bridge for bridge in outputs["host"]["bridges"]}
    assert bridges["vn-lab"]["addresses"] == [outputs["free"]["address"]]
    assert bridges["vn-lab"]["ports"] == ["one"]
    assert outputs["host"]["libvirt_version"].count(".") == 2
    assert outputs["host"]["firewall_problem"] == ""
    # On newer libvirt the rules are in tables of nftables; nft prints what it counted in the middle of them.
    listed = host.sh(
        "{ iptables-save | sed -n 's/^-A [^ ]* //p'; nft list table ip libvirt_network 2>/dev/null"
        " | sed 's/^\t*//; s/ packets [0-9]* bytes [0-9]*//'; } | grep -w vn-lab"
    ).splitlines()
    told = [rule for rule in outputs["host"]["firewall_rules"] if "vn-lab" in rule["rule"]]
    assert sorted(rule["rule"] for rule in told if rule["program"] != "ip6tables") == sorted(listed)
    assert {rule["network"] for rule in told} == {"lab"}
    ways = [way for way in outputs["host"]["network_paths"] if way["network"] == "lab"]
    assert {"dns", "dhcp"} <= {way["path"] for way in ways}
    assert {way["fate"] for way in ways} == {"accepted"}
    assert [(lease["mac"], lease["address"], lease["hostname"], lease["expires"]) for lease in outputs["leases"]] == [
        ("52:54:00:00:00:09", "10.0.9.9", "nine", "2100-01-01T00:00:00Z")
    ]
    assert [(guest["guest"], guest["mac"], guest["interface"]) for guest in outputs["guests"]] == [("", "", "one")]
    # The answer is the subnet that the network has by now, not another one.
    assert "1 unchanged" not in native.preview()
    assert native.state("lab")["outputs"]["ips"][0]["address"] == outputs["free"]["address"]


@pytest.mark.further
def test_a_running_guest_is_told_with_its_tap_and_its_leased_address(host: Host, native: NativeStack) -> None:
    mac = "52:54:00:00:01:01"
    native.write(
        "import pulumi\nimport pulumi_virtnet.native as virtnet\n"
        "dhcp = {'ranges': [{'start': '10.91.0.50', 'end': '10.91.0.99'}],"
        f" 'hosts': [{{'mac': '{mac}', 'ip': '10.91.0.10', 'name': 'web'}}]}}\n"
        "lab = virtnet.LibvirtNetwork('lab', bridge={'stp': False}, ips=[{'address': '10.91.0.1/24', 'dhcp': dhcp}])\n"
        "pulumi.export('leases', virtnet.get_leases_output(lab.name))\n"
        "pulumi.export('guests', virtnet.get_guests_output(lab.name))\n"
    )
    native.up()

    with linux_guest(host, "web", network="lab", mac=mac) as web:
        native.up()
        outputs = json.loads(native.pulumi("stack", "output", "--json").stdout)
        uuid = host.virsh("domuuid", "web").strip()
        tap = web.tap

    assert outputs["guests"] == [
        {"guest": "web", "guest_uuid": uuid, "mac": mac, "interface": tap, "addresses": ["10.91.0.10"]}
    ]
    assert [(lease["address"], lease["prefix_length"], lease["hostname"]) for lease in outputs["leases"]] == [
        ("10.91.0.10", 24, "web")
    ]


def test_a_stack_moves_from_the_dynamic_form_and_back(host: Host, native: NativeStack) -> None:
    native.write(PROGRAM)
    native.network("lab", forward={}, ips=[SUBNET])
    native.up()
    uuid, before = host.virsh("net-uuid", "lab"), host.virsh("net-dumpxml", "lab")

    native.write(NATIVE_PROGRAM)
    there = native.preview()
    native.up()
    assert native.state("lab")["type"] == "virtnet:index:LibvirtNetwork"
    native.network("lab", forward={}, ips=[SUBNET], dns={"hosts": []})
    native.up()

    native.write(PROGRAM)
    native.up()
    native.refresh()

    assert "owner changes (the owner mark on the host must name urn:pulumi:" in there
    assert "~ 1 to update" in there
    assert native.state("lab")["type"] == "pulumi-python:dynamic/virtnet:LibvirtNetwork"
    assert (host.virsh("net-uuid", "lab"), host.virsh("net-dumpxml", "lab")) == (uuid, before)
    assert native.unchanged()

    native.destroy()

    assert host.network("lab") is None


@pytest.mark.further
def test_a_network_of_a_component_moves_there_and_back_too(host: Host, native: NativeStack) -> None:
    program = (
        "import pulumi\nimport pulumi_virtnet as virtnet\n"
        "class Tenant(pulumi.ComponentResource):\n"
        "    def __init__(self, name):\n"
        "        super().__init__('shop:index:Tenant', name)\n"
        "        virtnet.LibvirtNetwork('lab', bridge={'stp': False}, opts=pulumi.ResourceOptions(parent=self))\n"
        "Tenant('first')\n"
    )
    native.write(program)
    native.up()
    uuid = host.virsh("net-uuid", "lab")

    native.write(program.replace("pulumi_virtnet as", "pulumi_virtnet.native as"))
    there = native.preview()
    native.up()
    moved = native.state("lab")["type"]
    native.write(program)
    back = native.preview()
    native.up()

    assert "owner changes (the owner mark on the host must name urn:pulumi:" in there
    assert (there.count("2 unchanged"), moved) == (1, "virtnet:index:LibvirtNetwork")
    assert "create" not in back
    assert "delete" not in back
    assert native.state("lab")["type"] == "pulumi-python:dynamic/virtnet:LibvirtNetwork"
    assert host.virsh("net-uuid", "lab") == uuid


@contextlib.contextmanager
def held_at(stack: Stack, moment: str) -> Iterator["subprocess.Popen[str]"]:
    """Within the block `pulumi up` stands still, where libvirt is about to start the network or has just done so."""
    stack.host.sh(f"rm -f /run/held; echo {moment} > /run/hold")
    command = ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive", "--color=never"]
    settings = [f"{name}={value}" for name, value in stack.environment.items()]
    process = subprocess.Popen(
        stack.host.command("env", *settings, *command, directory=stack.directory),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        stack.host.sh("for i in $(seq 200); do [ -e /run/held ] && exit 0; sleep 0.05; done; exit 1")
        yield process
    finally:
        stack.host.sh("rm -f /run/hold")
        if process.poll() is None:
            process.kill()
        process.wait(timeout=30)
        if process.stdout is not None:
            process.stdout.close()


def test_what_a_failed_create_left_is_in_the_state(hooked: Host) -> None:  # noqa: F811
    native = NativeStack(hooked)
    native.network("lab", forward={}, ips=[SUBNET])

    with held_at(native, "started") as process:
        kill_libvirtd(hooked)
        hooked.sh("rm -f /run/hold")
        said, _ = process.communicate(timeout=60)
    uuid = hooked.sh("grep -oP '(?<=<uuid>).*(?=</uuid>)' /etc/libvirt/qemu/networks/lab.xml").strip()
    state = native.state("lab")
    start_libvirtd(hooked)

    assert process.returncode != 0
    assert "could not start the network: the connection to libvirt at qemu:///system was lost" in said
    assert state["id"] == uuid
    assert "could not start the network" in state["initErrors"][0]

    native.up()

    assert hooked.virsh("net-uuid", "lab").strip() == uuid
    assert "initErrors" not in native.state("lab")
    assert 'phase="first definition"' not in hooked.virsh("net-dumpxml", "lab", "--inactive")
    assert native.unchanged()
    native.destroy()
    assert hooked.network("lab") is None


def test_an_interrupt_takes_back_what_was_begun(hooked: Host) -> None:  # noqa: F811
    native = NativeStack(hooked)
    before = hooked.trace()
    native.network("lab", forward={}, ips=[SUBNET])

    with held_at(native, "started") as process:
        pulumi = hooked.sh("pgrep -nx pulumi").strip()
        hooked.sh(f"kill -INT {pulumi}; sleep 1; rm -f /run/hold")
        said, _ = process.communicate(timeout=60)

    assert process.returncode != 0
    assert "could not set autostart to true: the work was cancelled before this" in said
    assert "(all changes were rolled back)" in said
    assert hooked.trace() == before
    native.up()
    assert native.unchanged()


def test_the_plugin_is_found_running_for_debugging(host: Host, native: NativeStack) -> None:
    process = subprocess.Popen(
        host.command(sys.executable, "-m", "virtnet.plugin.main"), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        port = process.stdout.readline().strip()
        native.environment["PULUMI_DEBUG_PROVIDERS"] = f"virtnet:{port}"
        native.network("lab", ips=[SUBNET])
        (native.directory / "Pulumi.yaml").write_text("name: project\nruntime: {name: python}\n")

        preview = native.preview()
    finally:
        os.kill(process.pid, signal.SIGTERM)
        process.wait(timeout=30)
        process.stdout.close()

    assert "will define an isolated network with 10.91.0.1/24 on bridge vn-lab" in preview


# One URI with a socket is one daemon, and of modular ones none has both networks and interfaces.
@pytest.mark.any_libvirt
def test_an_explicit_provider_has_settings_of_its_own(host: Host, native: NativeStack) -> None:
    uri = f"qemu+unix:///system?socket={socket_path(host)}"
    native.write(
        "import pulumi\nimport pulumi_virtnet.native as virtnet\n"
        f"here = virtnet.Provider('here', uri={uri!r})\n"
        "with_it = pulumi.ResourceOptions(provider=here)\n"
        "found = virtnet.LibvirtNetwork.get('found', 'default', opts=with_it)\n"
        "pulumi.export('found', found.bridge_name)\n"
        "virtnet.LibvirtNetwork('lab', ips=[{'address': '10.91.0.1/24'}], opts=with_it)\n"
    )
    default = host.virsh("net-dumpxml", "default", "--inactive")

    native.up()

    assert native.state("lab")["outputs"]["uri"] == uri
    assert native.pulumi("stack", "output", "found").stdout == "virbr0\n"
    assert host.network("lab") is not None
    assert native.unchanged()
    native.destroy()
    assert host.network("lab") is None
    assert host.virsh("net-dumpxml", "default", "--inactive") == default


def test_the_engine_is_told_which_version_serves_the_resources(host: Host, native: NativeStack) -> None:
    native.write(
        "import pulumi_virtnet.native as virtnet\n"
        "virtnet.VirtualNetworkHost('host', networks={'lab': {'ips': [{'address': '10.91.0.1/24'}]}})\n"
        "virtnet.get_networks()\n"
    )

    native.up()

    providers = [each for each in native.recorded() if each["type"] == "pulumi:providers:virtnet"]
    assert [each["inputs"]["version"] for each in providers] == [version("pulumi-virtnet")]
    native.destroy()


def test_a_time_limit_takes_back_what_was_begun(host: Host, native: NativeStack) -> None:
    before = host.trace()
    native.write(
        "import pulumi\nimport pulumi_virtnet.native as virtnet\n"
        "soon = pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create='1ms'))\n"
        "virtnet.LibvirtNetwork('lab', ips=[{'address': '10.91.0.1/24'}], opts=soon)\n"
    )

    said = native.up(check=False)

    assert "the 0.001 seconds of customTimeouts were over before this; allow more (nothing was changed)" in said
    assert host.trace() == before
