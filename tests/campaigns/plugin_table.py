"""The same calls to the native plugin's process, over gRPC, and to the dynamic provider: what each of them answers.

Run inside a sandbox: `virtnet sandbox -- python -m tests.campaigns.plugin_table`; prints JSON, a list of answers for
each scenario and form.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi import dynamic
from pulumi.dynamic.config import Config
from pulumi.runtime import rpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from virtnet.dynamic import HostForwardingProvider, LibvirtNetworkProvider
from virtnet.errors import VirtnetError

UUID = "6f1c2a3e-0000-4000-8000-00000012ab34"
STACK, PROJECT = "dev", "shop"
Answer = dict[str, Any]


def struct(values: Mapping[str, Any]) -> struct_pb2.Struct:
    message = struct_pb2.Struct()
    message.update({key: rpc.UNKNOWN if value is ... else value for key, value in values.items()})
    return message


def plain(message: struct_pb2.Struct) -> Any:
    return unwrapped(json_format.MessageToDict(message))


def unwrapped(value: Any) -> Any:
    """A value with its secrets in clear, and whole numbers whole, as the dynamic provider has them."""
    if isinstance(value, dict):
        if rpc._special_sig_key in value:
            return unwrapped(value["value"])
        return {key: unwrapped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [unwrapped(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


class Native:
    """The plugin's process, asked as the engine asks."""

    def __init__(self, service: provider_pb2_grpc.ResourceProviderStub) -> None:
        self.service = service
        self.service.Handshake(provider_pb2.ProviderHandshakeRequest(engine_address="", configure_with_urn=True))
        self.service.Configure(provider_pb2.ConfigureRequest(args=struct({}), acceptSecrets=True))

    def urn(self, kind: str, name: str) -> str:
        return f"urn:pulumi:{STACK}::{PROJECT}::virtnet:index:{kind}::{name}"

    def check(self, kind: str, name: str, olds: Answer, news: Answer) -> Answer:
        request = provider_pb2.CheckRequest(urn=self.urn(kind, name), olds=struct(olds), news=struct(news))
        response = self.service.Check(request)
        failures = [[failure.property, failure.reason] for failure in response.failures]
        return {"failures": failures} if failures else {"inputs": plain(response.inputs)}

    def diff(self, kind: str, name: str, id_: str, olds: Answer, news: Answer) -> Answer:
        request = provider_pb2.DiffRequest(urn=self.urn(kind, name), id=id_, olds=struct(olds), news=struct(news))
        response = self.service.Diff(request)
        self.details = {
            path: provider_pb2.PropertyDiff.Kind.Name(entry.kind) for path, entry in response.detailedDiff.items()
        }
        return {
            "changes": response.changes == provider_pb2.DiffResponse.DIFF_SOME,
            "replaces": sorted(response.replaces),
            "delete_before_replace": response.deleteBeforeReplace,
        }

    def create(self, kind: str, name: str, inputs: Answer, *, preview: bool = False) -> Answer:
        request = provider_pb2.CreateRequest(urn=self.urn(kind, name), properties=struct(inputs), preview=preview)
        return said(lambda: made(self.service.Create(request)))

    def read(self, kind: str, name: str, id_: str, outputs: Answer, inputs: Answer) -> Answer:
        request = provider_pb2.ReadRequest(
            urn=self.urn(kind, name), id=id_, properties=struct(outputs), inputs=struct(inputs)
        )

        def answer() -> Answer:
            response = self.service.Read(request)
            found = {"id": response.id, "outputs": plain(response.properties), "inputs": plain(response.inputs)}
            return found if response.id else {"id": "", "outputs": {}, "inputs": {}}

        return said(answer)

    def update(self, kind: str, name: str, id_: str, olds: Answer, news: Answer, *, preview: bool = False) -> Answer:
        request = provider_pb2.UpdateRequest(
            urn=self.urn(kind, name), id=id_, olds=struct(olds), news=struct(news), preview=preview
        )
        return said(lambda: {"outputs": plain(self.service.Update(request).properties)})

    def delete(self, kind: str, name: str, id_: str, outputs: Answer) -> Answer:
        request = provider_pb2.DeleteRequest(urn=self.urn(kind, name), id=id_, properties=struct(outputs))
        return said(lambda: {"deleted": isinstance(self.service.Delete(request), empty_pb2.Empty)})


def made(response: provider_pb2.CreateResponse) -> Answer:
    return {"id": response.id, "outputs": plain(response.properties)}


def said(call: Callable[[], Answer]) -> Answer:
    """What a call gives, or the sentence it fails with."""
    try:
        return call()
    except grpc.RpcError as error:
        left = status_of(error)
        return {"error": error.details(), **({"left": left} if left else {})}
    except VirtnetError as error:
        return {"error": str(error)}


