"""HostForwarding: the host's kernel forwards IP packets, now and after every boot."""
