"""Who renders: the stage's worker processes, devices and clusters, and the store in which finished frames lie."""
