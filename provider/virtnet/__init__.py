"""virtnet: virtual networks of libvirt hosts, planned before they are changed. The provider; users import pulumi_virtnet."""
