"""What surfaces and skies look like: shader nodes, patterns, pictures."""
