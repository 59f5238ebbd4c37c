"""Port forwards of one host: their lives beside the engine's floor and nft's, and what a forwarded connection costs.

nft's floor is one `nft -f` of the very rules that virtnet loads, in a network namespace of its own. Traffic comes from
outside to a guest of an open network, whose address is reached directly as well, by a process of Python at each end.
"""

import json
import statistics
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.hosts.peers import HOST, SUBNET, WEB, Site, site
from tests.hosts.sandboxed import Host

from bench import programs
from bench.measured import Run
from bench.programs import Project
from virtnet.connect import connect
from virtnet.libvirtd.connection import Connections
from virtnet.planning import lifecycle
from virtnet.port_forward.resource import PORT_FORWARD
from virtnet.port_forward.restore.files import COMMON_PATH, DIRECTORY

SIZES = (1, 100, 1000)
WHATS = ("create", "no-op up", "refresh", "edit of one", "destroy")
PROGRAM = """\
import json
from pathlib import Path
from {module} import {kind}

given = json.loads(Path(__file__).with_name("given.json").read_text())
for number in range(given["count"]):
    sources = {{"sources": [f"203.0.113.{{given['one']}}"]}} if number == 0 and given["one"] else {{}}
    {kind}(
        f"bench{{number}}",
        network="bench",
        target_address=f"10.99.{{number // 200}}.{{number % 200 + 2}}",
        ports=[{{"protocol": "tcp", "listen_port": str(10000 + number), "target_port": "80"}}],
        **sources,
    )
"""
NETWORK = """\
<network><name>bench</name><forward mode='nat'/><bridge name='vn-bench' stp='off'/>
<dns enable='no'/><ip address='10.99.100.1' prefix='16'/></network>
"""
#: Serves whoever comes: takes all that is sent, or answers each message.
SERVE = """\
import socket, threading
def serve(port, act):
    listener = socket.create_server(("", port), backlog=512)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=act, args=(connection,), daemon=True).start()
def take(connection):
    while connection.recv(1 << 20): pass
    connection.sendall(b"x")
def answer(connection):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while said := connection.recv(64): connection.sendall(said)
threading.Thread(target=serve, args=(81, answer), daemon=True).start()
print("ready", flush=True)
serve(80, take)
"""
#: Prints how many seconds it took to send so many MiB, to connect and hear an answer, and to hear another one.
ASK = """\
import json, socket, statistics, sys, time
address, take, answer, mib, times = sys.argv[1], *map(int, sys.argv[2:])
def connect(port):
    connection = socket.create_connection((address, port), 5)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection
with connect(take) as connection:
    began = time.perf_counter()
    for _ in range(mib): connection.sendall(bytes(1 << 20))
    connection.shutdown(socket.SHUT_WR); connection.recv(1)
    sent = time.perf_counter() - began
opened, answered = [], []
with connect(answer) as held:
    for _ in range(times):
        began = time.perf_counter()
        with connect(answer) as connection:
            connection.sendall(b"x"); connection.recv(1)
        opened.append(time.perf_counter() - began)
        began = time.perf_counter()
        held.sendall(b"x"); held.recv(1)
        answered.append(time.perf_counter() - began)
print(json.dumps([sent, statistics.median(opened), statistics.median(answered)]))
"""
MIB, TIMES = 2048, 500
PORTS = [
    {"protocol": "tcp", "listen_port": "8080", "target_port": "80"},
    {"protocol": "tcp", "listen_port": "8081", "target_port": "81"},
]

Figure = dict[str, object]


def lives(count: int, rounds: int) -> list[Figure]:
    """So many forwards from create to destroy, in turns with as many resources that do nothing."""
    host = Host(0, Path("/run"))
    host.run("virsh", "--quiet", "net-define", "/dev/stdin", given=NETWORK)
    host.virsh("net-start", "bench")
    runs: dict[str, list[tuple[Run, Run]]] = defaultdict(list)
    loads: list[float] = []
    with TemporaryDirectory(prefix="virtnet-bench.") as place:
        directory = Path(place)
        ours = Project(directory / "virtnet", _program("pulumi_virtnet", "PortForward"), provider="pulumi.dynamic")
        nothing = programs.nothing(directory / "nothing", _program("nothing", "Nothing"))

        def in_turns(what: str, act: Callable[[Project], Run]) -> None:
            pair = act(nothing), act(ours)
            print(f"    {what}: engine {pair[0].seconds:.2f} s, virtnet {pair[1].seconds:.2f} s", flush=True)
            runs[what].append(pair)

        for project in (nothing, ours):
            project.give(count=count)
        in_turns("create", Project.up)
        for _ in range(rounds):
            loads.append(_loaded_at_once())
            in_turns("no-op up", Project.up)
            in_turns("refresh", Project.refresh)
            in_turns("edit of one", _edited)
        in_turns("destroy", Project.destroy)
    host.virsh("net-destroy", "bench")
    host.virsh("net-undefine", "bench")
    return [_figure(what, count, runs[what], loads if what == "create" else []) for what in WHATS]


