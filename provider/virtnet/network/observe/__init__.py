"""What libvirt and the host's kernel report of one network, and of the host as far as it matters."""
