"""One size: virtnet, its two floors and its peer do the same in turns, and each figure is the median of their runs."""

import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import programs
from bench.guest import Lost, attached_guest
from bench.measured import Run
from bench.opentofu import OpenTofu, replaced
from bench.programs import Project
from bench.raw import RawNetworks

WHATS = (
    "create",
    "no-op preview",
    "no-op up",
    "refresh",
    "live edit of one",
    "restart of one",
    "live edit of each",
    "destroy",
)
#: A live edit of each of more networks takes the firewall down and up for minutes.
MOST_FOR_EACH = 100
GUEST_OF_THE_FIRST = ("10.100.0.1", "10.100.0.9/24")

Figure = dict[str, object]


class _Samples:
    """What was measured, by what was done and who did it."""

    def __init__(self) -> None:
        self.runs: dict[tuple[str, str], list[Run]] = defaultdict(list)
        self.lost: dict[tuple[str, str], list[Lost]] = defaultdict(list)
        self.replaced: set[str] = set()

    def add(self, what: str, who: str, run: Run) -> None:
        self.runs[what, who].append(run)
        print(f"    {what}: {who} {run.seconds:.2f} s", flush=True)

    @contextmanager
    def guest(self, what: str, who: str, bridge: str) -> Iterator[None]:
        with attached_guest(bridge, *GUEST_OF_THE_FIRST) as lost:
            yield
        self.lost[what, who].append(lost)


def compare(count: int, rounds: int, repeats: int, peers: Path | None) -> list[Figure]:
    """`rounds` are whole lives of the networks, `repeats` the edits and no-ops in each."""
    samples = _Samples()
    raw = RawNetworks(count)
    with TemporaryDirectory(prefix="virtnet-bench.") as place:
        directory = Path(place)
        ours, nothing = programs.virtnet(directory / "virtnet"), programs.nothing(directory / "nothing")
        tofu = None if peers is None else OpenTofu(directory / "opentofu", peers)
        for turn in range(1, rounds + 1):
            print(f"  round {turn} of {rounds}", flush=True)
            _one_round(samples, raw, ours, nothing, count=count, repeats=repeats)
            if tofu is not None:
                _round_of_the_peer(count, repeats, samples, tofu)
    return [_figure(what, count, samples) for what in WHATS if (what, "virtnet") in samples.runs]


def _one_round(
    samples: _Samples, raw: RawNetworks, ours: Project, nothing: Project, *, count: int, repeats: int
) -> None:
    """The floor of libvirt works on virtnet's networks where it can, so that no second set slows either."""

    def in_turns(what: str, libvirt: Callable[[], float] | None, act: Callable[[Project], Run], *, guest: bool) -> None:
        if libvirt is not None:
            samples.add(what, "libvirt", Run(seconds=libvirt()))
        samples.add(what, "engine", act(nothing))
        if not guest:
            samples.add(what, "virtnet", act(ours))
            return
        with samples.guest(what, "virtnet", "vn-bench0"):
            samples.add(what, "virtnet", act(ours))

    samples.add("create", "libvirt", Run(seconds=raw.create()))
    samples.add("destroy", "libvirt", Run(seconds=raw.destroy()))
    for project in (nothing, ours):
        project.give(**{**programs.NOTHING_GIVEN, "count": count})
    in_turns("create", None, Project.up, guest=False)
    for _ in range(repeats):
        in_turns("no-op preview", None, Project.preview, guest=False)
        in_turns("no-op up", None, Project.up, guest=True)
        in_turns("refresh", raw.read, Project.refresh, guest=False)
        in_turns("live edit of one", lambda: raw.reserve(1), lambda one: _edited(one, "one"), guest=True)
        in_turns("restart of one", raw.restart, lambda one: _edited(one, "restart"), guest=True)
    if count <= MOST_FOR_EACH:
        in_turns("live edit of each", lambda: raw.reserve(count), lambda one: _edited(one, "each"), guest=True)
    in_turns("destroy", None, Project.destroy, guest=False)


def _round_of_the_peer(count: int, repeats: int, samples: _Samples, tofu: OpenTofu) -> None:
    tofu.give(**{**programs.NOTHING_GIVEN, "count": count})
    samples.add("create", "opentofu", tofu.up())
    edits = [("live edit of one", "one"), ("restart of one", "restart")] * repeats
    if count <= MOST_FOR_EACH:
        edits.append(("live edit of each", "each"))
    for _ in range(repeats):
        samples.add("no-op preview", "opentofu", tofu.preview())
        samples.add("no-op up", "opentofu", tofu.up())
        samples.add("refresh", "opentofu", tofu.refresh())
    for what, kind in edits:
        tofu.more(kind)
        with samples.guest(what, "opentofu", "tf-bench0"):
            done = tofu.up()
        samples.add(what, "opentofu", done)
        if replaced(done):
            samples.replaced.add(what)
    samples.add("destroy", "opentofu", tofu.destroy())


def _edited(project: Project, kind: str) -> Run:
    project.more(kind)
    return project.up()


def _figure(what: str, count: int, samples: _Samples) -> Figure:
    def seconds(who: str) -> float | None:
        runs = samples.runs.get((what, who))
        return None if not runs else round(statistics.median(run.seconds for run in runs), 2)

    def memory(who: str) -> str | None:
        runs = samples.runs.get((what, who), [])
        provider, whole = (
            max((getattr(run, name) for run in runs), default=0) for name in ("provider_mib", "whole_mib")
        )
        # A provider that lived for less than two looks was not seen.
        return f"{provider:.0f} / {whole:.0f}" if provider and whole else f"- / {whole:.0f}" if whole else None

    def lost(who: str) -> str | None:
        found = samples.lost.get((what, who))
        if not found:
            return None
        middle = statistics.median_low([one.packets for one in found])
        return Lost(middle, all(one.attached for one in found)).describe()

    ours, engine, libvirt = seconds("virtnet"), seconds("engine"), seconds("libvirt")
    floors = (engine or 0) + (libvirt or 0)
    return {
        "networks": count,
        "what": what,
        "runs": len(samples.runs[what, "virtnet"]),
        "libvirt's floor, s": libvirt,
        "engine's floor, s": engine,
        "virtnet, s": ours,
        "of the floors": None if ours is None else round(ours / floors, 2),
        "OpenTofu, s": seconds("opentofu"),
        "OpenTofu replaces": what in samples.replaced,
        "virtnet, MiB": memory("virtnet"),
        "OpenTofu, MiB": memory("opentofu"),
        "virtnet, lost": lost("virtnet"),
        "OpenTofu, lost": lost("opentofu"),
    }
