// Virtual networks of libvirt hosts, and the hosts' IP forwarding.
package virtnet
