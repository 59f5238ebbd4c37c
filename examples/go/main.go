// A network with a guest that answers on port 8080 of the host, in Go.
package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/pulumi-virtnet/pulumi-virtnet/sdk/go/virtnet"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		forwarding, err := virtnet.NewHostForwarding(ctx, "ip-forwarding", &virtnet.HostForwardingArgs{
			Ipv4: pulumi.Bool(true),
		})
		if err != nil {
			return err
		}
		services, err := virtnet.NewLibvirtNetwork(ctx, "services", &virtnet.LibvirtNetworkArgs{
			Forward: &virtnet.ForwardArgs{Mode: virtnet.ForwardModeNat},
			Ips: virtnet.NetworkIpArray{
				&virtnet.NetworkIpArgs{
					Address: pulumi.String("192.168.131.1/24"),
					Dhcp: &virtnet.DhcpArgs{
						Ranges: virtnet.DhcpRangeArray{
							&virtnet.DhcpRangeArgs{
								Start: pulumi.String("192.168.131.100"),
								End:   pulumi.String("192.168.131.199"),
							},
						},
						Hosts: virtnet.DhcpHostArray{
							&virtnet.DhcpHostArgs{
								Mac:  pulumi.String("52:54:00:12:34:10"),
								Name: pulumi.String("web"),
								Ip:   pulumi.String("192.168.131.10"),
							},
						},
					},
				},
			},
		}, pulumi.DependsOn([]pulumi.Resource{forwarding}))
		if err != nil {
			return err
		}
		// The target is the reservation's name. If the reservation gets another address, the port follows.
		_, err = virtnet.NewPortForward(ctx, "web", &virtnet.PortForwardArgs{
			Network:    services.Name,
			TargetName: pulumi.String("web"),
			Ports: virtnet.ForwardedPortArray{
				&virtnet.ForwardedPortArgs{
					Protocol:   virtnet.ForwardedPortProtocolTcp,
					ListenPort: pulumi.String("8080"),
					TargetPort: pulumi.String("80"),
				},
			},
		})
		if err != nil {
			return err
		}
		ctx.Export("bridge", services.BridgeName)
		return nil
	})
}
