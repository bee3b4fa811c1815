"""The recipe of tuning a network, as commands: `python -m pipeline.tune --help`. See docs/tuning.md."""
