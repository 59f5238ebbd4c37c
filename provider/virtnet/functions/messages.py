"""How the functions' refusals read."""

NAME_OR_UUID = "give either name or uuid"


def host_not_reached(uri: str) -> str:
    """The URI reaches libvirt alone, and the question is about the host itself."""
    return (
        f"{uri} reaches only libvirt, and this needs the host's addresses and routes. Run the program on that host with a "
        "local URI such as qemu:///system"
    )


def prefix_length_not_possible(length: int, pool: str, shortest: int, longest: int) -> str:
    """No subnet of that prefix length fits into the pool, or leaves room for hosts."""
    return f"prefix_length is {length}, and must be {shortest} to {longest} within {pool}"


def no_subnet_free(length: int, pool: str, uri: str) -> str:
    """Everything in the pool is used."""
    return f"{uri} has no free /{length} within {pool}. Set within to another or a larger subnet"
