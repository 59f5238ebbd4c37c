import * as virtnet from "pulumi-virtnet";

const free = virtnet.getFreeSubnetOutput({ network: "lab", prefixLength: 24 });
const lab = new virtnet.LibvirtNetwork("lab", {
    forward: { mode: virtnet.ForwardMode.Nat },
    ips: [{ address: free.address, dhcp: { ranges: [{ start: free.first, end: free.last }] } }],
});

export const bridge = lab.bridgeName;
