"""`virtnet import`: the program that takes over what is on a host. Changes nothing."""
