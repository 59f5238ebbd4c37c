using System.Collections.Generic;
using System.Linq;
using Pulumi;
using Libvirt = PulumiVirtnet.Libvirt;

return await Deployment.RunAsync(() =>
{
    var web = new Libvirt.PortForward("web", new()
    {
        Network = "default",
        TargetAddress = "192.168.122.50",
        Ports = new[]
        {
            new Libvirt.Inputs.ForwardedPortArgs
            {
                Protocol = Libvirt.ForwardedPortProtocol.Tcp,
                ListenPort = "8080",
                TargetPort = "80",
            },
        },
        Sources = new[]
        {
            "203.0.113.0/24",
        },
    });
});
