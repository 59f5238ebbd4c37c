"""A disposable libvirtd in namespaces of its own: `virtnet sandbox -- CMD…`.

For trying the provider, and for its tests, with a real libvirtd, real bridges, dnsmasq and firewall rules,
QEMU guests where QEMU is installed, and without a trace on the machine but one small directory in the caller's
cache (capabilities.py). It is not a security boundary: CMD sees the caller's files and may change them.

How it is built, from the outside in:

* launcher.py stays outside. It runs util-linux's `unshare`, hands signals in and the exit code out.
* init.py is process 1 of the new process namespace. It prepares the mounts (mounts.py), starts virtlogd and libvirtd,
  or the modular daemons (layout.py, daemons.py), with what earlier ones learnt about QEMU (capabilities.py), runs CMD
  and reaps. When it ends, for whatever reason, the kernel ends every process in the namespace, and with the last of
  them go the mounts, the network namespace with its bridges and rules, and the private files.
* refusals.py says in one sentence why a machine cannot hold a sandbox, and what to do about it.

No part of the provider needs it.
"""
