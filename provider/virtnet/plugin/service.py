"""The native plugin's service: Pulumi's provider protocol onto the lifecycle's verbs.

The protocol is pulumi/provider.proto of Pulumi's SDK, and the comments there are its documentation. What a verb
needs beyond the protocol is imported when the verb is called, because the engine waits for the plugin's start.
"""

import contextlib
import functools
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import (
    ResourceProviderServicer,
    plugin_pb2,
    provider_pb2,
)

from virtnet.planning.announcements import Standing
from virtnet.planning.engine_session import RECORDS, EngineSession, Reviewed
from virtnet.plugin.calls import Calls
from virtnet.plugin.engine_log import EngineLog
from virtnet.plugin.messages import (
    PartialFailure,
    added_by_check,
    as_named,
    configuration_failures,
    diff_response,
    message_of,
    otherwise_hidden,
    parse_urn,
    proposed_name,
    tree_of,
)
from virtnet.resources import CATALOGUE, Catalogue, Unchanged

if TYPE_CHECKING:
    from virtnet.connect import Hosts
    from virtnet.functions.answers import Asked
    from virtnet.planning.announcements import Listener
    from virtnet.planning.plan import Change
    from virtnet.planning.resource import Resource
    from virtnet.plugin.construct import Published
    from virtnet.plugin.struct import Received
    from virtnet.spec.failures import Failure
    from virtnet.spec.part import Part, Values
    from virtnet.spec.paths import Steps

PACKAGE = "virtnet"

LONGEST_MESSAGE = 400 * 1024 * 1024
"""A gRPC message holds the whole state of a resource; Pulumi's SDKs set the same bound."""

CHANNEL_OPTIONS = (
    ("grpc.max_receive_message_length", LONGEST_MESSAGE),
    ("grpc.max_send_message_length", LONGEST_MESSAGE),
)

_Request = TypeVar("_Request")

_Response = TypeVar("_Response")

_Method = Callable[["Plugin", _Request, grpc.ServicerContext], _Response]


def _reports_errors(method: "_Method[Any, Any]") -> "_Method[Any, Any]":
    """A method whose errors reach the user as our sentence, without secrets and without a traceback."""

    @functools.wraps(method)
    def answer(self: "Plugin", request: Any, context: grpc.ServicerContext) -> Any:
        self.ready.wait()
        from virtnet.errors import VirtnetError

        try:
            return method(self, request, context)
        except PartialFailure as failure:
            context.abort_with_status(failure.status)
        except VirtnetError as error:
            context.abort(grpc.StatusCode.UNKNOWN, self.in_words(str(error)))
        except Exception as error:  # the boundary: what gets here is a mistake of ours
            self.log_internal_error(error)
            sentence = f"virtnet made a mistake ({type(error).__name__}: {error}); please report it to its authors"
            context.abort(grpc.StatusCode.INTERNAL, self.in_words(sentence))

    return answer


def _counted(method: "_Method[Any, Any]") -> "_Method[Any, Any]":
    """A method that is counted among the calls being answered."""

    @functools.wraps(method)
    def answer(self: "Plugin", request: Any, context: grpc.ServicerContext) -> Any:
        with self.calls.one():
            return method(self, request, context)

    return answer


def _hosts() -> "Hosts":
    from virtnet.connect import Hosts

    return Hosts()


