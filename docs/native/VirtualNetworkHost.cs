using System.Collections.Generic;
using System.Linq;
using Pulumi;
using Libvirt = PulumiVirtnet.Libvirt;

return await Deployment.RunAsync(() =>
{
    var alpha = new Libvirt.VirtualNetworkHost("alpha", new()
    {
        Uri = "qemu:///system",
        Forwarding = new Libvirt.Inputs.VirtualNetworkHostForwardingArgs
        {
            Ipv4 = true,
        },
        Networks =
        {
            { "management", new Libvirt.Inputs.VirtualNetworkHostNetworkArgs
            {
                Forward = new Libvirt.Inputs.ForwardArgs
                {
                    Mode = Libvirt.ForwardMode.Nat,
                },
                Ips = new()
                {
                    new Libvirt.Inputs.NetworkIpArgs
                    {
                        Address = "10.64.1.1/24",
                    },
                },
            } },
            { "storage", new Libvirt.Inputs.VirtualNetworkHostNetworkArgs
            {
                Ips = new()
                {
                    new Libvirt.Inputs.NetworkIpArgs
                    {
                        Address = "10.64.2.1/24",
                    },
                },
                Mtu = 9000,
            } },
        },
        PortForwards =
        {
            { "web", new Libvirt.Inputs.VirtualNetworkHostPortForwardArgs
            {
                Network = "management",
                TargetAddress = "10.64.1.10",
                Ports = new()
                {
                    new Libvirt.Inputs.ForwardedPortArgs
                    {
                        Protocol = Libvirt.ForwardedPortProtocol.Tcp,
                        ListenPort = "8080",
                        TargetPort = "80",
                    },
                },
            } },
        },
    });

    return new Dictionary<string, object?>
    {
        ["bridges"] = alpha.BridgeNames,
    };
});
