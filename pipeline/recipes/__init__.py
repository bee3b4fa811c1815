"""How a network is trained, by name: optimizer, learning rate over the run, penalties, averages of weights."""
