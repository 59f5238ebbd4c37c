"""The dynamic provider: Pulumi's verbs onto the lifecycle's, and trees onto Pulumi's wire.

The classes are pickled into every stack's state by their dotted path, so their names are public for ever, and they
hold no attributes until Pulumi configures them in its plugin process. The user's program imports this module too:
everything but pulumi is imported when a verb is called.
"""

import gc
import os
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from types import FrameType
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple
from weakref import ReferenceType

from pulumi import dynamic

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    from virtnet.connect import Hosts
    from virtnet.errors import VirtnetError
    from virtnet.functions.answers import Asked
    from virtnet.planning.announcements import Announcements, Listener
    from virtnet.planning.engine_session import Reviewed
    from virtnet.planning.lifecycle import Diff
    from virtnet.planning.resource import Resource
    from virtnet.plugin.engine_log import EngineLog, Severity
    from virtnet.resources import Catalogue
    from virtnet.spec.failures import Failure
    from virtnet.spec.part import Values
    from virtnet.spec.paths import Steps
    from virtnet.spec.secrets import Secrets

PLACES = "__secret"
"""The SDK's word for where the inputs hold secrets, a list of places: the engine hands a dynamic provider their values
in clear and unmarked."""

HIDDEN = "__hidden"
"""Which outputs repeat secrets of other resources, a list of names as they travel: the engine keeps these outputs as
secrets, and hands them on in clear and unmarked."""

RUN = "__run"
"""The SDK's word of the run and the resource in it: {`name`: the Pulumi resource's, `preview`: whether it is one,
`ignored` and `replacing`: the paths of ignoreChanges and replaceOnChanges, `refusals`: a file that takes a byte for
each refusal, by which the preview fails when its program ends}. The engine asks a dynamic provider for checks and diffs
alike when it previews and when it applies, and tells it of no option."""


REQUESTS_AT_ONCE = 256
"""Of the engine, which sends as many as `--parallel` says. A thread begins when it is needed."""


class _Asked(NamedTuple):
    """What the check of something recorded was told."""

    key: str
    """What tells it from others where nothing recorded comes along."""
    recorded: Mapping[str, Any]
    """The recorded inputs, on the wire."""
    ignored: "Sequence[str]"
    """Pulumi's option ignoreChanges, as far as the SDK knows it."""
    replacing: "Sequence[str]"
    """Pulumi's option replaceOnChanges, likewise."""


class _Reviewed(NamedTuple):
    """What a diff was told and answered."""

    recorded: Mapping[str, Any]
    """The recorded outputs, on the wire."""
    replaces: bool


