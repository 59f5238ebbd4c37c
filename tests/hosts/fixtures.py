"""Fixtures of all tests with a real libvirtd: one sandbox for each process in which tests run, and Pythons for all."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.hosts.sandboxed import Host, sandboxed_host
from tests.hosts.shared import SharedSandbox
from tests.preloaded.server import preloaded


@pytest.fixture(scope="session")
def directory_of_the_run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all processes in which the tests of a run go side by side."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if hasattr(request.config, "workerinput") else own


@pytest.fixture(scope="session")
def preloaded_pythons(directory_of_the_run: Path) -> Iterator[None]:
    """Pulumi, in tests' stacks, and who calls `virtnet doctor` have Pythons with their imports done."""
    with preloaded(directory_of_the_run):
        yield


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedSandbox]:
    with SharedSandbox(tmp_path_factory.mktemp("sandbox")) as made:
        yield made


@pytest.fixture
def host(sandbox: SharedSandbox, tmp_path: Path) -> Iterator[Host]:
    """A host as it was at first, but that networks have been there."""
    with sandbox.lend(tmp_path) as lent:
        yield lent


@pytest.fixture
def unshared_host(tmp_path: Path) -> Iterator[Host]:
    """A host on which no network has been, so that none of libvirt's chains is left there; takes a second to make."""
    with sandboxed_host(tmp_path) as made:
        yield made
