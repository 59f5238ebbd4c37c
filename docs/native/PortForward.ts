import * as virtnet from "pulumi-virtnet";

const web = new virtnet.PortForward("web", {
    network: "default",
    targetAddress: "192.168.122.50",
    ports: [{ protocol: "tcp", listenPort: "8080", targetPort: "80" }],
    sources: ["203.0.113.0/24"],
});
