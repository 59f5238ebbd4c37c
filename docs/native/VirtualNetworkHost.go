package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/pulumi-virtnet/pulumi-virtnet/sdk/go/virtnet"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		host, err := virtnet.NewVirtualNetworkHost(ctx, "alpha", &virtnet.VirtualNetworkHostArgs{
			Uri:        pulumi.String("qemu:///system"),
			Forwarding: &virtnet.VirtualNetworkHostForwardingArgs{Ipv4: pulumi.Bool(true)},
			Networks: map[string]virtnet.VirtualNetworkHostNetworkArgs{
				"management": {
					Forward: &virtnet.ForwardArgs{Mode: virtnet.ForwardModeNat},
					Ips: virtnet.NetworkIpArray{
						&virtnet.NetworkIpArgs{Address: pulumi.String("10.64.1.1/24")},
					},
				},
				"storage": {
					Ips: virtnet.NetworkIpArray{
						&virtnet.NetworkIpArgs{Address: pulumi.String("10.64.2.1/24")},
					},
					Mtu: pulumi.Int(9000),
				},
			},
			PortForwards: map[string]virtnet.VirtualNetworkHostPortForwardArgs{
				"web": {
					Network:       pulumi.String("management"),
					TargetAddress: pulumi.String("10.64.1.10"),
					Ports: virtnet.ForwardedPortArray{
						&virtnet.ForwardedPortArgs{
							Protocol:   virtnet.ForwardedPortProtocolTcp,
							ListenPort: pulumi.String("8080"),
							TargetPort: pulumi.String("80"),
						},
					},
				},
			},
		})
		if err != nil {
			return err
		}
		ctx.Export("bridges", host.BridgeNames)
		return nil
	})
}
