"""Functions of Pulumi: questions to a host that a program may ask, and `virtnet` too. They change nothing."""
