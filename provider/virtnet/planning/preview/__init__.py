"""A preview: what it finds, as values (`found`), and as the record of it that `virtnet review` reads (`record`)."""
