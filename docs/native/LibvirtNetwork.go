package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/pulumi-virtnet/pulumi-virtnet/sdk/go/virtnet"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		management, err := virtnet.NewLibvirtNetwork(ctx, "management", &virtnet.LibvirtNetworkArgs{
			Forward: &virtnet.ForwardArgs{Mode: virtnet.ForwardModeNat},
			Ips: virtnet.NetworkIpArray{
				&virtnet.NetworkIpArgs{
					Address: pulumi.String("192.168.123.1/24"),
					Dhcp: &virtnet.DhcpArgs{
						Ranges: virtnet.DhcpRangeArray{
							&virtnet.DhcpRangeArgs{
								Start: pulumi.String("192.168.123.2"),
								End:   pulumi.String("192.168.123.254"),
							},
						},
					},
				},
			},
		})
		if err != nil {
			return err
		}
		ctx.Export("bridge", management.BridgeName)
		return nil
	})
}
