using System.Collections.Generic;
using System.Linq;
using Pulumi;
using Libvirt = PulumiVirtnet.Libvirt;

return await Deployment.RunAsync(() =>
{
    var free = Libvirt.GetFreeSubnet.Invoke(new()
    {
        Network = "lab",
        PrefixLength = 24,
    });

    var lab = new Libvirt.LibvirtNetwork("lab", new()
    {
        Forward = new Libvirt.Inputs.ForwardArgs
        {
            Mode = Libvirt.ForwardMode.Nat,
        },
        Ips = new[]
        {
            new Libvirt.Inputs.NetworkIpArgs
            {
                Address = free.Apply(getFreeSubnetResult => getFreeSubnetResult.Address),
                Dhcp = new Libvirt.Inputs.DhcpArgs
                {
                    Ranges = new[]
                    {
                        new Libvirt.Inputs.DhcpRangeArgs
                        {
                            Start = free.Apply(getFreeSubnetResult => getFreeSubnetResult.First),
                            End = free.Apply(getFreeSubnetResult => getFreeSubnetResult.Last),
                        },
                    },
                },
            },
        },
    });

    return new Dictionary<string, object?>
    {
        ["bridge"] = lab.BridgeName,
    };
});
