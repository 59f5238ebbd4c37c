"""What keeps port forwards alive without Pulumi: a script, and the service that runs it, both as files for the host."""
