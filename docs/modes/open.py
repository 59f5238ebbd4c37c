import pulumi_virtnet as virtnet

# As route, without any firewall rule of libvirt's: for hosts whose own firewall decides.
virtnet.LibvirtNetwork("open", forward={"mode": "open"}, ips=[{"address": "10.22.0.1/24"}])
