"""What both adapters keep between calls of one engine: settings, connections, secrets, and lines already shown.

An adapter only translates its protocol. Modules that are slow to import are imported when a verb needs them, because a
run that changes nothing needs none of them.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from virtnet.planning.announcements import Announced, Announcements, Listener, Offers, Place, Standing
from virtnet.planning.ownership.claims import Claims, key_of
from virtnet.spec.secrets import Secrets

if TYPE_CHECKING:
    from virtnet.errors import VirtnetError
    from virtnet.planning.clients.clients import Clients
    from virtnet.planning.lifecycle import Diff
    from virtnet.planning.plan import Change
    from virtnet.planning.preview.found import Preview
    from virtnet.planning.preview.record import Operation, Refreshed
    from virtnet.planning.resource import Resource
    from virtnet.spec.failures import Failure
    from virtnet.spec.part import Values
    from virtnet.spec.paths import Steps

DEFAULT_URI = "qemu:///system"
"""The host of resources without a `uri`, if neither the configuration nor LIBVIRT_DEFAULT_URI sets one."""

UNREACHABLE = ("fail", "recorded")
"""What a refresh may do with resources of a host that can't be reached: fail, or keep what is recorded."""

RECORDS = "VIRTNET_REVIEW"
"""The environment variable that asks for records of previews. Only the reviewer sets it, so it isn't configuration."""

REFUSALS = ("show", "fail")
"""What a preview may do if something would be refused on the host as it is now: show an error, or fail.

By default it only shows the error: the host may be up by then, and an earlier resource of this program or another one
may remove the cause.
"""

Hosts = TypeVar("Hosts", bound="Callable[[str], Clients]")


class Shown(NamedTuple):
    """What a refresh shows."""

    outputs: "Values | None"
    """None if the resource no longer exists."""
    warning: str = ""
    """Why the recorded values are shown instead of the host's; "" if the host was read."""


class Reviewed(NamedTuple):
    """What a preview shows."""

    refusals: list[str]
    """Why it could not be applied as the host is now, a line a reason."""
    lines: list[str]
    """The rest."""
    record: str = ""
    """The whole preview as one line for `virtnet review`, if that is asked for. It contains no secrets, and is for
    programs."""


