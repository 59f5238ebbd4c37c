"""What keeps port forwards alive without Pulumi: a file for each, and a script with the service that runs it."""
