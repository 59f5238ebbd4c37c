"""What the plan of a network means for others: who reaches whom by each mode, and which subnets go."""

from typing import Any

import pytest

from virtnet.network.predict import effects, in_brief
from virtnet.planning.findings import EffectKind
from virtnet.spec.part import UNKNOWN

OUT, IN = EffectKind.GUESTS_REACH_OUTSIDE, EffectKind.OUTSIDE_REACHES_GUESTS
NOT_OUT, NOT_IN = EffectKind.GUESTS_LOSE_OUTSIDE, EffectKind.OUTSIDE_LOSES_GUESTS


def of_mode(mode: str | None) -> dict[str, Any]:
    return {} if mode is None else {"forward": {"mode": mode}}


@pytest.mark.parametrize(
    ("before", "now", "kinds"),
    [
        ("nat", "route", {IN}),
        ("route", "nat", {NOT_IN}),
        ("nat", "open", {IN}),
        ("open", "route", set()),
        ("nat", "none", {NOT_OUT}),
        (None, "nat", {OUT}),
        ("route", None, {NOT_OUT, NOT_IN}),
        ("nat", "bridge", {IN}),
        ("bridge", "hostdev", set()),
        ("nat", "nat", set()),
        ("nat", UNKNOWN, set()),
    ],
)
def test_who_reaches_whom_by_another_mode(before: str | None, now: Any, kinds: set[EffectKind]) -> None:
    assert {effect.kind for effect in effects(of_mode(before), of_mode(now), ())} == kinds


@pytest.mark.parametrize(
    ("mode", "kinds"), [("nat", {OUT}), ("route", {OUT, IN}), ("open", {OUT, IN}), (None, set()), ("bridge", {OUT, IN})]
)
def test_who_reaches_whom_in_a_new_network(mode: str | None, kinds: set[EffectKind]) -> None:
    assert {effect.kind for effect in effects(None, of_mode(mode), ())} == kinds


def test_an_adopted_network_opens_nothing() -> None:
    assert list(effects(None, {"adopt": True, **of_mode("route")}, ())) == []


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        (["10.2.0.1/24"], ["10.20.0.1/24"], (["10.2.0.0/24"], ["10.20.0.0/24"])),
        (["10.2.0.1/24"], [], (["10.2.0.0/24"], [])),
        (["10.2.0.1/24", "fd00::1/64"], ["fd00::1/64"], (["10.2.0.0/24"], [])),
        (["10.2.0.1/24"], ["10.2.0.1/24", "10.3.0.1/24"], None),
        (["10.2.0.1/24"], ["10.2.0.254/24"], None),
        (["10.2.0.1/24"], [UNKNOWN], None),
    ],
)
def test_subnets_that_go(before: list[str], now: list[Any], told: tuple[list[str], list[str]] | None) -> None:
    recorded, desired = ({"ips": [{"address": address} for address in addresses]} for addresses in (before, now))

    found = list(effects(recorded, desired, ()))

    shown = [(effect.kind, effect.details["before"], effect.details["after"]) for effect in found]
    assert shown == ([] if told is None else [(EffectKind.RENUMBERED, *told)])


def test_a_renumbering_has_the_paths_of_what_goes_and_of_what_comes() -> None:
    recorded, desired = (
        {"ips": [{"address": address} for address in addresses]}
        for addresses in (["10.1.0.1/24", "10.2.0.1/24"], ["10.1.0.9/24", "10.3.0.1/24"])
    )

    (found,) = effects(recorded, desired, ())

    assert found.details["paths"] == ["ips[10.2.0.1/24]", "ips[10.3.0.1/24]"]


def test_a_network_in_brief() -> None:
    assert list(in_brief({"forward": {"mode": "nat"}, "ips": [{"address": "10.2.0.1/24"}]})) == ["nat", "10.2.0.0/24"]
    assert list(in_brief({})) == ["isolated"]
    assert list(in_brief({"forward": UNKNOWN, "ips": UNKNOWN})) == []
    assert list(in_brief({"adopt": True, "ips": [UNKNOWN]})) == []
