package myproject;

import com.pulumi.Pulumi;
import io.github.pulumivirtnet.virtnet.HostForwarding;
import io.github.pulumivirtnet.virtnet.HostForwardingArgs;

public class App {
    public static void main(String[] args) {
        Pulumi.run(ctx -> {
            new HostForwarding("ip-forwarding", HostForwardingArgs.builder().ipv4(true).build());
        });
    }
}
