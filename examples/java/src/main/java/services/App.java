// A network with a guest that answers on port 8080 of the host, in Java.
package services;

import com.pulumi.Pulumi;
import com.pulumi.resources.CustomResourceOptions;
import io.github.pulumivirtnet.virtnet.HostForwarding;
import io.github.pulumivirtnet.virtnet.HostForwardingArgs;
import io.github.pulumivirtnet.virtnet.LibvirtNetwork;
import io.github.pulumivirtnet.virtnet.LibvirtNetworkArgs;
import io.github.pulumivirtnet.virtnet.PortForward;
import io.github.pulumivirtnet.virtnet.PortForwardArgs;
import io.github.pulumivirtnet.virtnet.enums.ForwardMode;
import io.github.pulumivirtnet.virtnet.enums.ForwardedPortProtocol;
import io.github.pulumivirtnet.virtnet.inputs.DhcpArgs;
import io.github.pulumivirtnet.virtnet.inputs.DhcpHostArgs;
import io.github.pulumivirtnet.virtnet.inputs.DhcpRangeArgs;
import io.github.pulumivirtnet.virtnet.inputs.ForwardArgs;
import io.github.pulumivirtnet.virtnet.inputs.ForwardedPortArgs;
import io.github.pulumivirtnet.virtnet.inputs.NetworkIpArgs;

public class App {
    public static void main(String[] args) {
        Pulumi.run(ctx -> {
            var forwarding = new HostForwarding("ip-forwarding", HostForwardingArgs.builder().ipv4(true).build());

            var services = new LibvirtNetwork("services", LibvirtNetworkArgs.builder()
                .forward(ForwardArgs.builder().mode(ForwardMode.Nat).build())
                .ips(NetworkIpArgs.builder()
                    .address("192.168.131.1/24")
                    .dhcp(DhcpArgs.builder()
                        .ranges(DhcpRangeArgs.builder().start("192.168.131.100").end("192.168.131.199").build())
                        .hosts(DhcpHostArgs.builder()
                            .mac("52:54:00:12:34:10")
                            .name("web")
                            .ip("192.168.131.10")
                            .build())
                        .build())
                    .build())
                .build(), CustomResourceOptions.builder().dependsOn(forwarding).build());

            // The target is the reservation's name. If the reservation gets another address, the port follows.
            new PortForward("web", PortForwardArgs.builder()
                .network(services.name())
                .targetName("web")
                .ports(ForwardedPortArgs.builder()
                    .protocol(ForwardedPortProtocol.Tcp)
                    .listenPort("8080")
                    .targetPort("80")
                    .build())
                .build());

            ctx.export("bridge", services.bridgeName());
        });
    }
}
