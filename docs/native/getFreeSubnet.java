package myproject;

import com.pulumi.Pulumi;
import io.github.pulumivirtnet.virtnet.LibvirtNetwork;
import io.github.pulumivirtnet.virtnet.LibvirtNetworkArgs;
import io.github.pulumivirtnet.virtnet.VirtnetFunctions;
import io.github.pulumivirtnet.virtnet.enums.ForwardMode;
import io.github.pulumivirtnet.virtnet.inputs.DhcpArgs;
import io.github.pulumivirtnet.virtnet.inputs.DhcpRangeArgs;
import io.github.pulumivirtnet.virtnet.inputs.ForwardArgs;
import io.github.pulumivirtnet.virtnet.inputs.GetFreeSubnetArgs;
import io.github.pulumivirtnet.virtnet.inputs.NetworkIpArgs;

public class App {
    public static void main(String[] args) {
        Pulumi.run(ctx -> {
            var free = VirtnetFunctions.getFreeSubnet(
                GetFreeSubnetArgs.builder().network("lab").prefixLength(24).build());
            var lab = new LibvirtNetwork("lab", LibvirtNetworkArgs.builder()
                .forward(ForwardArgs.builder().mode(ForwardMode.Nat).build())
                .ips(NetworkIpArgs.builder()
                    .address(free.applyValue(subnet -> subnet.address()))
                    .dhcp(DhcpArgs.builder()
                        .ranges(DhcpRangeArgs.builder()
                            .start(free.applyValue(subnet -> subnet.first()))
                            .end(free.applyValue(subnet -> subnet.last()))
                            .build())
                        .build())
                    .build())
                .build());

            ctx.export("bridge", lab.bridgeName());
        });
    }
}
