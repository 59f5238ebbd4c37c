"""The list of the kinds of resources: each is found by its name, and brings only what it needs."""

import subprocess
import sys

import pytest

from virtnet.resources import CATALOGUE

CHECK_IN_THREADS = """
import sys
from concurrent.futures import ThreadPoolExecutor
from virtnet.resources import CATALOGUE

def check(number):
    return CATALOGUE.resource("LibvirtNetwork").check({"name": f"lab{number}", "uri": "test:///default"}, {})[1]

sys.setswitchinterval(1e-6)
with ThreadPoolExecutor(16) as threads:
    print(*[failures for failures in threads.map(check, range(16)) if failures])
"""


def _printed(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("kind", CATALOGUE.kinds)
def test_each_kind_is_known_by_its_own_name(kind: str) -> None:
    assert CATALOGUE.resource(kind).name == kind


def test_an_unknown_kind_is_none_of_ours() -> None:
    with pytest.raises(KeyError, match="LibvirtVolume"):
        CATALOGUE.resource("LibvirtVolume")


def test_a_run_of_networks_imports_nothing_of_forwarding() -> None:
    program = (
        "import sys; from virtnet.resources import CATALOGUE; CATALOGUE.resource('LibvirtNetwork'); print(*sys.modules)"
    )

    assert [name for name in _printed(program).split() if "forwarding" in name] == []


def test_a_run_imports_a_restart_and_a_way_to_other_hosts_when_it_needs_them() -> None:
    program = (
        "import sys; from virtnet.resources import CATALOGUE; "
        "import virtnet.connect, virtnet.network.plan.new; "
        "CATALOGUE.resource('LibvirtNetwork'); print(*sys.modules)"
    )
    seldom = {
        "network.plan.adoption",
        "network.plan.converge",
        "network.xml.holding",
        "network.steps.holding",
        "host.shell",
        "transport.ssh",
    }

    assert {f"virtnet.{name}" for name in seldom} & set(_printed(program).split()) == set()


def test_validators_are_not_built_before_something_is_checked() -> None:
    program = (
        "from virtnet.resources import CATALOGUE; network = CATALOGUE.resource('LibvirtNetwork'); "
        "spec = network.spec; print(spec.__pydantic_complete__); "
        "network.check({'name': 'lab', 'uri': 'test:///default'}, {}); print(spec.__pydantic_complete__)"
    )

    assert _printed(program).split() == ["False", "True"]


def test_the_first_checks_of_a_process_may_come_together() -> None:
    assert _printed(CHECK_IN_THREADS) == "\n"
