import pulumi_virtnet as virtnet

# Guests hang on the host's own bridge, beside its physical interface; libvirt serves nothing there.
virtnet.LibvirtNetwork("bridge", forward={"mode": "bridge"}, bridge={"name": "br0"})
