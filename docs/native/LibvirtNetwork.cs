using System.Collections.Generic;
using System.Linq;
using Pulumi;
using Libvirt = PulumiVirtnet.Libvirt;

return await Deployment.RunAsync(() =>
{
    var management = new Libvirt.LibvirtNetwork("management", new()
    {
        Forward = new Libvirt.Inputs.ForwardArgs
        {
            Mode = Libvirt.ForwardMode.Nat,
        },
        Ips = new[]
        {
            new Libvirt.Inputs.NetworkIpArgs
            {
                Address = "192.168.123.1/24",
                Dhcp = new Libvirt.Inputs.DhcpArgs
                {
                    Ranges = new[]
                    {
                        new Libvirt.Inputs.DhcpRangeArgs
                        {
                            Start = "192.168.123.2",
                            End = "192.168.123.254",
                        },
                    },
                },
            },
        },
    });

    return new Dictionary<string, object?>
    {
        ["bridge"] = management.BridgeName,
    };
});
