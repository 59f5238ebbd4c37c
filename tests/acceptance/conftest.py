"""Fixtures of the acceptance tests: a fresh host for each, and a stack on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.acceptance.stack import Stack
from tests.hosts.sandboxed import Host, sandboxed_host


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with sandboxed_host(tmp_path) as made:
        yield made


@pytest.fixture
def stack(host: Host) -> Stack:
    return Stack(host)
