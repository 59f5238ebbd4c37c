"""virtnet: virtual networks of libvirt hosts, planned before they are changed. Users import pulumi_virtnet.

From the ground up, each package using only those before it:

* errors, text: the errors raised on purpose; text that is safe to print.
* transport: what a connection URI means, and the ssh command that reaches its host.
* spec: how inputs are declared, checked and spelled.
* planning: what a plan is, what it runs on, and the life of any resource.
* libvirtd, host: the clients of a host's libvirt, and of its kernel and files.
* network, forwarding: the resources, one package each.
* resources, connect: the list of resources, and the way from a URI to the clients.
* dynamic, plugin, doctor, sandbox, cli: the entrances.

The layers are in pyproject.toml, and `make lint` holds them.
"""
