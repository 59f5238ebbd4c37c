using System.Collections.Generic;
using System.Linq;
using Pulumi;
using Libvirt = PulumiVirtnet.Libvirt;

return await Deployment.RunAsync(() =>
{
    var ipForwarding = new Libvirt.HostForwarding("ip-forwarding", new()
    {
        Ipv4 = true,
    });
});
