"""How far rendered and real images are apart, before training and after: docs/distance.md."""
