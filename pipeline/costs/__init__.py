"""What networks cost: memory, parameters, multiply-adds and receptive field, layer by layer and in all."""
