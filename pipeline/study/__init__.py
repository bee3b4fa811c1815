"""Which choices matter: `python -m pipeline.study --help`. See docs/studies.md."""