class Provider(dynamic.ResourceProvider):
    """The verbs of one kind of resource. A subclass only names the kind."""

    serialize_as_secret_always = False
    kind: ClassVar[str]

    @classmethod
    def catalogue(cls) -> "Catalogue":
        """Where the kind is."""
        from virtnet.resources import CATALOGUE

        return CATALOGUE

    def configure(self, req: dynamic.ConfigureRequest) -> None:
        """Take the stack's configuration: `virtnet:uri`, `virtnet:unreachable` and `virtnet:refusals`."""
        from virtnet.planning.engine_session import RECORDS, EngineSession

        _serve_more_at_once()
        keeps_records = bool(os.environ.get(RECORDS))
        self._session = EngineSession(
            _hosts,
            os.environ.get("LIBVIRT_DEFAULT_URI"),
            keeps_records=keeps_records,
            announcements=_announcements(),
            secrets=_secrets(),
        )
        self._session.configure(*(req.config.get(f"virtnet:{name}") for name in ("uri", "unreachable", "refusals")))
        self._reviewed: dict[str, _Reviewed] = {}
        self._asked: dict[str, _Asked] = {}
        self._shown: dict[str, Mapping[str, Any]] = {}
        self._previews = True
        self._refusals = ""

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> dynamic.CheckResult:
        """Canonical inputs, or every reason against them; in a preview also what the host has to say to a create."""
        unchanged = self.catalogue().unchanged(self.kind)
        if unchanged is not None and unchanged.checks_as_recorded(_olds, news, self._session.uri):
            self._session.checked(_identity(_olds))
            self._takes_review(_olds, _olds, news)
            self._begin(news)
            return dynamic.CheckResult(dict(_olds), [])
        resource = self._resource()
        recorded, inputs = self._received(resource, _olds), self._received(resource, news)
        run = self._begin(news)
        inputs |= {"__name": run["name"]} if "name" in run else {}
        inputs.setdefault("uri", self._session.uri)
        failures = self._bad_settings()
        if said := self._session.of_another_kind(resource, _olds.get("__urn")):
            return dynamic.CheckResult({}, [*failures, dynamic.CheckFailure("", said)])
        canonical, found = resource.check(inputs, recorded)
        found = found or self._session.claim(resource, _key_of(canonical), recorded, canonical)
        failures += [self._check_failure(resource, failure, inputs, news) for failure in found]
        if failures:
            return dynamic.CheckResult({}, failures)
        checked = _sendable(resource.to_properties(canonical)) | _places(news)
        self._hide(checked)  # lines have the canonical spelling
        self._session.checked(_identity(canonical))
        if recorded:
            self._takes_review(canonical, _olds, news)
            return dynamic.CheckResult(checked, [])
        self._session.to_be_made(_key_of(canonical), canonical)
        from virtnet.errors import Refused

        try:
            self._preview_create(resource, canonical, _asked_for(news))
        except Refused as refusal:
            return dynamic.CheckResult({}, [dynamic.CheckFailure("", self._session.readable(str(refusal)))])
        return dynamic.CheckResult(checked, [])

    def _takes_review(self, canonical: "Values", recorded: Mapping[str, Any], news: Mapping[str, Any]) -> None:
        """Note what a check of something recorded was told, for the calls that are told less of it."""
        key, run = _asked_for(news), news.get(RUN) or {}
        self._asked[_identity(canonical)] = _Asked(key, recorded, run.get("ignored") or (), run.get("replacing") or ())
        self._reviewed.pop(key, None)

    def _preview_create(self, resource: "Resource[Any]", desired: "Values", asked: str) -> None:
        """Preview what comes with nothing recorded: a create, or a replacement, which is checked once more so."""
        reviewed = self._reviewed.get(asked)
        if reviewed is None:  # a create, or a replacement for which the engine asked for no diff
            self._preview(resource, None, desired)
        # Where diff asked for the replacement, it has said everything.
        elif not reviewed.replaces:
            self._preview(resource, self._received(resource, reviewed.recorded), desired, replaced=True)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.DiffResult:
        """The changes by what is recorded; their lines for a reviewer, when it is one who asks."""
        unchanged = self.catalogue().unchanged(self.kind)
        if (
            unchanged is not None
            and unchanged.stands_as_recorded(_olds, _news)
            and not self._session.builds_on_changing(
                _identity(_news), _key_of(_news), unchanged.builds_on(_news), lambda: self._listener(_olds, _news)
            )
            and unchanged.goes_by(_olds, self._session.offers(unchanged.builds_on(_news)))
        ):
            from virtnet.planning.announcements import Standing

            standing = Standing(cache(lambda: unchanged.offers(_news)), cache(lambda: self._listener(_olds, _news)))
            self._session.stands(_olds.get("__token"), _key_of(_news), unchanged.places(_olds), standing)
            if (asked := self._asked.get(_identity(_news))) is not None:
                self._reviewed[asked.key] = _Reviewed(_olds, replaces=False)
            return dynamic.DiffResult(changes=False, replaces=[], delete_before_replace=False)
        from virtnet.errors import VirtnetError

        resource = self._resource()
        from virtnet.planning import lifecycle
        from virtnet.planning.property_paths import top
        from virtnet.spec.paths import parsed

        recorded, desired = self._received(resource, _olds), self._received(resource, _news)
        asked = self._asked.get(_identity(desired))
        ignored, replacing = ([], []) if asked is None else ([*map(parsed, paths)] for paths in asked[2:])
        desired = lifecycle.not_ignored(resource, recorded, desired, ignored)
        try:
            found, reviewed = self._session.diff(resource, _identity(desired), _id, recorded, desired, ignored=ignored)
        except VirtnetError as error:
            raise self._as_answer(error) from None
        found = lifecycle.replaced_on_changes(resource, found, recorded, desired, replacing)
        if reviewed and asked is not None:
            self._reviewed[asked.key] = _Reviewed(_olds, bool(found.replaces))
        if reviewed and found.changes:
            try:
                self._preview(resource, recorded, desired, found.changes, ignored=ignored)
            except VirtnetError as error:
                raise self._as_answer(error) from None
        elif found.notes:
            self._present(self._session.notes(resource, recorded, desired, found), desired)
        replaces = sorted({top(path) for path in found.replaces})
        # Made by the native plugin: an update writes the name of this class into the state, by which Pulumi finds it.
        moved = "__provider" in _news and "__provider" not in _olds
        # Without an update the state would go on keeping in clear what is secret now.
        hidden_otherwise = _places(_news) != _places(_olds)
        changes = moved or hidden_otherwise
        if reviewed and changes and not found.changes and self._previews:
            self._present(self._session.unseen(resource, recorded, desired), desired)
        before = asked.recorded if reviewed and asked is not None else self._shown.get(_id)
        return dynamic.DiffResult(
            # What is to replace has been decided, where the program says it: the engine takes items by their places.
            changes=changes or (bool(found.changes) if replacing else self._verdict(resource, found, before, _news)),
            replaces=replaces,
            delete_before_replace=bool(replaces),
        )

    def _verdict(
        self, resource: "Resource[Any]", found: "Diff", before: Mapping[str, Any] | None, news: Mapping[str, Any]
    ) -> bool | None:
        """Whether there are changes; None if the engine sees them too, and so is to compare the inputs by itself.

        It then knows by path what changes, and applies options that the program has set in ways unknown to us. `before`
        are the inputs with which it would compare.
        """
        if not found.changes or before is None:
            return bool(found.changes)
        from virtnet.spec.paths import names

        of_inputs = all(names(change.path)[0] in resource.spec.model_fields for change in found.changes)
        differ = {**before, "__provider": None} != {**news, "__provider": None}
        return None if of_inputs and differ else True

    def create(self, props: dict[str, Any]) -> dynamic.CreateResult:
        """Make it: done, or rolled back whole."""
        from virtnet.errors import VirtnetError
        from virtnet.planning import lifecycle

        resource = self._resource()
        desired = self._received(resource, props)
        try:
            outputs = lifecycle.create(
                resource,
                desired,
                self._session.connect,
                self._tell,
                claims=self._session.claims,
                announced=self._session.announced(resource, desired),
            )
        except VirtnetError as error:
            raise self._as_answer(error) from None
        self._session.announcements.no_longer_replaced(_key_of(desired))
        return dynamic.CreateResult(resource.identity(outputs), self._outputs(resource, outputs, props))

    def read(self, id_: str, props: dict[str, Any]) -> dynamic.ReadResult:
        """What is there now, and as inputs only what the program named."""
        from virtnet.errors import VirtnetError

        resource = self._resource()
        recorded = self._received(resource, props)
        try:
            found = self._session.read(resource, id_, recorded)
        except VirtnetError as error:
            raise self._as_answer(error) from None
        if found.warning:
            self._show(f"warning: {found.warning}")
            return dynamic.ReadResult(id_, self._outputs(resource, recorded, props))
        outputs = found.outputs
        if outputs is None:
            return dynamic.ReadResult("", {})
        inputs = _sendable(resource.to_properties(resource.recorded_inputs(outputs))) | _places(props)
        self._shown[id_] = inputs
        return dynamic.ReadResult(id_, self._outputs(resource, outputs, props), dict(inputs))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.UpdateResult:
        """Observe again, plan again, apply."""
        from virtnet.errors import VirtnetError
        from virtnet.planning import lifecycle
        from virtnet.spec.paths import parsed

        resource = self._resource()
        recorded, desired = self._received(resource, _olds), self._received(resource, _news)
        asked = self._asked.get(_identity(desired))
        ignored = [] if asked is None else [*map(parsed, asked.ignored)]
        desired = lifecycle.not_ignored(resource, recorded, desired, ignored)
        try:
            outputs = lifecycle.update(
                resource,
                recorded,
                desired,
                self._session.connect,
                self._tell,
                ignored=ignored,
                announced=self._session.announced(resource, desired),
                left_behind=self._session.left_behind(resource, recorded, desired),
            )
        except VirtnetError as error:
            raise self._as_answer(error) from None
        return dynamic.UpdateResult(self._outputs(resource, outputs, _news))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Undo what create did, protecting what is plugged in."""
        from virtnet.errors import VirtnetError
        from virtnet.planning import lifecycle

        resource = self._resource()
        try:
            recorded = self._received(resource, _props)
            lifecycle.delete(
                resource,
                recorded,
                self._session.connect,
                self._show,
                anew=self._session.made_anew(resource, recorded),
                announced=self._session.announced(resource, recorded),
                left_behind=self._session.left_behind(resource, recorded),
                used_by=self._session.used_by(resource, recorded),
            )
            self._session.announcements.gone(_key_of(recorded))
        except VirtnetError as error:
            raise self._as_answer(error) from None

    def _outputs(self, resource: "Resource[Any]", outputs: "Values", given: Mapping[str, Any]) -> dict[str, Any]:
        """Outputs for the engine to record, with what it is to hand on about secrets of `given` inputs, or outputs."""
        from virtnet.plugin.struct import SECRET, SIGNATURE
        from virtnet.spec.secrets import repeating

        shown = resource.to_properties(outputs)
        secret = resource.from_properties({place[0]: None for place in _places(given).get(PLACES, [])})
        repeated = repeating(resource.outputs_spec, secret) | self._session.repeating_secrets(resource, outputs)
        hidden = sorted(shown.keys() & resource.to_properties(dict.fromkeys(repeated)))
        sealed = {name: {SIGNATURE: SECRET, "value": shown[name]} for name in hidden}
        return {**shown, **sealed, **({HIDDEN: hidden} if hidden else {}), **_places(given)}

    def _listener(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> "Listener":
        from virtnet.planning.announcements import Listener

        resource = self._resource()
        return Listener(resource, self._received(resource, olds), self._received(resource, news))

    def _resource(self) -> "Resource[Any]":
        return _resource(self.catalogue(), self.kind)

    def _begin(self, news: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the SDK tells of the run, which is the same for all resources but for their names."""
        run: Mapping[str, Any] = news.get(RUN) or {}
        self._previews = bool(run.get("preview", True))
        self._refusals = str(run.get("refusals") or "")
        return run

    def _preview(
        self,
        resource: "Resource[Any]",
        recorded: "Values | None",
        desired: "Values",
        changes: Any = (),
        *,
        replaced: bool = False,
        ignored: "Sequence[Steps]" = (),
    ) -> None:
        if not self._previews:  # what the plan notes is shown when it is applied
            return
        found = self._session.preview(resource, recorded, desired, changes, replaced=replaced, ignored=ignored)
        try:
            if self._session.fails_by(found) and not self._fails_at_its_end():
                self._session.fail_if_refused(found)
            if found.refusals and not self._say(desired, self._session.readable("\n".join(found.refusals)), "ERROR"):
                found = found._replace(lines=[*found.refusals, *found.lines])
        finally:
            self._present(found, desired)

    def _fails_at_its_end(self) -> bool:
        """Have the preview fail by a refusal when its program ends. False if no program waits for that."""
        if not self._refusals:
            return False
        try:
            descriptor = os.open(self._refusals, os.O_WRONLY | os.O_APPEND)
        except OSError:
            return False
        try:
            return os.write(descriptor, b".") == 1
        finally:
            os.close(descriptor)

    def _present(self, found: "Reviewed", desired: "Values") -> None:
        """Show the lines of a preview, and hand over its record where there is one."""
        if found.lines:
            self._show("\n".join(found.lines))
        # In one piece: what is printed comes to the engine line by line.
        if found.record and not self._say(desired, found.record, "INFO"):
            _print(found.record)

    def _say(self, desired: "Values", text: str, severity: "Severity") -> bool:
        """Show a text on its resource's own lines. False if there is no engine to tell, or no resource."""
        urn = str(desired.get("__urn") or "")
        return bool(urn) and _engine_log().say(urn, text, severity)

    def _tell(self, line: str) -> None:
        """Show a line while applying, unless the preview in this very run has said it."""
        if not self._session.was_previewed(line):
            self._show(line)

    def _show(self, text: str) -> None:
        """Lines for the reader."""
        _print(self._session.readable(text))

    def _as_answer(self, error: "VirtnetError") -> "VirtnetError":
        """An error to raise, of which the engine shows the sentence alone."""
        presentable = self._session.presentable(error)
        _answer_with(str(presentable))
        return presentable

    def _bad_settings(self) -> list[dynamic.CheckFailure]:
        """What is wrong with the stack's configuration, of which only a check can tell the user in a sentence."""
        from virtnet.spec.messages import setting_refused
        from virtnet.spec.part import from_inputs
        from virtnet.spec.settings import ProviderSettings

        settings = {"unreachable": self._session.unreachable, "refusals": self._session.refusals}
        found = from_inputs(ProviderSettings, settings)[1]
        return [dynamic.CheckFailure("", f"virtnet:{setting_refused(failure, settings)}") for failure in found]

    def _check_failure(
        self, resource: "Resource[Any]", failure: "Failure", inputs: "Values", news: Mapping[str, Any]
    ) -> dynamic.CheckFailure:
        """A failure as the engine shows it, which would look for a value under the whole path as if it were a name."""
        from virtnet.planning.property_paths import top
        from virtnet.spec.messages import refused

        marked = {place[0] for place in _places(news).get(PLACES, [])}
        secret = top(failure.path) in marked
        told = refused(resource.spec, failure, inputs, resource.messages().failure, secret=secret)
        return dynamic.CheckFailure("", self._session.readable(told))

    def _received(self, resource: "Resource[Any]", props: Mapping[str, Any]) -> "dict[str, object]":
        """What the engine sent, as the core has it; what of it is secret is remembered, for no line to repeat it."""
        values = _known_unknowns(props)
        self._hide(values)
        received = resource.from_properties(values)
        for name in ("__provider", PLACES, HIDDEN, RUN):
            received.pop(name, None)
        return {name: value for name, value in received.items() if value is not None}

    def _hide(self, values: Mapping[str, Any]) -> None:
        from virtnet.spec.text import strings_at

        places = [*map(tuple, _places(values).get(PLACES, [])), *((name,) for name in values.get(HIDDEN) or ())]
        found = [strings_at(values, place) for place in places]
        self._session.keep_secret(set().union(*found))


