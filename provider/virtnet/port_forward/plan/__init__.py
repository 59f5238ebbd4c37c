"""The plan of a PortForward, and its refusals. Pure."""
