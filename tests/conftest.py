"""How much the property tests try, and with what every program that a test starts begins.

The same little at every run; less with HYPOTHESIS_PROFILE=few, where what counts is the Python and not the example;
much and at random with HYPOTHESIS_PROFILE=thorough.
"""

import os
import signal
import sys
from pathlib import PurePath
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from tests import costs, progress
from tests.costs import pytest_addoption  # noqa: F401 - found here by pytest
from tests.hosts.fixtures import (  # noqa: F401 - found here by pytest
    directory_of_the_run,
    host,
    preloaded_pythons,
    sandbox,
    unshared_host,
)

settings.register_profile(
    "quick", max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("few", settings.get_profile("quick"), max_examples=8)
# A failure prints the line that repeats it.
settings.register_profile(
    "thorough",
    max_examples=2000,
    deadline=None,
    derandomize=False,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

# Without bytecode every start of Python compiles the provider anew, which takes as long as most of what is tested, and
# each process of pytest the tests.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# A shell starts what runs in the background with these ignored, and so does nohup; programs inherit that, and what is
# handled here they begin with as usual. Else none could be interrupted, and Pulumi waits seconds for each plugin's end.
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, lambda *_: None)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Have a log show what happens meanwhile, and with --cpu what each test costs."""
    progress.register(config)
    costs.register(config)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes seconds before what takes milliseconds, so that no processor waits for one test at the end."""
    first = (("long_wait",), ("acceptance", "integration", "fuzz"))
    items.sort(key=lambda item: [not any(item.get_closest_marker(mark) for mark in marks) for marks in first])


#: Files whose tests all look at the outcome of one long run: side by side, every process would make a run of its own.
OF_ONE_RUN = frozenset({"test_schema.py", "test_plugin_protocol.py", "test_bad_input.py"})


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """For --dist=loadscope: each test goes to whoever is free next, and the tests of such a file go together."""
    if config.getvalue("dist") != "loadscope":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class ByTestOrFile(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return file if PurePath(file).name in OF_ONE_RUN else nodeid

    return ByTestOrFile(config, log)
