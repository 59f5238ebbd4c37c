package myproject;

import com.pulumi.Pulumi;
import io.github.pulumivirtnet.virtnet.LibvirtNetwork;
import io.github.pulumivirtnet.virtnet.LibvirtNetworkArgs;
import io.github.pulumivirtnet.virtnet.enums.ForwardMode;
import io.github.pulumivirtnet.virtnet.inputs.DhcpArgs;
import io.github.pulumivirtnet.virtnet.inputs.DhcpRangeArgs;
import io.github.pulumivirtnet.virtnet.inputs.ForwardArgs;
import io.github.pulumivirtnet.virtnet.inputs.NetworkIpArgs;

public class App {
    public static void main(String[] args) {
        Pulumi.run(ctx -> {
            var management = new LibvirtNetwork("management", LibvirtNetworkArgs.builder()
                .forward(ForwardArgs.builder().mode(ForwardMode.Nat).build())
                .ips(NetworkIpArgs.builder()
                    .address("192.168.123.1/24")
                    .dhcp(DhcpArgs.builder()
                        .ranges(DhcpRangeArgs.builder().start("192.168.123.2").end("192.168.123.254").build())
                        .build())
                    .build())
                .build());

            ctx.export("bridge", management.bridgeName());
        });
    }
}
