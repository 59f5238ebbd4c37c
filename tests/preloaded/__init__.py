"""Pythons that have their imports done when Pulumi starts them, which costs less than half of a start.

More than half of a command of Pulumi's was imports: of the SDK in the program's process, of it and the provider in the
plugin's. One process (server.py) has imported all of that once. Where Pulumi would start Python, it starts `python`,
or `bin/pulumi-resource-virtnet`; these ask the server (client.py), which forks: the fork enters the namespaces of who
asks, gets its descriptors, environment, directory and process group, and runs what was to be run. Who asks ends as
the fork does, and with who asks ends the fork.

Nothing of the product is other than in a user's project. What a fresh interpreter may do differently is tried by the
stacks that tests make with `own_python`.
"""
