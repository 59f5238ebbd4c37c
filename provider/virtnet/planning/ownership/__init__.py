"""Whose an object on a host is: the mark on it, and what the resources of one run have of one host."""