class LibvirtNetworkProvider(Provider):
    """The provider of LibvirtNetwork."""

    kind = "LibvirtNetwork"


class HostForwardingProvider(Provider):
    """The provider of HostForwarding."""

    kind = "HostForwarding"


class PortForwardProvider(Provider):
    """The provider of PortForward."""

    kind = "PortForward"


@cache
def _resource(catalogue: "Catalogue", kind: str) -> "Resource[Any]":
    # Nothing of what imports make is garbage; looking for some takes an eighth of their time.
    collects = gc.isenabled()
    gc.disable()
    try:
        from virtnet.planning import lifecycle  # noqa: F401 - each verb needs it

        return catalogue.resource(kind)
    finally:
        # When it ends, Python looks through everything for garbage, twice: 80 ms of each command.
        gc.freeze()
        if collects:
            gc.enable()


@cache
def _hosts() -> "Hosts":
    """One connection per URI for this process, whatever the number of resources and their kinds."""
    from virtnet.connect import Hosts

    return Hosts()


@cache
def _announcements() -> "Announcements":
    """What becomes of this run's resources, of all kinds: each kind has a provider, and so a session, of its own."""
    from virtnet.planning.announcements import Announcements

    return Announcements()


@cache
def _secrets() -> "Secrets":
    """What of this run's resources is secret, of all kinds likewise."""
    from virtnet.spec.secrets import Secrets

    return Secrets()


