"""Ownership of objects on a host: their owner marks, and the claims of one run's resources."""
