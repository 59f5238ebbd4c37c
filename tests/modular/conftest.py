"""Fixtures of the tests on modular daemons, as of the integration tests."""

from tests.integration.conftest import forks, host, sandbox, stack

__all__ = ["forks", "host", "sandbox", "stack"]
