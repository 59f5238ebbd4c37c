"""Planning for networks: pure functions from desired, recorded and observed to a plan."""
