"""The client of a host's libvirt: the only place that imports libvirt."""
