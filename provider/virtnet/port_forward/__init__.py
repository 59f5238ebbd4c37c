"""PortForward: ports of a host's addresses that lead to a guest of one of its networks."""
