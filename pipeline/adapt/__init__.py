"""A trained network comes nearer to real images whose labels nobody looks at: docs/closing-the-gap.md."""
