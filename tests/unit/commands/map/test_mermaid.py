"""A map as a diagram of Mermaid."""

import re
from pathlib import Path

import pytest
from tests.golden import assert_golden_text
from tests.unit.commands.map.maps import FLEET, HOSTILE, many, named

from virtnet.commands.map.mermaid import MOST_ATTACHED, diagram

#: All that the diagram itself is made of; a label has none of it but letters, entities, blanks and breaks.
LABEL = re.compile(r'"((?:<b>|</b>|<br/>|⚠|#\d+;|[A-Za-z0-9 .,/_→-])*)"')


def test_everything_is_in_the_diagram() -> None:
    assert_golden_text(Path(__file__).parent / "everything.mermaid", diagram(FLEET))


def test_many_guests_are_counted() -> None:
    text = diagram(many(200))

    # The five that are on both networks have boxes of their own.
    assert len(re.findall(r"^    h0p0a\d+|--- h0p0a\d+\(", text, re.MULTILINE)) == MOST_ATTACHED
    assert f"and {200 - 5 - MOST_ATTACHED} more" in text
    assert len(text) < 50_000
    assert len(re.findall(r"---|-->|-\.-", text)) < 500


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_name_is_nothing_but_a_label(name: str) -> None:
    expected = re.sub(r'"[^"\n]*"', '""', diagram(named("name")))

    text = diagram(named(name))

    assert LABEL.sub('""', text) == expected
