"""What can be changed in any network, whoever built it: layers, initial weights, what is trained and how fast."""