@cache
def _asked() -> "Asked":
    """Who is asked by functions, and which subnets they gave out in this run."""
    from virtnet.functions.answers import Asked

    return Asked(_hosts().connections.to, _hosts())


def answer(function: str, uri: str | None, given: "Values") -> Any:
    """What a host answers to a function, as plain data in Python spelling. It is asked at once.

    `uri` left out is the environment's LIBVIRT_DEFAULT_URI, or the system's libvirt. Raises InvalidInputs for what the
    function doesn't take, and whatever else the host has to say.
    """
    from virtnet.errors import InvalidInputs
    from virtnet.functions.catalogue import FUNCTIONS
    from virtnet.planning.engine_session import DEFAULT_URI
    from virtnet.spec.messages import reason, refused
    from virtnet.spec.part import from_inputs, tree

    asked = {one.name: one for one in FUNCTIONS}[function]
    arguments, failures = from_inputs(asked.takes, {**given, **({"uri": uri} if uri else {})})
    if arguments is None:
        raise InvalidInputs("; ".join(refused(asked.takes, failure, given, reason) for failure in failures))
    named = tree(arguments)
    where = str(named.get("uri") or os.environ.get("LIBVIRT_DEFAULT_URI") or DEFAULT_URI)
    return _plain(asked.answer(_asked(), where, named))


