"""Fixtures of the acceptance tests: a fresh host for each, and a stack on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.acceptance.stack import Stack
from tests.hosts.sandboxed import Host, sandboxed_host
from tests.preloaded.server import preloaded


@pytest.fixture(scope="session", autouse=True)
def _preloaded() -> Iterator[None]:
    """Stacks have Pythons with their imports done."""
    with preloaded():
        yield


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with sandboxed_host(tmp_path) as made:
        yield made


@pytest.fixture
def stack(host: Host) -> Stack:
    return Stack(host)
