"""What steps and observers may ask of libvirt and of a host: protocols, split by subject, and declared reads."""
