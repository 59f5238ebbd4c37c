import pulumi_virtnet.native as virtnet

forwarding = virtnet.HostForwarding("ip-forwarding", ipv4=True)
