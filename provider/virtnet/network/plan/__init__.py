"""Deciding what to do with a network: pure functions from desired, recorded and observed to a plan."""
