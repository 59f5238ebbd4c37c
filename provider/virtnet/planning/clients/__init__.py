"""The protocols through which steps and observers use libvirt and a host, one a subject, and declared reads."""