def traffic(rounds: int) -> list[Figure]:
    """A guest's ports, reached directly and through a forward in turns."""
    host = Host(0, Path("/run"))
    found: dict[str, list[list[float]]] = defaultdict(list)
    with site(host) as made, _forwarded(made), _serving(made):
        host.sh(f"ip -n outside route add {SUBNET[4]} via {HOST[4]}")
        for _ in range(rounds):
            for way, address, ports in (("directly", WEB[4], ("80", "81")), ("forwarded", HOST[4], ("8080", "8081"))):
                asked = ("ip", "netns", "exec", "outside", "python3", "-I", "-c", ASK, address, *ports)
                found[way].append(json.loads(host.run(*asked, str(MIB), str(TIMES)).stdout))
    return [
        {
            "way": way,
            "runs": len(times),
            "Gbit/s": round(MIB * 8 / 1024 / statistics.median(sent for sent, *_ in times), 2),
            "connect and answer, µs": round(statistics.median(one for _, one, _ in times) * 1e6),
            "answer, µs": round(statistics.median(one for *_, one in times) * 1e6),
        }
        for way, times in found.items()
    ]


def _program(module: str, kind: str) -> str:
    return PROGRAM.format(module=module, kind=kind)


def _edited(project: Project) -> Run:
    project.more("one")
    return project.up()


def _loaded_at_once() -> float:
    """How many seconds nft takes for the rules that are loaded now, from files and where nothing is loaded yet."""
    files = "".join(path.read_text() for path in (Path(COMMON_PATH), *sorted(Path(DIRECTORY).glob("*.nft"))))
    rules = Path("/run/bench.nft")
    rules.write_text(files)
    timed = 'began=$(date +%s%N); nft -f "$0"; echo $(($(date +%s%N) - began))'
    done = subprocess.run(
        ["unshare", "--net", "bash", "-ec", timed, str(rules)], check=True, capture_output=True, text=True
    )
    return int(done.stdout) / 1e9


def _figure(what: str, count: int, pairs: list[tuple[Run, Run]], loads: list[float]) -> Figure:
    (floor, floor_processor), (ours, processor) = (
        (statistics.median(one.seconds for one in runs), statistics.median(one.processor for one in runs))
        for runs in zip(*pairs, strict=True)
    )
    nft = statistics.median(loads) if loads else None
    return {
        "port forwards": count,
        "what": what,
        "runs": len(pairs),
        "one nft -f, s": None if nft is None else round(nft, 2),
        "engine's floor, s": round(floor, 2),
        "virtnet, s": round(ours, 2),
        "of the floors": round(ours / (floor + (nft or 0)), 2),
        "engine's floor, processor s": round(floor_processor, 2),
        "virtnet, processor s": round(processor, 2),
        "above it, processor ms each": round((processor - floor_processor) * 1000 / count),
    }


@contextmanager
def _forwarded(made: Site) -> Iterator[None]:
    """The guest on an open network, with a forward as the resource makes it."""
    connections = Connections()
    clients: lifecycle.Connect = lambda uri: connect(uri, connections)  # noqa: E731 - the type is the point
    made.start_network("open", stp="off")
    owner = {"__owner": "bench/bench/web", "__urn": "urn:pulumi:bench::bench::virtnet:index:PortForward::web"}
    desired, failures = PORT_FORWARD.check(
        {"uri": "qemu:///system", "network": "lab", "target_address": WEB[4], "ports": PORTS, **owner}, {}
    )
    assert not failures, failures
    made.host.sh("sysctl -qw net.ipv4.ip_forward=1")
    recorded = lifecycle.create(PORT_FORWARD, desired, clients, lambda _: None)
    try:
        yield
    finally:
        lifecycle.delete(PORT_FORWARD, recorded, clients, lambda _: None)
        made.remove_network()


@contextmanager
def _serving(made: Site) -> Iterator[None]:
    """A process in the guest that serves."""
    command = made.host.command("ip", "netns", "exec", "web", "python3", "-I", "-c", SERVE)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "ready\n"
        yield
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
