"""What a release publishes, built from the repository as it is: `python -m tools.release`."""
