"""The report: one HTML page that answers the question, shows the evidence, and opens from disk without a network."""