class Plugin(ResourceProviderServicer):
    """One provider: the engine starts a process for each."""

    def __init__(self, log: EngineLog, environment: Mapping[str, str], catalogue: Catalogue = CATALOGUE) -> None:
        """`environment` may name the default connection URI, LIBVIRT_DEFAULT_URI; `catalogue` has what it serves."""
        self.ready = threading.Event()
        """Set once everything is imported: Python lets threads that import the same modules see them half-made."""
        self.calls = Calls()
        """Those that are being answered."""
        self._log = log
        self._catalogue = catalogue
        keeps_records = bool(environment.get(RECORDS))
        self._session = EngineSession(_hosts, environment.get("LIBVIRT_DEFAULT_URI"), keeps_records=keeps_records)
        self._cancelled = threading.Event()
        self._lock = threading.Lock()
        self._changing: dict[str, tuple[Values, tuple[Change, ...]]] = {}
        """What Diff found to change, behind URNs: a preview's next call says whether it is updated or made anew."""
        self._asked_functions: Asked | None = None
        self._monitors: set[grpc.Channel] = set()
        """The channels to engines by which components are made."""

    # What the engine and the plugin tell one another before the first resource.

    def Handshake(  # noqa: N802 - the protocol's name, as below
        self, request: provider_pb2.ProviderHandshakeRequest, _context: grpc.ServicerContext
    ) -> provider_pb2.ProviderHandshakeResponse:
        """Take the engine's address; say what this plugin understands."""
        self._log.attach(request.engine_address)
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=True,
            accept_resources=True,
            accept_outputs=True,
            supports_autonaming_configuration=True,
            accepts_outputs_in_check=request.accepts_outputs_in_check,
            accepts_outputs_in_invoke=request.accepts_outputs_in_invoke,
        )

    def Attach(  # noqa: N802
        self, request: plugin_pb2.PluginAttach, _context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        """Take the address of an engine that found this plugin running (PULUMI_DEBUG_PROVIDERS)."""
        self._log.attach(request.address)
        return empty_pb2.Empty()

    def GetPluginInfo(  # noqa: N802
        self, _request: empty_pb2.Empty, _context: grpc.ServicerContext
    ) -> plugin_pb2.PluginInfo:
        """The version."""
        return plugin_pb2.PluginInfo(version=version())

    @_reports_errors
    @_counted
    def GetSchema(  # noqa: N802
        self, request: provider_pb2.GetSchemaRequest, _context: grpc.ServicerContext
    ) -> provider_pb2.GetSchemaResponse:
        """The schema as it was generated from the spec."""
        from virtnet.errors import Refused

        if request.version not in (0, 1):
            raise Refused(f"virtnet has its schema in version 1 of Pulumi's format, not {request.version}")
        return provider_pb2.GetSchemaResponse(schema=_schema())

    @_reports_errors
    @_counted
    def CheckConfig(  # noqa: N802
        self, request: provider_pb2.CheckRequest, _context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        """Configuration as it is, or every reason against it."""
        from virtnet.spec.messages import setting_refused

        news = self._take(request.news).values
        failures = [
            provider_pb2.CheckFailure(reason=self.in_words(f"virtnet:{setting_refused(failure, news)}"))
            for failure in configuration_failures(news)
        ]
        return provider_pb2.CheckResponse(inputs=None if failures else request.news, failures=failures)

    @_reports_errors
    @_counted
    def DiffConfig(  # noqa: N802
        self, request: provider_pb2.DiffRequest, _context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        """What changes. Never a reason to replace a resource: each has the uri it was made with among its inputs."""
        from virtnet.planning.property_paths import Kind

        before, now = self._take(request.old_inputs).values, self._take(request.news).values
        changed = sorted(name for name in {*before, *now} if before.get(name) != now.get(name))
        kinds: dict[str, Kind] = {
            name: "ADD" if name not in before else "DELETE" if name not in now else "UPDATE" for name in changed
        }
        return diff_response(kinds, on_inputs=True)

    @_reports_errors
    @_counted
    def Configure(  # noqa: N802
        self, request: provider_pb2.ConfigureRequest, _context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        """Take the configuration of this provider: `uri`, `unreachable` and `refusals`."""
        given = self._take(request.args).values
        self._session.configure(given.get("uri"), given.get("unreachable"), given.get("refusals"))
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True,
            supportsPreview=True,
            acceptResources=True,
            acceptOutputs=True,
            supports_autonaming_configuration=True,
        )

    # The verbs of a resource.

    @_reports_errors
    @_counted
    def Check(  # noqa: N802
        self, request: provider_pb2.CheckRequest, _context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        """Canonical inputs, or every reason against them. Asks no host."""
        from virtnet.plugin.struct import as_sent, holds_secrets

        name = parse_urn(request.urn)
        resource, unchanged = self._resource(request.urn), self._unchanged(request.urn)
        given = {**request.news.fields, "__owner": as_sent(name.owner), "__urn": as_sent(request.urn)}
        if unchanged is not None and unchanged.checks_as_recorded(
            request.olds.fields, given, self._session.uri, as_sent
        ):
            self._session.checked(request.urn)
            if holds_secrets(request.news):
                self._take(request.news)
            return provider_pb2.CheckResponse(inputs=request.olds)
        news = self._take(request.news)
        recorded = tree_of(resource, self._take(request.olds))
        if said := self._session.of_another_kind(resource, recorded.get("__urn")):
            return provider_pb2.CheckResponse(failures=[provider_pb2.CheckFailure(reason=said)])
        inputs = {key: value for key, value in tree_of(resource, news).items() if not key.startswith("__")}
        inputs |= {"__name": proposed_name(request) or name.name, "__owner": name.owner, "__urn": request.urn}
        inputs.setdefault("uri", self._session.uri)
        canonical, found = resource.check(inputs, recorded)
        found = found or self._session.claim(resource, request.urn, recorded, canonical)
        if found:
            return provider_pb2.CheckResponse(
                failures=[
                    provider_pb2.CheckFailure(
                        reason=self._refused(news, resource.spec, failure, resource.messages().failure)
                    )
                    for failure in found
                ]
            )
        self._session.checked(request.urn)
        if not recorded:
            self._session.to_be_made(request.urn, canonical)
        return provider_pb2.CheckResponse(inputs=message_of(resource, canonical, news))

    def _refused(self, given: "Received", part: "type[Part]", failure: "Failure", read: "Callable[..., str]") -> str:
        """A failure as the engine shows it, which would look for a value under the whole path as if it were a name."""
        from virtnet.spec.messages import WIRE, refused
        from virtnet.spec.paths import in_camel_case, parsed

        place = tuple(step for step in parsed(in_camel_case(failure.path)) if isinstance(step, str))
        secret = any(place[: len(one)] == one or one[: len(place)] == place for one in given.secret)
        if not failure.of_key and any(place[:1] == one[:1] for one in given.secret):
            failure = failure._replace(suggestion=None)  # it may be made of what stands beside
        return self.in_words(refused(part, failure, given.values, read, WIRE, secret=secret))

    @_reports_errors
    @_counted
    def Diff(  # noqa: N802
        self, request: provider_pb2.DiffRequest, _context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        """The changes by what is recorded, each with its property path."""
        from virtnet.planning import lifecycle
        from virtnet.planning.property_paths import detailed, top
        from virtnet.plugin.struct import as_read, as_sent
        from virtnet.spec.paths import parsed

        resource, unchanged = self._resource(request.urn), self._unchanged(request.urn)
        olds, news = request.olds.fields, request.news.fields
        if (
            unchanged is not None
            and unchanged.stands_as_recorded(olds, news, as_sent, as_read)
            and not self._session.builds_on_changing(
                request.urn, request.urn, unchanged.builds_on(news, as_read), lambda: self._listener(resource, request)
            )
            and unchanged.goes_by(olds, self._session.offers(unchanged.builds_on(news, as_read)), as_read)
        ):
            offers = functools.cache(lambda: unchanged.offers(news, as_read))
            standing = Standing(offers, functools.cache(lambda: self._listener(resource, request)))
            token = as_read(olds["__token"]) if "__token" in olds else None
            self._session.stands(token, request.urn, unchanged.places(olds, as_read), standing)
            return diff_response({})
        before, now = self._take(request.olds), self._take(request.news)
        recorded, desired = tree_of(resource, before), tree_of(resource, now)
        # What check adds is missing in the recorded inputs of an import, with which a refresh compares.
        desired = {**added_by_check(resource, str(recorded.get("uri", self._session.uri))), **desired}
        ignored = [parsed(path) for path in request.ignoreChanges]
        desired = lifecycle.not_ignored(resource, recorded, desired, ignored)
        found, reviewed = self._session.diff(resource, request.urn, request.id, recorded, desired, ignored=ignored)
        if reviewed and found.changes:
            self._changing[request.urn] = (recorded, found.changes)
        elif found.notes:
            self._present(request.urn, self._session.notes(resource, recorded, desired, found))
        kinds = detailed(resource.spec, found.changes, recorded, desired)
        if reviewed:
            # Without an update the state would go on keeping in clear what is secret now.
            hidden = otherwise_hidden(before, self._take(request.old_inputs), now)
            kinds = {**dict.fromkeys(hidden, "UPDATE"), **kinds}
        return diff_response(kinds, replaces=[top(path) for path in found.replaces])

    @_reports_errors
    @_counted
    def Create(  # noqa: N802
        self, request: provider_pb2.CreateRequest, _context: grpc.ServicerContext
    ) -> provider_pb2.CreateResponse:
        """Make it: done, or rolled back whole; or, at preview, what will be known of it."""
        from virtnet.errors import ApplyFailed
        from virtnet.planning import lifecycle

        resource, inputs = self._resource(request.urn), self._take(request.properties)
        desired = tree_of(resource, inputs)
        if request.preview:
            recorded, changes = self._changing.pop(request.urn, (None, ()))
            self._preview(request.urn, resource, recorded, desired, changes, replaced=recorded is not None)
            predicted = lifecycle.predict(resource, None, desired)
            return provider_pb2.CreateResponse(properties=self._message_of(resource, predicted, inputs))
        try:
            outputs = lifecycle.create(
                resource,
                desired,
                self._session.connect,
                self._teller(request.urn),
                progress=self._progress(request),
                claims=self._session.claims,
                announced=self._session.announced(resource, desired),
            )
        except ApplyFailed as error:
            if error.outputs is None:
                raise
            raise self._partial_failure(resource, error, error.outputs, inputs) from error
        self._session.announcements.no_longer_replaced(request.urn)
        properties = self._message_of(resource, outputs, inputs)
        return provider_pb2.CreateResponse(id=resource.identity(outputs), properties=properties)

    @_reports_errors
    @_counted
    def Read(  # noqa: N802
        self, request: provider_pb2.ReadRequest, _context: grpc.ServicerContext
    ) -> provider_pb2.ReadResponse:
        """What is there now, and as inputs only what the program named; for an import all there is."""
        resource, known = self._resource(request.urn), self._take(request.properties)
        if not known.values:
            return self._import(resource, request)
        recorded, inputs = tree_of(resource, known), self._take(request.inputs)
        found = self._session.read(resource, request.id, recorded)
        if found.warning:
            self._log.say(request.urn, self.in_words(found.warning), "WARNING")
            return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)
        outputs = found.outputs
        if outputs is None:
            return provider_pb2.ReadResponse()
        shown = as_named(resource, resource.recorded_inputs(outputs), inputs)
        return provider_pb2.ReadResponse(
            id=request.id,
            properties=self._message_of(resource, outputs, known, inputs),
            inputs=message_of(resource, shown, known, inputs),
        )

    def _import(self, resource: "Resource[Any]", request: provider_pb2.ReadRequest) -> provider_pb2.ReadResponse:
        """What is there already, by what the user calls it: all it has as inputs, for a program to be written."""
        from virtnet.planning import lifecycle
        from virtnet.spec.messages import refused

        given = {"uri": self._session.uri, "__owner": parse_urn(request.urn).owner, "__urn": request.urn}
        # The engine sends inputs, if only empty ones, where a program only looks (LibvirtNetwork.get).
        to_own = not request.HasField("inputs")
        found = lifecycle.import_existing(resource, request.id, given, self._session.connect, to_own=to_own)
        for failure in found.failures:
            said = refused(resource.spec, failure, found.inputs, resource.messages().failure)
            self._log.say(request.urn, self.in_words(f"to correct before it can be used: {said}"), "WARNING")
        return provider_pb2.ReadResponse(
            id=resource.identity(found.outputs),
            properties=message_of(resource, found.outputs),
            inputs=message_of(resource, as_named(resource, found.inputs)),
        )

    @_reports_errors
    @_counted
    def Update(  # noqa: N802
        self, request: provider_pb2.UpdateRequest, _context: grpc.ServicerContext
    ) -> provider_pb2.UpdateResponse:
        """Observe again, plan again, apply; or, at preview, what will be known of it."""
        from virtnet.errors import ApplyFailed
        from virtnet.planning import lifecycle
        from virtnet.spec.paths import parsed

        resource, inputs = self._resource(request.urn), self._take(request.news)
        recorded, desired = tree_of(resource, self._take(request.olds)), tree_of(resource, inputs)
        ignored = [parsed(path) for path in request.ignoreChanges]
        desired = lifecycle.not_ignored(resource, recorded, desired, ignored)
        if request.preview:
            self._changing.pop(request.urn, None)
            announced = self._session.announced(resource, desired)
            changes = lifecycle.diff(resource, recorded, desired, self._session.connect, announced=announced).changes
            self._preview(request.urn, resource, recorded, desired, changes, ignored=ignored)
            predicted = lifecycle.predict(resource, recorded, desired)
            return provider_pb2.UpdateResponse(properties=self._message_of(resource, predicted, inputs))
        try:
            outputs = lifecycle.update(
                resource,
                recorded,
                desired,
                self._session.connect,
                self._teller(request.urn),
                progress=self._progress(request),
                ignored=ignored,
                announced=self._session.announced(resource, desired),
                left_behind=self._session.left_behind(resource, recorded, desired),
            )
        except ApplyFailed as error:
            if error.outputs is None:
                raise
            raise self._partial_failure(resource, error, error.outputs, inputs) from error
        return provider_pb2.UpdateResponse(properties=self._message_of(resource, outputs, inputs))

    def _partial_failure(
        self, resource: "Resource[Any]", error: Exception, outputs: "Values", inputs: "Received"
    ) -> PartialFailure:

        from virtnet.plugin.struct import sendable

        try:
            identity = resource.identity(outputs)
        except KeyError:  # nobody could be asked what the identity is made of
            raise error from None
        properties = self._message_of(resource, outputs, inputs)
        return PartialFailure(self.in_words(str(error)), identity, properties, sendable(inputs.values, inputs.secret))

    @_reports_errors
    @_counted
    def Delete(  # noqa: N802
        self, request: provider_pb2.DeleteRequest, _context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        """Undo what create did, protecting what is plugged in."""
        from virtnet.planning import lifecycle

        resource = self._resource(request.urn)
        # Under the name that the state has by now, for what is said.
        recorded = tree_of(resource, self._take(request.properties)) | {"__urn": request.urn}
        lifecycle.delete(
            resource,
            recorded,
            self._session.connect,
            self._teller(request.urn),
            progress=self._progress(request),
            anew=self._session.made_anew(resource, recorded),
            announced=self._session.announced(resource, recorded),
            left_behind=self._session.left_behind(resource, recorded),
            used_by=self._session.used_by(resource, recorded),
        )
        self._session.announcements.gone(request.urn)
        return empty_pb2.Empty()

    @_reports_errors
    @_counted
    def Invoke(  # noqa: N802
        self, request: provider_pb2.InvokeRequest, _context: grpc.ServicerContext
    ) -> provider_pb2.InvokeResponse:
        """Answer a function's question."""
        from virtnet.errors import InvalidInputs, Refused
        from virtnet.functions.catalogue import FUNCTIONS
        from virtnet.plugin.struct import sendable
        from virtnet.spec import properties as wire
        from virtnet.spec.part import from_inputs, tree

        functions = {f"{PACKAGE}:index:{function.name}": function for function in FUNCTIONS}
        function = functions.get(request.tok)
        if function is None:
            raise Refused(f"virtnet has no function {request.tok}. Its functions: {', '.join(functions)}")
        given = self._take(request.args)
        from virtnet.spec.messages import reason

        arguments, failures = from_inputs(function.takes, wire.from_properties(function.takes, given.values))
        if arguments is None:
            return provider_pb2.InvokeResponse(
                failures=[
                    provider_pb2.CheckFailure(reason=self._refused(given, function.takes, failure, reason))
                    for failure in failures
                ]
            )
        named = tree(arguments)
        try:
            answer = function.answer(self._asked(), str(named.get("uri") or self._session.uri), named)
        except InvalidInputs as error:
            return provider_pb2.InvokeResponse(failures=[provider_pb2.CheckFailure(reason=self.in_words(str(error)))])
        response = provider_pb2.InvokeResponse()
        # The field's name is a word of Python.
        getattr(response, "return").CopyFrom(sendable(wire.to_properties(function.gives, answer)))
        return response

    @_reports_errors
    def Construct(  # noqa: N802 - not counted: it is waited for by calls that are, as it waits for what is inside
        self, request: provider_pb2.ConstructRequest, _context: grpc.ServicerContext
    ) -> provider_pb2.ConstructResponse:
        """Make a component: register it and what is inside."""
        from pulumi.runtime.proto import resource_pb2_grpc

        from virtnet.errors import Refused
        from virtnet.plugin.construct import construct
        from virtnet.plugin.virtual_network_host import VIRTUAL_NETWORK_HOST

        if request.type != f"{PACKAGE}:index:{VIRTUAL_NETWORK_HOST.name}":
            raise Refused(f"virtnet has no component {request.type}. Its component: {VIRTUAL_NETWORK_HOST.name}")
        with grpc.insecure_channel(request.monitorEndpoint, options=CHANNEL_OPTIONS) as channel, self._waiting(channel):
            return construct(request, resource_pb2_grpc.ResourceMonitorStub(channel), _published())

    @contextlib.contextmanager
    def _waiting(self, channel: grpc.Channel) -> Iterator[None]:
        """What is asked by this channel in the block ends with a Cancel: the engine answers nothing any more then."""
        with self._lock:
            self._monitors.add(channel)
        try:
            yield
        finally:
            with self._lock:
                self._monitors.remove(channel)

    def Cancel(  # noqa: N802
        self, _request: empty_pb2.Empty, _context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        """End: what waits is not begun, and what is under way takes back what it did."""
        self.cancel()
        return empty_pb2.Empty()

    # What the verbs share.

    def cancel(self) -> None:
        """Have everything under way end before its next step."""
        self._cancelled.set()
        with self._lock:
            waiting = list(self._monitors)
        for channel in waiting:
            channel.close()

    def in_words(self, text: str) -> str:
        """A text for people, without any secret that this process was given, and without what a terminal would obey."""
        return self._session.readable(text)

    def log_internal_error(self, error: Exception) -> None:
        """The traceback of a mistake of ours, where `pulumi --debug` shows it."""
        import traceback

        self._log.say("", self.in_words("".join(traceback.format_exception(error))), "DEBUG")

    def _take(self, message: struct_pb2.Struct) -> "Received":
        from virtnet.plugin.struct import received

        taken = received(message)
        if taken.hidden:
            self._session.keep_secret(taken.hidden)
        return taken

    def _message_of(self, resource: "Resource[Any]", outputs: "Values", *taken: "Received") -> struct_pb2.Struct:
        repeating = self._session.repeating_secrets(resource, outputs)
        return message_of(resource, outputs, *taken, repeating_others=repeating)

    def _listener(self, resource: "Resource[Any]", request: provider_pb2.DiffRequest) -> "Listener":
        from virtnet.planning.announcements import Listener

        return Listener(resource, *(tree_of(resource, self._take(one)) for one in (request.olds, request.news)))

    def _kind(self, urn: str) -> str:
        from virtnet.errors import Refused

        kinds = {f"{PACKAGE}:index:{name}": name for name in self._catalogue.kinds}
        kind = parse_urn(urn).kind
        if kind not in kinds:
            raise Refused(f"virtnet has no resource type {kind}. Its resource types: {', '.join(kinds)}")
        return kinds[kind]

    def _resource(self, urn: str) -> "Resource[Any]":
        return self._catalogue.resource(self._kind(urn))

    def _unchanged(self, urn: str) -> "Unchanged | None":
        return self._catalogue.unchanged(self._kind(urn))

    def _asked(self) -> "Asked":
        from virtnet.functions.answers import Asked

        with self._lock:
            if self._asked_functions is None:
                self._asked_functions = Asked(self._session.hosts.connections.to, self._session.connect)
            return self._asked_functions

    def _preview(
        self,
        urn: str,
        resource: "Resource[Any]",
        recorded: "Values | None",
        desired: "Values",
        changes: "tuple[Change, ...]",
        *,
        replaced: bool = False,
        ignored: "Sequence[Steps]" = (),
    ) -> None:
        found = self._session.preview(resource, recorded, desired, changes, replaced=replaced, ignored=ignored)
        if self._session.fails_by(found):
            self._present(urn, found)
            # The engine asks for nothing more when one has failed.
            self.calls.wait_for_others()
            self._session.fail_if_refused(found)
        if found.refusals:
            self._log.say(urn, self.in_words("\n".join(found.refusals)), "ERROR")
        self._present(urn, found)

    def _present(self, urn: str, found: Reviewed) -> None:
        if found.lines:
            self._log.say(urn, self.in_words("\n".join(found.lines)))
        if found.record:
            self._log.say(urn, found.record)

    def _teller(self, urn: str) -> Callable[[str], None]:
        """Shows a line while applying, unless the preview in this very process has said it."""

        def tell(line: str) -> None:
            if not self._session.was_previewed(line):
                self._log.say(urn, self.in_words(line))

        return tell

    def _progress(
        self, request: provider_pb2.CreateRequest | provider_pb2.UpdateRequest | provider_pb2.DeleteRequest
    ) -> Callable[[str], None]:
        """Shows each step, and ends the work when it was cancelled or its time limit (customTimeouts) is over."""
        from virtnet.errors import Cancelled

        urn, timeout, began = request.urn, request.timeout, time.monotonic()

        def progress(line: str) -> None:
            if self._cancelled.is_set():
                raise Cancelled("the work was cancelled before this; pulumi up begins it again")
            if timeout and time.monotonic() - began > timeout:
                raise Cancelled(f"the {timeout:g} seconds of customTimeouts were over before this; allow more")
            self._log.progress(urn, self.in_words(line))

        return progress


def _schema() -> str:
    from importlib.resources import files

    return files("virtnet.plugin").joinpath("schema.json").read_text()


@functools.cache
def _published() -> "Published":
    import json

    from virtnet.plugin.construct import Published

    described = json.loads(_schema())
    return Published(described["version"], described["pluginDownloadURL"])


def version() -> str:
    """The distribution's version; 0.0.0 when run from sources that are not installed."""
    from importlib import metadata

    try:
        return metadata.version("pulumi-virtnet")
    except metadata.PackageNotFoundError:
        return "0.0.0"
