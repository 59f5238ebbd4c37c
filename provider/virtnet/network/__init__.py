"""LibvirtNetwork: a libvirt network, from its inputs to its life on a host.

* spec, checks, address_checks: the inputs, and what they alone prove wrong.
* xml: libvirt's XML, read and written; versions: what which libvirt knows.
* observe: what libvirt and the host report of a network.
* diff: recorded against desired; plan: what to do about it; steps: doing it.
* unchanged: the fast path; program: a network as a Pulumi program; resource: the record that ties it together.
"""
