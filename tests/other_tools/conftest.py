"""Fixtures of the tests beside other tools, as of the acceptance tests."""

from tests.acceptance.conftest import _preloaded, stack

__all__ = ["_preloaded", "stack"]
