"""Tables of which `make test` shows some rows, and `make test-campaigns` the others."""

from collections.abc import Callable, Collection, Iterable
from typing import Any, TypeVar

import pytest

Row = TypeVar("Row")


def rows(table: Iterable[Row], shown: Collection[str], *, by: Callable[[Row], str] = str) -> list[Any]:
    """All rows of a table, for parametrize; those that `shown` doesn't name are marked "further"."""
    table = list(table)
    assert set(shown) <= set(map(by, table)), "a row that is to be shown isn't in the table"
    return [row if by(row) in shown else pytest.param(row, marks=pytest.mark.further) for row in table]
