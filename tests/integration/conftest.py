"""Fixtures of the integration tests: a stack on a host, which is as it was at first for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.hosts.sandboxed import Host
from tests.integration.forks import Forks
from tests.integration.forks import forks as forked
from tests.integration.stack import Stack


@pytest.fixture(scope="session", autouse=True)
def _preloaded(preloaded_pythons: None) -> None:
    """`virtnet doctor` has a Python with its imports done."""


@pytest.fixture(scope="session")
def forks(directory_of_the_run: Path) -> Iterator[Forks]:
    """One process for all of the processes in which tests run."""
    with forked(directory_of_the_run) as made:
        yield made


@pytest.fixture
def stack(host: Host, forks: Forks) -> Stack:
    return Stack(host, forks)
