"""The inputs of a HostForwarding: Args classes, TypedDicts and the typed constructor.

Written by tools/generate_sdk from the provider's spec: change that, then run `make sdk`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import pulumi
from pulumi import Input
from typing_extensions import NotRequired, TypedDict

from pulumi_virtnet._resource import Args, Resource


class InterfaceForwardingArgs(Args):
    """Forwarding of one interface (net.ipv4.conf.NAME.forwarding, net.ipv6.conf.NAME.forwarding).

    Any change is applied live.

    Args:
        ipv4: Whether IPv4 packets that arrive on this interface are forwarded.
        ipv6: Whether IPv6 packets that arrive on this interface are forwarded.
    """

    FIELDS: ClassVar[Mapping[str, type[Args] | None]] = {
        "ipv4": None,
        "ipv6": None,
    }

    def __init__(
        self,
        *,
        ipv4: Input[bool] | None = None,
        ipv6: Input[bool] | None = None,
    ) -> None:
        self.ipv4 = ipv4
        self.ipv6 = ipv6


class InterfaceForwardingArgsDict(TypedDict):
    """Forwarding of one interface (net.ipv4.conf.NAME.forwarding, net.ipv6.conf.NAME.forwarding).

    Any change is applied live.
    """

    ipv4: NotRequired[Input[bool] | None]
    """Whether IPv4 packets that arrive on this interface are forwarded."""
    ipv6: NotRequired[Input[bool] | None]
    """Whether IPv6 packets that arrive on this interface are forwarded."""


class HostForwardingArgs(Args):
    """The inputs of a HostForwarding, for its `args`.

    Args:
        uri: Connection URI of the host, as for a network. Local URIs act on this host, qemu+ssh:// over ssh.
            A change replaces the resource.
        ipv4: net.ipv4.ip_forward. Left out beside ipv6 or interfaces it is not managed, and restored when it
            was before; left out alone it is true. A change is applied live.
        ipv6: net.ipv6.conf.all.forwarding. Left out, it is not managed, and restored when it was managed
            before. A change is applied live.
        interfaces: Forwarding of single interfaces, by their names. A change is applied live.
        preserve_router_advertisements: Before IPv6 forwarding goes on, accept_ra=2 on every interface that
            has routes from router advertisements. Default: True. A change is applied live.
        persist: Keep the values over a boot, in a drop-in of our own in /etc/sysctl.d. When false they last
            until the next boot, and a file in /run/virtnet, which nothing else reads, says whose they are.
            Default: True. A change is applied live.
        drop_in: The drop-in's file name, ending in .conf. Default: 90-virtnet-forwarding.conf. A change is
            applied live.
        on_delete: What delete does: put back the values found at create, or keep them. Default: restore. A
            change touches nothing on the host.
    """

    FIELDS: ClassVar[Mapping[str, type[Args] | None]] = {
        "uri": None,
        "ipv4": None,
        "ipv6": None,
        "interfaces": InterfaceForwardingArgs,
        "preserve_router_advertisements": None,
        "persist": None,
        "drop_in": None,
        "on_delete": None,
    }
    MAPS: ClassVar[frozenset[str]] = frozenset({"interfaces"})

    def __init__(
        self,
        *,
        uri: Input[str] | None = None,
        ipv4: Input[bool] | None = None,
        ipv6: Input[bool] | None = None,
        interfaces: Input[Mapping[str, Input[InterfaceForwardingArgs | InterfaceForwardingArgsDict]]] | None = None,
        preserve_router_advertisements: Input[bool] | None = None,
        persist: Input[bool] | None = None,
        drop_in: Input[str] | None = None,
        on_delete: Input[Literal["restore", "keep"]] | None = None,
    ) -> None:
        self.uri = uri
        self.ipv4 = ipv4
        self.ipv6 = ipv6
        self.interfaces = interfaces
        self.preserve_router_advertisements = preserve_router_advertisements
        self.persist = persist
        self.drop_in = drop_in
        self.on_delete = on_delete


class HostForwardingArgsDict(TypedDict):
    """The inputs of a HostForwarding, for its `args`."""

    uri: NotRequired[Input[str] | None]
    """Connection URI of the host, as for a network. Local URIs act on this host, qemu+ssh:// over ssh. A change
    replaces the resource.
    """
    ipv4: NotRequired[Input[bool] | None]
    """net.ipv4.ip_forward. Left out beside ipv6 or interfaces it is not managed, and restored when it was before;
    left out alone it is true. A change is applied live.
    """
    ipv6: NotRequired[Input[bool] | None]
    """net.ipv6.conf.all.forwarding. Left out, it is not managed, and restored when it was managed before. A change
    is applied live.
    """
    interfaces: NotRequired[Input[Mapping[str, Input[InterfaceForwardingArgs | InterfaceForwardingArgsDict]]] | None]
    """Forwarding of single interfaces, by their names. A change is applied live."""
    preserve_router_advertisements: NotRequired[Input[bool] | None]
    """Before IPv6 forwarding goes on, accept_ra=2 on every interface that has routes from router advertisements.
    Default: True. A change is applied live.
    """
    persist: NotRequired[Input[bool] | None]
    """Keep the values over a boot, in a drop-in of our own in /etc/sysctl.d. When false they last until the next
    boot, and a file in /run/virtnet, which nothing else reads, says whose they are. Default: True. A change is
    applied live.
    """
    drop_in: NotRequired[Input[str] | None]
    """The drop-in's file name, ending in .conf. Default: 90-virtnet-forwarding.conf. A change is applied live."""
    on_delete: NotRequired[Input[Literal["restore", "keep"]] | None]
    """What delete does: put back the values found at create, or keep them. Default: restore. A change touches
    nothing on the host.
    """


