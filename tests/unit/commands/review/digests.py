"""Previews as Pulumi prints them: two of real runs, and what tests make of records and steps.

`data/*.json` are of the engine 3.259, on a host with all that a review can tell; states that a review doesn't read were
taken out of them.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from virtnet.commands.review import digest
from virtnet.commands.review.verdict import Review, judge
from virtnet.planning.preview.record import PREFIX

DATA = Path(__file__).parent / "data"
STACK = "urn:pulumi:prod::kvm::pulumi:pulumi:Stack::kvm-prod"


def urn(name: str, kind: str = "LibvirtNetwork", *, native: bool = False) -> str:
    form = "virtnet:index:" if native else "pulumi-python:dynamic/virtnet:"
    return f"urn:pulumi:prod::kvm::{form}{kind}::{name}"


def step(op: str, name: str = "lab", kind: str = "LibvirtNetwork", **more: Any) -> dict[str, Any]:
    return {"op": op, "urn": urn(name, kind), **more}


def record(
    name: str = "lab",
    operation: str = "update",
    change_class: str = "live",
    *,
    kind: str = "LibvirtNetwork",
    refused: bool = False,
    refreshed: Sequence[str] = (),
    gone: bool = False,
    **plan: Any,
) -> dict[str, Any]:
    """A record as a provider writes it, with what a test is about put in."""
    planned = {
        "noun": "network",
        "name": name,
        "uri": "qemu:///system",
        "class": change_class,
        **{part: [] for part in ("changes", "drift", "steps", "notes", "refusals", "given_up", "effects", "unknown")},
        "partly_unknown": False,
        "may_adopt": False,
        **plan,
    }
    return {
        "format": 2,
        "at": "2026-01-31T14:02:00+00:00",
        "kind": kind,
        "urn": urn(name, kind),
        "operation": operation,
        "brief": [],
        "refused": refused,
        "refreshed": {"paths": list(refreshed), "gone": gone},
        "plan": planned,
        "plan_if_replaced": None,
        "plan_if_moved": None,
    }


def effect(kind: str, *who: str, **details: Any) -> dict[str, Any]:
    return {"kind": kind, "who": list(who), "details": details}


def change(path: str, detail: str = "", change_class: str = "live", **more: Any) -> dict[str, Any]:
    return {"path": path, "kind": "change", "class": change_class, "detail": detail, "problems": [], **more}


def refusal(reason: str, fix: str = "") -> dict[str, Any]:
    return {"kind": "OVERLAPS_NETWORK", "reason": reason, "fix": fix}


def printed(
    steps: Sequence[Mapping[str, Any]] = (),
    records: Sequence[Mapping[str, Any]] = (),
    errors: Sequence[Mapping[str, Any]] = (),
    **more: Any,
) -> str:
    """What Pulumi prints of these."""
    said = [{"urn": one["urn"], "message": f"{PREFIX}{json.dumps(one)}\n", "severity": "info"} for one in records]
    value = {"steps": steps, "diagnostics": [*said, *errors], "duration": 1, "changeSummary": {"same": 2}, **more}
    return json.dumps(value)


def judged(*given: Any, **more: Any) -> Review:
    return judge(digest.read(printed(*given, **more)))
