"""Faults on a sandboxed host: what is killed, cut, flushed or full, and what the next `pulumi up` makes of it."""
