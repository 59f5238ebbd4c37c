package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/pulumi-virtnet/pulumi-virtnet/sdk/go/virtnet"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		free := virtnet.GetFreeSubnetOutput(ctx, virtnet.GetFreeSubnetOutputArgs{
			Network:      pulumi.String("lab"),
			PrefixLength: pulumi.Int(24),
		})
		lab, err := virtnet.NewLibvirtNetwork(ctx, "lab", &virtnet.LibvirtNetworkArgs{
			Forward: &virtnet.ForwardArgs{Mode: virtnet.ForwardModeNat},
			Ips: virtnet.NetworkIpArray{
				&virtnet.NetworkIpArgs{
					Address: free.Address(),
					Dhcp: &virtnet.DhcpArgs{
						Ranges: virtnet.DhcpRangeArray{
							&virtnet.DhcpRangeArgs{Start: free.First(), End: free.Last()},
						},
					},
				},
			},
		})
		if err != nil {
			return err
		}
		ctx.Export("bridge", lab.BridgeName)
		return nil
	})
}
