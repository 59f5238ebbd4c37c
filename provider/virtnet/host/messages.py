"""What errors of a host say: every sentence, for whoever edits them as prose.

Constants in capitals and functions named like requests are what was to be done: they stand behind "could not". `what`
is one of them, `host` a host's name for messages, and `said` is what the system or a program said.
"""

from typing import Literal

LIST_LINKS = "list the network interfaces"

LIST_ADDRESSES = "list the addresses"

LIST_SOCKETS = "list the listening sockets"

LIST_ZONES = "list the zones of firewalld"

LIST_FIREWALL_RULES = "list the firewall rules"

LIST_NFT_TABLES = "list the tables of nftables"

LOAD_NFT = "load rules into nftables"

TRY_LIMITS = "try whether the kernel can limit traffic"

TRACK_CONNECTIONS = "have connections tracked"

STOP_TRACKING = "delete the rule by which connections are tracked"


def listing_not_read(host: str, reason: str) -> str:
    """That what nft prints as data cannot be read."""
    return f"{host} lists its firewall rules in a form that can't be read: {reason}"


TRY_DHCP_PORT = "try the port of DHCP servers"

READ_CAPABILITIES = "read this process's capabilities"

WAIT_FOR_LOCK = "wait for other changes of this host"

RELEASE_LOCK = "let others change this host"


def list_routes(version: int) -> str:
    """Of IPv4 or IPv6."""
    return f"list the IPv{version} routes"


def find_program(name: str) -> str:
    """Whether a program is installed."""
    return f"look for the program {name}"


def delete_link(name: str) -> str:
    """A network interface."""
    return f"delete the interface {name}"


def set_master(link: str, bridge: str) -> str:
    """Plug it in."""
    return f"plug the interface {link} into {bridge}"


def set_link(link: str, state: Literal["up", "down"]) -> str:
    """Up or down."""
    return f"bring the interface {link} {state}"


def write_attribute(path: str, value: str) -> str:
    """A file below /sys/class/net."""
    return f"write {value} to {path}"


def list_vlans(link: str) -> str:
    """Of a bridge's port."""
    return f"list the VLANs of {link}"


def set_vlans(link: str) -> str:
    """Of a bridge's port."""
    return f"set the VLANs of {link}"


def read_sysctl(key: str) -> str:
    """A kernel parameter."""
    return f"read the kernel parameter {key}"


def write_sysctl(key: str, value: str) -> str:
    """A kernel parameter."""
    return f"set the kernel parameter {key} to {value}"


def read_file(path: str) -> str:
    """A file."""
    return f"read {path}"


def list_directory(path: str) -> str:
    """A directory."""
    return f"list {path}"


def write_file(path: str) -> str:
    """A file."""
    return f"write {path}"


def remove_file(path: str) -> str:
    """A file."""
    return f"remove {path}"


def end_process(pid: int) -> str:
    """A process."""
    return f"end process {pid}"


def delete_rule(chain: str) -> str:
    """A firewall's rule."""
    return f"delete a rule of {chain}"


def run_script(path: str) -> str:
    """A shell script that is a file of the host."""
    return f"run {path}"


def read_service(unit: str) -> str:
    """A service of systemd."""
    return f"look at the service {unit}"


def enable_service(unit: str) -> str:
    """A service of systemd."""
    return f"enable the service {unit}"


def disable_service(unit: str) -> str:
    """A service of systemd."""
    return f"disable the service {unit}"


def start_service(unit: str) -> str:
    """A service of systemd."""
    return f"start the service {unit}"


def stop_service(unit: str) -> str:
    """A service of systemd."""
    return f"stop the service {unit}"


def insert_rule(chain: str) -> str:
    """A firewall's rule."""
    return f"put a rule into the firewall's chain {chain}"


def add_chain(chain: str) -> str:
    """A firewall's chain."""
    return f"make the firewall's chain {chain}"


def failed(what: str, host: str, said: str) -> str:
    """It could not be done, for no reason that is known here."""
    return f"could not {what} on {host}: {said}"


def no_program(what: str, host: str, program: str, package: str) -> str:
    """A program is not installed, which Debian's package has."""
    return f"could not {what} on {host}: there is no program '{program}'; install {package}"