class HostForwardingInputs(Resource):
    """The constructor of a HostForwarding, and its inputs as outputs."""

    ARGS: ClassVar[type[Args]] = HostForwardingArgs

    def __init__(
        self,
        resource_name: str,
        args: HostForwardingArgs | HostForwardingArgsDict | None = None,
        opts: pulumi.ResourceOptions | None = None,
        *,
        uri: Input[str] | None = None,
        ipv4: Input[bool] | None = None,
        ipv6: Input[bool] | None = None,
        interfaces: Input[Mapping[str, Input[InterfaceForwardingArgs | InterfaceForwardingArgsDict]]] | None = None,
        preserve_router_advertisements: Input[bool] | None = None,
        persist: Input[bool] | None = None,
        drop_in: Input[str] | None = None,
        on_delete: Input[Literal["restore", "keep"]] | None = None,
    ) -> None:
        """Make a HostForwarding part of the stack.

        Args:
            resource_name: The name of the resource in the program and its stack.
            args: All inputs at once, instead of the keywords below.
            opts: Pulumi's own options, such as `depends_on` and `protect`.
            uri: Connection URI of the host, as for a network. Local URIs act on this host, qemu+ssh:// over ssh.
                A change replaces the resource.
            ipv4: net.ipv4.ip_forward. Left out beside ipv6 or interfaces it is not managed, and restored when it
                was before; left out alone it is true. A change is applied live.
            ipv6: net.ipv6.conf.all.forwarding. Left out, it is not managed, and restored when it was managed
                before. A change is applied live.
            interfaces: Forwarding of single interfaces, by their names. A change is applied live.
            preserve_router_advertisements: Before IPv6 forwarding goes on, accept_ra=2 on every interface that
                has routes from router advertisements. Default: True. A change is applied live.
            persist: Keep the values over a boot, in a drop-in of our own in /etc/sysctl.d. When false they last
                until the next boot, and a file in /run/virtnet, which nothing else reads, says whose they are.
                Default: True. A change is applied live.
            drop_in: The drop-in's file name, ending in .conf. Default: 90-virtnet-forwarding.conf. A change is
                applied live.
            on_delete: What delete does: put back the values found at create, or keep them. Default: restore. A
                change touches nothing on the host.

        Raises:
            TypeError: Both args and keywords are given, or a keyword is not there. What is wrong with a value is
                said by `pulumi preview`, with the property's path and the fix.
        """
        super().__init__(
            resource_name,
            args,
            opts,
            {
                "uri": uri,
                "ipv4": ipv4,
                "ipv6": ipv6,
                "interfaces": interfaces,
                "preserve_router_advertisements": preserve_router_advertisements,
                "persist": persist,
                "drop_in": drop_in,
                "on_delete": on_delete,
            },
        )

    @property
    def uri(self) -> pulumi.Output[str]:
        """The input `uri` as it is now."""
        return self._output("uri")

    @property
    def ipv4(self) -> pulumi.Output[bool | None]:
        """The input `ipv4` as it is now; None when the program leaves it out."""
        return self._output("ipv4")

    @property
    def ipv6(self) -> pulumi.Output[bool | None]:
        """The input `ipv6` as it is now; None when the program leaves it out."""
        return self._output("ipv6")

    @property
    def interfaces(self) -> pulumi.Output[dict[str, dict[str, Any]] | None]:
        """The input `interfaces` as it is now; None when the program leaves it out."""
        return self._output("interfaces")

    @property
    def preserve_router_advertisements(self) -> pulumi.Output[bool | None]:
        """The input `preserve_router_advertisements` as it is now; None when the program leaves it out."""
        return self._output("preserve_router_advertisements")

    @property
    def persist(self) -> pulumi.Output[bool | None]:
        """The input `persist` as it is now; None when the program leaves it out."""
        return self._output("persist")

    @property
    def drop_in(self) -> pulumi.Output[str | None]:
        """The input `drop_in` as it is now; None when the program leaves it out."""
        return self._output("drop_in")

    @property
    def on_delete(self) -> pulumi.Output[Literal["restore", "keep"] | None]:
        """The input `on_delete` as it is now; None when the program leaves it out."""
        return self._output("on_delete")
