package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/pulumi-virtnet/pulumi-virtnet/sdk/go/virtnet"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		_, err := virtnet.NewHostForwarding(ctx, "ip-forwarding", &virtnet.HostForwardingArgs{
			Ipv4: pulumi.Bool(true),
		})
		return err
	})
}
