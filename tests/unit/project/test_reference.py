"""The examples of docs/reference.md are accepted by check."""

import types
from pathlib import Path
from typing import Any

import pytest

from virtnet.network.resource import NETWORK
from virtnet.spec.part import as_group

REPOSITORY = Path(__file__).resolve().parents[3]
MODES = sorted((REPOSITORY / "docs" / "modes").glob("*.py"))


def test_there_is_an_example_for_each_mode() -> None:
    modes = {"isolated", "nat", "route", "open", "bridge", "private", "vepa", "passthrough", "hostdev"}

    assert {path.stem for path in MODES} == modes


@pytest.mark.parametrize("path", MODES, ids=lambda path: path.stem)
def test_an_example_is_accepted(path: Path) -> None:
    declared: list[dict[str, Any]] = []
    sdk = types.SimpleNamespace(LibvirtNetwork=lambda name, **inputs: declared.append({"name": name, **inputs}))
    code = path.read_text().replace("import pulumi_virtnet as virtnet\n", "")

    exec(compile(code, path, "exec"), {"virtnet": sdk})  # noqa: S102 - the repository's own example

    assert len(declared) == 1
    canonical, failures = NETWORK.check({"uri": "qemu:///system", **declared[0]}, {})
    assert failures == []
    assert as_group(canonical.get("forward", {})).get("mode", "isolated") == path.stem
