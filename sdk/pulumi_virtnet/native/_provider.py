"""Provider: the native plugin with settings of its own, for resources whose options name the provider."""

from __future__ import annotations

import os
from typing import Literal

import pulumi
from pulumi import Input

from pulumi_virtnet._generated.provider import DOWNLOAD_URL, VERSION, ProviderArgs, ProviderArgsDict
from pulumi_virtnet._resource import given_inputs, named_inputs, to_properties


class Provider(pulumi.ProviderResource):
    """The native plugin with settings of its own, instead of those of the stack's configuration.

    Example: a provider for the resources of one host.

        alpha = virtnet.Provider("alpha", uri="qemu+ssh://root@alpha/system")
        virtnet.LibvirtNetwork("lab", opts=pulumi.ResourceOptions(provider=alpha))

    Each provider is a process. If only the URIs differ, set `uri` on the resources instead: that needs no process.
    """

    uri: pulumi.Output[str | None]
    unreachable: pulumi.Output[str | None]
    refusals: pulumi.Output[str | None]

    @named_inputs
    def __init__(
        self,
        resource_name: str,
        args: ProviderArgs | ProviderArgsDict | None = None,
        opts: pulumi.ResourceOptions | None = None,
        *,
        uri: Input[str] | None = None,
        unreachable: Input[Literal["fail", "recorded"]] | None = None,
        refusals: Input[Literal["show", "fail"]] | None = None,
    ) -> None:
        """Add a provider to the stack.

        Args:
            resource_name: The name of the provider in the program and its stack.
            args: All inputs at once, instead of the keywords below.
            opts: Pulumi's own options.
            uri: Connection URI of the host for resources without a `uri`. Default: LIBVIRT_DEFAULT_URI, then
                qemu:///system.
            unreachable: What a refresh does with resources of a host that can't be reached: "fail", or "recorded" to
                show what is recorded, with a warning. Default: "fail".
            refusals: What a preview does if `pulumi up` would refuse something: "show" shows an error and continues,
                "fail" fails. Default: "show".

        Raises:
            TypeError: Both args and keywords are given, or a keyword isn't an input. `pulumi preview` reports
                invalid values.
        """
        keywords = {"uri": uri, "unreachable": unreachable, "refusals": refusals}
        named, opts = given_inputs(type(self).__name__, ProviderArgs, args, opts, keywords)
        # As the SDKs of other languages do: the program's environment counts, and the state records its value.
        properties = {"uri": os.environ.get("LIBVIRT_DEFAULT_URI")} | to_properties(named, ProviderArgs)
        ours = pulumi.ResourceOptions(version=VERSION, plugin_download_url=DOWNLOAD_URL)
        super().__init__(
            "virtnet",
            resource_name,
            {name: properties.get(name) for name in ProviderArgs.FIELDS},
            pulumi.ResourceOptions.merge(ours, opts),
        )
