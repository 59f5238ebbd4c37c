// Virtual networks of libvirt hosts, the hosts' IP forwarding, and ports that lead to guests.
package virtnet
