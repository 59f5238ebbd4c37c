import * as virtnet from "pulumi-virtnet";

const forwarding = new virtnet.HostForwarding("ip-forwarding", { ipv4: true });
