package myproject;

import com.pulumi.Pulumi;
import io.github.pulumivirtnet.virtnet.PortForward;
import io.github.pulumivirtnet.virtnet.PortForwardArgs;
import io.github.pulumivirtnet.virtnet.enums.ForwardedPortProtocol;
import io.github.pulumivirtnet.virtnet.inputs.ForwardedPortArgs;

public class App {
    public static void main(String[] args) {
        Pulumi.run(ctx -> {
            new PortForward("web", PortForwardArgs.builder()
                .network("default")
                .targetAddress("192.168.122.50")
                .ports(ForwardedPortArgs.builder()
                    .protocol(ForwardedPortProtocol.Tcp)
                    .listenPort("8080")
                    .targetPort("80")
                    .build())
                .sources("203.0.113.0/24")
                .build());
        });
    }
}
