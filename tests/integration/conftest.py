"""Fixtures of the integration tests: a host, which is as it was at first for each test, and a stack on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.hosts.sandboxed import Host, sandboxed_host
from tests.hosts.shared import SharedSandbox
from tests.integration.forks import Forks
from tests.integration.forks import forks as forked
from tests.integration.stack import Stack


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    """One process for each of the processes in which tests run, as its sandbox below."""
    with forked() as made:
        yield made


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedSandbox]:
    with SharedSandbox(tmp_path_factory.mktemp("sandbox")) as made:
        yield made


@pytest.fixture
def host(sandbox: SharedSandbox, tmp_path: Path) -> Iterator[Host]:
    with sandbox.lend(tmp_path) as lent:
        yield lent


@pytest.fixture
def unshared_host(tmp_path: Path) -> Iterator[Host]:
    """A host on which no network has been, so that none of libvirt's chains is left there; takes a second to make."""
    with sandboxed_host(tmp_path) as made:
        yield made


@pytest.fixture
def stack(host: Host, forks: Forks) -> Stack:
    return Stack(host, forks)
