"""Fixtures of the acceptance tests: a stack on a host, which is as it was at first for each test."""

import pytest
from tests.acceptance.stack import Stack
from tests.hosts.sandboxed import Host


@pytest.fixture(scope="session", autouse=True)
def _preloaded(preloaded_pythons: None) -> None:
    """Stacks have Pythons with their imports done."""


@pytest.fixture
def stack(host: Host) -> Stack:
    return Stack(host)
