"""A further kind of resource is a record and an entry in a list: the schema, the SDKs and both adapters follow."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format, struct_pb2
from pulumi import dynamic
from pulumi.dynamic.config import Config
from pulumi.runtime import rpc
from pulumi.runtime.proto import provider_pb2
from tests.toy.resource import TOY_FILE
from tools.codegen import reference
from tools.codegen.python import resources as python_resources
from tools.codegen.schema import schema

from virtnet.dynamic import Provider
from virtnet.errors import ApplyFailed, Refused
from virtnet.plugin.engine_log import EngineLog, Severity
from virtnet.plugin.service import Plugin
from virtnet.resources import CATALOGUE, Catalogue, Kind

REPOSITORY = Path(__file__).parents[2]
WITH_TOYS = Catalogue({**CATALOGUE.kinds, "ToyFile": Kind("tests.toy.resource:TOY_FILE")})
URI = "test:///default"
URN = "urn:pulumi:dev::shop::virtnet:index:ToyFile::note"


class TestGenerated:
    def test_the_schema_has_its_inputs_and_outputs(self) -> None:
        described = schema([TOY_FILE], (), (), REPOSITORY)["resources"]["virtnet:index:ToyFile"]

        assert set(described["inputProperties"]) == {"uri", "path", "text"}
        assert set(described["properties"]) == {"uri", "path", "text", "sizeInBytes"}
        assert described["required"] == ["path", "sizeInBytes", "text", "uri"]
        assert described["inputProperties"]["path"]["willReplaceOnChanges"] is True
        assert described["properties"]["sizeInBytes"] == {"type": "integer", "description": "How long the file is."}

    def test_the_python_types_are_those_of_the_specs(self) -> None:
        made: dict[str, Any] = {}

        exec("\n".join(python_resources.module(TOY_FILE)), made)  # noqa: S102 - what the generator writes

        arguments = made["ToyFileArgs"].__init__.__annotations__
        outputs = {name: getattr(made["ToyFileProperties"], name).fget for name in ("uri", "text", "size_in_bytes")}
        assert arguments["path"] == "Input[str]"
        assert arguments["text"] == "Input[str] | None"
        assert set(made["ToyFileArgsDict"].__annotations__) == {"uri", "path", "text"}
        assert {name: get.__annotations__["return"] for name, get in outputs.items()} == {
            "uri": "pulumi.Output[str]",
            "text": "pulumi.Output[str]",
            "size_in_bytes": "pulumi.Output[int]",
        }
        assert vars(made["ToyFileArgs"](path="/note")) == {"uri": None, "path": "/note", "text": None}

    def test_the_reference_has_a_section(self) -> None:
        page = reference.text([TOY_FILE], REPOSITORY)

        assert "## ToyFile" in page
        assert "| `size_in_bytes` | How long the file is. |" in page


class Lines(EngineLog):
    """Keeps what would be shown."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def say(self, urn: str, text: str, severity: Severity = "INFO") -> bool:
        self.lines += text.splitlines()
        return True


def struct(values: Mapping[str, Any]) -> struct_pb2.Struct:
    message = struct_pb2.Struct()
    message.update(dict(values))
    return message


def plain(message: struct_pb2.Struct) -> Any:
    return json_format.MessageToDict(message)


class Native:
    """The native plugin's service in this process, asked as the engine asks it."""

    def __init__(self) -> None:
        self.log = Lines()
        self.service = Plugin(self.log, {"LIBVIRT_DEFAULT_URI": URI}, WITH_TOYS)
        self.service.ready.set()

    def ask(self, method: Callable[..., Any], request: object) -> Any:
        return method(request, None)

    def check(self, news: Mapping[str, Any], olds: Mapping[str, Any] | None = None) -> struct_pb2.Struct:
        request = provider_pb2.CheckRequest(urn=URN, news=struct(news), olds=struct(olds or {}))
        response = self.ask(self.service.Check, request)
        assert list(response.failures) == []
        inputs: struct_pb2.Struct = response.inputs
        return inputs

    def create(self, inputs: struct_pb2.Struct, *, preview: bool = False) -> Any:
        request = provider_pb2.CreateRequest(urn=URN, properties=inputs, preview=preview)
        return self.ask(self.service.Create, request)

    def diff(
        self, olds: struct_pb2.Struct, news: struct_pb2.Struct, old_inputs: struct_pb2.Struct | None = None
    ) -> Any:
        request = provider_pb2.DiffRequest(urn=URN, id="id", olds=olds, news=news, old_inputs=old_inputs)
        return self.ask(self.service.Diff, request)


