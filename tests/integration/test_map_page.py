"""The page of `virtnet map` in a browser: what people see and do, by mouse and by keyboard, and what it may not do."""

import json
import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.unit.commands.map.maps import FLEET, HOSTILE, many, named

from virtnet.commands.map.model import Map
from virtnet.commands.map.run import Format, draw

# A page is made of a map, and asks no libvirt.
pytestmark = [pytest.mark.campaign, pytest.mark.integration, pytest.mark.any_libvirt]

DRIVER = Path(__file__).parent / "browser" / "page.mjs"
BROWSERS = ("chromium", "google-chrome")
GUESTS = 200


def seen(drawn: Map, directory: Path, *how: str) -> dict[str, Any]:
    """What the driver sees of a map's page."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    modules = os.environ.get("VIRTNET_BROWSER")
    assert browser is not None, "there is no Chromium: make setup-campaigns installs it"
    assert modules is not None, "there is no playwright-core: make setup-campaigns brings it"
    page = directory / "map.html"
    page.write_text(draw(lambda: drawn, Format.HTML).text)
    command = ["node", str(DRIVER), browser, modules, str(page), str(directory), *how]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    whole: dict[str, Any] = json.loads(done.stdout)
    return whole


@pytest.fixture(scope="module")
def use(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A network of 200 guests, a host with everything, and one that is not reached."""
    return seen(Map(hosts=(*many(GUESTS).hosts, *FLEET.hosts)), tmp_path_factory.mktemp("page"))


def test_the_browser_has_nothing_to_complain_about(use: dict[str, Any]) -> None:
    assert use["complaintsOfUse"] == []


def test_nothing_is_asked_for_but_the_page(use: dict[str, Any]) -> None:
    assert {address.rpartition("/")[2] for address in use["requests"] if not address.startswith("data:")} == {
        "map.html"
    }


def test_nothing_is_wider_than_any_window(use: dict[str, Any]) -> None:
    assert len(use["looks"]) == 9
    assert [name for name, look in use["looks"].items() if look["overflows"]] == []


def test_axe_finds_nothing_that_keeps_people_out(use: dict[str, Any]) -> None:
    assert {name: look["violations"] for name, look in use["looks"].items() if look["violations"]} == {}


def test_a_guest_is_found_and_its_details_shown_by_the_keyboard_alone(use: dict[str, Any]) -> None:
    numbers = [number for number in range(GUESTS) if str(number).startswith("17")]

    assert use["slash"] == "search"
    assert use["found"] == f"{len(numbers)} found"
    assert len(use["listed"]) == len(numbers)
    assert use["faded"] > GUESTS - len(numbers)
    assert use["focusOfDetails"] == "guest17"
    assert use["details"].startswith("guest17\n")
    assert use["closed"] is None
    assert use["focusAfterwards"] == "search"


def test_arrows_lead_from_box_to_box(use: dict[str, Any]) -> None:
    assert use["roved"] == "h0p0"
    assert use["chosen"] == use["roved"]


def test_the_tabulator_reaches_what_can_be_used(use: dict[str, Any]) -> None:
    assert use["tabs"][:6] == ["search", "only-problems", "farther", "closer", "fit", "colours"]


def test_a_click_shows_all_that_is_known(use: dict[str, Any]) -> None:
    assert re.search(r"52:54:00:00:00:\w\w", use["clicked"])
    assert "10.9.1." in use["clicked"]


def test_the_picture_is_zoomed_and_fitted(use: dict[str, Any]) -> None:
    assert use["zoomed"] == pytest.approx(1.25, abs=0.01)
    assert use["fitted"] == pytest.approx(1.0, abs=0.01)


def test_dark_and_light_are_chosen(use: dict[str, Any]) -> None:
    assert (use["light"], use["dark"]) == ("rgb(255, 255, 255)", "rgb(13, 17, 23)")


def test_only_what_has_a_problem_is_left_of_the_list(use: dict[str, Any]) -> None:
    assert [line.split()[1] for line in use["problems"]] == ["qemu:///system", "lab", "qemu+ssh://far/system"]


def test_the_pages_policy_lets_nothing_in(use: dict[str, Any]) -> None:
    assert (use["fetched"], use["loaded"], use["ran"]) == ("forbidden",) * 3


def test_hostile_names_do_nothing(tmp_path: Path) -> None:
    names = [name for name in HOSTILE.values() if len(name) < 1000]
    hosts = [named(name).hosts[0] for name in (*names, "<img src=x onerror=alert(1)>", "guest17")]
    drawn = Map(hosts=tuple(replace(host, uri=f"{number} {host.uri}") for number, host in enumerate(hosts)))

    found = seen(drawn, tmp_path, "look")

    assert found["complaints"] == []
    assert {address.rpartition("/")[2] for address in found["requests"] if not address.startswith("data:")} == {
        "map.html"
    }
    assert not found["looks"]["wide-light"]["overflows"]
