"""The firewall of a network: the rules that libvirt should have, and what all rules of the host do to its packets."""
