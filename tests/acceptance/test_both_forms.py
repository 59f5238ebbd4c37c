"""A program that asks a host something moves between both forms by its import line alone, and its stack with it.

The other programs need no host for that: tests/unit/sdk/test_both_forms.py.
"""

import pytest
from tests.acceptance.native_stack import NativeStack
from tests.hosts.sandboxed import Host
from tests.programs import ASKS, FORMS, IMPORT, PROGRAMS
from tests.rows import rows

pytestmark = pytest.mark.acceptance

ASKING = {place: text for place, text in PROGRAMS.items() if ASKS.search(text)}


@pytest.mark.parametrize("place", rows(ASKING, {"docs/plugin.md-1"}))
def test_a_program_that_asks_moves_with_its_stack(host: Host, place: str) -> None:
    stack, before = NativeStack(host), host.trace()
    stack.write(IMPORT.sub(FORMS["dynamic"], ASKING[place]))
    stack.up()
    made = host.trace()

    stack.write(IMPORT.sub(FORMS["native"], ASKING[place]))
    preview = stack.preview()
    stack.up()

    assert made != before
    assert "owner changes" in preview
    assert "will define" not in preview
    assert host.trace() == made
    assert stack.unchanged_by_each()
    stack.destroy()
    assert host.trace() == before


def test_there_are_such_programs() -> None:
    assert "docs/native/getFreeSubnet.py" in ASKING