def denied(what: str, host: str, root_hint: str, said: str) -> str:
    """Root may, and this user may not."""
    return f"{host} does not let this user {what}; {root_hint} ({said})"


def read_only(what: str, host: str, said: str) -> str:
    """The file system is mounted read-only."""
    return (
        f"could not {what} on {host}: it is read-only there; run outside of the container or sandbox"
        f" that made it so ({said})"
    )


def no_answer_to_read(what: str, host: str, said: str) -> str:
    """A read took too long."""
    return f"could not {what} on {host}: {said}; try again"


def no_answer_to_change(what: str, host: str, said: str) -> str:
    """What changes something took too long."""
    return f"could not {what} on {host}: {said}; whether it was done is unknown; try again"


def lost_while_changing(what: str, host: str, said: str) -> str:
    """The connection broke."""
    return (
        f"the connection to {host} was lost while trying to {what}; whether it was done is unknown; "
        f"pulumi up looks before it goes on: {said}"
    )


def nul(what: str, host: str) -> str:
    """A name with a NUL, which no call takes."""
    return f"could not {what!a} on {host}: nothing on a host has a NUL in its name"


def locked(host: str, seconds: float, lock_file: str) -> str:
    """Another process does not let go of the lock."""
    return (
        f"{host} was not touched: another process of virtnet has been changing it for "
        f"{seconds / 60:.0f} minutes (it holds {lock_file}); see what it waits for"
    )


def no_attribute(path: str, host: str) -> str:
    """A path outside of /sys/class/net."""
    return f"{path} is no attribute of a network interface of {host}"


def no_parameter(key: str, host: str) -> str:
    """A key that is none."""
    return f"'{key}' is no kernel parameter of {host}; write it like net/ipv4/ip_forward"


def process_stays(pid: int, host: str) -> str:
    """It ignores SIGTERM."""
    return f"could not end process {pid} on {host}: it goes on after SIGTERM; end it by hand"


# What a machine answers where the system has no words of its own.

LOCK_HELD = "another program holds it"

STILL_RUNS = "it goes on after SIGTERM"

CLOSED = "it was closed"


def exit_status(status: int | str) -> str:
    """A program failed without a word."""
    return f"exit status {status}"


def does_not_run(path: str, said: str) -> str:
    """A program that is there cannot be started."""
    return f"{path} does not run: {said}"


def program_silent(program: str, seconds: float) -> str:
    """A program took too long."""
    return f"'{program}' gave no answer in {seconds:g} s"


def host_silent(host: str) -> str:
    """A shell took too long."""
    return f"{host} gave no answer in time"


# Why there is no shell on a host.

ROOT_HERE = "run as root"


def root_there(user: str) -> str:
    """How that user becomes root on a host behind ssh, or on this one by sudo."""
    return f"log in there as root, or let {user} use sudo without a password"


def lost_twice(host: str, said: str) -> str:
    """A read was repeated over a new connection, which was lost too."""
    return f"the connection to {host} was lost twice in a row: {said}"


def no_ssh_program(host: str, program: str, said: str) -> str:
    """The program that carries the shell cannot be started."""
    return (
        f"{host} cannot be reached: {program} does not run: {said}; "
        "install openssh-client or correct the uri's parameter command"
    )


def ssh_denied(host: str, said: str) -> str:
    """Ssh found no key that the host takes."""
    return f"{host} does not let this user in; give ssh a key or an agent that works without a question: {said}"


def host_key_changed(host: str, said: str) -> str:
    """Ssh knows another key of the host."""
    return (
        f"{host} has another ssh key than the known one; if it was installed anew, have ssh-keygen -R forget "
        f"the old key, else somebody may be in between: {said}"
    )


def host_key_unknown(host: str, said: str) -> str:
    """Ssh knows no key of the host."""
    return f"{host} is not known to this user's ssh; connect by hand once to see its key: {said}"


def no_shell(host: str, said: str) -> str:
    """The host lets this user in, and gives no shell."""
    return f"{host} gives this user no shell: {said}"


def not_reached(host: str, said: str) -> str:
    """Ssh failed for no reason that is known here."""
    return f"{host} cannot be reached by ssh; see that `ssh {host}` works without a question: {said}"
