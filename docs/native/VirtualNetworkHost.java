package myproject;

import com.pulumi.Pulumi;
import io.github.pulumivirtnet.virtnet.VirtualNetworkHost;
import io.github.pulumivirtnet.virtnet.VirtualNetworkHostArgs;
import io.github.pulumivirtnet.virtnet.enums.ForwardMode;
import io.github.pulumivirtnet.virtnet.enums.ForwardedPortProtocol;
import io.github.pulumivirtnet.virtnet.inputs.ForwardArgs;
import io.github.pulumivirtnet.virtnet.inputs.ForwardedPortArgs;
import io.github.pulumivirtnet.virtnet.inputs.NetworkIpArgs;
import io.github.pulumivirtnet.virtnet.inputs.VirtualNetworkHostForwardingArgs;
import io.github.pulumivirtnet.virtnet.inputs.VirtualNetworkHostNetworkArgs;
import io.github.pulumivirtnet.virtnet.inputs.VirtualNetworkHostPortForwardArgs;
import java.util.Map;

public class App {
    public static void main(String[] args) {
        Pulumi.run(ctx -> {
            var management = VirtualNetworkHostNetworkArgs.builder()
                .forward(ForwardArgs.builder().mode(ForwardMode.Nat).build())
                .ips(NetworkIpArgs.builder().address("10.64.1.1/24").build())
                .build();
            var storage = VirtualNetworkHostNetworkArgs.builder()
                .ips(NetworkIpArgs.builder().address("10.64.2.1/24").build())
                .mtu(9000)
                .build();
            var web = VirtualNetworkHostPortForwardArgs.builder()
                .network("management")
                .targetAddress("10.64.1.10")
                .ports(ForwardedPortArgs.builder()
                    .protocol(ForwardedPortProtocol.Tcp)
                    .listenPort("8080")
                    .targetPort("80")
                    .build())
                .build();
            var alpha = new VirtualNetworkHost("alpha", VirtualNetworkHostArgs.builder()
                .uri("qemu:///system")
                .forwarding(VirtualNetworkHostForwardingArgs.builder().ipv4(true).build())
                .networks(Map.of("management", management, "storage", storage))
                .portForwards(Map.of("web", web))
                .build());

            ctx.export("bridges", alpha.bridgeNames());
        });
    }
}
