"""A PortForward's inputs brought to their one canonical form, or refused; and what it wants for itself. Pure."""

import ipaddress
from collections.abc import Iterator

from virtnet.planning.ownership.claims import Want
from virtnet.port_forward.forward import LAST_PORT
from virtnet.port_forward.kinds import PortForwardFailure, WantedTwice
from virtnet.port_forward.ports import Span, first_meeting, span, target_of
from virtnet.port_forward.spec import ForwardedPort, PortForwardSpec
from virtnet.spec.checking import any_unknown, if_known, known_items
from virtnet.spec.failures import Failure
from virtnet.spec.part import UNKNOWN, Values, as_group, as_list, from_inputs, tree
from virtnet.transport.uri import why_no_host

TARGETS = ("target_address", "target_mac", "target_name")
"""Of which a program names one."""

FAMILIES = {("tcp", 4): 0, ("udp", 4): 1, ("tcp", 6): 2, ("udp", 6): 3}
"""Ports of these have nothing to do with each other."""


def check(inputs: Values, _recorded: Values) -> tuple[dict[str, object], list[Failure]]:
    """Inputs in their one canonical form, or every reason against them. Pure.

    `__owner` is project/stack/resource, and `__urn` its URN, for the mark on the host.
    """
    spec, failures = from_inputs(
        PortForwardSpec, {name: value for name, value in inputs.items() if not name.startswith("__")}
    )
    if spec is None:
        return {}, failures
    failures = [*_place(spec), *_target(spec), *_ports(spec), *_versions(spec)]
    if failures:
        return {}, failures
    canonical = tree(spec)
    if canonical["ports"] is not UNKNOWN:
        canonical["ports"] = [_canonical(item) for item in as_list(canonical["ports"])]
    return canonical | {name: inputs[name] for name in ("__owner", "__urn") if inputs.get(name)}, []


def _canonical(item: object) -> object:
    """An item of ports, without a target port that says what leaving it out means."""
    if item is UNKNOWN:
        return item
    named = dict(as_group(item))
    listen, target = named["listen_port"], named.get("target_port")
    if target is not None and UNKNOWN not in (listen, target):
        leads_to = target_of(span(str(listen)), str(target))
        named["target_port"] = str(leads_to)
        if leads_to == span(str(listen)):
            del named["target_port"]
    return named


def _place(spec: PortForwardSpec) -> Iterator[Failure]:
    uri = spec.uri
    if uri is None:
        yield Failure("uri", PortForwardFailure.URI_MISSING)
    elif isinstance(uri, str) and (fault := why_no_host(uri)) is not None:
        yield Failure("uri", fault.kind, fault.details)


def _target(spec: PortForwardSpec) -> Iterator[Failure]:
    named = [name for name in TARGETS if getattr(spec, name) is not None]
    if not named:
        yield Failure("target_address", PortForwardFailure.NO_TARGET)
    for name in named[1:]:
        yield Failure(name, PortForwardFailure.TARGETS, {"other": named[0]})


def _ports(spec: PortForwardSpec) -> Iterator[Failure]:
    if if_known(spec.ports) == ():
        yield Failure("ports", PortForwardFailure.NO_PORTS)
    if if_known(spec.sources) == ():
        yield Failure("sources", PortForwardFailure.NO_SOURCES)
    spans: dict[str, list[tuple[int, Span]]] = {"tcp": [], "udp": []}
    for index, item in known_items(spec.ports):
        if any_unknown(item.listen_port):
            continue
        listen = span(item.listen_port)
        yield from _lengths(index, item, listen)
        if not any_unknown(item.protocol):
            spans[item.protocol].append((index, listen))
    for protocol, listed in spans.items():
        for index, other, common in first_meeting(listed):
            details = {"protocol": protocol, "common": str(common), "place": f"ports[{other}]"}
            yield Failure(f"ports[{index}].listen_port", PortForwardFailure.OVERLAP, details)


def _lengths(index: int, item: ForwardedPort, listen: Span) -> Iterator[Failure]:
    target = if_known(item.target_port)
    if target is None:
        return
    leads_to, path = target_of(listen, target), f"ports[{index}].target_port"
    if leads_to.last - leads_to.first != listen.last - listen.first:
        meant = str(Span(leads_to.first, leads_to.first + listen.last - listen.first))
        length = listen.last - listen.first + 1
        yield Failure(path, PortForwardFailure.LENGTHS_DIFFER, {"length": length}, suggestion=meant)
    elif leads_to.last > LAST_PORT:
        yield Failure(path, PortForwardFailure.TARGET_BEYOND_PORTS, {"last": leads_to.last, "largest": LAST_PORT})


def _versions(spec: PortForwardSpec) -> Iterator[Failure]:
    """Nothing is translated from one version of IP to the other."""
    told: list[tuple[str, int]] = []
    for name in ("listen_address", "target_address"):
        address = if_known(getattr(spec, name))
        if address is not None:
            told.append((name, ipaddress.ip_address(address).version))
    told += [(f"sources[{index}]", ipaddress.ip_network(one).version) for index, one in known_items(spec.sources)]
    if not told:
        return
    first, version = told[0]
    for path, other in told[1:]:
        if other != version:
            yield Failure(
                path, PortForwardFailure.VERSIONS_DIFFER, {"version": other, "place": first, "expected": version}
            )


def wants(inputs: Values) -> Iterator[Want]:
    """The host's ports, as far as the ports, the host and the address are known."""
    host, address, ports = inputs.get("uri"), inputs.get("listen_address", ""), inputs.get("ports")
    if not isinstance(host, str) or not isinstance(address, str) or ports is UNKNOWN:
        return
    for index, item in enumerate(as_list(ports)):
        named = {} if item is UNKNOWN else as_group(item)
        protocol, listen = named.get("protocol"), named.get("listen_port")
        if not isinstance(protocol, str) or not isinstance(listen, str):
            continue
        value = " ".join(filter(None, (address, protocol, listen)))
        spread = (FAMILIES[protocol, version_of(inputs)], *span(listen))
        # By its place in the program: what Pulumi finds no value of, it prints all inputs for.
        yield Want(host, f"ports[{index}].listen_port", WantedTwice.PORT, value, spread, within=address)


def version_of(inputs: Values) -> int:
    """The version of IP of the addresses in the inputs; 4 if there is none, because most reservations have IPv4."""
    sources = inputs.get("sources", ())
    named = [
        inputs.get("listen_address"),
        inputs.get("target_address"),
        *as_list(() if sources is UNKNOWN else sources),
    ]
    return 6 if any(isinstance(one, str) and ":" in one for one in named) else 4