@pytest.fixture
def native() -> Native:
    return Native()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "note.txt"


class TestNative:
    def test_a_create_is_previewed_and_made(self, native: Native, path: Path) -> None:
        inputs = native.check({"path": str(path), "text": "six is"})

        predicted = native.create(inputs, preview=True)
        there_before = path.exists()
        made = native.create(inputs)

        assert plain(predicted.properties) == plain(made.properties)
        assert plain(made.properties) == {"uri": URI, "path": str(path), "text": "six is", "sizeInBytes": 6}
        assert (made.id, path.read_text(), there_before) == (str(path), "six is", False)
        assert native.log.lines == [f"file on {URI}: will write 6 bytes to {path}"]

    def test_what_is_known_later_is_predicted_to_be(self, native: Native, path: Path) -> None:
        inputs = native.check({"path": str(path), "text": rpc.UNKNOWN})

        predicted = plain(native.create(inputs, preview=True).properties)

        assert predicted["sizeInBytes"] == rpc.UNKNOWN
        assert native.log.lines == [f"file on {URI}: parts are known only when applied. The plan is made then"]

    def test_an_edit_has_a_detailed_diff_and_a_line(self, native: Native, path: Path) -> None:
        made = native.create(native.check({"path": str(path)})).properties
        edited = native.check({"path": str(path), "text": "bye"}, plain(made))

        found = native.diff(made, edited)
        preview = provider_pb2.UpdateRequest(urn=URN, id="id", olds=made, news=edited, preview=True)
        predicted = native.ask(native.service.Update, preview).properties
        updated = native.ask(
            native.service.Update, provider_pb2.UpdateRequest(urn=URN, id="id", olds=made, news=edited)
        ).properties

        kinds = {path: provider_pb2.PropertyDiff.Kind.Name(entry.kind) for path, entry in found.detailedDiff.items()}
        assert (kinds, list(found.replaces)) == ({"text": "UPDATE"}, [])
        assert plain(predicted) == plain(updated)
        assert (plain(updated)["sizeInBytes"], path.read_text()) == (3, "bye")
        assert native.log.lines == [f"file on {URI}: text changes (hello -> bye) [live]"]

    def test_a_value_that_becomes_secret_is_an_update(self, native: Native, path: Path) -> None:
        inputs = native.check({"path": str(path)})
        made = native.create(inputs).properties
        hidden = {rpc._special_sig_key: rpc._special_secret_sig, "value": "hello"}
        news = native.check({"path": str(path), "text": hidden}, plain(inputs))

        there = native.diff(made, news, inputs)
        updated = native.ask(native.service.Update, provider_pb2.UpdateRequest(urn=URN, id="id", olds=made, news=news))
        back = native.diff(updated.properties, native.check({"path": str(path)}, plain(news)), news)
        again = native.diff(updated.properties, news, news)

        assert list(there.detailedDiff) == ["text"]
        assert plain(updated.properties)["text"] == hidden
        assert (list(back.detailedDiff), list(again.detailedDiff)) == (["text"], [])

    def test_another_path_is_a_replacement(self, native: Native, path: Path) -> None:
        made = native.create(native.check({"path": str(path)})).properties

        found = native.diff(made, native.check({"path": f"{path}.new"}, plain(made)))

        kinds = {path: provider_pb2.PropertyDiff.Kind.Name(entry.kind) for path, entry in found.detailedDiff.items()}
        assert (kinds, list(found.replaces)) == ({"path": "UPDATE_REPLACE"}, ["path"])

    def test_a_refresh_finds_an_edit_by_others_and_what_is_gone(self, native: Native, path: Path) -> None:
        inputs = native.check({"path": str(path)})
        made = native.create(inputs).properties
        request = provider_pb2.ReadRequest(urn=URN, id=str(path), properties=made, inputs=inputs)

        path.write_text("other")
        drifted = native.ask(native.service.Read, request)
        path.unlink()
        gone = native.ask(native.service.Read, request)

        assert plain(drifted.properties)["text"] == "other"
        assert plain(drifted.inputs)["text"] == "other"
        assert gone.id == ""

    def test_what_is_there_is_imported_by_its_path(self, native: Native, path: Path) -> None:
        path.write_text("found")

        imported = native.ask(native.service.Read, provider_pb2.ReadRequest(urn=URN, id=str(path)))

        assert imported.id == str(path)
        assert plain(imported.inputs) == {"path": str(path), "text": "found"}
        assert plain(imported.properties)["sizeInBytes"] == 5

    def test_a_delete_removes_it(self, native: Native, path: Path) -> None:
        made = native.create(native.check({"path": str(path)})).properties

        native.ask(native.service.Delete, provider_pb2.DeleteRequest(urn=URN, id=str(path), properties=made))

        assert not path.exists()


