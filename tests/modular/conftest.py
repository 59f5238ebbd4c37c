"""Fixtures of the tests on modular daemons, as of the integration tests."""

from tests.integration.conftest import _preloaded, forks, stack

__all__ = ["_preloaded", "forks", "stack"]
