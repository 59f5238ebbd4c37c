"""The host's files that set kernel parameters at boot: ours, sysctl.d's, and those of other programs."""
