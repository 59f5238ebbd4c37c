"""What stands in the place of libvirt's link to a network that starts at boot, and what that means for the next one."""

import pytest
from tests import builders
from tests.fakes.files import FakeFiles
from tests.fakes.host import FakeHost, host_effects

from virtnet.network.observe.autostart import as_the_next_boot_sees_it, in_the_place_of_a_new_one
from virtnet.network.observed import AutostartObstacle, reported

DEFINITIONS = "/etc/libvirt/qemu/networks"
LINK, DEFINITION = f"{DEFINITIONS}/autostart/lab.xml", f"{DEFINITIONS}/lab.xml"
OTHERS = f"{DEFINITIONS}/autostart/other.xml"
SYSTEM = "qemu:///system"


def host(*, dangling: bool = False, **texts: str) -> FakeHost:
    paths = {"link": LINK, "definition": DEFINITION, "others": OTHERS}
    files = {paths[name]: text for name, text in texts.items()}
    effects = host_effects()
    return FakeHost(
        effects=effects,
        files=FakeFiles(effects, texts=files, places=[DEFINITIONS], dangling=[LINK] if dangling else []),
    )


@pytest.mark.parametrize("said", [True, False])
@pytest.mark.parametrize(
    ("found", "starts", "obstacle"),
    [
        pytest.param(host(definition="<lab/>", others="<other/>"), False, None, id="nothing"),
        pytest.param(
            host(definition="<lab/>", dangling=True), False, AutostartObstacle.DANGLING, id="a link to nowhere"
        ),
        pytest.param(
            host(definition="<lab/>", link="<old/>"),
            False,
            AutostartObstacle.OTHER,
            id="a file of somebody else's",
        ),
    ],
)
def test_only_a_link_to_the_definition_starts_it(
    found: FakeHost, starts: bool, obstacle: AutostartObstacle | None, said: bool
) -> None:
    report = reported(builders.network("lab", "nat", "10.9.0.1/24"))._replace(autostart=said)

    seen, in_the_way = as_the_next_boot_sees_it(found, report, SYSTEM)

    assert (seen.autostart, in_the_way) == (starts, obstacle)


@pytest.mark.parametrize(("said", "obstacle"), [(True, None), (False, AutostartObstacle.UNKNOWN_TO_LIBVIRT)])
def test_the_link_starts_it_whatever_the_daemon_says(said: bool, obstacle: AutostartObstacle | None) -> None:
    report = reported(builders.network("lab", "nat", "10.9.0.1/24"))._replace(autostart=said)

    seen, in_the_way = as_the_next_boot_sees_it(host(definition="<lab/>", link="<lab/>"), report, SYSTEM)

    assert (seen.autostart, in_the_way) == (True, obstacle)


@pytest.mark.parametrize("said", [True, False])
@pytest.mark.parametrize(
    ("found", "uri"),
    [(host(), SYSTEM), (host(definition="<lab/>"), SYSTEM), (None, SYSTEM), (host(dangling=True), "qemu:///session")],
    ids=["no definitions", "no place for links", "only libvirt", "a user's own libvirt"],
)
def test_the_daemons_word_stands_where_nothing_else_can_be_seen(found: FakeHost | None, uri: str, said: bool) -> None:
    report = reported(builders.network("lab", "nat", "10.9.0.1/24"))._replace(autostart=said)

    assert as_the_next_boot_sees_it(found, report, uri) == (report, None)


@pytest.mark.parametrize(
    ("found", "obstacle"),
    [
        (host(), None),
        (host(others="<other/>"), None),
        (host(dangling=True), AutostartObstacle.DANGLING),
        (host(link="<old/>"), AutostartObstacle.OTHER),
    ],
)
def test_what_would_be_in_the_way_of_a_new_one(found: FakeHost, obstacle: AutostartObstacle | None) -> None:
    assert in_the_place_of_a_new_one(found, "lab", SYSTEM) is obstacle
