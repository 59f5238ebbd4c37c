import * as virtnet from "pulumi-virtnet";

const management = new virtnet.LibvirtNetwork("management", {
    forward: { mode: "nat" },
    ips: [
        {
            address: "192.168.123.1/24",
            dhcp: { ranges: [{ start: "192.168.123.2", end: "192.168.123.254" }] },
        },
    ],
});

export const bridge = management.bridgeName;
