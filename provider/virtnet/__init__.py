"""virtnet: virtual networks of libvirt hosts, planned before they are changed. Users import pulumi_virtnet."""
