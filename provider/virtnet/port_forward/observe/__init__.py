"""What a host and its libvirt report of a forward: its rules and files, and who else has its ports."""
