"""A preview: its findings as values (`found`), and as the record that `virtnet review` reads (`record`)."""