class EngineSession(Generic[Hosts]):
    """What an adapter keeps between calls. Thread-safe."""

    def __init__(
        self,
        make_hosts: Callable[[], Hosts],
        uri: str | None = None,
        *,
        keeps_records: bool = False,
        announcements: Announcements | None = None,
        secrets: Secrets | None = None,
    ) -> None:
        """`make_hosts` is called once, before the first connection. It returns what connects to the host of a URI.

        With `keeps_records`, previews are recorded too. Pass the run's `announcements` and `secrets` if other sessions
        serve resources of the same run.
        """
        self.uri = uri or DEFAULT_URI
        """The host of resources without a `uri`."""
        self.unreachable = UNREACHABLE[0]
        self.refusals = REFUSALS[0]
        self.claims = Claims()
        """What the resources of this run claim on their hosts."""
        self.announcements = announcements or Announcements()
        """What this run makes of them."""
        self._make_hosts = make_hosts
        self._keeps_records = keeps_records
        self._hosts: Hosts | None = None
        self._lock = threading.RLock()
        self._secrets = secrets or Secrets()
        self._checked: set[str] = set()
        self._previewed: set[str] = set()
        self._refreshed: dict[str, Refreshed] = {}
        """What a refresh of this run found, by URN; kept only for records."""
        self._as_before: dict[str, frozenset[str]] = {}
        self._anew: dict[str, Values] = {}

    def configure(self, uri: object, unreachable: object, refusals: object = None) -> None:
        """Set the user's settings; None or an empty text changes nothing."""
        self.uri = str(uri or self.uri)
        self.unreachable = str(unreachable or self.unreachable)
        self.refusals = str(refusals or self.refusals)

    @property
    def hosts(self) -> Hosts:
        """What connects to hosts: one connection and one lock a host, however many threads ask first."""
        with self._lock:
            if self._hosts is None:
                self._hosts = self._make_hosts()
            return self._hosts

    def connect(self, uri: str) -> "Clients":
        """The clients of the host of a URI."""
        return self.hosts(uri)

    # Texts for people.

    def keep_secret(self, texts: Iterable[str]) -> None:
        """Hide these texts in all lines and errors."""
        self._secrets.keep(texts)

    def readable(self, text: str) -> str:
        """A text for people: without secrets, and without a terminal's control characters."""
        from virtnet.spec.text import escape_controls

        return escape_controls(self._secrets.redacted(text))

    def repeating_secrets(self, resource: "Resource[Any]", outputs: "Values") -> frozenset[str]:
        """The names of outputs that repeat a secret of another resource, so they are secret too."""
        if resource.builds_on is None:
            return frozenset()
        inputs = resource.spec.model_fields
        return self._secrets.repeated_in({name: value for name, value in outputs.items() if name not in inputs})

    def presentable(self, error: "VirtnetError") -> "VirtnetError":
        """An error with a text for people, and without the traceback that would be printed before it."""
        error.args = (self.readable(str(error)),)
        return error.with_traceback(None)

    def preview(
        self,
        resource: "Resource[Any]",
        recorded: "Values | None",
        desired: "Values",
        changes: "tuple[Change, ...]" = (),
        *,
        replaced: bool = False,
        ignored: "Sequence[Steps]" = (),
    ) -> Reviewed:
        """The lines of a preview, which the update doesn't show again."""
        from virtnet.planning import lifecycle, messages

        found = lifecycle.preview(
            resource,
            recorded,
            desired,
            self.connect,
            changes,
            replaced=replaced,
            ignored=ignored,
            claims=self.claims,
            announced=self.announced(resource, desired),
        )
        if found.is_refused:
            found = found._replace(given_up=tuple(self.claims.given_up(key_of(desired))))
        if recorded is not None:
            replaces = found.replaced is not None
            found = found._replace(left_behind=self.left_behind(resource, recorded, desired, is_replaced=replaces))
        refusals, lines = messages.reviewed(found, resource.messages())
        self._previewed.update(refusals, lines)
        operation: Operation = "create" if recorded is None else "update" if found.replaced is None else "replace"
        return Reviewed(refusals, lines, self._record(resource, operation, recorded, desired, found))

    def left_behind(
        self,
        resource: "Resource[Any]",
        recorded: "Values",
        desired: "Values | None" = None,
        *,
        is_replaced: bool = False,
    ) -> tuple[str, ...]:
        """The keys of resources that build on one and were compared before it, so that they would not follow.

        What is desired left out: as it was checked with nothing recorded, to take the place of this one, if it was.
        """
        places = tuple(resource.announces(recorded))
        if desired is None:
            announced = self.announcements.at(places)
            if announced is None or not (announced.is_replaced and announced.recorded):
                return ()
        else:
            announced = Announced(resource, recorded, desired, is_replaced=is_replaced)
            places = tuple(_places(resource, recorded, desired))
        return tuple(self.announcements.too_early(announced, places))

    def used_by(self, resource: "Resource[Any]", recorded: "Values") -> tuple[str, ...]:
        """The keys of resources of the program that build on one that is deleted, and not to be made anew."""
        places = tuple(resource.announces(recorded))
        if self.announcements.at(places) is not None:
            return ()
        return tuple(self.announcements.building(places))

    def unseen(self, resource: "Resource[Any]", recorded: "Values", desired: "Values") -> Reviewed:
        """What a preview shows of an update that changes only the engine's own record of the resource."""
        from virtnet.planning import lifecycle
        from virtnet.planning.preview.found import Preview

        found = Preview(lifecycle.subject_of(resource, desired, recorded))
        return Reviewed([], [], self._record(resource, "update", recorded, desired, found))

    def _record(
        self,
        resource: "Resource[Any]",
        operation: "Operation",
        recorded: "Values | None",
        desired: "Values",
        found: "Preview",
    ) -> str:
        if not self._keeps_records:
            return ""
        from datetime import datetime, timezone

        from virtnet.planning.ownership.marks import urn_of
        from virtnet.planning.preview.record import Refreshed, record

        at = datetime.now(timezone.utc).isoformat(timespec="seconds")
        refreshed = self._refreshed.get(urn_of(desired), Refreshed())
        return record(resource, operation, recorded, desired, found, refreshed=refreshed, at=at, readable=self.readable)

    def fail_if_refused(self, reviewed: Reviewed) -> None:
        """Raises Refused if something would be refused, and the settings make a preview fail in that case."""
        from virtnet.errors import Refused

        if self.fails_by(reviewed):
            raise Refused("\n".join(reviewed.refusals))

    def fails_by(self, reviewed: Reviewed) -> bool:
        """Whether something would be refused, and the settings make a preview fail in that case."""
        return bool(reviewed.refusals) and self.refusals == "fail"

    def was_previewed(self, line: str) -> bool:
        """Whether a preview of this process has shown a line."""
        return line in self._previewed

    # What one call learns and a later one needs.

    def checked(self, key: str) -> None:
        """Record that a resource's inputs were checked: its next diff is for a reviewer. `key` identifies it."""
        self._checked.add(key)

    def claim(self, resource: "Resource[Any]", key: str, recorded: "Values", desired: "Values") -> "list[Failure]":
        """Record what a checked resource claims on its host; failures if another resource of this run claims the same.

        check reports this, because it is a mistake of the program on any host: the preview fails, and `pulumi up`
        begins nothing. `key` identifies the resource.
        """
        from virtnet.spec.failures import Failure

        if not key:
            return []
        met = self.claims.want(key, resource.wants(desired), resource.wants(recorded) if recorded else ())
        self._announce(resource, key, recorded, desired)
        if resource.builds_on is not None:
            self.announcements.builds(key, resource.builds_on.places(desired))
        return [
            Failure(
                one.want.path, one.want.kind, {"value": one.want.value, "other": one.other.value, "holder": one.holder}
            )
            for one in met
        ]

    def of_another_kind(self, resource: "Resource[Any]", recorded_urn: object) -> str:
        """Why the record of this URN can't belong to a resource, for check to report; "" if it can.

        An alias may name any resource of the stack, and the engine passes on that resource's record.
        """
        from virtnet.planning import messages
        from virtnet.planning.ownership.marks import kind_of

        urn = str(recorded_urn or "")
        return "" if kind_of(urn) in ("", resource.name) else messages.of_another_kind(resource.name, urn)

    def _announce(
        self,
        resource: "Resource[Any]",
        key: str,
        recorded: "Values",
        desired: "Values",
        *,
        is_replaced: bool = False,
        has_outputs: bool = False,
        stands: bool = False,
    ) -> None:
        places = _places(resource, recorded, desired)
        if key and places:
            announced = Announced(resource, recorded, desired, is_replaced, has_outputs, stands)
            self.announcements.announce(key, places, announced)

    def announced(self, resource: "Resource[Any]", values: "Values") -> Announced | None:
        """What this run makes of the resource that this one builds on, by inputs or outputs; None if unknown.

        That includes a resource that this run doesn't change, as far as known.
        """
        if resource.builds_on is None:
            return None
        places = tuple(resource.builds_on.places(values))
        return self.announcements.at(places) or self._standing(places)

    def builds_on_changing(
        self, checked: str, key: str, places: Iterable[Place], listener: "Callable[[], Listener]"
    ) -> bool:
        """Whether this run changes the resource at one of these places, so that more than the inputs may differ.

        `checked` identifies the resource as for `diff`. `listener` returns it, in case that one changes later. A
        refresh compares the resource before the program does, and so before any announcement.
        """
        return checked in self._checked and self.announcements.heard(key, places, listener) is not None

    def stands(self, token: object, key: str, places: Iterable[Place] = (), standing: Standing | None = None) -> None:
        """Record that a diff found no change, and that the resource `key` keeps the object with this token.

        `standing` is what other resources find at these places.
        """
        self.claims.claim(token, key)
        self.announcements.withdraw(key, places, standing)

    def offers(self, places: Iterable[Place]) -> "Offers":
        """What an unchanged resource at these places offers; empty if nothing is known of one.

        An update that failed, or that had only the other resource as its target, may have left this one outdated.
        """
        standing = self.announcements.standing(places)
        return {} if standing is None else standing.offers()

    def _standing(self, places: Iterable[Place]) -> Announced | None:
        standing = self.announcements.standing(places)
        return None if standing is None else Announced(*standing.listener(), has_outputs=True, stands=True)

    def to_be_made(self, key: str, desired: "Values") -> None:
        """Record that a resource's inputs were checked without a record. `key` identifies the resource."""
        self._anew[key] = desired

    def made_anew(self, resource: "Resource[Any]", recorded: "Values") -> "Values | None":
        """What replaces a deleted resource, if anything does: its inputs were checked before the delete.

        A record that was moved or renamed since its last update still has the old name. Then the resource with the same
        claims is the replacement.
        """
        found = self._anew.get(key_of(recorded))
        if found is not None or not self._anew:
            return found
        wanting = self.claims.wanting(resource.wants(resource.recorded_inputs(recorded)))
        return next((self._anew[key] for key in wanting if key in self._anew), None)

    def diff(
        self,
        resource: "Resource[Any]",
        key: str,
        identity: str,
        recorded: "Values",
        desired: "Values",
        *,
        ignored: "Sequence[Steps]" = (),
    ) -> tuple["Diff", bool]:
        """The changes against the record, and whether they are for a reviewer.

        A refresh calls diff too, without a check before it. Then what was found before isn't reported again. `identity`
        is Pulumi's id.
        """
        from virtnet.planning import lifecycle

        asked, announced = key in self._checked, None
        if asked and resource.builds_on is not None:
            places = tuple(resource.builds_on.places(desired))
            listener = Listener(resource, recorded, desired)
            announced = self.announcements.heard(key_of(desired), places, lambda: listener) or self._standing(places)
        found = lifecycle.diff(resource, recorded, desired, self.connect, ignored, announced=announced)
        if asked:
            self.claims.claim(recorded.get("__token"), key_of(desired))
            self._announce(
                resource,
                key_of(desired),
                recorded,
                desired,
                is_replaced=bool(found.replaces),
                has_outputs=True,
                stands=not found.changes,
            )
            return found, True
        return found.without(self._as_before.get(identity, frozenset())), False

    def notes(self, resource: "Resource[Any]", recorded: "Values", desired: "Values", found: "Diff") -> Reviewed:
        """Notes about what no update would change, each line once in a run."""
        from virtnet.planning import lifecycle, messages
        from virtnet.planning.preview.found import Preview

        subject = lifecycle.subject_of(resource, desired, recorded)
        lines = list(messages.notes(subject, found.notes, resource.messages()))
        with self._lock:
            new = [line for line in lines if line not in self._previewed]
            self._previewed.update(new)
        standing = Preview(subject, notes=found.notes)
        return Reviewed([], new, self._record(resource, "same", recorded, desired, standing) if new else "")

    def read(self, resource: "Resource[Any]", identity: str, recorded: "Values") -> Shown:
        """What a refresh shows. Raises Unreachable, unless the settings say to keep the record then."""
        from virtnet.errors import Unreachable
        from virtnet.planning import lifecycle, messages

        try:
            outputs = lifecycle.read(resource, recorded, self.connect)
        except Unreachable as error:
            if self.unreachable != "recorded":
                raise
            return Shown(recorded, messages.recorded_is_shown(error))
        if self._keeps_records:
            from virtnet.planning.ownership.marks import urn_of
            from virtnet.planning.preview.record import Refreshed

            paths = () if outputs is None else lifecycle.drifted(resource, recorded, outputs)
            self._refreshed[urn_of(recorded)] = Refreshed(paths, is_gone=outputs is None)
        if outputs is not None:
            self._as_before[identity] = lifecycle.found_as_recorded(resource, recorded, outputs)
        return Shown(outputs)


def _places(resource: "Resource[Any]", recorded: "Values", desired: "Values") -> Sequence[Place]:
    """Where other resources look for a resource, before and after this run's change."""
    return list(dict.fromkeys((*resource.announces(recorded), *resource.announces(desired))))
