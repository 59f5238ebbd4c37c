"""`virtnet doctor`: what is wrong with a host, or will be at its next boot. Looks and judges; changes nothing."""
