"""The same networks through the Terraform provider for libvirt under OpenTofu, as far as it can say them.

Version 0.8.3 knows no reservations and no ranges (its `dhcp` is on or off), so its live edit is a DNS record. A change
of the domain replaces the network.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

from bench.measured import Run, run


def provider_from(programs: Path, configuration: Path) -> dict[str, str]:
    """Write OpenTofu's own configuration, and return the environment by which it finds that and the provider in there.

    With dev_overrides there is nothing to download, and no `tofu init`.
    """
    configuration.write_text(
        'provider_installation {\n  dev_overrides {\n    "registry.opentofu.org/dmacvicar/libvirt" = '
        f'"{programs}"\n  }}\n  direct {{}}\n}}\n'
    )
    return {"TF_CLI_CONFIG_FILE": str(configuration), "CHECKPOINT_DISABLE": "1"}


class OpenTofu:
    """A directory with a configuration in JSON and its state. The provider comes from a directory, not a registry."""

    def __init__(self, directory: Path, programs: Path) -> None:
        directory.mkdir(parents=True)
        self._directory, self._tofu = directory, str(programs / "tofu")
        self._environment = {**os.environ, **provider_from(programs, directory / "cli.tfrc")}
        self._given = {"count": 0, "one": 0, "restart": 0, "each": 0}

    def give(self, **given: int) -> None:
        self._given |= given
        networks = {f"bench{number}": self._network(number) for number in range(self._given["count"])}
        configuration: dict[str, Any] = {
            "terraform": {"required_providers": {"libvirt": {"source": "dmacvicar/libvirt"}}},
            "provider": {"libvirt": {"uri": "qemu:///system"}},
        }
        if networks:
            configuration["resource"] = {"libvirt_network": networks}
        (self._directory / "main.tf.json").write_text(json.dumps(configuration))

    def more(self, what: str) -> None:
        self.give(**{what: self._given[what] + 1})

    def _network(self, number: int) -> dict[str, Any]:
        subnet = f"10.{100 + number // 250}.{number % 250}"
        first = number == 0
        records = self._given["each"] + (self._given["one"] if first else 0)
        hosts = [{"ip": f"{subnet}.{n + 10}", "hostname": f"h{n}"} for n in range(records)]
        return {
            "name": f"bench{number}",
            "mode": "nat",
            # Without a name of its own parallel creates get the same virbrN, and fail.
            "bridge": f"tf-bench{number}",
            "addresses": [f"{subnet}.0/24"],
            "autostart": True,
            "dhcp": [{"enabled": True}],
            "dns": [{"enabled": True, "hosts": hosts, "forwarders": [{"address": "192.0.2.53"}]}],
            **({"domain": f"d{self._given['restart']}"} if first and self._given["restart"] else {}),
        }

    def _run(self, *arguments: str) -> Run:
        return run(
            (self._tofu, *arguments, "-no-color", "-input=false"),
            directory=self._directory,
            environment=self._environment,
            provider="terraform-provider-libvirt",
        )

    def up(self) -> Run:
        return self._run("apply", "-auto-approve")

    def preview(self) -> Run:
        return self._run("plan")

    def refresh(self) -> Run:
        return self._run("apply", "-refresh-only", "-auto-approve")

    def destroy(self) -> Run:
        return self._run("destroy", "-auto-approve")


def replaced(done: Run) -> bool:
    """Whether an apply destroyed something to make it anew."""
    found = re.search(r"(\d+) destroyed", done.output)
    return found is not None and int(found[1]) > 0
