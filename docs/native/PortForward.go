package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/pulumi-virtnet/pulumi-virtnet/sdk/go/virtnet"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		_, err := virtnet.NewPortForward(ctx, "web", &virtnet.PortForwardArgs{
			Network:       pulumi.String("default"),
			TargetAddress: pulumi.String("192.168.122.50"),
			Ports: virtnet.ForwardedPortArray{
				&virtnet.ForwardedPortArgs{
					Protocol:   virtnet.ForwardedPortProtocolTcp,
					ListenPort: pulumi.String("8080"),
					TargetPort: pulumi.String("80"),
				},
			},
			Sources: pulumi.StringArray{pulumi.String("203.0.113.0/24")},
		})
		return err
	})
}
