"""The programs that are timed: virtnet's in its two forms, and one whose dynamic resources do nothing.

Each reads from given.json how many resources it declares, and how often the first of them, or all, were edited.

Every network names a DNS server to forward to. Without one its dnsmasq watches /etc/resolv.conf by an inotify instance
of root's, of which the kernel gives 128 by default (fs.inotify.max_user_instances): the 122nd network would not start.
"""

import json
import os
import sys
from pathlib import Path

from bench.measured import Run, run

_PROGRAM = """\
import json
from pathlib import Path
from {module} import {kind}

given = json.loads(Path(__file__).with_name("given.json").read_text())
for number in range(given["count"]):
    subnet = f"10.{{100 + number // 250}}.{{number % 250}}"
    reservations = given["each"] + (given["one"] if number == 0 else 0)
    hosts = [{{"mac": f"52:54:00:00:00:{{n:02x}}", "ip": f"{{subnet}}.{{n + 10}}"}} for n in range(reservations)]
    domain = {{"domain": {{"name": f"d{{given['restart']}}"}}}} if number == 0 and given["restart"] else {{}}
    {kind}(
        f"bench{{number}}",
        forward={{"mode": "nat"}},
        bridge={{"stp": False}},
        dns={{"forwarders": [{{"address": "192.0.2.53"}}]}},
        ips=[
            {{
                "address": f"{{subnet}}.1/24",
                "dhcp": {{"ranges": [{{"start": f"{{subnet}}.100", "end": f"{{subnet}}.200"}}], "hosts": hosts}},
            }}
        ],
        **domain,
    )
"""
_NOTHING_MODULE = '''\
from pulumi import dynamic


class NothingProvider(dynamic.ResourceProvider):
    """Does nothing, as fast as Pulumi lets it."""

    def create(self, inputs):
        return dynamic.CreateResult("nothing", inputs)

    def diff(self, id_, olds, news):
        return dynamic.DiffResult(changes=any(olds.get(name) != value for name, value in news.items()))

    def update(self, id_, olds, news):
        return dynamic.UpdateResult(news)

    # By reference, as virtnet's own provider is.
    def __reduce__(self):
        return (NothingProvider, ())


class Nothing(dynamic.Resource):
    def __init__(self, name, **props):
        super().__init__(NothingProvider(), name, props)
'''
NOTHING_GIVEN = {"count": 0, "one": 0, "restart": 0, "each": 0}


class Project:
    """A Pulumi project with a state of its own. `provider` is a part of its provider process's command line."""

    def __init__(self, directory: Path, program: str, *, provider: str, settings: str = "") -> None:
        self.directory, self._provider = directory, provider
        (directory / "state").mkdir(parents=True)
        (directory / "Pulumi.yaml").write_text(f"name: bench\nruntime: {{name: python}}\n{settings}")
        (directory / "__main__.py").write_text(program)
        self._environment = {
            **os.environ,
            "PULUMI_BACKEND_URL": f"file://{directory}/state",
            "PULUMI_HOME": str(directory / "home"),
            "PULUMI_CONFIG_PASSPHRASE": "bench",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
            "PULUMI_PYTHON_CMD": os.environ.get("PULUMI_PYTHON_CMD", sys.executable),
        }
        self.at_a_time: int | None = None
        """How many operations Pulumi's engine does at a time; None for its default, four for each processor."""
        self._given = dict(NOTHING_GIVEN)
        self.give()
        self._pulumi("stack", "init", "bench")

    def give(self, **given: int) -> None:
        """What the program is to declare from now on."""
        self._given |= given
        (self.directory / "given.json").write_text(json.dumps(self._given))

    def more(self, what: str) -> None:
        """One more edit of a kind."""
        self.give(**{what: self._given[what] + 1})

    def _pulumi(self, *arguments: str) -> Run:
        command = ("pulumi", *arguments, "--non-interactive", "--color=never")
        return run(command, directory=self.directory, environment=self._environment, provider=self._provider)

    def _operation(self, *arguments: str) -> Run:
        parallel = () if self.at_a_time is None else ("--parallel", str(self.at_a_time))
        return self._pulumi(*arguments, *parallel)

    def up(self) -> Run:
        return self._operation("up", "--yes", "--skip-preview", "--suppress-outputs")

    def preview(self) -> Run:
        return self._operation("preview")

    def refresh(self) -> Run:
        return self._operation("refresh", "--yes", "--skip-preview")

    def destroy(self) -> Run:
        return self._operation("destroy", "--yes", "--skip-preview")

    def take_state_of(self, other: "Project") -> None:
        """Go on with another project's state."""
        run(
            ("pulumi", "stack", "export", "--file", str(self.directory / "state.json")),
            directory=other.directory,
            environment=other._environment,
            provider="",
        )
        self._pulumi("stack", "import", "--file", str(self.directory / "state.json"))
        self.give(**other._given)


def virtnet(directory: Path) -> Project:
    """Networks through virtnet's dynamic provider."""
    program = _PROGRAM.format(module="pulumi_virtnet", kind="LibvirtNetwork")
    return Project(directory, program, provider="pulumi.dynamic")


def virtnet_native(directory: Path) -> Project:
    """The same through virtnet's native plugin."""
    settings = f"plugins: {{providers: [{{name: virtnet, path: '{Path(sys.executable).parent}'}}]}}\n"
    program = _PROGRAM.format(module="pulumi_virtnet.native", kind="LibvirtNetwork")
    return Project(directory, program, provider="pulumi-resource-virtnet", settings=settings)


def nothing(directory: Path, program: str = _PROGRAM.format(module="nothing", kind="Nothing")) -> Project:
    """As many resources with the same properties, whose provider does nothing."""
    project = Project(directory, program, provider="pulumi.dynamic")
    (directory / "nothing.py").write_text(_NOTHING_MODULE)
    return project