def _plain(value: Any) -> Any:
    """An answer as data that a program may change: dicts and lists of its own."""
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _places(props: Mapping[str, Any]) -> dict[str, Any]:
    """Where the inputs hold secrets, which goes along with them wherever they are kept; nothing where none is."""
    return {PLACES: props[PLACES]} if isinstance(props.get(PLACES), list) else {}


def _known_unknowns(value: Any) -> Any:
    """Pulumi's unknowns as the core's own; older SDKs send a text in their place."""
    from pulumi.output import Unknown
    from pulumi.runtime import rpc

    from virtnet.spec.part import UNKNOWN

    if isinstance(value, Unknown) or (isinstance(value, str) and value == rpc.UNKNOWN):
        return UNKNOWN
    if rpc.is_rpc_secret(value):
        return _known_unknowns(rpc.unwrap_rpc_secret(value))
    if isinstance(value, Mapping):
        return {name: _known_unknowns(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_known_unknowns(item) for item in value]
    return value


def _sendable(value: Any) -> Any:
    """The core's unknowns as Pulumi's wire has them."""
    from pulumi.runtime import rpc

    from virtnet.spec.part import UNKNOWN

    if value is UNKNOWN:
        return rpc.UNKNOWN
    if isinstance(value, dict):
        return {name: _sendable(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_sendable(item) for item in value]
    return value


def _identity(desired: "Values") -> str:
    return f"{_key_of(desired)} {desired.get('name')} {desired.get('uri')}"


def _key_of(values: "Values") -> str:
    # The user's program imports this module and nothing of ours behind it.
    from virtnet.planning.ownership.claims import key_of

    return key_of(values)


def _asked_for(news: Mapping[str, Any]) -> str:
    """What tells a resource from others by what the program asks for, with or without anything recorded."""
    run: Mapping[str, Any] = news.get(RUN) or {}
    return f"{_key_of(news)} {run.get('name')} {news.get('name')} {news.get('uri')}"


def _serve_more_at_once() -> None:
    """Let Pulumi's plugin for dynamic providers serve all requests that the engine sends at once.

    The plugin has four threads. Requests of one host wait for each other, and would let those of all other hosts wait
    as well. Nothing public gives the pool of threads. This thread is one of them, so the pool is in its first frame. If
    it isn't there in some version of Python, four requests are served at once.
    """
    from concurrent.futures import ThreadPoolExecutor

    frame: FrameType | None = sys._getframe()
    while frame is not None:
        reference = frame.f_locals.get("executor_reference")
        pool = reference() if isinstance(reference, ReferenceType) else None
        if isinstance(pool, ThreadPoolExecutor) and hasattr(pool, "_max_workers"):
            pool._max_workers = max(pool._max_workers, REQUESTS_AT_ONCE)
            return
        frame = frame.f_back


def _answer_with(sentence: str) -> None:
    """Have the request that is being served fail with a sentence, whatever it is aborted with.

    Pulumi answers with the traceback of what a provider raises: a line for each frame, and the reason below them. The
    request's own context is told the sentence instead, so nothing changes for other requests and other providers.
    """
    import grpc

    frame = sys._getframe(1)
    while frame.f_back is not None:
        frame = frame.f_back
        context = frame.f_locals.get("context")
        if isinstance(context, grpc.ServicerContext):
            # An attribute of this one object: gRPC makes one for each request.
            vars(context)["abort"] = _aborted_with(context.abort, sentence)
            return


def _aborted_with(abort: "Callable[[Any, str], NoReturn]", sentence: str) -> "Callable[[Any, str], NoReturn]":
    return lambda code, _traceback: abort(code, sentence)


@cache
def _engine_log() -> "EngineLog":
    """The log of the engine, which gives its plugin for dynamic providers its address as the last argument."""
    from virtnet.plugin.engine_log import EngineLog

    is_plugin = sys.argv[0].endswith("/pulumi/dynamic/__main__.py")
    return EngineLog(sys.argv[-1] if is_plugin else "")


_printing = threading.Lock()


def _print(text: str) -> None:
    """Lines for the reader, in one piece: several threads share the stream."""
    with _printing:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
