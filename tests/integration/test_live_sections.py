"""Every section that libvirt updates live, edited on a real libvirtd there and back, in cases that could collide.

The edits are live_sections', all in one sandbox; the cases are in data/live_sections.json. Both copies of the
configuration must be as those of a network that was made anew like that, in whatever order their items are.
"""

import json
from collections.abc import Iterator
from operator import itemgetter
from typing import Any

import pytest
from lxml import etree
from tests.campaigns.live_sections import CASES
from tests.hosts.sandboxed import REPOSITORY, Host, sandboxed_host
from tests.rows import rows

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """One sandbox for all cases, with interfaces to forward to."""
    with sandboxed_host(tmp_path_factory.mktemp("sections")) as host:
        for name in ("up0", "up1", "up2"):
            host.sh(f"ip link add {name} type veth peer name {name}-peer; ip link set {name} up")
        yield host


@pytest.fixture(autouse=True)
def left_clean(walked: Host) -> Iterator[None]:
    """What a case that failed leaves must not fail the next one."""
    yield
    walked.sh("virsh net-destroy lab; virsh net-undefine lab", check=False)


def items(xml: str) -> list[str]:
    """The lines of a dump, in no order; the running network keeps the mark it was started with."""
    return sorted(line.strip().replace(' phase="first definition"', "") for line in xml.splitlines())


#: With an edit of each section, one where libvirt takes two items for one, and one that restarts.
EVERYTHING = "everything at once"
SHOWN = {EVERYTHING, "an address gets another first name", "two ranges change places"}


@pytest.mark.parametrize("case", rows(CASES, SHOWN, by=itemgetter("name")), ids=itemgetter("name"))
def test_an_edit_there_and_back(walked: Host, case: dict[str, Any]) -> None:
    restarts = case.get("restarts", False)

    done = walked.python("-m", "tests.campaigns.live_sections", case["name"], directory=REPOSITORY)

    outcome = json.loads(done.stdout)
    for step, alike in (("edited", "made anew"), ("edited back", "made")):
        assert outcome[f"{step}: classes"] == (["RESTART"] if restarts else ["LIVE"])
        # The bridge of a network that was restarted is another.
        assert (outcome[step]["ifindex"] != outcome["made"]["ifindex"]) == restarts
        assert outcome[step]["dhcp"] == outcome[alike]["dhcp"]
        for copy in ("live", "config"):
            assert items(outcome[step][copy]) == items(outcome[alike][copy])
    for copy in ("live", "config"):
        before, after = (etree.fromstring(outcome[step][copy]) for step in ("made", "edited"))
        assert all(after.xpath(place) for place in case["holds"])
        assert not all(before.xpath(place) for place in case["holds"])
