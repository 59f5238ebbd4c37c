"""The way to a host: what a connection URI means, and the ssh command that reaches it."""