def status_of(error: grpc.RpcError) -> Answer | None:
    """What a failure says of the object that it left, in the details of its status."""
    for key, value in error.trailing_metadata():
        if key == "grpc-status-details-bin":
            status = status_pb2.Status.FromString(value)
            left = provider_pb2.ErrorResourceInitFailed()
            assert status.details[0].Unpack(left)
            return {"id": left.id, "outputs": plain(left.properties), "reasons": list(left.reasons)}
    return None


class Dynamic:
    """The dynamic provider, asked as Pulumi's own plugin asks it."""

    def __init__(self) -> None:
        self.providers: dict[str, dynamic.ResourceProvider] = {
            "LibvirtNetwork": LibvirtNetworkProvider(),
            "HostForwarding": HostForwardingProvider(),
        }
        for provider in self.providers.values():
            provider.configure(dynamic.ConfigureRequest(config=Config(raw_config={}, project_name=PROJECT)))

    def check(self, kind: str, name: str, olds: Answer, news: Answer) -> Answer:
        named = {**news, "__owner": f"{PROJECT}/{STACK}/{name}"}
        named["__urn"] = f"urn:pulumi:{STACK}::{PROJECT}::virtnet:index:{kind}::{name}"
        named["__run"] = {"name": name}
        result = self.providers[kind].check(olds, named)
        failures = [[failure.property, failure.reason] for failure in result.failures]
        return {"failures": failures} if failures else {"inputs": unwrapped(result.inputs)}

    def diff(self, kind: str, _name: str, id_: str, olds: Answer, news: Answer) -> Answer:
        result = self.providers[kind].diff(id_, olds, news)
        return {
            # Without a verdict the engine compares the inputs; the provider leaves it to that only where they differ.
            "changes": result.changes is not False,
            "replaces": sorted(result.replaces or ()),
            "delete_before_replace": result.delete_before_replace,
        }

    def create(self, kind: str, _name: str, inputs: Answer) -> Answer:
        def answer() -> Answer:
            result = self.providers[kind].create(inputs)
            return {"id": result.id, "outputs": unwrapped(result.outs)}

        return said(answer)

    def read(self, kind: str, _name: str, id_: str, outputs: Answer, _inputs: Answer) -> Answer:
        def answer() -> Answer:
            result = self.providers[kind].read(id_, outputs)
            return {"id": result.id, "outputs": unwrapped(result.outs), "inputs": unwrapped(result.inputs or {})}

        return said(answer)

    def update(self, kind: str, _name: str, id_: str, olds: Answer, news: Answer) -> Answer:
        return said(lambda: {"outputs": unwrapped(self.providers[kind].update(id_, olds, news).outs)})

    def delete(self, kind: str, _name: str, id_: str, outputs: Answer) -> Answer:
        def answer() -> Answer:
            self.providers[kind].delete(id_, outputs)
            return {"deleted": True}

        return said(answer)


DHCP = {
    "uuid": UUID,
    "forward": {"mode": "nat"},
    "ips": [{"address": "10.91.0.1/24", "dhcp": {"ranges": [{"start": "10.91.0.50", "end": "10.91.0.99"}]}}],
}
HOST = {"mac": "52:54:00:00:00:05", "ip": "10.91.0.5", "name": "five"}
WITH_HOST = {**DHCP, "ips": [{**DHCP["ips"][0], "dhcp": {**DHCP["ips"][0]["dhcp"], "hosts": [HOST]}}]}  # type: ignore[index]
NAME = "lab"
#: A name, a kind, the inputs in turn, and a shell line before each of them.
LIVES: tuple[tuple[str, str, tuple[tuple[str, Answer], ...]], ...] = (
    ("nothing changes", "LibvirtNetwork", (("", DHCP), ("", DHCP))),
    ("a live change", "LibvirtNetwork", (("", DHCP), ("", WITH_HOST), ("", DHCP))),
    ("a restart", "LibvirtNetwork", (("", DHCP), ("", {**DHCP, "forward": {"mode": "route"}, "mtu": 1400}))),
    ("a replacement", "LibvirtNetwork", (("", DHCP), ("", {**DHCP, "name": "other"}))),
    ("isolated, with everything left to us", "LibvirtNetwork", (("", {"uuid": UUID}), ("", {"uuid": UUID}))),
    ("inactive", "LibvirtNetwork", (("", {**DHCP, "active": False, "autostart": False}), ("", DHCP))),
    ("a bridge of the host's", "LibvirtNetwork", (
        ("ip link show br7 &>/dev/null || ip link add br7 type bridge",
         {"uuid": UUID, "forward": {"mode": "bridge"}, "bridge": {"name": "br7"}}),
    )),
    ("adopted", "LibvirtNetwork", (
        ("virsh -q net-define /usr/share/libvirt/networks/default.xml 2>/dev/null || true",
         {"name": "default", "adopt": True, "active": False, "autostart": False}),
    )),
    ("drift", "LibvirtNetwork", (
        ("", {**WITH_HOST, "dns": {"hosts": []}}),
        ("virsh -q net-update lab add dns-host '<host ip=\"10.91.0.9\"><hostname>z</hostname></host>' --live --config",
         {**WITH_HOST, "dns": {"hosts": []}}),
    )),
    ("refused: it exists", "LibvirtNetwork", (("", {"name": "default"}),)),
    ("refused: an address conflict", "LibvirtNetwork", (
        ("ip link add dum0 type bridge 2>/dev/null; ip address replace 10.91.0.7/24 dev dum0; ip link set dum0 up",
         DHCP),
    )),
    ("gone meanwhile", "LibvirtNetwork", (
        ("ip link delete dum0 2>/dev/null || true", DHCP),
        ("virsh -q net-destroy lab; virsh -q net-undefine lab", DHCP),
    )),
    ("wrong", "LibvirtNetwork", (("", {"mtu": 5, "ips": [{"localPtr": True}], "fowrard": {}}),)),
    ("secret and wrong", "LibvirtNetwork", (("", {"description": "hunter2\u0007"}),)),
    ("IP forwarding", "HostForwarding", (
        ("", {"ipv4": True}), ("", {"ipv4": True, "ipv6": True}), ("sysctl -qw net.ipv4.ip_forward=0", {"ipv4": True}),
    )),
)  # fmt: skip


