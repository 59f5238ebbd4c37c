import * as virtnet from "pulumi-virtnet";

const host = new virtnet.VirtualNetworkHost("alpha", {
    uri: "qemu:///system",
    forwarding: { ipv4: true },
    networks: {
        management: { forward: { mode: "nat" }, ips: [{ address: "10.64.1.1/24" }] },
        storage: { ips: [{ address: "10.64.2.1/24" }], mtu: 9000 },
    },
    portForwards: {
        web: {
            network: "management",
            targetAddress: "10.64.1.10",
            ports: [{ protocol: "tcp", listenPort: "8080", targetPort: "80" }],
        },
    },
});

export const bridges = host.bridgeNames;
