"""What the subcommands of `virtnet` do. `virtnet.cli` reads their arguments and calls them; nothing else does."""
