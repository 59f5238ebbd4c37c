"""libvirt's XML of networks and of guests' interfaces: read into trees, and written without losing what it holds."""
