"""The native plugin beside the dynamic provider: how long it takes to start, and a no-op `up` of the same networks."""

import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import programs

Figure = dict[str, object]


def start(rounds: int) -> Figure:
    """From the start of the plugin to the line with its port, beside `import pulumi` in the same Python."""
    plugin = (str(Path(sys.executable).parent / "pulumi-resource-virtnet"),)
    importing = (sys.executable, "-c", "import pulumi; print(0, flush=True)")
    took: dict[tuple[str, ...], list[float]] = {plugin: [], importing: []}
    for _ in range(rounds):
        for command, figures in took.items():
            figures.append(_first_line(command))
    middle = {command: round(statistics.median(figures), 2) for command, figures in took.items()}
    return {
        "runs": rounds,
        "import pulumi, s": middle[importing],
        "plugin to its port line, s": middle[plugin],
        "more, s": round(middle[plugin] - middle[importing], 2),
    }


def _first_line(command: tuple[str, ...]) -> float:
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    line = process.stdout.readline() if process.stdout is not None else b""
    taken = time.perf_counter() - started
    process.kill()
    process.wait()
    if not line.strip().isdigit():
        raise RuntimeError(f"{command[0]} said {line!r} where a number was to come")
    return taken


def no_op(count: int, rounds: int) -> Figure:
    """Both forms in turns on the same networks; the state of the one is taken over by the other."""
    with TemporaryDirectory(prefix="virtnet-bench.") as place:
        dynamic, native = programs.virtnet(Path(place, "dynamic")), programs.virtnet_native(Path(place, "native"))
        dynamic.give(count=count)
        dynamic.up()
        native.take_state_of(dynamic)
        native.up()
        runs = [(dynamic.up(), native.up()) for _ in range(rounds)]
        dynamic.destroy()
    one, other = (round(statistics.median(pair[n].seconds for pair in runs), 2) for n in (0, 1))
    return {
        "runs": rounds,
        "networks": count,
        "dynamic, s": one,
        "native, s": other,
        "native of dynamic": round(other / one, 2),
        "dynamic, MiB": round(max(pair[0].provider_mib for pair in runs)),
        "native, MiB": round(max(pair[1].provider_mib for pair in runs)),
    }
