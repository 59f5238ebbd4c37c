"""What a HostForwarding's plans hold: parameters, files, and what a reviewer should know. Pure."""
