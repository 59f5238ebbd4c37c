"""The sentences of a host's errors.

Constants in capitals and functions named like requests name an operation: they stand behind "could not". `what` is one
of them, `host` a host's name for messages, and `said` is the message of the system or of a program.
"""

from typing import Literal

LIST_LINKS = "list the network interfaces"

LIST_ADDRESSES = "list the addresses"

LIST_SOCKETS = "list the listening sockets"

LIST_ZONES = "list the zones of firewalld"

LIST_FIREWALL_RULES = "list the firewall rules"

LIST_NFT_TABLES = "list the tables of nftables"

LOAD_NFT = "load rules into nftables"

TRY_LIMITS = "check whether the kernel can limit traffic"

IP_BATCH = "change links, routes and neighbors"

TRACK_CONNECTIONS = "add the rule that keeps connections tracked"

STOP_TRACKING = "delete the rule that keeps connections tracked"


def listing_not_read(host: str, reason: str) -> str:
    """That what nft prints as data can't be read."""
    return f"{host} lists its firewall rules in a form that virtnet can't read: {reason}"


TRY_DHCP_PORT = "check whether the DHCP server port is free"

READ_CAPABILITIES = "read this process's capabilities"

WAIT_FOR_LOCK = "get the lock for changes to this host"

RELEASE_LOCK = "release the lock for changes to this host"


def list_routes(version: int) -> str:
    """Of IPv4 or IPv6."""
    return f"list the IPv{version} routes"


def list_neighbours(interface: str) -> str:
    """Of both versions of IP."""
    return f"list the neighbors on {interface}"


def find_program(name: str) -> str:
    """Whether a program is installed."""
    return f"look for the program {name}"


def delete_link(name: str) -> str:
    """A network interface."""
    return f"delete the interface {name}"


def set_master(link: str, bridge: str) -> str:
    """Attach it to a bridge."""
    return f"attach the interface {link} to {bridge}"


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
    return f"read the state of the service {unit}"


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
    return f"insert a rule into the firewall chain {chain}"


def add_chain(chain: str) -> str:
    """A firewall's chain."""
    return f"create the firewall chain {chain}"


def failed(what: str, host: str, said: str) -> str:
    """It could not be done, for no reason that is known here."""
    return f"could not {what} on {host}: {said}"


def no_program(what: str, host: str, program: str, package: str) -> str:
    """A program is not installed, which Debian's package has."""
    return f"could not {what} on {host}: the program '{program}' isn't installed. Install {package}"


def denied(what: str, host: str, root_hint: str, said: str) -> str:
    """Root may, and this user may not."""
    return f"{host} doesn't let this user {what} ({said}). {root_hint}"


def read_only(what: str, host: str, said: str) -> str:
    """The file system is mounted read-only."""
    return (
        f"could not {what} on {host}: the file system is read-only ({said}). Run outside the container or sandbox that "
        "mounted it read-only"
    )


def no_answer_to_read(what: str, host: str, said: str) -> str:
    """A read took too long."""
    return f"could not {what} on {host}: {said}. Try again"


def no_answer_to_change(what: str, host: str, said: str) -> str:
    """What changes something took too long."""
    return f"could not {what} on {host}: {said}. It may or may not have been done. Try again"


def lost_while_changing(what: str, host: str, said: str) -> str:
    """The connection broke."""
    return (
        f"the connection to {host} was lost during an attempt to {what} ({said}). It may or may not have been done. Run "
        "pulumi up, which checks that first"
    )


def nul(what: str, host: str) -> str:
    """A name with a NUL, which no call takes."""
    return f"could not {what!a} on {host}: a name can't contain a NUL character"


def locked(host: str, seconds: float, lock_file: str) -> str:
    """Another process keeps the lock."""
    return (
        f"{host} was not changed: another virtnet process has held the lock {lock_file} for {seconds / 60:.0f} minutes. "
        "Find out what that process is waiting for"
    )


def no_attribute(path: str, host: str) -> str:
    """A path outside of /sys/class/net."""
    return f"{path} isn't an attribute of a network interface of {host}"


def no_parameter(key: str, host: str) -> str:
    """A key that is none."""
    return f"'{key}' isn't a kernel parameter of {host}. Use a form like net/ipv4/ip_forward"


def process_stays(pid: int, host: str) -> str:
    """It ignores SIGTERM."""
    return f"could not end process {pid} on {host}: it still runs after SIGTERM. End it by hand"


# What a machine answers where the system has no words of its own.

LOCK_HELD = "another program holds it"

STILL_RUNS = "it still runs after SIGTERM"

CLOSED = "it was closed"


def exit_status(status: int | str) -> str:
    """A program failed without a word."""
    return f"exit status {status}"


def does_not_run(path: str, said: str) -> str:
    """A program that is there can't be started."""
    return f"{path} can't be run: {said}"


def program_silent(program: str, seconds: float) -> str:
    """A program took too long."""
    return f"'{program}' didn't answer in {seconds:g} s"


def host_silent(host: str) -> str:
    """A shell took too long."""
    return f"{host} didn't answer in time"


# Why there is no shell on a host.

ROOT_HERE = "Run as root"


def root_there(user: str) -> str:
    """How that user becomes root on a host behind ssh, or on this one by sudo."""
    return f"Log in there as root, or let {user} use sudo without a password"


def lost_twice(host: str, said: str) -> str:
    """A read was repeated over a new connection, which was lost too."""
    return f"the connection to {host} was lost twice in a row: {said}"


def no_ssh_program(host: str, program: str, said: str) -> str:
    """The program that carries the shell can't be started."""
    return (
        f"{host} can't be reached: {program} can't be run ({said}). Install openssh-client, or correct the uri's "
        "parameter command"
    )


def ssh_denied(host: str, said: str) -> str:
    """Ssh found no key that the host takes."""
    return f"{host} doesn't let this user log in ({said}). Give ssh a key or an agent that works without a prompt"


def host_key_changed(host: str, said: str) -> str:
    """Ssh knows another key of the host."""
    return (
        f"the ssh host key of {host} differs from the known one ({said}). If the host was reinstalled, remove the old key "
        "with ssh-keygen -R. Otherwise somebody may be intercepting the connection"
    )


def host_key_unknown(host: str, said: str) -> str:
    """The host's key is unknown to ssh."""
    return f"this user's ssh doesn't know the host key of {host} ({said}). Connect by hand once to check the key"


def no_shell(host: str, said: str) -> str:
    """The host lets this user in, and gives no shell."""
    return f"{host} doesn't give this user a shell: {said}"


def not_reached(host: str, said: str) -> str:
    """Ssh failed for no reason that is known here."""
    return f"{host} can't be reached by ssh ({said}). Make sure that `ssh {host}` works without a prompt"
