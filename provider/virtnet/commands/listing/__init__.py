"""`virtnet list`, `virtnet guests` and `virtnet leases`: what is on a host. Changes nothing."""
