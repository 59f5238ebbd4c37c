// A network with a guest that answers on port 8080 of the host, in TypeScript.

import * as virtnet from "pulumi-virtnet";

const forwarding = new virtnet.HostForwarding("ip-forwarding", { ipv4: true });

const services = new virtnet.LibvirtNetwork(
    "services",
    {
        forward: { mode: "nat" },
        ips: [
            {
                address: "192.168.131.1/24",
                dhcp: {
                    ranges: [{ start: "192.168.131.100", end: "192.168.131.199" }],
                    hosts: [{ mac: "52:54:00:12:34:10", name: "web", ip: "192.168.131.10" }],
                },
            },
        ],
    },
    { dependsOn: [forwarding] },
);

// The target is the reservation's name. If the reservation gets another address, the port follows.
new virtnet.PortForward("web", {
    network: services.name,
    targetName: "web",
    ports: [{ protocol: "tcp", listenPort: "8080", targetPort: "80" }],
});

export const bridge = services.bridgeName;
