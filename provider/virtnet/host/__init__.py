"""The client of a host's kernel, files and programs: on this machine, or by one shell over ssh."""