def life(form: Native | Dynamic, kind: str, turns: tuple[tuple[str, Answer], ...]) -> Iterator[tuple[str, Answer]]:
    """One resource's life: checked, made, read, diffed and updated in each turn, and deleted at the end."""
    inputs: Answer = {}
    outputs: Answer = {}
    id_ = ""
    for script, news in turns:
        if script:
            subprocess.run(["bash", "-c", script], check=True)
        checked = form.check(kind, NAME, inputs, news)
        yield "check", checked
        if "failures" in checked:
            return
        if not id_:
            if isinstance(form, Native):
                foreseen = form.create(kind, NAME, checked["inputs"], preview=True)["outputs"]
            answer = form.create(kind, NAME, checked["inputs"])
            yield "create", answer
            if "error" in answer:
                return
        else:
            read = form.read(kind, NAME, id_, outputs, inputs)
            yield "read", read
            difference = form.diff(kind, NAME, id_, read["outputs"] or outputs, checked["inputs"])
            yield "diff", difference
            if isinstance(form, Native):
                yield "details", form.details
            if difference["replaces"] or not read["id"]:
                break
            outputs = read["outputs"]
            if not difference["changes"]:
                continue
            if isinstance(form, Native):
                previewed = form.update(kind, NAME, id_, outputs, checked["inputs"], preview=True)
                foreseen = previewed["outputs"]
            answer = {"id": id_, **form.update(kind, NAME, id_, outputs, checked["inputs"])}
            yield "update", answer
        id_, outputs, inputs = answer["id"], answer["outputs"], checked["inputs"]
        if isinstance(form, Native):
            yield (
                "foreseen",
                {
                    "promised": sorted(name for name, value in foreseen.items() if value != rpc.UNKNOWN),
                    "broken": {
                        name: [value, outputs.get(name)]
                        for name, value in foreseen.items()
                        if value != rpc.UNKNOWN and value != outputs.get(name)
                    },
                },
            )
        again = form.read(kind, NAME, id_, outputs, inputs)
        yield "read", again
        yield "diff", form.diff(kind, NAME, id_, again["outputs"], inputs)
    yield "delete", form.delete(kind, NAME, id_, outputs)
    yield "read", form.read(kind, NAME, id_, outputs, inputs)


@contextmanager
def plugin() -> Iterator[Native]:
    """The plugin's process, for as long as the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "virtnet.plugin.main"], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    )
    assert process.stdout is not None
    try:
        with grpc.insecure_channel(f"127.0.0.1:{process.stdout.readline().strip()}") as channel:
            yield Native(provider_pb2_grpc.ResourceProviderStub(channel))
    finally:
        process.terminate()
        process.wait(timeout=30)
        process.stdout.close()


def main() -> int:
    """Ask both forms, one after the other in each scenario, so that the host is the same for both."""
    answers: dict[str, dict[str, list[Any]]] = {}
    with plugin() as native:
        form: Native | Dynamic
        for name, kind, turns in LIVES:
            for label, form in (("native", native), ("dynamic", Dynamic())):
                answers.setdefault(name, {})[label] = list(life(form, kind, turns))
    sys.stdout.write("\n" + json.dumps(answers) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
