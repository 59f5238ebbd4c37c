import pulumi_virtnet.native as virtnet

web = virtnet.PortForward(
    "web",
    network="default",
    target_address="192.168.122.50",
    ports=[{"protocol": "tcp", "listen_port": "8080", "target_port": "80"}],
    sources=["203.0.113.0/24"],
)
