"""What is to be done for a PortForward, and why not. Pure."""