class ToyFileProvider(Provider):
    """The dynamic provider's class: all that a further kind adds."""

    kind = "ToyFile"

    @classmethod
    def catalogue(cls) -> Catalogue:
        return WITH_TOYS


@pytest.fixture
def provider() -> ToyFileProvider:
    made = ToyFileProvider()
    config = Config(raw_config={"virtnet:uri": URI}, project_name="shop")
    made.configure(dynamic.ConfigureRequest(config=config))
    return made


class TestDynamic:
    def test_it_goes_round(self, provider: ToyFileProvider, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        inputs = provider.check({}, {"path": str(path), "text": "six is"}).inputs
        made = provider.create(inputs)
        edited = provider.check(inputs, {"path": str(path), "text": "bye"}).inputs
        found = provider.diff(made.id, made.outs or {}, edited)
        updated = provider.update(made.id, made.outs or {}, edited).outs or {}
        path.write_text("other")
        drifted = provider.read(made.id, updated)
        provider.delete(made.id, drifted.outs or {})

        assert (made.id, made.outs) == (str(path), {"uri": URI, "path": str(path), "text": "six is", "sizeInBytes": 6})
        # The engine sees the same change in the inputs, and more of it.
        assert (found.changes, found.replaces) == (None, [])
        assert updated["sizeInBytes"] == 3
        assert (drifted.outs or {})["text"] == "other"
        assert not path.exists()
        assert capsys.readouterr().out.splitlines() == [
            f"file on {URI}: will write 6 bytes to {path}",
            f"file on {URI}: text changes (six is -> bye) [live]",
        ]

    def test_failures_carry_path_and_reason(self, provider: ToyFileProvider) -> None:
        failures = provider.check({}, {"path": "note.txt", "txet": "hi"}).failures

        assert {failure.reason.split("=")[0].split(":")[0] for failure in failures} == {"path", "txet"}

    def test_what_exists_is_refused_before_anything_is_done(self, provider: ToyFileProvider, path: Path) -> None:
        path.write_text("mine")
        inputs = provider.check({}, {"path": str(path)}).inputs

        with pytest.raises(Refused, match=f"file on {URI} was not changed: {path} exists already"):
            provider.create(inputs)

        assert path.read_text() == "mine"

    def test_a_step_that_fails_is_said_in_its_own_words(self, provider: ToyFileProvider, path: Path) -> None:
        inputs = provider.check({}, {"path": str(path / "missing" / "note.txt")}).inputs

        with pytest.raises(ApplyFailed, match="cannot be written"):
            provider.create(inputs)
