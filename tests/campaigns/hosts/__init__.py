"""The same tests on hosts of several releases, and the table of docs/hosts.md that a run writes: `make test-hosts`."""
